"""Handle: the one door for a change of state, and the actions that every domain shares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from fengqiao.ground import numbers
from fengqiao.ground.refusals import NotNow, NotThere, Refused
from fengqiao.kernel import access, ciphers, domain, forms, journal, storing
from fengqiao.kernel.access import Acting
from fengqiao.kernel.docket import Docket, docket, twice
from fengqiao.kernel.domain import OPEN, Move
from fengqiao.kernel.idempotency import Once
from fengqiao.kernel.models import Matter, Person, Text


def perform(
    action: str,
    *,
    number: str,
    data: Mapping[str, Any],
    by: Acting,
    version: int | None = None,
    once: Once | None = None,
) -> Matter:
    """Do `kind.move` on a matter: the same function for pages, API, adapters and imports.

    One transaction: lock, permission, state, guard, form, change, journal, tasks, clocks, outbox. Raises NotThere,
    Stale, NotNow, Invalid, Refused; Repeated for a request that was done before. Tried once more after a deadlock.
    """
    kind, _dot, key = action.partition(".")

    def whole() -> Matter:
        locking = access.locking(by, kind=kind, number=find_number(number))
        with docket(by, first=[] if once else [locking]) as book:
            if once is not None:
                once.claim(None)
            rows = storing.ask(*locking) if once else book.first[0]
            matter = book.take_locked(key, kind, rows, version=version)
            run(book, matter, key, data)
        return matter

    return twice(whole)


def run(book: Docket, matter: Matter, key: str, data: Mapping[str, Any]) -> None:
    """The same inside an open docket, on a matter that was taken for this action."""
    move = domain.get(matter.kind).move(key)
    refusal = stands_in_the_way(book, matter, move)
    if refusal:
        raise NotNow("not_now", refusal, state=matter.state, action=key)
    cleaned = forms.clean(move.form, data, by=book.by, matter=matter) if move.form else {}
    move.do(book, matter, **cleaned)


def stands_in_the_way(book: Docket, matter: Matter, move: Move) -> Any:
    """Why this move cannot be made now, as a sentence, or None."""
    declared = domain.get(matter.kind)
    if matter.archived_at is not None:
        return _("This matter is archived; nothing is changed in it any more.")
    if move.frm != OPEN and matter.state not in move.frm:
        return _("In the state “%(state)s” this cannot be done.") % {"state": declared.state(matter.state).label}
    if move.frm == OPEN and declared.state(matter.state).final:
        return _("This matter is closed.")
    if not move.quiet and (master := book.around(matter).master):
        return _("This matter was merged into %(number)s. Do it there.") % {"number": master}
    return move.guard(book, matter) if move.guard else None


def move(
    book: Docket,
    matter: Matter,
    key: str,
    *,
    to: str = "",
    data: dict[str, Any] | None = None,
    texts: tuple[Text, ...] = (),
    visibility: str = "staff",
) -> None:
    """Write that the move was made: state, clocks stopped and started, event. Raises NotNow for an undeclared target.

    The only place where `Matter.state` changes.
    """
    declared = domain.get(matter.kind).move(key)
    target = to or (declared.to[0] if len(declared.to) == 1 else "")
    if (target and target not in declared.to) or (declared.to and not target):
        raise NotNow("not_declared", _("This step does not lead there."), action=key)
    before = matter.state
    if target:
        matter.state = target
        final = domain.get(matter.kind).state(target).final
        matter.closed_at, matter.due_at = (book.now, None) if final else (None, matter.due_at)
    if declared.stops:
        book.stop(matter, *declared.stops)
    for rule in declared.starts:
        book.clock(matter, rule)
    book.event(
        matter,
        f"{matter.kind}.{key}",
        data={**(data or {}), **({"from": before, "to": target} if target else {})},
        law=declared.law,
        texts=texts,
        visibility=visibility,
    )


def can_do(by: Acting, matter: Matter, among: Iterable[Move] = ()) -> list[tuple[Move, Any]]:
    """The actions that this post's relations allow, best first, each with what stands in its way (or None).

    `among` are the ones to look at, all of the domain's when it is empty.
    """
    held = access.words(by, matter)
    book = Docket(by)
    declared = domain.get(matter.kind)
    found = [(each, stands_in_the_way(book, matter, each)) for each in among or declared.moves if held & set(each.by)]
    return sorted(found, key=lambda pair: (pair[1] is not None, pair[0].rank))


def remark(book: Docket, matter: Matter, *, text: str) -> None:
    """Write into the matter what was done or heard."""
    move(book, matter, "remark", texts=(book.text(matter, "remark", text),))


def reveal(by: Acting, *, number: str, person: str, reason: str) -> dict[str, str]:
    """Show a person's full data for a reason, on record (EXPERIENCE 4; SPEC 10.5). Raises NotThere, Refused."""
    if len(reason.strip()) < 2:
        raise Refused("reason_needed", _("Say why you need the full data."), pointer="/reason")
    with docket(by) as book:
        matter = book.take(access.READ, number=find_number(number))
        row = Person.objects.filter(matter=matter, pk=person).first()
        opens = [domain.get(matter.kind).opens.get(word) for word in access.words(by, matter)]
        if row is None or not any(each and each.identity for each in opens):
            raise NotThere("not_there", _("There is no such person here."))
        why = book.text(matter, "reason", reason, searchable=False)
        book.event(matter, "access.revealed", data={"person": str(row.pk)}, texts=(why,))
        told: dict[str, str] = ciphers.unseal_json(row.sealed, row.pk.bytes)
    return told


def looked(by: Acting, matter: Matter) -> None:
    """Note that this post opened the matter (SPEC 10.5). Call inside `acting_as`."""
    journal.note(by, "access", "access.opened", matter_id=matter.pk, data={"matter": str(matter.pk)})


def refused(by: Acting, asked: str) -> None:
    """Note that this post asked for a matter and was told that there is none (A27). Call outside any transaction.

    Hidden and missing are noted alike; of a misspelt number only that it was one: it may be anything a person typed.
    """
    try:
        number = numbers.parse(asked).display
    except ValueError:
        number = ""
    with access.acting_as(by):
        journal.note(by, "access", "access.refused", data={"asked": number})


def find_number(text: str) -> str:
    """The stored form of a number typed or linked in any form. Raises NotThere for a misspelt one."""
    try:
        return numbers.parse(text).display
    except ValueError:
        raise NotThere("not_there", _("There is no such matter here. Check the number.")) from None
