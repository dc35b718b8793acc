"""A job of the worker in a process of its own: what takes much memory gives all of it back (engineering ruling 18)."""

from __future__ import annotations

import os
import subprocess
import sys

from fengqiao.doors.outages import outage_of
from fengqiao.ground.refusals import Away, NoRoom

OUTAGES: dict[int, type[NoRoom | Away]] = {74: NoRoom, 75: Away}  # sysexits.h: EX_IOERR, EX_TEMPFAIL


def run(path: str) -> None:
    """Call the function of this dotted path, without arguments, in a new process.

    Raises CalledProcessError, and the Outage that the new process met.
    """
    command = [sys.executable, "-m", "fengqiao.config.apart", path]
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL)
    if done.returncode in OUTAGES:
        raise OUTAGES[done.returncode]()
    done.check_returncode()


def main(path: str) -> int:
    """What the new process does; the code of an outage, which needs no traceback, or 0."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fengqiao.config.settings")
    import django

    django.setup()
    from django.utils.module_loading import import_string

    try:
        import_string(path)()
    except Exception as problem:
        outage = outage_of(problem)
        if outage is None:
            raise
        return next(code for code, kind in OUTAGES.items() if isinstance(outage, kind))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
