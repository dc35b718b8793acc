"""`fengqiao load calendar FILE`: a year's holiday notice, and the clocks that it moves."""

import argparse
import sys
from pathlib import Path
from typing import Any

NAME = "load calendar"
HELP = "Tell which clocks a year's holidays (csv, json) would move; --commit stores the year and sets them."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--commit", action="store_true", help="store it; without it nothing is changed")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.config.command import Refused
    from fengqiao.ground.calendar import CalendarRefused, read_year
    from fengqiao.offices.register import calendar_loading

    try:
        read = read_year(args.file.read_bytes(), name=args.file.name)
    except OSError as error:
        raise Refused(f"{args.file} cannot be read: {error.strerror}.") from None
    except CalendarRefused as error:
        raise Refused(str(error)) from None
    if args.commit:
        report = calendar_loading.commit(read, name=args.file.name, progress=_tell)
    else:
        report = calendar_loading.examine(read, progress=_tell)
    return {"committed": args.commit and report.changes, "changes": report.changes, **report.as_json()}


def show(answer: dict[str, Any]) -> str:
    lines = [_line(matter["number"], clock) for matter in answer["matters"] for clock in matter["clocks"]]
    said = f"{answer['year']}: {answer['working_days']} working days; matters whose clocks change: "
    said += str(len(answer["matters"]))
    if answer["committed"]:
        return "\n".join([*lines, f"{said}. Stored."])
    end = "Nothing is stored yet; --commit stores it." if answer["changes"] else "All of it is known already."
    return "\n".join([*lines, f"{said}. {end}"])


def _tell(done: int, of: int) -> None:
    said = f"{done} of {of} matters set" if of else f"{done} running clocks looked at"
    print(f"{said} …", file=sys.stderr, flush=True)


def _line(number: str, clock: dict[str, Any]) -> str:
    (old_strict, strict), (old, new) = clock["strict"], clock["legal"]
    moved = f"{old} → {new}" if old != new else f"{new} stays"
    counted = f" (counted {old_strict} → {strict})" if old_strict != strict else ""
    return f"  {number}  {clock['rule']}  {moved}{counted}{', now final' if clock['firm'] else ''}"
