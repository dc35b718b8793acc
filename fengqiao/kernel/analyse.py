"""Analyse: what do many matters say? Measures are declared over events, without naming an engine (ruling 11).

A measure counts events of some kinds whose data hold some values. It reads the journal and the matters' list columns,
never a text or a person, and touches nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection

from fengqiao.kernel import access, domain, storing
from fengqiao.kernel.models import Bookmark, FigureCell
from fengqiao.kernel.now import end_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


DAYS_AT_ONCE = 200
# After these, of whichever domain, a matter's place or level may be another one.
MOVED = ("locate", "protect", "shielded", "excluded", "subject_resolved")
# Days of new events, and all days of matters whose place, level or reach changed.
DAYS = """
    select distinct (happened_at at time zone 'Asia/Shanghai')::date from event
    where xid >= %s::text::xid8
    union
    select distinct (o.happened_at at time zone 'Asia/Shanghai')::date from event n
    join event o on o.opened_year = n.opened_year and o.stream = n.stream
    where split_part(n.kind, '.', 2) = any(%s) and n.xid >= %s::text::xid8
    order by 1
"""
# A month's cells summed up: a figure over years reads months, and days only at its ends.
MONTHS = (
    "delete from figure_month where month = any(%s::date[])",
    """
    insert into figure_month (measure, month, place, category, numerator, denominator, imported)
    select c.measure, m.month, c.place, c.category, sum(c.numerator), sum(c.denominator), sum(c.imported)
    from unnest(%s::date[]) m(month)
    join figure_cell c on c.day >= m.month and c.day < m.month + interval '1 month'
    group by 1, 2, 3, 4
    """,
)


@dataclass(frozen=True, slots=True)
class Count:
    """Events of these kinds; `where` compares entries of `data` (a value, or a tuple of values)."""

    kinds: tuple[str, ...]
    where: Mapping[str, Any] = field(default_factory=dict)


Cell = tuple[date, str, str, int, int, int]
# Given days on which something new happened: all days that it concerns, and their cells anew.
Cells = Callable[[Sequence[date]], tuple[Sequence[date], Sequence[Cell]]]


@dataclass(frozen=True, slots=True)
class Measure:
    """A reported figure (SPEC 6): what is counted over what, and what it does not mean.

    `cells` counts what is no event of a matter: the day-stream of an office. A cell is day, place, category,
    numerator, denominator, imported.
    """

    key: str
    label: StrOrPromise
    numerator: Count
    denominator: Count | None
    not_meaning: StrOrPromise
    source: str = "SPEC 6"
    cells: Cells | None = None


_ALSO: list[Measure] = []


def also(*more: Measure) -> None:
    """Measures of an office, beside those of the domains."""
    _ALSO.extend(each for each in more if each not in _ALSO)


def measure(key: str) -> Measure:
    """The declared measure of that key. Raises KeyError."""
    return {each.key: each for each in measures()}[key]


def measures() -> tuple[Measure, ...]:
    """All measures of all domains and offices."""
    return (*(each for declared in domain.every() for each in declared.measures), *_ALSO)


def update_cells() -> int:
    """Bring the cells up to the journal: the days on which anything new happened are counted anew.

    Runs as `system:figures`, each half minute by the worker. Returns how many days were counted.
    """
    with access.acting_as(access.SystemPost("figures")):
        mark, _made = Bookmark.objects.select_for_update().get_or_create(name="figures")
        with connection.cursor() as cursor:
            cursor.execute("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            horizon: int = cursor.fetchone()[0]
            # What is seen above the horizon is counted now, and once more when all before it is through.
            cursor.execute(DAYS, [mark.xid, list(MOVED), mark.xid])
            days = [row[0] for row in cursor.fetchall()]
        touched: set[date] = set()
        for at in range(0, len(days), DAYS_AT_ONCE):
            touched |= _count(days[at : at + DAYS_AT_ONCE])
        months = sorted({day.replace(day=1) for day in touched})
        storing.run([(each, [months]) for each in MONTHS])
        mark.xid = horizon
        mark.save()
    return len(days)


def _count(days: list[date]) -> set[date]:
    touched = set(days)
    for each in measures():
        if each.cells is not None:
            concerned, cells = each.cells(days)
            _keep(each.key, concerned, cells)
            touched.update(concerned)
    with connection.cursor() as cursor:
        for each in measures():
            if each.cells is not None:
                continue
            sql, values = cells_sql(each)
            cursor.execute("delete from figure_cell where measure = %s and day = any(%s)", [each.key, days])
            cursor.execute(
                "insert into figure_cell (measure, day, place, category, numerator, denominator, imported) "
                f"select %s, c.* from ({sql.format(days='= any(%s)')}) c",
                [each.key, *values[0], *span(days), days, *values[1], *span(days), days],
            )
    return touched


def _keep(key: str, days: Sequence[date], cells: Sequence[Cell]) -> None:
    names = ("day", "place", "category", "numerator", "denominator", "imported")
    FigureCell.objects.filter(measure=key, day__in=days).delete()
    FigureCell.objects.bulk_create([FigureCell(measure=key, **dict(zip(names, cell, strict=True))) for cell in cells])


def cells_sql(asked: Measure) -> tuple[str, tuple[list[Any], list[Any]]]:
    """The cells of a measure as SQL, with `{days}` to fill in, and the values of its numerator and its denominator."""
    over, over_values = _events_sql(asked.numerator, "1", "0")
    if asked.denominator is None:
        under, under_values = _events_sql(Count(("none",)), "0", "1")
    else:
        under, under_values = _events_sql(asked.denominator, "0", "1")
    sql = (
        "select day, place, category, sum(over_)::integer, sum(under_)::integer, sum(old)::integer "
        f"from ({over} union all {under}) events group by day, place, category"
    )
    return sql, (over_values, under_values)


def _events_sql(count: Count, over: str, under: str) -> tuple[str, list[Any]]:
    conditions: list[str] = ["e.kind = any(%s)"]
    values: list[Any] = [list(count.kinds)]
    for name, value in count.where.items():
        allowed = [_as_json_text(each) for each in (value if isinstance(value, tuple) else (value,))]
        conditions.append("e.data ->> %s = any(%s)")
        values += [name, allowed]
    return (
        "select (e.happened_at at time zone 'Asia/Shanghai')::date as day, "
        "left(m.place, case when m.confidentiality = 'sealed' or m.reach < 9 then 6 else 9 end) as place, "
        f"m.category, {over} as over_, {under} as under_, m.imported::integer * {over} as old "
        f"from event e join matter m on m.id = e.matter_id where {' and '.join(conditions)} "
        "and e.happened_at >= %s and e.happened_at < %s and (e.happened_at at time zone 'Asia/Shanghai')::date {days}",
        values,
    )


def span(days: Sequence[date]) -> list[datetime]:
    """The first instant of the first of these days, and the first after the last: the journal has an index for them."""
    return [end_of(min(days) - timedelta(days=1)), end_of(max(days))]


def _as_json_text(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
