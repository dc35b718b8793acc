"""Intake: a call, form or message becomes an order at the city's desk."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from fengqiao.domains.hotline import forms
from fengqiao.domains.hotline.models import HotlineOrder
from fengqiao.domains.hotline.words import NAMES_AN_ORGAN
from fengqiao.ground.refusals import Refused
from fengqiao.kernel import forms as kernel_forms
from fengqiao.kernel import intake, reply, route
from fengqiao.kernel.access import SystemPost
from fengqiao.kernel.docket import Docket
from fengqiao.kernel.handle import move
from fengqiao.kernel.intake import Receipt
from fengqiao.kernel.models import Matter, Source, Unit

DESKS = ("hotline_office", "city_government", "discipline_office")


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
        HotlineOrder(
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


def supplement(book: Docket, matter: Matter, *, text: str, source: Source | None = None) -> None:
    """The person adds something. If it names an organ, the desk looks at it before anybody acts (A32)."""
    words = book.text(matter, "supplement", text, visibility="parties", source=source or _tellers(book, matter))
    shielded = names_an_organ(text) and matter.reach != route.CITY_DEPTH
    if shielded:
        matter.reach = route.CITY_DEPTH
        book.refile(matter)
        book.task(matter, "check_subject", desk_of(book, matter))
    move(book, matter, "supplement", texts=(words,), visibility="parties", data={"shielded": shielded})
    for task in book.tasks(matter):
        book.message("desk", "supplemented", matter=matter, unit=task.unit)


def withdraw(book: Docket, matter: Matter, *, text: str = "", source: Source | None = None) -> None:
    """The person takes it back; a reason is optional, nobody else may do it. Other tellers' order goes on."""
    own = source or _tellers(book, matter) or _only_source(matter)
    words = (book.text(matter, "withdrawal", text, visibility="parties", source=own),) if text else ()
    book.change(own, withdrawn_at=book.now)
    if matter.sources.filter(withdrawn_at=None).exclude(pk=own.pk).exists():
        book.event(matter, "hotline.source_withdrawn", data={"source": str(own.pk)}, texts=words, visibility="parties")
        return
    book.stop(matter, outcome="cancelled")
    book.finish(matter, outcome="withdrawn")
    move(book, matter, "withdraw", texts=words, visibility="public", data={"source": str(own.pk)})


def _tellers(book: Docket, matter: Matter) -> Source | None:
    """The receipt of the person who acts through the portal."""
    if not isinstance(book.by, SystemPost) or book.by.source is None:
        return None
    return matter.sources.filter(pk=book.by.source, withdrawn_at=None).first()


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
