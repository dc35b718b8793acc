"""Loading a holiday year: which running clocks change is told first, then each is set, with one event a matter.

A running clock is reckoned anew when a day of the year, or of the December before it, may count in its term.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from fengqiao.ground.calendar import Calendar, CalendarYear
from fengqiao.ground.clocks import ClockRefused
from fengqiao.ground.refusals import Refused
from fengqiao.kernel import access, journal, timekeeping
from fengqiao.kernel.docket import docket
from fengqiao.kernel.models import CalendarYear as StoredYear
from fengqiao.kernel.models import Clock, Matter, Post
from fengqiao.kernel.now import end_of, now

CLOCKS = access.SystemPost("clocks")
LOCK = 0x63616C65  # one load of a calendar at a time
BATCH = 200
CHUNK = 2000
# How many are done, and of how many; of 0 while it is not known yet.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Change:
    """One clock: its rule, the dates it had, the dates it gets. `firm`: it was provisional and is so no more."""

    clock: uuid.UUID
    rule: str
    strict: tuple[date, date]
    legal: tuple[date, date]
    firm: bool

    def as_json(self) -> dict[str, Any]:
        """For the journal and the report: (old, new) pairs of days."""
        return {
            "clock": str(self.clock),
            "rule": self.rule,
            "strict": [day.isoformat() for day in self.strict],
            "legal": [day.isoformat() for day in self.legal],
            "firm": self.firm,
        }


@dataclass(slots=True)
class Report:
    """What loading a year changes: whether the days are new, and the clocks of each matter by its number."""

    year: int
    new_days: bool
    working_days: int
    matters: dict[str, list[Change]] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """Whether anything would be stored."""
        return self.new_days or bool(self.matters)

    def as_json(self) -> dict[str, Any]:
        """One list a matter, in the order of numbers."""
        return {
            "year": self.year,
            "new_days": self.new_days,
            "working_days": self.working_days,
            "matters": [
                {"number": number, "clocks": [change.as_json() for change in self.matters[number]]}
                for number in sorted(self.matters)
            ],
        }


def examine(read: CalendarYear, progress: Progress | None = None) -> Report:
    """What loading this year would change. Reads only. Raises Refused `clock` for a clock nobody can reckon.

    `progress` is told the count of running clocks looked at, every two thousand.
    """
    old, new = _calendars(read)
    report = Report(read.year, not _same(old, new), new.working_days_of(read.year))
    with access.acting_as(CLOCKS):
        for clock in _counted(_touched(read), progress):
            if change := _reckoned(clock, old, new):
                report.matters.setdefault(clock.matter.number, []).append(change)
    return report


def commit(
    read: CalendarYear, *, by: access.Acting = CLOCKS, name: str = "", progress: Progress | None = None
) -> Report:
    """Store the year, then set the clocks in batches of matters, each batch one transaction.

    The year is stored first, so that clocks started meanwhile are right; when it is cut off, loading the same file
    again sets the rest. A file that is known and changes no clock writes nothing. `progress` is told the count of
    running clocks looked at, then of the matters whose clocks are set.
    """
    old, new = _calendars(read)
    report = Report(read.year, not _same(old, new), new.working_days_of(read.year))
    if report.new_days:
        _store(read, by, name)
    with access.acting_as(CLOCKS):
        touched = _counted(_touched(read), progress)
        waiting = sorted({clock.matter_id for clock in touched if _reckoned(clock, old, new)})
    for start in range(0, len(waiting), BATCH):
        _set(report, waiting[start : start + BATCH], old, new)
        if progress:
            progress(min(start + BATCH, len(waiting)), len(waiting))
    return report


def _counted(clocks: Iterator[Clock], progress: Progress | None) -> Iterator[Clock]:
    for count, clock in enumerate(clocks, 1):
        yield clock
        if progress and count % CHUNK == 0:
            progress(count, 0)


def _calendars(read: CalendarYear) -> tuple[Calendar, Calendar]:
    timekeeping.forget_calendar()
    old = timekeeping.calendar()
    return old, old.with_year(read.year, read.facts)


def _same(old: Calendar, new: Calendar) -> bool:
    def known(calendar: Calendar) -> set[tuple[date, bool, str]]:
        return {(fact.date, fact.rest, fact.name) for fact in calendar.facts}

    return old.published_years == new.published_years and known(old) == known(new)


def _store(read: CalendarYear, by: access.Acting, name: str) -> None:
    facts = [[fact.date.isoformat(), fact.rest, fact.name] for fact in read.facts]
    source = _source(read, name)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        post = by if isinstance(by, Post) else None
        StoredYear.objects.update_or_create(
            year=read.year, defaults={"facts": facts, "source": source, "loaded_at": now(), "by": post}
        )
        journal.note(by, "config", "calendar.loaded", data={"year": read.year, "days": len(facts), "source": source})
    timekeeping.forget_calendar()


def _source(read: CalendarYear, name: str) -> str:
    """The papers that the file names, as many as fit; else the file."""
    kept = ""
    for source in dict.fromkeys(fact.source for fact in read.facts if fact.source):
        if len(kept) + len(source) + 1 <= 200:
            kept = f"{kept} {source}".strip()
    return kept or name[:200]


def _touched(read: CalendarYear) -> Iterator[Clock]:
    """Clocks not yet ended in whose term a day of the file's year may count."""
    first = min(fact.date for fact in read.facts)
    first = min(first, date(read.year, 1, 1))
    rows = Clock.objects.filter(stopped_at=None, started_at__lt=end_of(date(read.year, 12, 31)))
    rows = rows.filter(
        Q(due_legal__gte=first) | Q(due_strict__gte=first) | Q(provisional=True) | Q(paused_since__isnull=False)
    )
    return rows.select_related("matter").order_by("matter", "pk").iterator(chunk_size=CHUNK)


def _reckoned(clock: Clock, old: Calendar, new: Calendar) -> Change | None:
    """Set the clock in memory by the new calendar; what that changed.

    While a clock stands still its dates move from day to day: that alone is no change by the calendar.
    """
    strict, legal, provisional = clock.due_strict, clock.due_legal, clock.provisional
    try:
        if clock.paused_since is not None and timekeeping.reckon(clock, by=old) == timekeeping.reckon(clock, by=new):
            return None
        if not timekeeping.again(clock, by=new):
            return None
    except ClockRefused as refused:
        raise Refused(
            "clock",
            _("The limit %(rule)s of matter %(number)s cannot be reckoned: %(why)s")
            % {"rule": clock.rule, "number": clock.matter.number, "why": refused},
        ) from refused
    firm = provisional and not clock.provisional
    return Change(clock.pk, clock.rule, (strict, clock.due_strict), (legal, clock.due_legal), firm)


def _set(report: Report, ids: Sequence[uuid.UUID], old: Calendar, new: Calendar) -> None:
    with docket(CLOCKS) as book:
        for matter in book.take_many(ids):
            changes = []
            for clock in book.clocks(matter):
                clock.matter = matter
                if change := _reckoned(clock, old, new):
                    book.retimed(clock)
                    changes.append(change)
            if changes:
                _journal(book, matter, report, changes)


def _journal(book: Any, matter: Matter, report: Report, changes: list[Change]) -> None:
    data = {"year": report.year, "clocks": [change.as_json() for change in changes]}
    book.event(matter, "clock.recomputed", data=data, law="SPEC 3.3")
    report.matters[matter.number] = changes


__all__ = ["Change", "Progress", "Report", "commit", "examine"]
