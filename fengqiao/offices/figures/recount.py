"""Recount: are the cells what the journal gives anew? For tests, the bench and `fengqiao check`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from fengqiao.kernel import access, analyse, storing
from fengqiao.kernel.models import FigureCell
from fengqiao.kernel.now import today


def recount(first: date, last: date) -> list[tuple[Any, ...]]:
    """Where the cells differ from one recomputation out of the journal: (measure, day, place, category, cell, journal).

    Empty when they agree (test and `fengqiao check`).
    """
    differences = []
    with access.acting_as(access.SystemPost("figures")):
        for each in analyse.measures():
            journal = {row[:3]: row[3:5] for row in _from_journal(each, first, last)}
            stored = FigureCell.objects.filter(measure=each.key, day__range=(first, last))
            columns = ("day", "place", "category", "numerator", "denominator")
            cells = {row[:3]: row[3:] for row in stored.values_list(*columns)}
            for key in sorted(journal.keys() | cells.keys()):
                if journal.get(key) != cells.get(key):
                    differences.append((each.key, *key, cells.get(key), journal.get(key)))
    return differences


def _from_journal(asked: analyse.Measure, first: date, last: date) -> Sequence[tuple[Any, ...]]:
    if asked.cells is not None:
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return [row for row in asked.cells(days)[1] if first <= row[0] <= last]
    sql, values = analyse.cells_sql(asked)
    within = [first, last]
    rows: Sequence[tuple[Any, ...]] = storing.ask(
        sql.format(days="between %s and %s"),
        [*values[0], *analyse.span(within), *within, *values[1], *analyse.span(within), *within],
    )
    return rows


def check() -> list[str]:
    """A sentence for each of the last 31 days' cells that differs from the journal (`fengqiao check`)."""
    analyse.update_cells()
    last = today()
    return [
        f"{key} of {day} in {place}: the cell says {cell}, the journal {journal}."
        for key, day, place, _category, cell, journal in recount(last - timedelta(days=31), last)
    ]
