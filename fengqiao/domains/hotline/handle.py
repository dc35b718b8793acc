"""Handle: the unit takes the order, works on it, extends once with an explanation, does it again if need be."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from fengqiao.domains.hotline.route import LIMITS, limit_for
from fengqiao.ground import limits
from fengqiao.ground.clocks import ClockRefused
from fengqiao.ground.refusals import NotNow, Refused
from fengqiao.kernel import handle as kernel_handle
from fengqiao.kernel import reply, route, secrecy, timekeeping
from fengqiao.kernel.docket import Docket
from fengqiao.kernel.handle import move
from fengqiao.kernel.models import Clock, Matter
from fengqiao.kernel.now import HERE
from fengqiao.offices.merging import merging


def take_up(book: Docket, matter: Matter) -> None:
    """A person of the lead unit takes it on: he is the handler from now on."""
    post = book.post
    if post is None:
        raise Refused("no_post", _("Only a member of the unit can take it."))
    book.finish(matter, "take", outcome="taken")
    book.stop(matter, "T-H02")
    route.hand_to(book, matter, post)
    clock = running(book, matter)  # the matter's own date may still be that of the return
    book.task(matter, "handle", post.unit, post=post, due_at=clock.due_at if clock else None)
    move(book, matter, "take", data={"post": post.pk}, visibility="public")


def start(book: Docket, matter: Matter) -> None:
    """Work has begun, for the first time or again."""
    for task in book.tasks(matter):
        if task.kind == "start":
            book.change(task, kind="handle")
    move(book, matter, "start", visibility="public")


def running(book: Docket, matter: Matter) -> Clock | None:
    """The limit at work on the order itself."""
    return next((clock for clock in book.clocks(matter) if clock.rule in LIMITS and clock.source_id is None), None)


def extend(book: Docket, matter: Matter, *, days: int, explanation: str) -> None:
    """Longer, once, explained to the caller before the old date passes (T-H01, G14, A7)."""
    clock = running(book, matter)
    if clock is None:
        raise NotNow("no_clock", _("No limit is running on this order."))
    if clock.extensions:
        raise NotNow("extended_once", _("This limit was extended once already; it is not extended again."))
    before = clock.due_legal
    try:
        rule = limits.get(clock.rule).extension
        who = rule.who if rule else ""
        timekeeping.extend(clock, days, "WD", on=_day(book), by=who, told_on=_day(book))
    except ClockRefused as refused:
        raise NotNow(refused.code, str(refused), pointer="/days") from None
    book.retimed(clock)
    for task in book.tasks(matter):
        if task.kind in ("handle", "start"):
            book.change(task, due_at=clock.due_at)
    text = book.text(matter, "explanation", explanation, visibility="parties")
    for source in matter.sources.filter(withdrawn_at=None):
        reply.notify(book, matter, source, "extended")
    move(
        book,
        matter,
        "extend",
        data={"days": days, "from": before.isoformat(), "to": clock.due_legal.isoformat(), "rule": clock.rule},
        texts=(text,),
        visibility="parties",
    )


def _day(book: Docket) -> date:
    return book.now.astimezone(HERE).date()


def co_opinion(book: Docket, matter: Matter, *, text: str) -> None:
    """An assisting unit says what it has found or done."""
    unit = book.post.unit if book.post else None
    book.finish(matter, "assist", unit=unit)
    move(book, matter, "co_opinion", texts=(book.text(matter, "opinion", text),))
    if matter.lead_unit is not None:
        book.message("desk", "co_opinion", matter=matter, unit=matter.lead_unit)


def redo(book: Docket, matter: Matter, *, ground: str, note: str) -> None:
    """The unit did not act, or the caller is dissatisfied with a reason: again, with a new limit."""
    order = matter.hotline_order
    if matter.lead_unit is None:
        raise NotNow("no_unit", _("This order has no unit that could do it again."))
    book.change(order, redos=order.redos + 1, solved="")
    book.finish(matter, "call_back", "close", outcome="redo")
    book.stop(matter, *LIMITS, outcome="cancelled")
    clock = book.clock(matter, limit_for(matter, order))
    holder = matter.handler if matter.handler and matter.handler.holds else None
    book.task(matter, "start", matter.lead_unit, post=holder, due_at=clock.due_at)
    book.message("desk", "redo", matter=matter, unit=matter.lead_unit)
    move(book, matter, "redo", data={"ground": ground}, texts=(book.text(matter, "note", note),), visibility="public")


def protect(book: Docket, matter: Matter, *, level: str, reason: str) -> None:
    """Raise the level of secrecy: texts are sealed and leave the search in the same transaction (ruling 4)."""
    secrecy.raise_level(book, matter, level)
    text = book.text(matter, "reason", reason, searchable=False)
    move(book, matter, "protect", data={"level": level}, texts=(text,))


def merge(book: Docket, matter: Matter, *, numbers: str, reason: str) -> None:
    """Read other orders through this one; each caller keeps his own code and answer (A28)."""
    members = _others(book, matter, numbers, "merge")
    merging.merge(book, matter, members=members, why=reason)
    move(book, matter, "merge", data={"members": [each.number for each in members]})


def unmerge(book: Docket, matter: Matter, *, act: Any, reason: str) -> None:
    """Take a merge apart; each order goes on as if alone."""
    members = merging.undo(book, matter, act=act, why=reason)
    move(book, matter, "unmerge", data={"members": [each.number for each in members]})


def link(book: Docket, matter: Matter, *, number: str) -> None:
    """Only link: each side sees the other only if it may."""
    (other,) = _others(book, matter, number, "link") or (None,)
    if other is None:
        raise Refused("nothing_to_link", _("Name the other matter."), pointer="/number")
    merging.link(book, matter, other)
    move(book, matter, "link")


def _others(book: Docket, matter: Matter, numbers: str, to: str) -> list[Matter]:
    found = []
    for each in dict.fromkeys(numbers.replace(",", " ").replace("，", " ").split()):
        number = kernel_handle.find_number(each)
        if number != matter.number:
            found.append(book.take(to, kind=matter.kind, number=number))
    return found
