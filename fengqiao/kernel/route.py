"""Route: whose is it, and who must never have it? Units lead and assist; exclusion comes first (SPEC 10.1)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from fengqiao.ground.refusals import Refused
from fengqiao.kernel.access import SystemPost
from fengqiao.kernel.docket import Docket, docket
from fengqiao.kernel.models import (
    Event,
    ExcludedUnit,
    Exclusion,
    Matter,
    Merge,
    Message,
    Place,
    Post,
    Relation,
    Source,
    Subject,
    Task,
    Unit,
)
from fengqiao.kernel.remembered import Remembered

if TYPE_CHECKING:
    from fengqiao.kernel.intake import Told

LOOKED_BACK = timedelta(days=365)
DESKS_SECONDS = 60
CITY_DEPTH = 6
ANY_DEPTH = 15


def tell(book: Docket, matter: Matter, told: Iterable[Told], source: Source | None = None) -> None:
    """The teller named whom it complains of, or said 说不清: the matter lands at the city's desk (domain ruling 2).

    A named unit excludes itself, its descendants and its successors, by account (ruling 5). Words stay unresolved,
    and nobody at or under the place sees the matter, until `resolve`.
    """
    units: set[Unit] = set()
    for each in told:
        named = _units_told(each, matter)
        units |= set(named)
        for unit in named:
            book.add(Subject(matter=matter, unit=unit, why=each.why, told_at=book.now, resolved_at=book.now))
        if not named:
            words = book.text(matter, "subject", each.words, source=source, searchable=False) if each.words else None
            book.add(Subject(matter=matter, words=words, why=each.why, told_at=book.now))
    matter.reach = CITY_DEPTH
    if units:
        _bar(book, matter, units)
    book.event(matter, "matter.shielded", data={"units": len(units)}, visibility="sealed", law="SPEC G1")


def _units_told(told: Told, matter: Matter) -> list[Unit]:
    if told.unit is not None:
        return list(Unit.objects.filter(pk=told.unit))
    if told.level == "village" and len(matter.place_id) >= 12:
        return list(Unit.objects.filter(place__code=matter.place_id[:12]))
    if told.level == "town" and len(matter.place_id) >= 9:
        return list(Unit.objects.filter(place__code=matter.place_id[:9]))
    return []


def exclude(book: Docket, matter: Matter, units: Iterable[Unit], accounts: Iterable[int] = ()) -> list[int]:
    """Found out later: take the matter away from these units and accounts, in this transaction (A32).

    Rights end, open tasks and unsent notices are withdrawn, the legal clocks run on; in what is merged with it
    alike. Returns the ids of accounts that had looked earlier. The domain gives the tasks a new owner.
    """
    units, accounts = list(units), list(accounts)
    for fellow in book.take_many(_merged_with(matter)):
        _take_away(book, fellow, units, accounts)
    return _take_away(book, matter, units, accounts)


def _merged_with(matter: Matter) -> set[uuid.UUID]:
    """The members of a master; the master and the other members of a member."""
    masters = {matter.pk, *matter.merged_into.filter(undone_at=None).values_list("master_id", flat=True)}
    members = Merge.objects.filter(master__in=masters, undone_at=None).values_list("member_id", flat=True)
    return (masters | set(members)) - {matter.pk}


def _take_away(book: Docket, matter: Matter, units: list[Unit], accounts: list[int]) -> list[int]:
    barred = _bar(book, matter, set(units), set(accounts))
    family = _family(set(units))
    whose = Q(unit__in=family) | Q(post__account__in=barred) | Q(account__in=barred)
    Relation.objects.filter(whose, matter=matter, until=None).update(until=book.now)
    for task in book.tasks(matter):
        if task.unit_id in family or (task.post and task.post.account_id in barred):
            book.change(task, done_at=book.now, outcome="withdrawn")
    Message.objects.filter(
        Q(unit__in=family) | Q(post__account__in=barred), matter=matter, sent_at=None, cancelled_at=None
    ).update(cancelled_at=book.now)
    if matter.lead_unit_id in family:
        matter.lead_unit = None
    if matter.handler_id and matter.handler and matter.handler.account_id in barred:
        matter.handler = None
    matter.reach = CITY_DEPTH
    book.refile(matter)
    looked = looked_before(matter, barred)
    book.event(
        matter,
        "matter.excluded",
        data={"units": len(family), "accounts": len(barred), "looked": looked},
        visibility="sealed",
        law="SPEC G1",
    )
    for post in Post.objects.filter(account__in=looked, until=None).order_by("account").distinct("account"):
        book.message("desk", "taken_over", post=post)
    return looked


def looked_before(matter: Matter, accounts: Iterable[int]) -> list[int]:
    """Which of these accounts opened the matter before they were excluded."""
    seen = Event.objects.filter(matter=matter, kind__startswith="access.", account_id__in=list(accounts))
    return sorted({account for account in seen.values_list("account_id", flat=True) if account is not None})


def _bar(book: Docket, matter: Matter, units: set[Unit], accounts: set[int] | None = None) -> set[int]:
    family = _family(units)
    barred = set(accounts or ()) | accounts_of(family, book)
    held = set(Exclusion.objects.filter(matter=matter).values_list("account_id", flat=True))
    known = set(ExcludedUnit.objects.filter(matter=matter).values_list("unit_id", flat=True))
    for unit_id in sorted(family - known):
        book.add(ExcludedUnit(matter=matter, unit_id=unit_id))
    for account_id in sorted(barred - held):
        book.add(Exclusion(matter=matter, account_id=account_id, since=book.now))
    return barred


def accounts_of(unit_ids: Iterable[int], book: Docket) -> set[int]:
    """Accounts that hold a post there, or held one within the last twelve months (ruling 5)."""
    held = Post.objects.filter(unit__in=list(unit_ids)).filter(Q(until=None) | Q(until__gt=book.now - LOOKED_BACK))
    return set(held.values_list("account_id", flat=True))


def _family(units: Iterable[Unit]) -> set[int]:
    """Ids of the units with their descendants and their successors as they are now."""
    found: set[int] = set()
    waiting = list(units)
    while waiting:
        unit = waiting.pop()
        if unit.pk in found:
            continue
        found.add(unit.pk)
        waiting += Unit.objects.filter(Q(path__startswith=unit.path) | Q(pk=unit.successor_id)).exclude(pk__in=found)
    return found


def resolve(book: Docket, matter: Matter, subject: Subject, units: Iterable[Unit]) -> None:
    """The city's desk says who was meant: those units are excluded, or nobody is and the place may see it again."""
    named = list(units)
    for unit in named:
        book.add(Subject(matter=matter, unit=unit, why=subject.why, told_at=subject.told_at, resolved_at=book.now))
    book.change(subject, resolved_at=book.now)
    if named:
        exclude(book, matter, named)
    waiting = Subject.objects.filter(matter=matter, resolved_at=None).exclude(pk=subject.pk)
    if not named and not waiting.exists() and not ExcludedUnit.objects.filter(matter=matter).exists():
        matter.reach = ANY_DEPTH
        book.refile(matter)
    book.event(matter, "matter.subject_resolved", data={"units": len(named)}, visibility="sealed")


def lead(book: Docket, matter: Matter, unit: Unit) -> None:
    """Give the matter to one lead unit. Raises Refused for an excluded unit."""
    if unit.pk in book.barred_units(matter):
        raise Refused("conflict", _("This unit cannot handle the matter. Choose another one."), pointer="/unit")
    book.unrelate(matter, "lead", "handler")
    book.relate(matter, "lead", unit=unit)
    matter.lead_unit, matter.handler = unit, None
    _mirror(book, matter, "lead", unit)


def assist(book: Docket, matter: Matter, units: Sequence[Unit]) -> None:
    """Let other units assist. Raises Refused for an excluded one."""
    for unit in units:
        if unit.pk in book.barred_units(matter):
            raise Refused("conflict", _("This unit cannot handle the matter. Choose another one."), pointer="/co_units")
        book.relate(matter, "co", unit=unit)
        _mirror(book, matter, "co", unit)


def hand_to(book: Docket, matter: Matter, post: Post) -> None:
    """Name the handler. Raises Refused when the post's account is excluded or the post is over."""
    excluded = Exclusion.objects.filter(matter=matter, account=post.account_id).exists()
    if excluded or not post.holds:
        raise Refused("conflict", _("This person cannot handle the matter. Choose another one."), pointer="/post")
    book.unrelate(matter, "handler")
    book.relate(matter, "handler", post=post)
    matter.handler = post


def _mirror(book: Docket, matter: Matter, kind: str, unit: Unit) -> None:
    """Members of a merge are read through their master: its new rights reach them too."""
    if not book.around(matter).leads:
        return
    for merge in matter.members.filter(undone_at=None).select_related("member"):
        book.hold(merge.member)
        book.relate(merge.member, kind, unit=unit, via=merge.pk)


def desk_above(matter: Matter, kinds: Sequence[str], *, barred: Collection[int] = ()) -> Unit:
    """The first open unit of these kinds at the city that is not barred from the matter. Raises Refused."""
    open_ones = [unit for unit in desks() if unit.kind in kinds and unit.pk not in barred]
    if not open_ones:
        raise Refused("no_desk", _("No unit of the city can take this in. An administrator must open one."))
    return min(open_ones, key=lambda unit: (kinds.index(unit.kind), unit.pk))


desks = Remembered(lambda: list(Unit.objects.filter(place__level="city", closed_at=None)), DESKS_SECONDS)
"""The open units of the city."""


def withdraw_tasks(post: Post) -> int:
    """When a post ends, its open tasks lie in its unit's queue: the row follows what reading already says."""
    with docket(SystemPost("keeper")) as book:
        tasks = Task.objects.filter(post=post, done_at=None)
        book.take_many(tasks.values_list("matter_id", flat=True))
        return tasks.update(post=None)


def move_place(book: Docket, matter: Matter, place: Place) -> None:
    """Say where it is. A search row follows, so that place ranges hold there too."""
    matter.place = place
    book.refile(matter)


__all__ = ["assist", "exclude", "hand_to", "lead", "resolve", "tell"]
