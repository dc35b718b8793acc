"""The arithmetic of time limits: when a term ends, what a stop and an extension change (SPEC 3.2). Pure.

`strict` is the last day as counted and reminds; `legal` is moved to the next working day where the law says
so, and decides who is late. The reasons for each rule stand in docs/decisions/0003-counting-days.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from fengqiao.ground.calendar import Calendar, add_months
from fengqiao.ground.limits import PAUSES, ExtensionRule, Limit, in_words
from fengqiao.ground.sentences import Sentence as _
from fengqiao.ground.stops import (
    DAY,
    HERE,
    ClockRefused,
    Pause,
    Span,
    counted,
    day_of,
    end_of,
    instant_of,
    instants_of,
    spans_of,
)

__all__ = [
    "ClockRefused",
    "Extension",
    "Pause",
    "Progress",
    "Reckoning",
    "allowed_extension",
    "changed_by",
    "progress",
    "reckon",
    "used",
]

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Extension:
    """An extension as granted: how much, on which day, by whom (`ExtensionRule.who`), when told."""

    length: int
    unit: str
    on: date
    by: str = ""
    notified_on: date | None = None


@dataclass(frozen=True, slots=True)
class Reckoning:
    """When a limit ends.

    `due_at`: the first instant at which it is late. `term`: its length in `unit`, extensions included (months
    and years in calendar days). `provisional`: it rests on a day of a year that is not published yet.
    """

    rule: str
    article: str
    start: date
    strict: date
    legal: date
    due_at: datetime
    provisional: bool
    term: int
    unit: str


def reckon(
    limit: Limit,
    start: date,
    *,
    calendar: Calendar,
    pauses: Sequence[Pause] = (),
    extensions: Sequence[Extension] = (),
    as_of: date | None = None,
    decided: bool = False,
) -> Reckoning:
    """When this limit ends for a term whose starting event happened on `start` (an instant for hour clocks).

    An instant given for a day limit counts as its day in Asia/Shanghai. Stops that still last are counted
    through `as_of`. With `decided` the extensions are facts, not examined again (after a new calendar).
    Raises ClockRefused: no_length, needs_instant, pause_not_allowed, open_pause, bad_pause, bad_unit,
    extension_too_long, extension_by_another, extension_notice_missing, and those of allowed_extension.
    """
    if limit.length is None:
        raise ClockRefused("no_length", _("{rule} sets no number of days or hours.", rule=limit.rule))
    if pauses or extensions:
        _check_pauses(limit, pauses, as_of)
    if limit.unit == "HOUR":
        return _reckon_hours(limit, start, pauses, extensions, as_of, decided)
    day = day_of(start)
    if limit.bound != "within":
        return _reckon_other(limit, day, calendar, pauses, extensions)
    spans = spans_of(pauses, as_of) if pauses else ()
    strict, legal, term = _run(day, limit.length, limit.unit, calendar, spans)
    unsure = calendar.spans_provisional(day if limit.unit == "WD" else strict, legal)
    for number, extension in enumerate(extensions):
        if not decided:
            _examine(limit, extension, number, legal)
        after = legal
        strict, legal, more = _run(after, extension.length, extension.unit, calendar, spans)
        term += more
        unsure = unsure or calendar.spans_provisional(after if extension.unit == "WD" else strict, legal)
    return Reckoning(
        limit.rule, limit.citation, day, strict, legal, end_of(legal), unsure, term, _shown_unit(limit.unit)
    )


def allowed_extension(
    limit: Limit,
    start: date,
    *,
    on: date,
    calendar: Calendar,
    pauses: Sequence[Pause] = (),
    extensions: Sequence[Extension] = (),
    as_of: date | None = None,
) -> ExtensionRule:
    """What may still be granted on this day, on top of the extensions already given.

    Raises ClockRefused: extension_not_allowed, extension_too_often, extension_after_expiry.
    """
    now = reckon(limit, start, calendar=calendar, pauses=pauses, extensions=extensions, as_of=as_of or on, decided=True)
    return _extension_rule(limit, len(extensions), on, now.legal)


def changed_by(
    old: Calendar,
    new: Calendar,
    limit: Limit,
    start: date,
    *,
    pauses: Sequence[Pause] = (),
    extensions: Sequence[Extension] = (),
    as_of: date | None = None,
) -> tuple[Reckoning, Reckoning] | None:
    """Before and after a calendar was loaded, or None where nothing about the clock differs."""
    before, after = (
        reckon(limit, start, calendar=calendar, pauses=pauses, extensions=extensions, as_of=as_of, decided=True)
        for calendar in (old, new)
    )
    return None if before == after else (before, after)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a clock stands: whole units elapsed, left until the due day, over it; `share` used, 0 to 1."""

    unit: str
    elapsed: int
    left: int
    over: int
    share: Fraction


def progress(
    reckoning: Reckoning,
    now: datetime,
    *,
    calendar: Calendar,
    pauses: Sequence[Pause] = (),
    stopped_at: datetime | None = None,
) -> Progress:
    """How much of the term is used at `now` (or was when the clock stopped), stops left out.

    On the due day `left` and `over` are 0; from the first instant after it `over` is at least 1. As long as
    no working day has passed since a due day in working days, `over` is in calendar days (`unit` CD).
    """
    moment = (stopped_at or now).astimezone(HERE)
    if reckoning.unit == "HOUR":
        return _progress_hours(reckoning, moment, pauses)
    today = moment.date()
    spans = spans_of(pauses, today) if pauses else ()
    elapsed = counted(reckoning.start, today, reckoning.unit, calendar, spans)
    whole = counted(reckoning.start, reckoning.legal, reckoning.unit, calendar, spans)
    if today <= reckoning.legal:
        left = counted(max(today, reckoning.start), reckoning.legal, reckoning.unit, calendar, spans)
        share = Fraction(elapsed, whole) if whole else Fraction(1)
        return Progress(reckoning.unit, elapsed, left, 0, min(share, Fraction(1)))
    unit, over = reckoning.unit, counted(reckoning.legal, today, reckoning.unit, calendar, ())
    if not over:
        unit, over = "CD", (today - reckoning.legal).days
    return Progress(unit, elapsed, 0, over, Fraction(1))


def used(reckoning: Reckoning, now: datetime, *, calendar: Calendar, pauses: Sequence[Pause] = ()) -> Fraction:
    """The share of the limit used, 0 to 1, for the bar beside the words."""
    return progress(reckoning, now, calendar=calendar, pauses=pauses).share


def _run(after: date, length: int, unit: str, calendar: Calendar, spans: Sequence[Span]) -> tuple[date, date, int]:
    """Strict date, legal date and counted days of a term that starts the day after `after`."""
    if unit == "WD":
        strict = calendar.add_working_days(after, length)
        for first, last in spans:
            if first <= strict and last > after:
                taken = calendar.working_days_between(max(first - DAY, after), last)
                strict = calendar.add_working_days(strict, taken)
        return strict, strict, length
    strict, term = _end_of_calendar_term(after, length, unit)
    for first, last in spans:
        if first <= strict and last > after:
            strict += last - max(first - DAY, after)
    return strict, calendar.next_working_day(strict), term


def _end_of_calendar_term(after: date, length: int, unit: str) -> tuple[date, int]:
    if unit == "CD":
        return after + timedelta(days=length), length
    if unit in ("MONTH", "YEAR"):
        last = add_months(after, length * 12 if unit == "YEAR" else length)
        return last, (last - after).days
    raise ClockRefused("bad_unit", _("A term in days cannot be extended by hours."))


def _reckon_other(
    limit: Limit, day: date, calendar: Calendar, pauses: Sequence[Pause], extensions: Sequence[Extension]
) -> Reckoning:
    """Terms counted back from an event, or lasting at least so long; they neither stop nor are extended."""
    if pauses or extensions:
        raise ClockRefused("extension_not_allowed", _("{rule} can neither be stopped nor extended.", rule=limit.rule))
    assert limit.length is not None
    if limit.bound == "at_least":
        strict, legal, term = _run(day, limit.length, limit.unit, calendar, ())
        legal = strict
    else:
        strict, legal = _latest_before(limit, day, calendar)
        term = limit.length
    unsure = limit.unit == "WD" and calendar.spans_provisional(min(day, legal), max(day, legal))
    unsure = unsure or calendar.is_provisional(legal)
    return Reckoning(
        limit.rule, limit.citation, day, strict, legal, end_of(legal), unsure, term, _shown_unit(limit.unit)
    )


def _latest_before(limit: Limit, event: date, calendar: Calendar) -> tuple[date, date]:
    """The latest day so long before an event: with whole days between for an office, kinder for a person."""
    length = limit.length or 0
    if limit.unit == "WD":
        careful = calendar.add_working_days(event, -length - 1)
        kind = calendar.add_working_days(event, -length)
    else:
        careful, kind = event - timedelta(days=length + 1), event - timedelta(days=length)
    if limit.side == "authority":
        return careful, careful
    return careful, min(calendar.next_working_day(kind), event - DAY)


def _reckon_hours(
    limit: Limit,
    start: date,
    pauses: Sequence[Pause],
    extensions: Sequence[Extension],
    as_of: date | None,
    decided: bool,
) -> Reckoning:
    moment = instant_of(start)
    assert limit.length is not None
    stops = instants_of(pauses, as_of)
    term = limit.length
    due = _run_hours(moment, limit.length, stops)
    for number, extension in enumerate(extensions):
        if extension.unit != "HOUR":
            raise ClockRefused("bad_unit", _("A term in hours cannot be extended by days."))
        if not decided:
            _examine(limit, extension, number, due.date())
        due = _run_hours(due, extension.length, stops)
        term += extension.length
    day = due.date()
    return Reckoning(limit.rule, limit.citation, moment.date(), day, day, due, False, term, "HOUR")


def _run_hours(moment: datetime, hours: int, stops: Sequence[tuple[datetime, datetime]]) -> datetime:
    due = moment + timedelta(hours=hours)
    for first, last in stops:
        if first < due and last > moment:
            due += last - max(first, moment)
    return due


def _progress_hours(reckoning: Reckoning, moment: datetime, pauses: Sequence[Pause]) -> Progress:
    remaining = reckoning.due_at - moment
    stops = instants_of(pauses, moment)
    for first, last in stops:
        remaining -= max(min(last, reckoning.due_at) - max(first, moment), timedelta())
    if remaining > timedelta():
        left = math.ceil(remaining / _HOUR)
        share = 1 - Fraction(int(remaining.total_seconds()), reckoning.term * 3600)
        return Progress("HOUR", reckoning.term - left, left, 0, max(share, Fraction(0)))
    over = (moment - reckoning.due_at) // _HOUR + 1
    return Progress("HOUR", reckoning.term + over - 1, 0, over, Fraction(1))


def _check_pauses(limit: Limit, pauses: Iterable[Pause], as_of: date | None) -> None:
    for pause in pauses:
        if pause.reason not in limit.pauses:
            ground = PAUSES.get(pause.reason, pause.reason)
            raise ClockRefused(
                "pause_not_allowed", _("“{ground}” does not stop {rule}.", ground=ground, rule=limit.rule)
            )
        if pause.to is None and as_of is None:
            raise ClockRefused(
                "open_pause", _("The stop since {day} still lasts; say until when to count.", day=pause.from_)
            )
        if pause.to is not None and day_of(pause.to) < day_of(pause.from_):
            raise ClockRefused("bad_pause", _("The stop from {day} ends before it begins.", day=pause.from_))


def _examine(limit: Limit, extension: Extension, given: int, legal: date) -> None:
    """Refuse an extension the law does not allow (SPEC G14, A7, A24)."""
    rule = _extension_rule(limit, given, extension.on, legal)
    too_long = rule.length is not None and extension.length > rule.length
    if extension.length < 1 or extension.unit != rule.unit or too_long:
        most = in_words(rule.length, rule.unit) if rule.length else rule.unit
        raise ClockRefused(
            "extension_too_long", _("{rule} may be extended by at most {most}.", rule=limit.rule, most=most)
        )
    if extension.by and extension.by != rule.who:
        raise ClockRefused("extension_by_another", _("Only whom the law names may extend {rule}.", rule=limit.rule))
    if rule.notice and (extension.notified_on is None or extension.notified_on > legal):
        raise ClockRefused(
            "extension_notice_missing",
            _("{rule} is extended only when the person is told the reason by {day}.", rule=limit.rule, day=legal),
        )


def _extension_rule(limit: Limit, given: int, on: date, legal: date) -> ExtensionRule:
    rule = limit.extension
    if rule is None:
        raise ClockRefused("extension_not_allowed", _("{rule} knows no extension.", rule=limit.rule))
    if rule.times is not None and given >= rule.times:
        raise ClockRefused(
            "extension_too_often",
            _("{rule} may be extended this often and no more: {times}.", rule=limit.rule, times=rule.times),
        )
    if on > legal:
        raise ClockRefused(
            "extension_after_expiry",
            _("{rule} ran out on {day}; what has expired cannot be extended.", rule=limit.rule, day=legal),
        )
    return rule


def _shown_unit(unit: str) -> str:
    return "CD" if unit in ("MONTH", "YEAR") else unit
