"""Units are opened, posts given and ended. Whoever is appointed is kept from what names the unit (ruling 5)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from fengqiao.kernel import journal, places, route
from fengqiao.kernel.access import Acting
from fengqiao.kernel.models import Account, ExcludedUnit, Exclusion, Place, Post, Unit
from fengqiao.kernel.now import now
from fengqiao.kernel.people import KEEPER


def open_unit(*, key: str, name: str, kind: str, place: Place, parent: Unit | None = None, by: Acting = KEEPER) -> Unit:
    """A new unit under its parent; its path serves for descendants, its ranges for jurisdiction."""
    with transaction.atomic():
        unit = Unit.objects.create(
            key=key, name=name, kind=kind, place=place, parent=parent, path="", ranges=places.ranges_of(place)
        )
        unit.path = f"{parent.path if parent else '/'}{unit.pk}/"
        unit.save(update_fields=["path"])
        journal.note(by, "accounts", "unit.opened", data={"unit": unit.pk})
    route.desks.forget()
    return unit


def appoint(
    account: Account,
    unit: Unit,
    role: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    by: Acting = KEEPER,
) -> Post:
    """Give an account a post. What names the unit, or one above it, is hidden from the account from this moment."""
    with transaction.atomic():
        post = Post.objects.create(account=account, unit=unit, role=role, since=since or now(), until=until)
        for matter_id in _naming(unit):
            Exclusion.objects.get_or_create(matter_id=matter_id, account=account)
        journal.note(by, "accounts", "post.began", data={"post": post.pk, "role": role, "unit": unit.pk})
    return post


def _naming(unit: Unit) -> set[uuid.UUID]:
    above = [int(pk) for pk in unit.path.strip("/").split("/")]
    earlier = Unit.objects.filter(successor__in=above).values_list("pk", flat=True)
    named = ExcludedUnit.objects.filter(Q(unit__in=above) | Q(unit__in=list(earlier)))
    return set(named.values_list("matter_id", flat=True))


def end_post(post: Post, *, at: datetime | None = None, by: Acting = KEEPER) -> None:
    """End a term, now or on a day to come. Reading puts its tasks into the unit's queue at that second; the rows
    follow here, or on that day (`upkeep`), with an event. One that has not begun ends as it begins."""
    with transaction.atomic():
        post.until = max(at or now(), post.since + timedelta(microseconds=1))
        post.save(update_fields=["until"])
        if post.holds:
            journal.note(by, "accounts", "post.will_end", data={"post": post.pk, "until": post.until.isoformat()})
        else:
            journal.note(by, "accounts", "post.ended", data={"post": post.pk, "tasks": route.withdraw_tasks(post)})
