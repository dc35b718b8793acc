"""The unit's review tasks: a year is over, an answer expired, a law changed, somebody found a fault (SPEC M05, M18)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from fengqiao.kernel import access, journal, timekeeping
from fengqiao.kernel.access import Acting, SystemPost
from fengqiao.kernel.models import Post, Unit
from fengqiao.kernel.now import at, now, today
from fengqiao.offices.knowledge.library import STREAM, _act, _locked
from fengqiao.offices.knowledge.models import DUE, PUBLISHED, Duty, Item

KEEPER = SystemPost("keeper")
DAYS = 5  # working days after a change [D]


def due(now: datetime) -> int:
    """The worker's daily job: items whose year is over or whose last day has passed become due; how many."""
    with at(now), access.acting_as(KEEPER):
        day = today()
        over = Q(current__valid_to__lt=day)
        rows = Item.objects.filter(Q(review_by__lte=day) | over, state=PUBLISHED).select_related("current")
        found = list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk"))
        for row in found:
            gone = row.current is not None and row.current.expired
            _open(KEEPER, row, "expired" if gone else "year_over")
    return len(found)


def law_changed(by: Post, name: str) -> int:
    """A law changed: every published item that cites it is looked at again within five working days.

    `name` with or without 《》. Raises Refused not_your_office.
    """
    plain = name.strip().strip("《》")
    with _act(by, "report"):
        rows = (
            Item.objects.filter(state=PUBLISHED, current__law__contains=f"《{plain}》")
            if plain
            else Item.objects.none()
        )
        found = list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk"))
        for row in found:
            _open(by, row, "law_changed")
    return len(found)


def report_fault(by: Post, item: UUID) -> None:
    """Whoever answers from an item found it wrong: its unit looks again. Raises Refused, NotThere."""
    with _act(by, "report"):
        row = _locked(item)
        if row.state == PUBLISHED:
            _open(by, row, "fault")


def of_unit(unit: Unit) -> list[Duty]:
    """What a unit must look at again, the nearest day first; its worklist shows them."""
    rows = Duty.objects.filter(unit=unit, done_at=None).select_related("item__current")
    return list(rows.order_by(F("due_on"), "pk"))


def _open(by: Acting, row: Item, why: str) -> None:
    row.state = DUE
    row.save(update_fields=["state"])
    day = timekeeping.calendar().add_working_days(today(), DAYS)
    Duty.objects.create(item=row, unit_id=row.unit_id, why=why, opened_at=now(), due_on=day)
    journal.note(by, STREAM, "knowledge.due", data={"item": str(row.pk), "why": why, "due": day.isoformat()})


def late(duties: Iterable[Duty]) -> list[Duty]:
    """Those past their day."""
    return [duty for duty in duties if duty.late]
