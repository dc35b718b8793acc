"""Archive: closed by the desk, then filed."""

from __future__ import annotations

from fengqiao.kernel.docket import Docket
from fengqiao.kernel.handle import move
from fengqiao.kernel.models import Matter


def close(book: Docket, matter: Matter) -> None:
    """The desk closes the order after the call back."""
    book.finish(matter, outcome="closed")
    book.stop(matter, outcome="cancelled")
    move(book, matter, "close", visibility="public")
