"""Working days and rest days: dated facts of the yearly holiday notices, one file a year.

A year is *published* when its notice is loaded. Elsewhere Saturdays and Sundays rest, other days work, and
whatever is computed from such a day is provisional (SPEC 3.2.11, 3.3). Pure: dates in, dates out.
"""

from __future__ import annotations

import calendar as gregorian
import csv
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from fengqiao.ground.refusals import Refused
from fengqiao.ground.sentences import Sentence as _

DATA = Path(__file__).with_name("data") / "calendar"

# Dates outside are refused: no limit of the law reaches so far, a mistyped year does.
FIRST, LAST = date(1949, 10, 1), date(2149, 12, 31)
_BASE = FIRST.toordinal()
_SPAN = LAST.toordinal() - _BASE + 1
_KINDS = {"rest": True, "work": False}


class CalendarRefused(Refused):
    """A calendar file or a date that cannot be used; `code` for programs, the text for people."""


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """One dated fact of a holiday notice: this day rests, or this weekend day is worked."""

    date: date
    rest: bool
    name: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """One year's notice as read from a file; facts of the last days of the year before may come with it."""

    year: int
    facts: tuple[Fact, ...]

    @property
    def working_days(self) -> int:
        return Calendar((), frozenset()).with_year(self.year, self.facts).working_days_of(self.year)


@dataclass(frozen=True)
class Calendar:
    """Which days are working days, 1949–2149. Immutable; every question is answered by a table look-up."""

    facts: tuple[Fact, ...]
    published_years: frozenset[int]
    _rest: bytes = field(init=False, repr=False, compare=False)
    _worked: list[int] = field(init=False, repr=False, compare=False)
    _workdays: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        week = bytes(int(date.fromordinal(_BASE + day).weekday() >= 5) for day in range(7))
        rest = bytearray((week * (_SPAN // 7 + 1))[:_SPAN])
        for fact in self.facts:
            rest[_index(fact.date)] = fact.rest
        put = object.__setattr__  # a frozen dataclass fills its own tables once
        put(self, "_rest", bytes(rest))
        put(self, "_worked", list(accumulate(1 - day for day in rest)))
        put(self, "_workdays", [_BASE + index for index, day in enumerate(rest) if not day])

    @classmethod
    def load(cls, *folders: Path) -> Calendar:
        """Read `YYYY.csv` of each folder (default: the one that comes with the program); later folders win.

        Raises CalendarRefused for a file that cannot be used, FileNotFoundError for a missing folder.
        """
        years: dict[int, tuple[Fact, ...]] = {}
        for folder in folders or (DATA,):
            for path in sorted(Path(folder).iterdir()):
                if re.fullmatch(r"\d{4}\.csv", path.name):
                    read = read_year(path.read_bytes(), name=path.name)
                    years[read.year] = read.facts
        facts: dict[date, Fact] = {}
        for year in sorted(years):
            facts = _replaced(facts, year, years[year])
        return cls(tuple(sorted(facts.values())), frozenset(years))

    def with_year(self, year: int, facts: Iterable[Fact]) -> Calendar:
        """The same calendar with this year's notice, days of the December before included, in place of its old one."""
        known = _replaced({fact.date: fact for fact in self.facts}, year, facts)
        return Calendar(tuple(sorted(known.values())), self.published_years | {year})

    def year(self, year: int) -> tuple[Fact, ...]:
        return tuple(fact for fact in self.facts if fact.date.year == year)

    def is_rest(self, day: date) -> bool:
        return bool(self._rest[_index(day)])

    def is_working(self, day: date) -> bool:
        return not self._rest[_index(day)]

    def is_provisional(self, day: date) -> bool:
        """Nobody has published this year's holidays yet (or they were never loaded)."""
        return day.year not in self.published_years

    def spans_provisional(self, first: date, last: date) -> bool:
        """Any day from first to last, both included, lies in a year that is not published."""
        if first.year == last.year:
            return first.year not in self.published_years
        return not self.published_years.issuperset(range(first.year, last.year + 1))

    def next_working_day(self, day: date) -> date:
        """The day itself when it is worked, else the first working day after it."""
        index = _index(day)
        if not self._rest[index]:
            return day
        return self._nth(self._worked[index])

    def add_working_days(self, day: date, count: int) -> date:
        """The count-th working day after the day (before it when negative); the day itself never counts."""
        index = _index(day)
        if count > 0:
            return self._nth(self._worked[index] + count - 1)
        if count < 0:
            return self._nth(self._worked[index] - (1 - self._rest[index]) + count)
        return day

    def working_days_between(self, after: date, until: date) -> int:
        """Working days d with after < d <= until; negative when until lies before after."""
        return self._worked[_index(until)] - self._worked[_index(after)]

    def working_days_of(self, year: int) -> int:
        return self.working_days_between(date(year - 1, 12, 31), date(year, 12, 31))

    def _nth(self, position: int) -> date:
        if not 0 <= position < len(self._workdays):
            raise CalendarRefused(
                "out_of_range", _("The date would lie outside {first} to {last}.", first=FIRST, last=LAST)
            )
        return date.fromordinal(self._workdays[position])


def _index(day: date) -> int:
    index = day.toordinal() - _BASE
    if not 0 <= index < _SPAN:
        raise CalendarRefused(
            "out_of_range", _("{day} lies outside {first} to {last}; check the year.", day=day, first=FIRST, last=LAST)
        )
    return index


def _replaced(known: dict[date, Fact], year: int, facts: Iterable[Fact]) -> dict[date, Fact]:
    """What is known, with the notice of this year replaced."""
    kept = {day: fact for day, fact in known.items() if _notice(fact) != year}
    return kept | {fact.date: fact for fact in facts}


def _notice(fact: Fact) -> int:
    """The year in whose notice a fact stands: December's days around New Year stand in the next year's."""
    return fact.date.year + (fact.date.month == 12 and fact.name == "元旦")


@cache
def standard() -> Calendar:
    """The calendar that comes with the program, read once."""
    return Calendar.load()


def read_year(content: bytes | str, *, name: str = "", year: int | None = None) -> CalendarYear:
    """One year's notice from our csv (`date,kind,name,source`) or holiday-cn's json.

    `year` is what the caller expects; the file's own is the json's field, four digits in the file name, or
    the year of the latest date. Raises CalendarRefused with a sentence that says what to correct.
    """
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content.removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise CalendarRefused("not_utf8", _("The calendar file is not UTF-8 text; save it as UTF-8.")) from None
    stated, facts = _read_json(text) if text.lstrip().startswith("{") else _read_csv(text)
    if not facts:
        raise CalendarRefused("no_days", _("The calendar names no day; the year may not be published yet."))
    in_name = re.search(r"(?<!\d)(?:19|20|21)\d\d(?!\d)", name)
    own = stated or (int(in_name[0]) if in_name else max(fact.date for fact in facts).year)
    if year is not None and own != year:
        raise CalendarRefused("wrong_year", _("The calendar is of {own}, not of {year}.", own=own, year=year))
    _check(own, facts)
    return CalendarYear(own, tuple(sorted(facts)))


def _read_csv(text: str) -> tuple[int | None, list[Fact]]:
    rows = csv.DictReader(io.StringIO(text))
    if not {"date", "kind"} <= set(rows.fieldnames or ()):
        raise CalendarRefused(
            "no_columns",
            _("A calendar file has the columns date and kind (rest or work), and may have name and source."),
        )
    facts = []
    for number, row in enumerate(rows, start=2):
        kind = (row["kind"] or "").strip()
        if kind not in _KINDS:
            raise CalendarRefused(
                "bad_kind", _("Line {number}: kind is “{kind}”; it must be rest or work.", number=number, kind=kind)
            )
        day = _day(row["date"], number)
        facts.append(Fact(day, _KINDS[kind], (row.get("name") or "").strip(), (row.get("source") or "").strip()))
    return None, facts


def _read_json(text: str) -> tuple[int | None, list[Fact]]:
    try:
        data: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise CalendarRefused("bad_json", _("Line {number}: this is not valid JSON.", number=error.lineno)) from None
    days, stated = data.get("days"), data.get("year")
    if not isinstance(days, list) or not isinstance(stated, int):
        raise CalendarRefused("no_columns", _("A calendar in JSON has the fields year and days."))
    papers = data.get("papers")
    source = " ".join(str(paper) for paper in papers) if isinstance(papers, list) else ""
    facts = []
    for number, row in enumerate(days, start=1):
        if not isinstance(row, dict) or not isinstance(row.get("isOffDay"), bool):
            raise CalendarRefused("bad_kind", _("Day {number}: isOffDay must be true or false.", number=number))
        day = _day(row.get("date"), number)
        facts.append(Fact(day, row["isOffDay"], str(row.get("name") or ""), source))
    return stated, facts


def _day(text: object, number: int) -> date:
    try:
        return date.fromisoformat(str(text).strip())
    except ValueError:
        raise CalendarRefused(
            "bad_date", _("Entry {number}: “{text}” is not a date; write 2027-01-01.", number=number, text=text)
        ) from None


def _check(year: int, facts: list[Fact]) -> None:
    seen: set[date] = set()
    for fact in facts:
        before = fact.date.year == year - 1 and fact.date.month == 12
        if fact.date.year != year and not before:
            raise CalendarRefused(
                "wrong_year", _("{day} does not belong to the calendar of {year}.", day=fact.date, year=year)
            )
        if fact.date in seen:
            raise CalendarRefused("duplicate_day", _("{day} stands in the calendar twice.", day=fact.date))
        seen.add(fact.date)
    if not any(fact.rest and fact.date.year == year for fact in facts):
        raise CalendarRefused("no_days", _("The calendar of {year} names no day of rest.", year=year))


def add_months(day: date, months: int) -> date:
    """The corresponding day so many months later, else that month's last day (民法典 art. 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, gregorian.monthrange(year, month + 1)[1]))
