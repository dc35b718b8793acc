"""What is looked up again only after a while, kept by each process: the city, its desks, how often words occur."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Made = TypeVar("Made")
NOTHING_SECONDS = 1.0


class Remembered(Generic[Made]):
    """What `look` told at most `seconds` ago. What is told is shared: nobody changes it. That there is nothing yet is
    believed for a second only: another process may be setting the city up.

    Not in Django's cache, which copies what it keeps at each question.
    """

    every: list[Remembered[Any]] = []

    def __init__(self, look: Callable[[], Made], seconds: float) -> None:
        self._look, self._seconds = look, seconds
        self._known: tuple[float, Made] | None = None
        self.every.append(self)

    def __call__(self) -> Made:
        """The value."""
        known = self._known
        if known is None or time.monotonic() - known[0] > (self._seconds if known[1] else NOTHING_SECONDS):
            self._known = known = (time.monotonic(), self._look())
        return known[1]

    def forget(self) -> None:
        """Look again at the next question."""
        self._known = None


def forget() -> None:
    """Everything is looked up again at the next question."""
    for each in Remembered.every:
        each.forget()
