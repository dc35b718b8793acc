"""The only source of the time; tests set it (engineering ruling 16)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

HERE = ZoneInfo("Asia/Shanghai")

_set: ContextVar[datetime | None] = ContextVar("fengqiao_now", default=None)


def now() -> datetime:
    """The instant, aware."""
    return _set.get() or timezone.now()


def today() -> date:
    """The legal day in Asia/Shanghai."""
    return now().astimezone(HERE).date()


def end_of(day: date) -> datetime:
    """The first instant after `day` (24:00 in Asia/Shanghai)."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), HERE)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let it be `moment` inside the block."""
    token = _set.set(moment)
    try:
        yield
    finally:
        _set.reset(token)
