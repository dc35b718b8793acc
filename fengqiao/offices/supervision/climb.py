"""What the clocks do: a passed limit opens supervision, an urge with it climbs. Nothing is listed by a machine."""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from fengqiao.ground.refusals import Refused
from fengqiao.kernel import access, domain
from fengqiao.kernel.access import SystemPost
from fengqiao.kernel.docket import Docket, docket
from fengqiao.kernel.models import Clock, Matter, Relation, Unit
from fengqiao.kernel.now import at
from fengqiao.offices.supervision import handle, steps
from fengqiao.offices.supervision.models import URGE, Step

CLOCKS = SystemPost("clocks")
MOST = 200
log = logging.getLogger(__name__)


def climb(now: datetime, *, most: int = MOST) -> int:
    """Open supervision for at most so many clocks that turned solid red by `now`; how many were opened.

    Each matter in its own transaction, each clock once. Imported history is left alone (ruling 13).
    """
    opened = 0
    with at(now):
        for kind, matter_id in _waiting(now, most):
            try:
                with docket(CLOCKS) as book:
                    opened += _climb_one(book, book.take("supervise", kind=kind, pk=matter_id))
            except Refused as refused:
                log.warning("Supervision of matter %s was not opened: %s", matter_id, refused.code)
    return opened


def kinds() -> list[str]:
    """The kinds whose declaration has taken the ladder in."""
    return [each.key for each in domain.every() if any(move.key == "supervise" for move in each.moves)]


def _waiting(now: datetime, most: int) -> list[tuple[str, UUID]]:
    with access.acting_as(CLOCKS):
        supervised = Step.objects.filter(matter=OuterRef("matter"), ended_at=None).exclude(rung=URGE)
        rows = Clock.objects.filter(
            ~Exists(Step.objects.filter(cause=OuterRef("pk"))),
            ~Exists(supervised),
            due_at__lte=now,
            stopped_at=None,
            paused_since=None,
            resting=False,
            rule__in=steps.duties(),
            matter__closed_at=None,
            matter__imported=False,
            matter__lead_unit__isnull=False,
            matter__kind__in=kinds(),
        )
        found = rows.order_by("due_at").values_list("matter__kind", "matter")[: most * 2]
        return list(dict.fromkeys(found))[:most]


def _climb_one(book: Docket, matter: Matter) -> int:
    """Supervise for the first clock that has not opened a supervision yet; the others wait for the end of it."""
    for clock in steps.passed(book, matter):
        unit = _responsible(book, matter, clock)
        if unit is None or Step.objects.filter(cause=clock.pk).exists():
            continue
        handle.supervise(
            book,
            matter,
            unit=unit,
            ground="red_light",
            demand=_("The limit has passed. Say what was done, what is missing and when it will be done."),
            act="explain_delay",
            cause=clock.pk,
        )
        return 1
    return 0


def _responsible(book: Docket, matter: Matter, clock: Clock) -> Unit | None:
    """The unit whose limit it was; only one that leads or assists now can be asked."""
    task = next((task for task in book.tasks(matter) if task.pk == clock.task_id), None)
    unit = task.unit if task else matter.lead_unit
    if unit is None:
        return None
    theirs = Relation.objects.filter(matter=matter, kind__in=("lead", "co"), unit=unit, until=None)
    return unit if theirs.exists() else None
