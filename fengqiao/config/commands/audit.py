"""`fengqiao audit verify`: whether the journal is as it was written."""

import argparse
import sys
import time
from dataclasses import asdict
from typing import Any

NAME = "audit verify"
HELP = "Verify the journal against its keys and its anchors: fengqiao audit verify [MATTER]."

WORDS = {
    "changed": "this row was changed",
    "removed": "a row was removed here",
    "inserted": "this row was inserted",
    "cut": "the end of the journal is missing from here on",
    "head": "the matter's own row disagrees with its journal",
    "orphan": "the journal is here, the matter is gone",
    "gone": "the whole matter is gone",
    "rewritten": "the journal was written anew; it is not what was anchored",
    "unknown_key": "this row names a key that this machine does not have",
    "root_changed": "this anchor file was changed",
    "root_missing": "this anchor file is missing or was exchanged",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One matter, or all."""
    parser.add_argument("matter", metavar="MATTER", nargs="?", default="", help="one matter by its number; else all")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """What was verified and the first broken link of each stream."""
    from fengqiao.config.command import Refused
    from fengqiao.kernel import handle
    from fengqiao.offices.audit import audit

    number = handle.find_number(args.matter) if args.matter else ""
    report = audit.verify(number=number, progress=_progress())
    if number and not report.streams and not report.broken:
        raise Refused(f"There is no matter {number} here, and no anchor names it.")
    answer = {name: getattr(report, name) for name in ("verified", "events", "streams", "root", "at", "newer")}
    answer["at"] = report.at.isoformat() if report.at else None
    answer["restored"] = report.restored
    return {"ok": report.verified, **answer, "broken": [asdict(each) for each in report.broken]}


def show(answer: dict[str, Any]) -> str:
    """One sentence, then a line for each broken stream."""
    from datetime import datetime

    from fengqiao.kernel.now import HERE

    lines = [f"{answer['events']} events in {answer['streams']} streams."]
    if answer["root"]:
        at = datetime.fromisoformat(answer["at"]).astimezone(HERE)
        said = "Verified to" if answer["verified"] else "Compared with"
        lines.append(f"{said} root {answer['root']}, {at:%Y-%m-%d %H:%M}.")
    else:
        lines.append("No root is anchored yet: a cut end or a matter gone as a whole would not be noticed.")
    lines.append(f"{answer['newer']} newer events chained, not yet anchored.")
    for each in answer["restored"]:
        moment = datetime.fromisoformat(each["until"] or each["at"]).astimezone(HERE)
        what = f"to {moment:%Y-%m-%d %H:%M:%S}" if each["until"] else f"from the set {each['set']}"
        void = f"; the roots {each['void'][0]} to {each['void'][1]} are void" if each["void"] else ""
        lines.append(f"A restore {what} is on record at root {each['number']}{void}.")
    for each in answer["broken"]:
        name = each["number"] or each["stream"]
        lines.append(f"BROKEN {name} at {each['seq']}: {WORDS[each['what']]}.")
    return "\n".join(lines)


def _progress() -> Any:
    started = time.monotonic()

    def told(events: int) -> None:
        rate = events / max(time.monotonic() - started, 0.001)
        print(f"{events} events, {rate:,.0f}/s", file=sys.stderr, flush=True)

    return told
