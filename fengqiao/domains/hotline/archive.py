"""Archive: closed by the desk, then filed; or closed elsewhere, before the order came here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from fengqiao.domains.hotline.intake import TAKEN_UP_WITHIN
from fengqiao.domains.hotline.route import limit_for
from fengqiao.kernel.docket import Docket
from fengqiao.kernel.handle import move
from fengqiao.kernel.models import Matter, Source
from fengqiao.offices.supervision import handle as supervision


def close(book: Docket, matter: Matter) -> None:
    """The desk closes the order after the call back; what was urged since the answer ends with it."""
    supervision.close(book, matter)
    book.finish(matter, outcome="closed")
    book.stop(matter, outcome="cancelled")
    move(book, matter, "close", visibility="public")


def close_history(
    book: Docket, matter: Matter, *, text: str, replied_at: datetime, source: Source | None = None
) -> None:
    """An imported order was answered elsewhere: its limit is computed from receipt to answer and ended (ruling 13).

    Nothing is sent, nobody is supervised; what lay between, no file of the old system says.
    """
    source = source or matter.sources.earliest("received_at")
    with book.history(replied_at):
        answer = book.text(matter, "reply", text, visibility="parties", source=source)
        book.change(source, reply=answer, replied_at=replied_at)
        clock = book.clock(matter, limit_for(matter, matter.hotline_order), at=source.received_at, source=source)
        book.stop(matter, at=replied_at)
        book.finish(matter, outcome="imported")
        told = {"history": True, "source": str(source.pk), "rule": clock.rule, "in_time": clock.outcome == "met"}
        book.event(matter, "hotline.history_reply", data=told, texts=(answer,), visibility="parties")
        move(book, matter, "close_history", data={"history": True}, visibility="public")


def may_come_back(book: Docket, matter: Matter) -> Any:
    """Guard: what was taken back is not filed while the person may take it up again (domain ruling 10b)."""
    if matter.state == "withdrawn" and matter.closed_at and book.now < matter.closed_at + TAKEN_UP_WITHIN:
        return _("The person may take it up again within 15 days. File it after that.")
    return None
