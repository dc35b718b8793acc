"""Reply: on the spot from the knowledge base, by the unit, or the right way where the hotline cannot take it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from fengqiao.domains.hotline.intake import desk_of
from fengqiao.domains.hotline.route import LIMITS
from fengqiao.ground.refusals import Refused
from fengqiao.kernel import reply as kernel_reply
from fengqiao.kernel.docket import Docket
from fengqiao.kernel.handle import move
from fengqiao.kernel.models import Matter
from fengqiao.offices.knowledge import library as knowledge
from fengqiao.offices.supervision import handle as supervision
from fengqiao.offices.supervision import steps


def answer_now(book: Docket, matter: Matter, *, version: Any, text: str = "") -> None:
    """Answered on the spot from the knowledge base; the version that was read out stays on the order (K-301 b)."""
    shown = knowledge.version_to_answer_with(version)
    if shown is None:
        raise Refused("no_such_item", _("That item is not published. Choose another one."), pointer="/version")
    body = f"{shown.answer}\n{text}".strip()
    answer = kernel_reply.answer(book, matter, body)
    book.change(matter.hotline_order, knowledge_version=shown.pk, solved="yes")
    supervision.settle(book, matter, answer)
    supervision.close(book, matter)
    book.stop(matter, *LIMITS)
    book.finish(matter, outcome="answered")
    move(
        book,
        matter,
        "answer_now",
        data={"version": str(shown.pk), "expired": shown.expired, "due_for_review": shown.due_for_review},
        texts=(answer,),
        visibility="parties",
    )


def reply(book: Docket, matter: Matter, *, text: str, solved: str) -> None:
    """The unit answers; its limit stops and the desk calls back."""
    in_time = all(clock.due_at > book.now for clock in book.clocks(matter) if clock.rule in LIMITS)
    answer = kernel_reply.answer(book, matter, text)
    book.stop(matter, *LIMITS)
    book.finish(matter, "handle", "start", "take", "assist", outcome="replied")
    supervision.settle(book, matter, answer)
    book.change(matter.hotline_order, solved=solved)
    book.task(matter, "call_back", desk_of(book, matter))
    move(
        book,
        matter,
        "reply",
        data={
            "solved": solved,
            "in_time": in_time,
            "again": matter.hotline_order.redos > 0,
            "unit": matter.lead_unit_id,
        },
        texts=(answer,),
        visibility="parties",
    )


def call_back(
    book: Docket, matter: Matter, *, reached: bool, solved: str = "", grade: str = "", note: str = ""
) -> None:
    """The desk asks the caller. Nobody reached is nobody's “satisfied” (SPEC 11, K-301).

    After supervision what he says counts only when a unit that never handled the order has asked (domain ruling 10b);
    his words are kept either way.
    """
    unit = book.post.unit_id if book.post else None
    counts = reached and not (steps.needs_other_unit(matter) and unit in steps.handled_by(matter))
    texts = (book.text(matter, "call_back", note),) if note else ()
    book.finish(matter, "call_back", outcome="reached" if reached else "not_reached")
    if counts:
        book.change(matter.hotline_order, solved=solved or matter.hotline_order.solved, grade=grade)
    book.task(matter, "close", desk_of(book, matter))
    told = {"reached": reached, "solved": solved, "grade": grade, "counts": counts}
    move(book, matter, "call_back", data=told, texts=texts)


def not_accept(book: Docket, matter: Matter, *, reason: str, way: str) -> None:
    """Not for the hotline: the caller is told in writing why, and which way is right (G11)."""
    answer = kernel_reply.answer(book, matter, way, template="not_accepted")
    supervision.close(book, matter)
    book.stop(matter, outcome="cancelled")
    book.finish(matter, outcome="not_accepted")
    book.change(matter.hotline_order, reason=reason)
    move(book, matter, "not_accept", data={"reason": reason}, texts=(answer,), visibility="parties")


def hand_over(book: Docket, matter: Matter, *, to: str, note: str = "") -> None:
    """Danger: handed over to 110, 119 or 120 at once, time-stamped (M09)."""
    texts = (book.text(matter, "note", note),) if note else ()
    supervision.close(book, matter)
    book.stop(matter, outcome="cancelled")
    book.finish(matter, outcome="handed_over")
    book.change(matter.hotline_order, handed_to=to)
    seconds = int((book.now - matter.opened_at).total_seconds())
    move(book, matter, "hand_over", data={"handed_to": to, "seconds": seconds}, texts=texts, visibility="public")
