"""Found by every Python that is started with this folder in PYTHONPATH: a web process dies between commit and answer.

The process kills itself right after a commit, so the change stands and whoever asked for it never hears of it.
"""

import os
import random
import signal
import sys

CHANCE = float(os.environ.get("FENGQIAO_DRILL_CHANCE", "0"))

# The web server starts its own workers through multiprocessing.
if any(name in " ".join(sys.orig_argv) for name in ("granian", "multiprocessing")):
    import psycopg

    really_commit = psycopg.Connection.commit

    def commit_and_sometimes_die(self: "psycopg.Connection") -> None:
        really_commit(self)
        if random.random() < CHANCE:
            with open(os.environ["FENGQIAO_DRILL_DEATHS"], "a") as deaths:
                deaths.write(f"{os.getpid()}\n")
            os.kill(os.getpid(), signal.SIGKILL)

    psycopg.Connection.commit = commit_and_sometimes_die  # type: ignore[method-assign]
