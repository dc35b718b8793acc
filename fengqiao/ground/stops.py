"""Stops of a clock as spans of days or of time, and the counting that leaves them out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from fengqiao.ground.calendar import Calendar
from fengqiao.ground.refusals import Refused
from fengqiao.ground.sentences import Sentence as _

HERE = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)

Span = tuple[date, date]


class ClockRefused(Refused):
    """What the law does not allow for this clock; `code` for programs, the sentence for people."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A stop from a day to a day, both included (instants for hour clocks); `to` None while it lasts."""

    from_: date
    to: date | None
    reason: str


def counted(after: date, until: date, unit: str, calendar: Calendar, spans: Sequence[Span]) -> int:
    """Counted days d with after < d <= until, days of a stop left out; 0 when there are none."""
    if until <= after:
        return 0

    def count(first: date, last: date) -> int:
        return calendar.working_days_between(first, last) if unit == "WD" else (last - first).days

    total = count(after, until)
    for first, last in spans:
        low, high = max(first - DAY, after), min(last, until)
        if high > low:
            total -= count(low, high)
    return total


def spans_of(pauses: Iterable[Pause], as_of: date | None) -> list[Span]:
    """The stops as days, sorted, none overlapping; a stop that begins after as_of while open is empty."""
    merged: list[Span] = []
    for first, last in sorted(
        (day_of(p.from_), day_of(p.to if p.to is not None else as_of or p.from_)) for p in pauses
    ):
        if last < first:
            continue
        if merged and first <= merged[-1][1] + DAY:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def instants_of(pauses: Iterable[Pause], as_of: date | None) -> list[tuple[datetime, datetime]]:
    """The stops of an hour clock: instants as given, a plain day from 0:00 to 24:00."""
    merged: list[tuple[datetime, datetime]] = []
    for pause in pauses:
        end = pause.to if pause.to is not None else as_of
        assert end is not None
        first = pause.from_ if isinstance(pause.from_, datetime) else end_of(pause.from_ - DAY)
        last = end if isinstance(end, datetime) else end_of(end)
        merged.append((instant_of(first), instant_of(last)))
    merged.sort()
    joined: list[tuple[datetime, datetime]] = []
    for first, last in merged:
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        elif last > first:
            joined.append((first, last))
    return joined


def day_of(moment: date) -> date:
    if isinstance(moment, datetime):
        return instant_of(moment).date()
    return moment


def instant_of(moment: date) -> datetime:
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise ClockRefused("needs_instant", _("An instant with its time zone is needed, not {moment}.", moment=moment))
    return moment.astimezone(HERE)


def end_of(day: date) -> datetime:
    """24:00 of the day in Asia/Shanghai."""
    return datetime(day.year, day.month, day.day, tzinfo=HERE) + DAY
