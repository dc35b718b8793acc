"""A reported figure over some days, in groups, out of the cells that the worker keeps (SPEC 6, domain ruling 5c)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from fengqiao.ground.refusals import Refused
from fengqiao.kernel import storing
from fengqiao.kernel.analyse import Measure, measure

SMALL = 5
GROUPED = ("month", "day", "place", "category", "month,category")
NAMES = {"month": "to_char(day, 'YYYY-MM')", "day": "day::text", "place": "place", "category": "category"}
DAYS = (
    "select day, place, category, numerator, denominator, imported from figure_cell"
    " where measure = %s and day >= %s and day < %s"
)
MONTHS = (
    "select month as day, place, category, numerator, denominator, imported from figure_month"
    " where measure = %s and month >= %s and month < %s"
)


@dataclass(frozen=True, slots=True)
class Group:
    """One line of a figure. `shown` is `<5` where fewer than five were counted (domain ruling 5c)."""

    key: str
    numerator: int | None
    denominator: int | None
    share: float | None
    shown: str
    imported: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure over some days, in groups: the same for every reader (ruling 11)."""

    measure: Measure
    first: date
    last: date
    by: str
    total: Group
    groups: tuple[Group, ...]


def figure(key: str, *, first: date, last: date, by: str = "month", place: str = "") -> Figure:
    """The figure `key` from `first` to `last`, grouped by month, day, place (town), category, or month and category.

    Raises KeyError for an unknown measure, Refused for an unknown grouping or days that run backwards.
    """
    if by not in GROUPED or last < first:
        raise Refused("bad_range", _("Choose two days, the earlier first, and one of the groupings offered."))
    asked = measure(key)
    rows = _summed(key, first, last, by, place)
    total = ("", sum(row[1] for row in rows), sum(row[2] for row in rows), sum(row[3] for row in rows))
    return Figure(asked, first, last, by, _group(asked, total), tuple(_group(asked, row) for row in rows))


def _summed(key: str, first: date, last: date, by: str, place: str) -> list[tuple[str, int, int, int]]:
    """(group, numerator, denominator, imported), by group."""
    parts = _parts(first, last + timedelta(days=1), by)
    inside = " and place >= %s and place < %s" if place else ""
    ends = [place, place + "~"] if place else []
    named = " || ' ' || ".join(NAMES[name] for name in by.split(","))
    asked = " union all ".join(part + inside for part, _from, _to in parts)
    return storing.ask(
        f"select {named}, sum(numerator)::integer, sum(denominator)::integer, sum(imported)::integer"  # noqa: S608
        f" from ({asked}) cells group by 1 order by 1",
        [value for _part, start, end in parts for value in (key, start, end, *ends)],
    )


def _parts(first: date, after: date, by: str) -> list[tuple[str, Any, Any]]:
    """Whole months from their sums, the days before and behind them from the cells. `after` is no more counted."""
    begin = first if first.day == 1 else _next_month(first)
    end = after.replace(day=1)
    if by == "day" or begin >= end:
        return [(DAYS, first, after)]
    return [(DAYS, first, begin), (MONTHS, begin, end), (DAYS, end, after)]


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _group(asked: Measure, row: tuple[str, int, int, int]) -> Group:
    key, over, under, old = row
    few = over < SMALL or (asked.denominator is not None and under < SMALL)
    if few:
        return Group(key, None, None, None, f"<{SMALL}", 0)
    share = over / under if asked.denominator is not None and under else None
    return Group(key, over, under if asked.denominator else None, share, f"{over:,}", old)
