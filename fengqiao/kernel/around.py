"""What stands around a matter in hand: open tasks, running clocks, merges, excluded units, in one round trip."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from fengqiao.kernel import storing
from fengqiao.kernel.models import Clock, Task

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


def look(pk: uuid.UUID) -> Around:
    """Ask for it, under the policies of whoever acts."""
    task, clock = storing.columns(Task, "t"), storing.columns(Clock, "c")
    tasks, clocks, standing = storing.ask_all(
        [
            (f"select {task} from task t where t.matter_id = %s and t.done_at is null", [pk]),  # noqa: S608
            (f"select {clock} from clock c where c.matter_id = %s and c.stopped_at is null", [pk]),  # noqa: S608
            (STANDING, [pk] * 4),
        ]
    )
    master, leads, barred, unresolved = standing[0]
    return Around(
        [storing.made(Task, row) for row in tasks],
        [storing.made(Clock, row) for row in clocks],
        master or "",
        leads,
        frozenset(barred),
        unresolved,
    )
