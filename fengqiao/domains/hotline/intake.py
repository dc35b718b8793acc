"""Intake: a call, form or message becomes an order at the city's desk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from fengqiao.domains.hotline import forms
from fengqiao.domains.hotline.models import HotlineOrder
from fengqiao.domains.hotline.words import NAMES_AN_ORGAN
from fengqiao.ground.refusals import NotNow, NotThere, Refused
from fengqiao.kernel import forms as kernel_forms
from fengqiao.kernel import intake, reply, route, storing
from fengqiao.kernel.access import SystemPost
from fengqiao.kernel.docket import Docket
from fengqiao.kernel.handle import move
from fengqiao.kernel.intake import Receipt
from fengqiao.kernel.models import Event, Matter, Relation, Source, Subject, Text, Unit
from fengqiao.offices.supervision import handle as supervision
from fengqiao.offices.supervision import steps

DESKS = ("hotline_office", "city_government", "discipline_office")
ASKED_WHETHER = "confirm_withdrawal"
AFTER = "SPEC G39"
TAKEN_UP_WITHIN = timedelta(days=15)


def first_reading(receipt: Receipt) -> Receipt:
    """Before anybody else reads it: reports are protected (G6), and data are checked. Raises Invalid."""
    receipt.data = _checked(receipt.data)
    if receipt.data["nature"] == "report" and receipt.confidentiality == "normal":
        receipt.confidentiality = "protected"
    return receipt


def _checked(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data as the form reads them; an import says the same few things in thousands of rows."""
    try:
        return dict(_cleaned(tuple((name, type(said), said) for name, said in data.items())))
    except TypeError:  # a list or an object, which the form refuses with a sentence
        return kernel_forms.clean(forms.Order, data)


@lru_cache(maxsize=64)
def _cleaned(data: tuple[tuple[str, type, Any], ...]) -> dict[str, Any]:
    return kernel_forms.clean(forms.Order, {name: said for name, _type, said in data})


def names_an_organ(text: str) -> bool:
    """Whether a text names an organ or a post of its place: the plain word list is the floor (domain ruling 2)."""
    return any(word in text for word in NAMES_AN_ORGAN)


def admit(book: Docket, matter: Matter, receipt: Receipt) -> None:
    """Open the order: its own record, the desk's right, and the task to place it."""
    data = receipt.data
    book.add(
        storing.fresh(
            HotlineOrder,
            matter=matter,
            nature=data["nature"],
            urgency=data.get("urgency") or "normal",
            wants_answer=data.get("wants_answer", True),
            wants_secrecy=data.get("wants_secrecy", False),
        )
    )
    if matter.reach == route.ANY_DEPTH and names_an_organ(f"{receipt.title}\n{receipt.content}"):
        matter.reach = route.CITY_DEPTH
        book.refile(matter)
    desk = desk_of(book, matter)
    book.relate(matter, "desk", unit=desk)
    book.task(matter, "dispatch", desk)


def desk_of(book: Docket, matter: Matter) -> Unit:
    """The city's desk for this order: the hotline office, or the next one that the order does not complain of."""
    return route.desk_above(matter, DESKS, barred=book.barred_units(matter))


def let_in(book: Docket, matter: Matter, desk: Unit) -> None:
    """A desk that is to do something in the order can read it."""
    theirs = Relation.objects.filter(matter=matter, kind="desk", unit=desk, until=None)
    fresh = [each.unit_id for each in book.pending(Relation) if each.matter_id == matter.pk and each.kind == "desk"]
    if desk.pk not in fresh and not theirs.exists():
        book.relate(matter, "desk", unit=desk)


def supplement(book: Docket, matter: Matter, *, text: str, source: Source | None = None) -> None:
    """The person adds something. If it names an organ, the desk looks at it before anybody acts on it (A32).

    While a unit has the order, the desk alone reads such words, until it has said who is meant.
    """
    source = source or _own(book, matter)
    named = names_an_organ(text)
    master = _master(matter)
    shielded = named and (matter.lead_unit_id is not None or master is not None)
    visibility = "desk" if shielded else "parties"
    words = book.text(matter, "supplement", text, visibility=visibility, source=source, searchable=not shielded)
    units = {task.unit for task in book.tasks(matter)} | ({master.lead_unit} if master and master.lead_unit else set())
    if named:
        matter.reach = route.CITY_DEPTH
        book.refile(matter)
    if shielded:
        units = {desk_of(book, matter)}
        book.add(Subject(matter=matter, words=words, told_at=book.now))
        book.task(matter, "check_subject", *units)
    move(book, matter, "supplement", texts=(words,), visibility="parties", data={"shielded": shielded})
    for unit in sorted(units, key=lambda each: each.pk):
        book.message("desk", "supplemented", matter=matter, unit=unit)


def _master(matter: Matter) -> Matter | None:
    merge = matter.merged_into.filter(undone_at=None).select_related("master__lead_unit").first()
    return merge.master if merge else None


def _own(book: Docket, matter: Matter) -> Source | None:
    """The receipt of the person who acts through the portal; None for the desk. Raises NotThere."""
    if not isinstance(book.by, SystemPost) or book.by.source is None:
        return None
    own = Source.objects.filter(matter=matter, pk=book.by.source).first()
    if own is None:
        raise NotThere("not_there", _("There is no such matter here. Check the number."))
    return own


def withdraw(book: Docket, matter: Matter, *, text: str = "", source: Source | None = None) -> None:
    """The person takes it back; a reason is optional, nobody else may do it. Other tellers' order goes on.

    After supervision it waits until a unit that never handled the order has asked the person (domain ruling 10b).
    """
    own = source or _own(book, matter) or _only_source(matter)
    if own.withdrawn_at is not None:
        raise NotNow("withdrawn_already", _("You have taken it back already."))
    words = (book.text(matter, "withdrawal", text, visibility="parties", source=own),) if text else ()
    if steps.needs_other_unit(matter):
        _wait_for_other_unit(book, matter, own, words)
        return
    _withdraw(book, matter, own, words)


def _wait_for_other_unit(book: Docket, matter: Matter, own: Source, words: tuple[Text, ...]) -> None:
    if any(task.kind == ASKED_WHETHER for task in book.tasks(matter)):
        raise NotNow("asked_already", _("You have said so already. Another unit will call you and ask."))
    desk = route.desk_above(matter, DESKS, barred=book.barred_units(matter) | steps.handled_by(matter))
    book.task(matter, ASKED_WHETHER, desk)
    let_in(book, matter, desk)
    book.event(
        matter, "hotline.withdrawal_waits", data={"source": str(own.pk)}, texts=words, visibility="parties", law=AFTER
    )
    book.message("desk", "withdrawal_waits", matter=matter, unit=desk)


def confirm_withdrawal(book: Docket, matter: Matter, *, reached: bool, own_will: bool = False, note: str = "") -> None:
    """A unit that never handled the order has asked: only the person's own will takes it back (domain ruling 10b)."""
    said = (
        Event.objects.filter(opened_year=matter.opened_year, stream=str(matter.pk), kind="hotline.withdrawal_waits")
        .order_by("-seq")
        .first()
    )
    own = matter.sources.filter(pk=said.data["source"], withdrawn_at=None).first() if said else None
    words = (book.text(matter, "note", note),) if note else ()
    book.finish(matter, ASKED_WHETHER, outcome="own_will" if own_will else "goes_on")
    told = {"reached": reached, "own_will": own_will, "source": str(own.pk) if own else ""}
    move(book, matter, "confirm_withdrawal", data=told, texts=words, visibility="parties")
    if own_will and own is not None:
        _withdraw(book, matter, own, ())


def waits_for_other_unit(book: Docket, matter: Matter) -> Any:
    """Guard: somebody waits to be asked, and this unit has never handled the order."""
    if not any(task.kind == ASKED_WHETHER for task in book.tasks(matter)):
        return _("Nobody wants to take this back.")
    if book.post is not None and book.post.unit_id in steps.handled_by(matter):
        return _("A unit that has never handled this order must ask the person.")
    return None


def _withdraw(book: Docket, matter: Matter, own: Source, words: tuple[Text, ...]) -> None:
    book.change(own, withdrawn_at=book.now)
    told = Q(matter=matter) | Q(matter__merged_into__master=matter, matter__merged_into__undone_at=None)
    if Source.objects.filter(told, withdrawn_at=None).exclude(pk=own.pk).exists():
        book.event(matter, "hotline.source_withdrawn", data={"source": str(own.pk)}, texts=words, visibility="parties")
        return
    supervision.close(book, matter)
    book.stop(matter, outcome="cancelled")
    book.finish(matter, outcome="withdrawn")
    move(book, matter, "withdraw", texts=words, visibility="public", data={"source": str(own.pk)})


def take_up_again(book: Docket, matter: Matter, *, text: str = "") -> None:
    """What was taken back is taken up again within 15 days; the desk places it anew (domain ruling 10b)."""
    own = _own(book, matter) or matter.sources.exclude(withdrawn_at=None).order_by("-withdrawn_at")[0]
    words = (book.text(matter, "note", text, visibility="parties", source=own),) if text else ()
    book.change(own, withdrawn_at=None)
    book.unrelate(matter, "lead", "handler", "co")
    matter.lead_unit = matter.handler = None
    desk = desk_of(book, matter)
    book.task(matter, "dispatch", desk)
    move(book, matter, "take_up_again", texts=words, visibility="public", data={"source": str(own.pk)})
    book.message("desk", "taken_up_again", matter=matter, unit=desk)


def still_time(book: Docket, matter: Matter) -> Any:
    """Guard: fifteen days from the taking back."""
    if matter.closed_at and book.now >= matter.closed_at + TAKEN_UP_WITHIN:
        return _("Fifteen days are over. Tell us again, and name the old number.")
    return None


def _only_source(matter: Matter) -> Source:
    own = list(matter.sources.filter(withdrawn_at=None)[:2])
    if len(own) != 1:
        raise Refused("which_source", _("Several people told of this. Only each of them can take his own back."))
    return own[0]


def renew_code(book: Docket, matter: Matter, *, source: str, shown: str) -> None:
    """A new query code by identity; the old one dies. The code is read from `intake.code_of` once."""
    row = matter.sources.filter(pk=source).first()
    if row is None:
        raise Refused("no_such_source", _("There is no such receipt in this order."), pointer="/source")
    intake.renew_code(book, matter, row)
    move(book, matter, "renew_code", data={"source": str(row.pk)}, texts=(book.text(matter, "reason", shown),))
    reply.notify(book, matter, row, "code_renewed")
