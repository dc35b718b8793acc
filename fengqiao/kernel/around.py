"""What stands around a matter in hand: open tasks, running clocks, merges, excluded units, in one round trip."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fengqiao.kernel import domain, storing
from fengqiao.kernel.models import Clock, Matter, Task

STANDING = """
    select (select m.number from merge g join matter m on m.id = g.master_id
            where g.member_id = %s and g.undone_at is null order by g.id limit 1),
           exists (select from merge g where g.master_id = %s and g.undone_at is null),
           array(select unit_id from excluded_unit where matter_id = %s),
           exists (select from subject where matter_id = %s and resolved_at is null)
"""


@dataclass(slots=True)
class Around:
    """As it was when the matter was taken; a new matter has nothing around it.

    `master` is the number of the matter that it was merged into; `leads` says that others were merged into it;
    `barred` are ids of units; `unresolved` says that it is not known yet who is complained of (ruling 5).
    """

    tasks: list[Task] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    master: str = ""
    leads: bool = False
    barred: frozenset[int] = frozenset()
    unresolved: bool = False


def look(matter: Matter, *, first: Iterable[storing.Statement] = ()) -> Around:
    """Ask for it, under the policies of whoever acts, and for what belongs to the matter: its place, its lead unit and
    the domain's own record of it.

    The statements `first` are run before, in the same round trip.
    """
    task, clock = storing.columns(Task, "t"), storing.columns(Clock, "c")
    questions: list[storing.Statement] = [
        (f"select {task} from task t where t.matter_id = %s and t.done_at is null", [matter.pk]),  # noqa: S608
        (f"select {clock} from clock c where c.matter_id = %s and c.stopped_at is null", [matter.pk]),  # noqa: S608
        (STANDING, [matter.pk] * 4),
    ]
    before, belonging = list(first), _belonging(matter)
    rows = storing.ask_all([*before, *questions, *(question for _name, _model, question in belonging)])
    tasks, clocks, standing, *others = rows[len(before) :]
    for (name, model, _question), found in zip(belonging, others, strict=True):
        for row in found:
            setattr(matter, name, storing.made(model, row))
    master, leads, barred, unresolved = standing[0]
    return Around(
        [storing.made(Task, row) for row in tasks],
        [storing.made(Clock, row) for row in clocks],
        master or "",
        leads,
        frozenset(barred),
        unresolved,
    )


def _belonging(matter: Matter) -> list[tuple[str, Any, storing.Statement]]:
    """Names, models and questions of its place, its lead unit and its domain's own record."""
    keys: dict[str, tuple[str, Any]] = {
        "place": ("code", matter.place_id),
        "lead_unit": ("id", matter.lead_unit_id),
        domain.get(matter.kind).record: ("matter_id", matter.pk),
    }
    found = []
    for name, (key, value) in keys.items():
        if name and value is not None:
            model: Any = Matter._meta.get_field(name).related_model
            sql = f"select {storing.columns(model, 'd')} from {model._meta.db_table} d where d.{key} = %s"  # noqa: S608
            found.append((name, model, (sql, [value])))
    return found
