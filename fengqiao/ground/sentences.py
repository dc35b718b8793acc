"""Sentences of the pure modules: English in the code, put into the reader's language when they are shown.

The pure modules import no Django; at start the program names its translator once (`spoken_by(gettext)`).
Without one
the sentences stay English, as on the command line.
"""

from __future__ import annotations

from collections.abc import Callable

_translator: list[Callable[[str], str]] = []


def spoken_by(translate: Callable[[str], str]) -> None:
    """From now on sentences are shown in what `translate` makes of their English pattern."""
    _translator[:] = [translate]


class Sentence(str):
    """English text that `str()` and formatting turn into the reader's language; a value may be a Sentence too."""

    __slots__ = ("pattern", "values")

    pattern: str
    values: dict[str, object]

    def __new__(cls, pattern: str, /, **values: object) -> Sentence:
        english = {name: str.__str__(v) if isinstance(v, Sentence) else v for name, v in values.items()}
        made = super().__new__(cls, pattern.format(**english))
        made.pattern, made.values = pattern, values
        return made

    def __str__(self) -> str:
        pattern = _translator[0](self.pattern) if _translator else self.pattern
        return pattern.format(**{name: str(value) for name, value in self.values.items()})

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)
