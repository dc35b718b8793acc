"""Archive: closed by the desk, then filed; or closed elsewhere, before the order came here."""

from __future__ import annotations

from datetime import datetime

from fengqiao.domains.hotline.route import limit_for
from fengqiao.kernel.docket import Docket
from fengqiao.kernel.handle import move
from fengqiao.kernel.models import Matter, Source


def close(book: Docket, matter: Matter) -> None:
    """The desk closes the order after the call back."""
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
