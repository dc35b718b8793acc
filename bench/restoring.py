"""`python -m bench.restoring`: backup, verify, restore to an empty folder and to a moment, timed on the bench's city.

Prints a table and writes `bench/restoring.json`. The cluster holds the city twice (`seeded` and its copy), and a
copy of the cluster takes both: an ordinary installation of as many orders is about half of it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from bench import processes, seed

RESULTS = Path(__file__).with_name("restoring.json")


def main() -> int:
    """0 when every set holds and both restores verify."""
    parser = argparse.ArgumentParser(prog="python -m bench.restoring", description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000, metavar="N", help="how many orders (100,000)")
    args = parser.parse_args()
    server, _facts = seed.prepare(args.orders, _say)
    data = seed.folder_for(args.orders)
    for name in ("backups", "backup-keys"):
        shutil.rmtree(data / name, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix="fq-", dir=data.parent))
    scratch.chmod(0o711)
    try:
        results = _drill(server, data, scratch)
    finally:
        from django.db import connections

        connections.close_all()
        server.leave()
        shutil.rmtree(scratch, ignore_errors=True)
    results |= {"orders": args.orders, "at": time.strftime("%Y-%m-%d %H:%M"), "load": processes.load()}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    for name, value in results.items():
        print(f"{name:28} {value}")
    return 0 if results["holds"] else 1


def _drill(server: Any, data: Path, scratch: Path) -> dict[str, Any]:
    from fengqiao.config import roles
    from fengqiao.config.backup import keyring, make, restore, shelf, wal
    from fengqiao.ground import durable
    from fengqiao.offices.audit import audit

    audit.seal_root()
    at, keys = shelf.of_data(data), shelf.keys_folder(data)
    results: dict[str, Any] = {}

    def timed(name: str, do: Callable[[], Any]) -> Any:
        began = time.monotonic()
        answer = do()
        results[f"{name}_seconds"] = round(time.monotonic() - began, 1)
        return answer

    house = make.house_of(data, server, "")
    timed("backup", lambda: make.make(house, at, keys, say=_say))
    found = at.sets()[-1]
    with psycopg.connect(server.url(roles.BOOT, "postgres")) as boot:
        row = boot.execute("select sum(pg_database_size(oid)) from pg_database").fetchone()
    results |= {"database_mib": int(row[0]) // 2**20 if row else 0, "set_mib": durable.size_of(found.path) // 2**20}
    archive = keyring.path(keys, found.name)
    verified = timed("verify", lambda: restore.verify(found, archive, say=_say))
    moment = _changes(server, roles.OWNER)
    timed("collect_wal", lambda: (wal.flush(server), wal.collect(at, data)))
    results["wal_mib"] = round(durable.size_of(at.wal) / 2**20, 1)
    whole = restore.Wish(found, archive, scratch / "set", say=_say)
    to_the_set = timed("restore", lambda: restore.restore(whole))
    shutil.rmtree(scratch / "set", ignore_errors=True)
    back = restore.Wish(found, archive, scratch / "moment", until=moment, say=_say)
    to_the_moment = timed("restore_until", lambda: restore.restore(back))
    answers = (verified, to_the_set, to_the_moment)
    results |= {"events": to_the_set["events"], "holds": all(each["ok"] for each in answers)}
    return results


def _changes(server: Any, owner: str) -> datetime:
    """Some WAL to replay, then the moment, then more: sessions are no part of any promise."""
    with psycopg.connect(server.url(owner), autocommit=True) as connection:
        fill = (
            "insert into django_session select md5(n::text || clock_timestamp()), repeat('x', 2000), now()"
            " from generate_series(1, 20000) n"
        )
        connection.execute(fill)
        time.sleep(0.1)
        moment = datetime.now(UTC)
        time.sleep(0.1)
        connection.execute(fill)
    return moment


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
