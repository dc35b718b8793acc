"""Two tellings, one matter: merging is a row that can be undone; nothing is moved or deleted (ruling 3, A28)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from fengqiao.ground.numbers import new_id
from fengqiao.ground.refusals import NotNow, Refused
from fengqiao.kernel import access, same
from fengqiao.kernel.access import Acting
from fengqiao.kernel.docket import Docket
from fengqiao.kernel.models import Event, ExcludedUnit, Exclusion, Link, Matter, Merge, Relation, Text


def merge(book: Docket, matter: Matter, *, members: Iterable[Matter], why: str) -> Merge:
    """Let `members` be read through `matter`. One kind, one level, same exclusions; else they are only linked.

    A member keeps number, journal, sources and state; its tasks and matter clocks rest, its sources' clocks run on.
    Merging a master takes its members along under one act, so that undoing restores them. Raises Refused, NotNow.
    """
    act = new_id()
    text = book.text(matter, "reason", why, searchable=False)
    rows = []
    for member in sorted(members, key=lambda each: each.pk):
        _refuse_unlike(matter, member)
        for inner in list(Merge.objects.filter(master=member, undone_at=None).select_related("member")):
            book.hold(inner.member)
            book.change(inner, undone_at=book.now)
            rows.append(_join(book, matter, inner.member, act, text))
        rows.append(_join(book, matter, member, act, text))
    if not rows:
        raise Refused("nothing_to_merge", _("Choose at least one other matter."), pointer="/members")
    book.event(
        matter,
        "matter.merged",
        data={"act": str(act), "members": [row.member.number for row in rows]},
        texts=(text,),
    )
    return rows[-1]


def _refuse_unlike(master: Matter, member: Matter) -> None:
    if member.pk == master.pk:
        raise Refused("same_matter", _("A matter cannot be merged into itself."), pointer="/members")
    if member.kind != master.kind or member.confidentiality != master.confidentiality:
        raise Refused(
            "unlike",
            _("Only matters of one kind and one level of secrecy are merged. Link them instead."),
            pointer="/members",
        )
    if _barred(member) != _barred(master):
        raise Refused(
            "other_exclusions",
            _("Somebody is kept away from one of them and not from the other. The city's overseer decides; link them."),
            pointer="/members",
        )
    if member.archived_at or master.archived_at:
        raise NotNow("archived", _("An archived matter is not merged."))
    if Merge.objects.filter(member=member, undone_at=None).exists():
        raise NotNow("merged_already", _("That matter is merged into another one already."))
    if Merge.objects.filter(member=master, undone_at=None).exists():
        raise NotNow("merged_already", _("This matter is itself merged into another one. Merge into that one."))


def _barred(matter: Matter) -> tuple[frozenset[int], frozenset[int]]:
    return (
        frozenset(Exclusion.objects.filter(matter=matter).values_list("account_id", flat=True)),
        frozenset(ExcludedUnit.objects.filter(matter=matter).values_list("unit_id", flat=True)),
    )


def _join(book: Docket, master: Matter, member: Matter, act: uuid.UUID, text: Text) -> Merge:
    row = Merge(act=act, master=master, member=member, by=book.post, why=text, at=book.now)
    book.add(row)
    _rest(book, member, True)
    for relation in Relation.objects.filter(matter=master, until=None, kind__in=("lead", "co", "handler")):
        book.relate(member, relation.kind, unit=relation.unit, post=relation.post, via=row.pk)
    book.event(member, "matter.merged_into", data={"act": str(act), "master": master.number})
    return row


def _rest(book: Docket, member: Matter, resting: bool) -> None:
    for task in book.tasks(member):
        book.change(task, resting=resting)
    for clock in book.clocks(member):
        if clock.source_id is None:
            clock.resting = resting
            book.retimed(clock)


def undo(book: Docket, matter: Matter, *, act: uuid.UUID, why: str) -> list[Matter]:
    """Take a merge apart: each member goes on as if alone; possible until the master is archived. Raises NotNow."""
    if matter.archived_at:
        raise NotNow("archived", _("The merged matter is archived; it cannot be taken apart any more."))
    rows = list(Merge.objects.filter(master=matter, act=act, undone_at=None).select_related("member"))
    if not rows:
        raise NotNow("not_merged", _("There is no such merge to undo here."))
    text = book.text(matter, "reason", why, searchable=False)
    members = book.take_many([row.member_id for row in rows], access.READ)
    for row in rows:
        member = next(each for each in members if each.pk == row.member_id)
        book.change(row, undone_at=book.now)
        Relation.objects.filter(via=row.pk, until=None).update(until=book.now)
        _rest(book, member, False)
        book.event(member, "matter.split_off", data={"act": str(act), "master": matter.number})
    _restore_inner(book, matter, act, members)
    book.event(
        matter,
        "matter.unmerged",
        data={"act": str(act), "members": [each.number for each in members]},
        texts=(text,),
    )
    return members


def _restore_inner(book: Docket, master: Matter, act: uuid.UUID, members: list[Matter]) -> None:
    """Members that had members of their own get them back."""
    when = Merge.objects.filter(act=act).values_list("at", flat=True).first()
    for inner in Merge.objects.filter(master__in=members, undone_at=when).select_related("member", "master"):
        again = Merge(act=inner.act, master=inner.master, member=inner.member, by=inner.by, why=inner.why, at=book.now)
        book.add(again)
        _rest(book, inner.member, True)


def link(book: Docket, matter: Matter, other: Matter, kind: str = "related") -> None:
    """Say that two matters have to do with one another; each side sees the link only if it may see the other."""
    if matter.pk == other.pk:
        raise Refused("same_matter", _("A matter cannot be linked to itself."), pointer="/other")
    for one, two in ((matter, other), (other, matter)):
        if not Link.objects.filter(matter=one, other=two, kind=kind).exists():
            book.add(Link(matter=one, other=two, kind=kind, at=book.now))
        book.event(one, "matter.linked", data={"kind": kind})


def hints(by: Acting, matter: Matter) -> tuple[list[same.Likely], int]:
    """What intake noted as likely the same, as far as the reader may see it; call inside `acting_as`."""
    events = Event.objects.filter(matter=matter, opened_year=matter.opened_year, kind=same.LIKELY)
    event = events.order_by("-seq").first()
    if event is None:
        return [], 0
    rows = {uuid.UUID(row["matter"]): row for row in event.data["likely"]}
    heads = access.matters_for(by).filter(pk__in=rows).values_list("pk", "number", "title")
    found = [
        same.Likely(number, title, rows[pk]["score"], tuple(rows[pk]["reasons"]), pk) for pk, number, title in heads
    ]
    return sorted(found, key=lambda each: (-each.score, each.number)), len(found)
