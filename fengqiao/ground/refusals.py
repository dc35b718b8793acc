"""What the program will not do: a code for programs, a sentence for people (what happened, what to do)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Refused(Exception):
    """Base of all refusals. `pointer` names the field; `more` goes into the problem details (RFC 9457)."""

    status = 422

    def __init__(self, code: str, sentence: StrOrPromise, *, pointer: str = "", **more: Any) -> None:
        super().__init__(sentence)
        self.code, self.sentence, self.pointer, self.more = code, sentence, pointer, more

    def __str__(self) -> str:
        return str(self.sentence)


class NotThere(Refused):
    """No such matter for this reader: missing and hidden look alike (ruling 6)."""

    status = 404


class NotNow(Refused):
    """The move does not leave from the state the matter is in, or its guard stands in the way."""

    status = 409


class Stale(Refused):
    """Somebody changed the matter since it was read."""

    status = 412


class Invalid(Refused):
    """Input that a form refused; `errors` is a list of {pointer, detail}."""

    status = 422

    def __init__(self, errors: list[dict[str, str]], sentence: StrOrPromise) -> None:
        super().__init__("invalid", sentence, errors=errors)
        self.errors = errors
