"""`fengqiao clock RULE START`: when a limit of the law ends."""

import argparse
from datetime import date, datetime
from typing import Any

NAME = "clock"
HELP = "Say when a time limit ends: fengqiao clock T-P05 2026-08-03 [--pause FROM..TO] [--extend]."
NEEDS = "nothing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """RULE START, stops and extensions."""
    parser.add_argument("rule", metavar="RULE", help="a rule of the table of limits, such as T-P05 or T-M18a")
    parser.add_argument(
        "start",
        metavar="START",
        help="the day of the starting event; for hours also its time: 2026-08-03T09:30",
    )
    parser.add_argument(
        "--pause",
        action="append",
        default=[],
        metavar="FROM..TO[:GROUND]",
        help="a stop, both days included; the ground may be left out where the rule has one",
    )
    parser.add_argument(
        "--extend",
        action="count",
        default=0,
        help="extended by as much as the rule allows; give it twice for a second extension",
    )
    parser.add_argument("--by", type=int, metavar="N", help="how much each extension is, in the rule's unit")
    parser.add_argument("--promise", action="store_true", help="the office's own shorter promise")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """The dates, and what they rest on."""
    from fengqiao.config.command import Refused
    from fengqiao.ground import calendar, clocks, limits

    try:
        return _answer(args, _calendar(), limits.get(args.rule.strip()))
    except (calendar.CalendarRefused, clocks.ClockRefused, limits.LimitRefused) as refused:
        raise Refused(str(refused)) from None


def show(answer: dict[str, Any]) -> str:
    """One line for the date, one for its ground."""
    lines = [f"{answer['rule']} {answer['matter']} / {answer['label']}"]
    if answer["unit"] == "HOUR":
        lines.append(f"due {answer['due_at']}")
    else:
        lines.append(f"strict {answer['strict']}, legal {answer['legal']} (that day included)")
    if answer["provisional"]:
        lines.append("provisional: a year is involved whose holidays are not published here yet")
    ground = answer["article"] or "no article"
    lines.append(f"{answer['length']} {answer['unit']} from {answer['from']}; {ground} [{answer['mark']}]")
    return "\n".join(lines)


def _answer(args: argparse.Namespace, calendar: Any, limit: Any) -> dict[str, Any]:
    from fengqiao.config.command import Refused
    from fengqiao.ground import clocks

    if args.promise:
        limit = limit.promised()
        if limit is None:
            raise Refused(f"{args.rule} has no promise shorter than the law.")
    start = _start(args.start, limit.unit)
    pauses = [_pause(text, limit) for text in args.pause]
    extensions: list[clocks.Extension] = []
    found = clocks.reckon(limit, start, calendar=calendar, pauses=pauses)
    for _ in range(args.extend):
        day = found.legal  # granted and told on the last day, the latest that the law allows
        rule = clocks.allowed_extension(limit, start, on=day, calendar=calendar, pauses=pauses, extensions=extensions)
        length = rule.length if args.by is None else args.by
        if length is None:
            raise Refused(f"{limit.rule} sets no length for an extension; say how much: --by 10.")
        extensions.append(clocks.Extension(length, rule.unit, day, rule.who, day))
        found = clocks.reckon(limit, start, calendar=calendar, pauses=pauses, extensions=extensions)
    return {
        "rule": found.rule,
        "matter": limit.matter,
        "label": limit.label,
        "from": limit.start,
        "start": args.start,
        "length": limit.length,
        "unit": limit.unit,
        "strict": found.strict.isoformat(),
        "legal": found.legal.isoformat(),
        "due_at": found.due_at.isoformat(),
        "provisional": found.provisional,
        "article": found.article,
        "text_date": limit.text_date,
        "mark": limit.mark,
        "extended": [{"length": each.length, "unit": each.unit, "by": each.by} for each in extensions],
    }


def _calendar() -> Any:
    """The program's calendar, with the years that lie in the data folder."""
    from fengqiao.config import folders
    from fengqiao.ground import calendar

    own = folders.data_folder() / "calendar"
    return calendar.Calendar.load(calendar.DATA, own) if own.is_dir() else calendar.standard()


def _start(text: str, unit: str) -> date:
    from fengqiao.config.command import Refused
    from fengqiao.ground.stops import HERE

    try:
        if len(text) <= 10 and unit != "HOUR":
            return date.fromisoformat(text)
        if len(text) <= 10:
            raise Refused(f"A term in hours starts at a time of day: {text}T09:30.")
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"“{text}” is not a date; write 2026-08-03 or 2026-08-03T09:30.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=HERE)


def _pause(text: str, limit: Any) -> Any:
    from fengqiao.config.command import Refused
    from fengqiao.ground.stops import Pause

    days, _, ground = text.partition(":")
    first, dots, last = days.partition("..")
    try:
        from_, to = date.fromisoformat(first), date.fromisoformat(last if dots else first)
    except ValueError:
        raise Refused(f"“{text}” is not a stop; write 2026-09-10..2026-09-24.") from None
    return Pause(from_, to, ground or (limit.pauses[0] if limit.pauses else "stop"))
