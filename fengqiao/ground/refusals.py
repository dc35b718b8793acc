"""What the program will not do: a code for programs, a sentence for people (what happened, what to do)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fengqiao.ground.sentences import Sentence
from fengqiao.ground.unreadable import gettext_noop

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


class Outage(Refused):
    """Nothing is wrong with what was asked: the machine cannot do it now. `retry_after`: seconds to wait."""

    status = 503
    retry_after = 30

    def __init__(self, code: str, sentence: StrOrPromise) -> None:
        super().__init__(code, sentence, retry_after=self.retry_after)


class NoRoom(Outage):
    """A disk is full, or a file may not grow; nothing was kept of what was asked."""

    status = 507
    retry_after = 120

    def __init__(self) -> None:
        told = gettext_noop(
            "There is no room on the disk of this machine just now. Nothing was lost and nothing is half done. "
            "Try again in a few minutes."
        )
        super().__init__("no_room", Sentence(told))


class Away(Outage):
    """The database does not answer: it starts, it recovers, or it cannot."""

    def __init__(self) -> None:
        told = gettext_noop(
            "The database does not answer just now. What was acknowledged before is still there. Try again in a minute."
        )
        super().__init__("database_away", Sentence(told))


class Locked(Outage):
    """A key is not here that made what should be read. `which` says what to bring back; it is for the log alone."""

    retry_after = 3600

    def __init__(self, which: str) -> None:
        told = gettext_noop(
            "This cannot be opened now: a key of this machine is missing. Nothing was lost. "
            "Tell the administrator, who finds its name in the log."
        )
        super().__init__("key_missing", Sentence(told))
        self.which = which
