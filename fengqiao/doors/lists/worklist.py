"""What a post has to do: its own tasks and its unit's queue, least time left first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from fengqiao.doors.lists.listing import COLUMNS, NAMED, Line
from fengqiao.kernel import domain, storing
from fengqiao.kernel.models import Clock, Post
from fengqiao.kernel.now import HERE, end_of, now

MOST = 1000
SOON = timedelta(days=2)
DUE = ("overdue", "today", "soon", "paused")
Place = tuple[datetime | None, UUID]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a worklist is narrowed by; an empty word asks nothing.

    `due` is one of `DUE`, `stage` one of the kernel's; `place` is the beginning of a code; `mine` leaves out what
    lies in the unit's queue.
    """

    due: str = ""
    stage: str = ""
    kind: str = ""
    place: str = ""
    channel: str = ""
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """How many tasks there are, and how many of them by what is due and by stage; counting stops at 1,000."""

    total: int
    due: Mapping[str, int]
    stages: Mapping[str, int]

    def shown(self, count: int) -> str:
        """A count as it is shown: it stops at 1,000+, and where counting stopped every part of it may be more."""
        return f"{min(count, MOST):,}+" if self.total > MOST and count else f"{count:,}"


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
_TALLY = f"""
    select count(*), count(*) filter (where due_at <= %s), count(*) filter (where due_at > %s and due_at <= %s),
           count(*) filter (where due_at > %s and due_at <= %s), count(*) filter (where standing)
           {{stages}}
    from (select t.due_at, t.kind, {_STANDING} as standing {_MINE} {{narrowed}}
          order by t.due_at asc nulls last limit %s) capped
"""  # noqa: S608 - words of this module
# What narrows by the matter itself; the rest asks the task alone.
_OF_MATTER = {"kind": "m.kind = %s", "channel": "m.channel = %s", "place": "m.place >= %s and m.place < %s"}


def page(
    post: Post, narrowed: Narrowed | None = None, *, after: Place | None = None, limit: int, offset: int = 0
) -> list[Work]:
    """Some of the post's tasks, those without a date last.

    Call inside `acting_as(post)`: excluded matters are not there.
    """
    narrowed = narrowed or Narrowed()
    clauses, values = _clauses(narrowed, post)
    due, dates = _due(narrowed.due)
    clauses, values = clauses + due, [*values, *dates]
    if narrowed.stage:
        clauses, values = f"{clauses} and t.kind = any(%s)", [*values, kinds_of(narrowed.stage)]
    if after is not None:
        at, pk = after
        if at is None:
            clauses, values = f"{clauses} and t.due_at is null and t.id > %s", [*values, pk]
        else:
            clauses = f"{clauses} and (t.due_at > %s or t.due_at = %s and t.id > %s or t.due_at is null)"
            values += [at, at, pk]
    rows = storing.ask(_WORK.replace("{narrowed}", clauses), [*_me(post), *values, limit, offset])
    return [Work(row[0], row[1], row[2], row[3], row[4], Line(*row[5:])) for row in rows]


def _me(post: Post) -> list[Any]:
    return [post.unit_id, post.pk, now()]


def _clauses(narrowed: Narrowed, post: Post) -> tuple[str, list[Any]]:
    """Everything but what is due and the stage: those are what the tally counts."""
    clauses, values = "", []
    for name, clause in _OF_MATTER.items():
        if value := getattr(narrowed, name):
            clauses += f" and {clause}"
            values += [value, f"{value}~"] if name == "place" else [value]
    if narrowed.mine:
        clauses, values = f"{clauses} and t.post_id = %s", [*values, post.pk]
    return clauses, values


def _due(due: str) -> tuple[str, list[Any]]:
    at, today = now(), _end_of_today()
    if due == "overdue":
        return " and t.due_at <= %s", [at]
    if due == "today":
        return " and t.due_at > %s and t.due_at <= %s", [at, today]
    if due == "paused":
        return f" and {_STANDING}", []
    return (" and t.due_at > %s and t.due_at <= %s", [today, today + SOON]) if due == "soon" else ("", [])


def _end_of_today() -> datetime:
    return end_of(now().astimezone(HERE).date())


def kinds_of(stage: str) -> list[str]:
    """The kinds of task that stand in a stage, over all domains."""
    return sorted({task.key for each in domain.every() for task in each.task_kinds if task.stage == stage})


def stages() -> list[str]:
    """The stages in which any task can stand, in the order of the kernel's list."""
    used = {task.stage for each in domain.every() for task in each.task_kinds}
    return [stage for stage in domain.STAGES if stage in used]


def tally(post: Post, narrowed: Narrowed | None = None) -> Tally:
    """How many tasks there are under these filters, whatever is said of what is due and of the stage (ruling 11)."""
    narrowed, at, today = narrowed or Narrowed(), now(), _end_of_today()
    clauses, values = _clauses(narrowed, post)
    joined = "join matter m on m.id = t.matter_id" if any(getattr(narrowed, name) for name in _OF_MATTER) else ""
    by_stage = stages()
    asked = _TALLY.format(
        joined=joined, narrowed=clauses, stages="".join(", count(*) filter (where kind = any(%s))" for _ in by_stage)
    )
    dates = [at, at, today, today, today + SOON]
    counted = storing.ask(asked, [*dates, *map(kinds_of, by_stage), *_me(post), *values, MOST + 1])[0]
    return Tally(counted[0], dict(zip(DUE, counted[1:5], strict=True)), dict(zip(by_stage, counted[5:], strict=True)))


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
