"""What a post has to do: its own tasks and its unit's queue, least time left first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from fengqiao.doors.lists.listing import COLUMNS, NAMED, Line
from fengqiao.kernel import storing
from fengqiao.kernel.models import Clock, Post
from fengqiao.kernel.now import HERE, end_of, now

MOST = 1000
SOON = timedelta(days=2)
Place = tuple[datetime | None, UUID]


class Work(NamedTuple):
    """An open task with its matter; `post` is who holds it, None while it lies in the unit's queue."""

    id: UUID
    kind: str
    post: int | None
    opened_at: datetime
    due_at: datetime | None
    matter: Line


# Open tasks of this post, and those of its unit that nobody holds: a post that ended holds none (ruling 16). What is
# excluded is left out by the rule underneath, and again with the matter's own rule by the join.
_MINE = """
    from task t left join post o on o.id = t.post_id {joined}
    where t.unit_id = %s and t.done_at is null and not t.resting
      and (t.post_id is null or t.post_id = %s or o.until <= %s)
"""
_WORK = (
    f"select t.id, t.kind, t.post_id, t.opened_at, t.due_at, {COLUMNS} "
    + _MINE.format(joined=f"join matter m on m.id = t.matter_id {NAMED}")
    + "{narrowed} order by t.due_at asc nulls last, t.id limit %s offset %s"
)
_STANDING = (
    "exists (select 1 from clock c where c.matter_id = t.matter_id and c.stopped_at is null"
    " and c.paused_since is not null)"
)
_TALLY = """
    select count(*), count(*) filter (where due_at <= %s), count(*) filter (where due_at > %s and due_at <= %s),
           count(*) filter (where due_at > %s and due_at <= %s), count(*) filter (where standing)
    from (select t.due_at, {standing} as standing {mine} limit %s) capped
""".replace("{mine}", _MINE.format(joined=""))


def page(post: Post, *, due: str = "", after: Place | None = None, limit: int, offset: int = 0) -> list[Work]:
    """Some of the post's tasks; `due` is `overdue`, `today` or `soon`, any other word means all.

    Those without a date come last. Call inside `acting_as(post)`: excluded matters are not there.
    """
    narrowed, values = _due(due)
    if after is not None:
        at, pk = after
        if at is None:
            narrowed, values = f"{narrowed} and t.due_at is null and t.id > %s", [*values, pk]
        else:
            narrowed = f"{narrowed} and (t.due_at > %s or t.due_at = %s and t.id > %s or t.due_at is null)"
            values += [at, at, pk]
    sql = _WORK.replace("{narrowed}", narrowed)
    rows = storing.ask(sql, [*_me(post), *values, limit, offset])
    return [Work(row[0], row[1], row[2], row[3], row[4], Line(*row[5:])) for row in rows]


def _me(post: Post) -> list[Any]:
    return [post.unit_id, post.pk, now()]


def _due(due: str) -> tuple[str, list[Any]]:
    at, today = now(), _end_of_today()
    if due == "overdue":
        return " and t.due_at <= %s", [at]
    if due == "today":
        return " and t.due_at > %s and t.due_at <= %s", [at, today]
    return (" and t.due_at > %s and t.due_at <= %s", [today, today + SOON]) if due == "soon" else ("", [])


def _end_of_today() -> datetime:
    return end_of(now().astimezone(HERE).date())


def tally(post: Post, *, standing: bool = False) -> dict[str, int]:
    """How many tasks there are, are overdue, due today, due within two days; with `standing`, how many are paused.

    Each stops at 1,000 (ruling 11).
    """
    at, today = now(), _end_of_today()
    asked = _TALLY.replace("{standing}", _STANDING if standing else "false")
    counted = storing.ask(asked, [at, at, today, today, today + SOON, *_me(post), MOST + 1])[0]
    names = ("total", "overdue", "today", "soon", *(["paused"] if standing else []))
    return dict(zip(names, counted, strict=False))


def shown(count: int) -> str:
    """A count as it is shown: it stops at 1,000+."""
    return f"{MOST:,}+" if count > MOST else f"{count:,}"


def clocks_of(matters: Iterable[UUID]) -> dict[UUID, list[Clock]]:
    """The clocks that have not ended, by matter, the nearest first."""
    found: dict[UUID, list[Clock]] = {}
    asked = (
        f"select {storing.columns(Clock, 'c')} from clock c "  # noqa: S608 - columns of our own model
        "where c.matter_id = any(%s) and c.stopped_at is null and not c.resting order by c.due_at"
    )
    for row in storing.ask(asked, [list(matters)]):
        clock = storing.made(Clock, row)
        found.setdefault(clock.matter_id, []).append(clock)
    return found
