"""The cast with an order of Wang's, and an SMS port that keeps what it was given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fengqiao.kernel.models import Matter, Message
    from tests.cast import Cast


@dataclass
class Heard:
    """A way out that keeps what it was given as (to, text, id); `answer` may raise."""

    sent: list[tuple[str, str, Any]] = field(default_factory=list)
    answer: Callable[[], None] = lambda: None

    def send(self, to: str, *words: Any) -> None:
        from fengqiao.adapters import invented

        invented.refuse_mail(to) if "@" in to else invented.refuse_phone(to)
        self.sent.append((to, words[-2], words[-1]))
        self.answer()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    from fengqiao.kernel import ports

    port = Heard()
    monkeypatch.setattr(ports, "sms", lambda: port)
    monkeypatch.setattr(ports, "mail", lambda: port)
    return port


@pytest.fixture
def cast(db: None) -> Cast:
    from tests.cast import build

    return build()


@pytest.fixture
def committed_cast(own_database: Any) -> Cast:
    from tests.cast import build

    return build()


def a_matter(cast: Cast, phone: str = "13800138000", **more: Any) -> Matter:
    """Wang's order with a number that is no demo number; nothing else waits in the outbox."""
    from fengqiao.kernel import intake
    from fengqiao.kernel.models import Message
    from tests.cast import an_order

    matter = an_order(cast.chen, parties=(intake.Party(name="王小示", phone=phone),), **more)
    with acting():
        Message.objects.filter(sent_at=None).update(sent_at=matter.opened_at)
    return matter


def acting() -> Any:
    from fengqiao.kernel.access import acting_as
    from fengqiao.offices.letters import outbox

    return acting_as(outbox.OUTBOX)


def tell(cast: Cast, matter: Matter, way: str = "sms", **more: Any) -> Message:
    """A message of this matter, put into the outbox by Chen."""
    from fengqiao.kernel.docket import docket
    from fengqiao.kernel.models import Message, Source

    with docket(cast.chen) as book:
        taken = book.take("read", pk=matter.pk)
        if way == "sms":
            more.setdefault("source", Source.objects.get(matter=taken))
        book.message(way, more.pop("template", "answered"), matter=taken, **more)
        (row,) = book.pending(Message)
    return row


def again(row: Message) -> Message:
    """The row as it stands now."""
    from fengqiao.kernel.models import Message

    with acting():
        return Message.objects.get(pk=row.pk)
