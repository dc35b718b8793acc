"""`python -m bench`: seed, start, check, measure, print. See docs/operations/bench.md."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from bench import processes, seed, table

RESULTS = Path(__file__).with_name("results.json")


def arguments() -> argparse.Namespace:
    """What can be asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="The benchmarks of docs/operations/bench.md.")
    parser.add_argument("--orders", type=int, default=100_000, metavar="N", help="how many orders (100,000)")
    parser.add_argument("--reads", type=int, default=300, metavar="N", help="requests a pass of a reading row (300)")
    parser.add_argument("--writes", type=int, default=200, metavar="N", help="requests a pass of a writing row (200)")
    parser.add_argument("--imports", type=int, default=3000, metavar="N", help="rows to import (3,000)")
    parser.add_argument("--passes", type=int, default=2, metavar="N", help="passes of each row, the best counts (2)")
    parser.add_argument("--only", default="", metavar="KEYS", help="rows to measure, such as list,create")
    parser.add_argument("--profile", action="store_true", help="say where the CPU goes instead of measuring")
    parser.add_argument("--markdown", action="store_true", help="print the table of the last results for the README")
    return parser.parse_args()


def main() -> int:
    """0 when every check held; bars that are missed are printed, not an error."""
    args = arguments()
    if args.markdown:
        if not RESULTS.exists():
            print("There are no results yet; run `make bench` first.", file=sys.stderr)
            return 2
        print(table.markdown(json.loads(RESULTS.read_text())))
        return 0
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that nothing is left running
    server, facts = seed.prepare(args.orders, _say)
    try:
        results = _profile(args, server) if args.profile else _measure(args, server, facts)
    finally:
        from django.db import connections

        connections.close_all()
        server.leave()
    if results is None:
        return 0
    RESULTS.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n")
    print(table.plain(results))
    return 0 if all(results["checks"].values()) else 1


def _profile(args: argparse.Namespace, server: Any) -> None:
    from bench import profile

    profile.show(server, args.orders, args.only.split(",") if args.only else [])


def _measure(args: argparse.Namespace, server: Any, facts: dict[str, Any]) -> dict[str, Any]:
    from bench import measure

    began = time.monotonic()
    load = processes.load()
    found = measure.everything(args, server, _say)
    return {
        "at": time.strftime("%Y-%m-%d %H:%M"),
        "orders": args.orders,
        "events": facts["events"],
        "machine": {"cores": len(os.sched_getaffinity(0)), "load_before": load, "load_after": processes.load()},
        "seconds": round(time.monotonic() - began),
        **found,
    }


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
