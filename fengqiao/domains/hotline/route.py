"""Route: to one lead unit, with others assisting; wrong orders come back and the office's ruling binds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from fengqiao.domains.hotline.intake import desk_of, let_in
from fengqiao.domains.hotline.models import HotlineOrder
from fengqiao.ground.refusals import Refused
from fengqiao.kernel import route, timekeeping
from fengqiao.kernel.docket import Docket
from fengqiao.kernel.handle import move
from fengqiao.kernel.models import Matter, Place, Post, Subject, Task, Unit
from fengqiao.offices.supervision import handle as supervision
from fengqiao.offices.supervision import steps

LIMITS = ("T-H01", "T-H04")
# Tasks of the units that lead or assist; all others are a desk's.
OF_UNITS = ("take", "handle", "start", "assist", *steps.TASKS.values())


def limit_for(matter: Matter, order: HotlineOrder) -> str:
    """T-H04 for a consumer's complaint (消费者权益保护法 art. 46), else T-H01."""
    return "T-H04" if matter.category == "consumer" and order.nature == "complaint" else "T-H01"


def dispatch(book: Docket, matter: Matter, *, unit: Unit, co_units: Iterable[Unit] = (), note: str = "") -> None:
    """Send the order to its lead unit: its limit starts, and one working day to say that it is wrong (T-H02).

    A limit that runs on since another unit had the order is not started anew: the caller's day stays (A32).
    """
    texts = (book.text(matter, "note", note),) if note else ()
    assisting = [each for each in co_units if each != unit]
    _to(book, matter, unit)
    _assisted(book, matter, assisting)
    order = matter.hotline_order
    book.change(order, dispatched_at=book.now)
    if not any(clock.rule in LIMITS for clock in book.clocks(matter)):
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
    if book.around(matter).unresolved:
        return _("The caller complains of somebody. Say first who is meant (“Resolve”), then dispatch.")
    return None


def _to(book: Docket, matter: Matter, unit: Unit) -> Task:
    route.lead(book, matter, unit)
    book.unrelate(matter, "co", unit=unit)
    book.finish(matter, "assist", unit=unit, outcome="leads")
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
    _refuse_pushing_down(book, matter, assisting)
    texts = (book.text(matter, "note", note),) if note else ()
    _assisted(book, matter, assisting)
    move(book, matter, "add_co", data={"co": [unit.pk for unit in assisting]}, texts=texts)


def _refuse_pushing_down(book: Docket, matter: Matter, units: list[Unit]) -> None:
    """A department's work is not passed down to the towns by itself (SPEC M05; 潍坊市12345条例 art. 24)."""
    asks = book.post.unit if book.post and book.post.unit_id == matter.lead_unit_id else None
    if asks and any(len(unit.place_id) > len(asks.place_id) for unit in units):
        raise Refused(
            "pushed_down",
            _("A unit does not pass its work down to a town or village. Ask the hotline office."),
            pointer="/co_units",
        )


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
        _let_go(book, matter)
        _to(book, matter, unit)
        book.clock(matter, limit_for(matter, order))
        book.change(order, dispatched_at=book.now)
    elif matter.lead_unit is not None:
        book.change(order, ruled=True)
        book.task(matter, "take", matter.lead_unit, due_at=matter.due_at)
        book.message("desk", "ruled", matter=matter, unit=matter.lead_unit)
    move(book, matter, "settle_return", data={"upheld": upheld, "unit": matter.lead_unit_id}, texts=texts)


def _let_go(book: Docket, matter: Matter) -> None:
    """The unit was right, so its limit and what it was asked end; a limit that has passed stays missed."""
    for clock in book.clocks(matter):
        if clock.rule in LIMITS:
            book.stop(matter, clock.rule, outcome="" if clock.due_at <= book.now else "cancelled")
    supervision.close(book, matter)


def take_back(book: Docket, matter: Matter, *, reason: str) -> None:
    """The office takes the order back from its unit to place it anew; the caller's day stays."""
    _free(book, matter)
    move(book, matter, "take_back", texts=(book.text(matter, "reason", reason),))


def _free(book: Docket, matter: Matter) -> None:
    supervision.close(book, matter)
    book.finish(matter, outcome="taken_back")
    book.unrelate(matter, "lead", "handler", "co")
    matter.lead_unit = matter.handler = None
    book.stop(matter, "T-H02", outcome="cancelled")
    desk = desk_of(book, matter)
    let_in(book, matter, desk)
    book.task(matter, "dispatch", desk)


def exclude(book: Docket, matter: Matter, *, units: Iterable[Unit], reason: str) -> None:
    """Found out later that these units are complained of: gone from them in this transaction, clocks run on (A32)."""
    text = book.text(matter, "sealed", reason, visibility="sealed", searchable=False)
    before = _held(book, matter)
    route.exclude(book, matter, units)
    book.event(matter, "hotline.exclude", texts=(text,), visibility="sealed", law="SPEC G1")
    _hand_on(book, matter, before)


def resolve(book: Docket, matter: Matter, *, subject: str, units: Iterable[Unit], reason: str) -> None:
    """The desk says who was meant by the words of the caller; those who have the order may read them then."""
    row = Subject.objects.filter(matter=matter, pk=subject, resolved_at=None).select_related("words").first()
    if row is None:
        raise Refused("no_such_subject", _("That has been resolved already."), pointer="/subject")
    text = book.text(matter, "sealed", reason, visibility="sealed", searchable=False)
    book.finish(matter, "check_subject")
    before = _held(book, matter)
    route.resolve(book, matter, row, list(units))
    if row.words is not None and row.words.visibility == "desk":
        book.change(row.words, visibility="parties")
    book.event(matter, "hotline.resolve", texts=(text,), visibility="sealed", law="SPEC G1")
    _hand_on(book, matter, before)


def _held(book: Docket, matter: Matter) -> tuple[int | None, list[Task]]:
    return matter.lead_unit_id, book.tasks(matter)


def _hand_on(book: Docket, matter: Matter, before: tuple[int | None, list[Task]]) -> None:
    """After an exclusion: nothing lies in nobody's list. A new desk takes over what an excluded desk had to do; an
    order that lost its lead unit is placed anew."""
    led, tasks = before
    barred = book.barred_units(matter)
    for step in steps.open_steps(matter):
        if step.unit_id in barred:
            steps.end(book, matter, step, "closed")
    if led is not None and matter.lead_unit_id is None:
        _free(book, matter)
        move(book, matter, "take_back", data={"ground": "excluded"}, visibility="sealed")
        return
    for task in tasks:
        if task.outcome == "withdrawn" and task.kind not in OF_UNITS:
            desk = desk_of(book, matter)
            let_in(book, matter, desk)
            book.task(matter, task.kind, desk, due_at=task.due_at)


def locate(book: Docket, matter: Matter, *, place: str, category: str = "") -> None:
    """Say where it is and what it is about."""
    row = Place.objects.filter(code=place, valid_to=None).first()
    if row is None:
        raise Refused("no_such_place", _("There is no such place. Choose one from the list."), pointer="/place")
    matter.category = category or matter.category
    route.move_place(book, matter, row)
    _retime(book, matter)
    move(book, matter, "locate", data={"place": place, "category": matter.category})


def _retime(book: Docket, matter: Matter) -> None:
    """The category decides the limit: of the old and the new one the stricter holds, from the same beginning.

    Another category never moves the day that the caller was told to a later one, and makes no unit late by itself.
    """
    for clock in book.clocks(matter):
        rule = limit_for(matter, matter.hotline_order)
        if clock.rule in LIMITS and clock.rule != rule and clock.source_id is None:
            due = timekeeping.start(matter, rule, clock.started_at).due_at
            if book.now < due < clock.due_at:
                book.stop(matter, clock.rule, outcome="cancelled")
                book.clock(matter, rule, at=clock.started_at)
                for task in book.tasks(matter):
                    if task.kind in ("handle", "start"):
                        book.change(task, due_at=due)


def assign(book: Docket, matter: Matter, *, post: Post) -> None:
    """The unit names the handler; the open tasks of the unit go to him."""
    route.hand_to(book, matter, post)
    for task in book.tasks(matter):
        if task.unit_id == post.unit_id:
            book.change(task, post=post)
    move(book, matter, "assign", data={"post": post.pk})
