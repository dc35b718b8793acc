"""Route: to one lead unit, with others assisting; wrong orders come back and the office's ruling binds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from fengqiao.domains.hotline.intake import desk_of
from fengqiao.domains.hotline.models import HotlineOrder
from fengqiao.ground.refusals import Refused
from fengqiao.kernel import route
from fengqiao.kernel.docket import Docket
from fengqiao.kernel.handle import move
from fengqiao.kernel.models import Matter, Place, Post, Subject, Task, Unit

LIMITS = ("T-H01", "T-H04")


def limit_for(matter: Matter, order: HotlineOrder) -> str:
    """T-H04 for a consumer's complaint (消费者权益保护法 art. 46), else T-H01."""
    return "T-H04" if matter.category == "consumer" and order.nature == "complaint" else "T-H01"


def dispatch(book: Docket, matter: Matter, *, unit: Unit, co_units: Iterable[Unit] = (), note: str = "") -> None:
    """Send the order to its lead unit: its limit starts, and one working day to say that it is wrong (T-H02)."""
    texts = (book.text(matter, "note", note),) if note else ()
    assisting = [each for each in co_units if each != unit]
    _to(book, matter, unit)
    _assisted(book, matter, assisting)
    order = matter.hotline_order
    book.change(order, dispatched_at=book.now)
    book.clock(matter, limit_for(matter, order))
    book.finish(matter, "dispatch", "check_subject", outcome="dispatched")
    move(
        book,
        matter,
        "dispatch",
        data={"unit": unit.pk, "co": [each.pk for each in assisting]},
        texts=texts,
        visibility="public",
    )


def unresolved(book: Docket, matter: Matter) -> Any:
    """Guard: while it is not known who was complained of, nobody below the city gets it (ruling 5)."""
    if Subject.objects.filter(matter=matter, resolved_at=None).exists():
        return _("The caller complains of somebody. Say first who is meant (“Resolve”), then dispatch.")
    return None


def _to(book: Docket, matter: Matter, unit: Unit) -> Task:
    route.lead(book, matter, unit)
    task = book.task(matter, "take", unit)
    book.clock(matter, "T-H02", task=task)
    book.message("desk", "dispatched", matter=matter, unit=unit)
    return task


def _assisted(book: Docket, matter: Matter, units: list[Unit]) -> None:
    route.assist(book, matter, units)
    for unit in units:
        book.task(matter, "assist", unit)
        book.message("desk", "assist", matter=matter, unit=unit)


def add_co(book: Docket, matter: Matter, *, co_units: Iterable[Unit], note: str = "") -> None:
    """Ask more units to assist."""
    assisting = [unit for unit in co_units if unit.pk != matter.lead_unit_id]
    texts = (book.text(matter, "note", note),) if note else ()
    _assisted(book, matter, assisting)
    move(book, matter, "add_co", data={"co": [unit.pk for unit in assisting]}, texts=texts)


def ask_return(book: Docket, matter: Matter, *, reason: str, suggested: Unit | None = None) -> None:
    """The unit says that it is not its own; after one working day that counts as a late return (A25)."""
    late = any(clock.rule == "T-H02" and clock.due_at <= book.now for clock in book.clocks(matter))
    order = matter.hotline_order
    book.change(order, returns=order.returns + 1, late_returns=order.late_returns + int(late))
    book.stop(matter, "T-H02")
    book.finish(matter, "take", "handle", "start", outcome="returned")
    book.task(matter, "settle_return", desk_of(book, matter))
    move(
        book,
        matter,
        "ask_return",
        data={"late": late, "suggested": suggested.pk if suggested else None, "unit": matter.lead_unit_id},
        texts=(book.text(matter, "reason", reason),),
    )


def bound(book: Docket, matter: Matter) -> Any:
    """Guard: after the office's ruling the order is not returned again."""
    if matter.hotline_order.ruled:
        return _("The hotline office has ruled that your unit handles this order; the ruling binds.")
    return None


def settle_return(book: Docket, matter: Matter, *, upheld: bool, note: str, unit: Unit | None = None) -> None:
    """The hotline office rules on whose it is: another unit from the start, or this one, bindingly."""
    texts = (book.text(matter, "ruling", note),)
    book.finish(matter, "settle_return", outcome="settled")
    order = matter.hotline_order
    if upheld and unit is not None:
        book.stop(matter, *LIMITS, outcome="cancelled")
        _to(book, matter, unit)
        book.clock(matter, limit_for(matter, order))
        book.change(order, dispatched_at=book.now)
    elif matter.lead_unit is not None:
        book.change(order, ruled=True)
        book.task(matter, "take", matter.lead_unit, due_at=matter.due_at)
        book.message("desk", "ruled", matter=matter, unit=matter.lead_unit)
    move(book, matter, "settle_return", data={"upheld": upheld, "unit": matter.lead_unit_id}, texts=texts)


def take_back(book: Docket, matter: Matter, *, reason: str) -> None:
    """The office takes the order back from its unit to place it anew."""
    _free(book, matter)
    move(book, matter, "take_back", texts=(book.text(matter, "reason", reason),))


def _free(book: Docket, matter: Matter) -> None:
    book.finish(matter, outcome="taken_back")
    book.unrelate(matter, "lead", "handler", "co")
    matter.lead_unit = matter.handler = None
    book.stop(matter, "T-H02", outcome="cancelled")
    book.task(matter, "dispatch", desk_of(book, matter))


def exclude(book: Docket, matter: Matter, *, units: Iterable[Unit], reason: str) -> None:
    """Found out later that these units are complained of: gone from them in this transaction, clocks run on (A32)."""
    text = book.text(matter, "sealed", reason, visibility="sealed", searchable=False)
    had = matter.lead_unit_id
    route.exclude(book, matter, units)
    book.event(matter, "hotline.exclude", texts=(text,), visibility="sealed", law="SPEC G1")
    lost = had is not None and matter.lead_unit_id is None
    if lost or not book.tasks(matter):
        _free(book, matter)
        move(book, matter, "take_back", data={"ground": "excluded"}, visibility="sealed")


def resolve(book: Docket, matter: Matter, *, subject: str, units: Iterable[Unit], reason: str) -> None:
    """The desk says who was meant by the words of the caller."""
    row = Subject.objects.filter(matter=matter, pk=subject, resolved_at=None).first()
    if row is None:
        raise Refused("no_such_subject", _("That has been resolved already."), pointer="/subject")
    named = list(units)
    text = book.text(matter, "sealed", reason, visibility="sealed", searchable=False)
    route.resolve(book, matter, row, named)
    book.event(matter, "hotline.resolve", texts=(text,), visibility="sealed", law="SPEC G1")
    book.finish(matter, "check_subject")
    if matter.lead_unit_id is None and not any(task.kind == "dispatch" for task in book.tasks(matter)):
        book.task(matter, "dispatch", desk_of(book, matter))


def locate(book: Docket, matter: Matter, *, place: str, category: str = "") -> None:
    """Say where it is and what it is about."""
    row = Place.objects.filter(code=place, valid_to=None).first()
    if row is None:
        raise Refused("no_such_place", _("There is no such place. Choose one from the list."), pointer="/place")
    matter.category = category or matter.category
    route.move_place(book, matter, row)
    move(book, matter, "locate", data={"place": place, "category": matter.category})


def assign(book: Docket, matter: Matter, *, post: Post) -> None:
    """The unit names the handler; the open tasks of the unit go to him."""
    route.hand_to(book, matter, post)
    for task in book.tasks(matter):
        if task.unit_id == post.unit_id:
            book.change(task, post=post)
    move(book, matter, "assign", data={"post": post.pk})
