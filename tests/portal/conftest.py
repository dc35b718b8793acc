"""What tests of the portal share: the cast, English pages, and somebody who fills in the forms."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import Cast


@pytest.fixture(autouse=True)
def demonstration(settings: Any) -> None:
    """Invented towns are offered, invented phones are read."""
    settings.FENGQIAO_DEMO = True


@pytest.fixture
def cast(db: None) -> Cast:
    from tests.hotline.order import build

    return build()


@pytest.fixture
def resident(cast: Cast) -> Iterator[Resident]:
    from django.utils import translation

    with translation.override("en"):
        yield Resident(cast)


class Resident:
    """Somebody with a phone, who reads English here so that the tests can."""

    PHONE = "10012345678"

    def __init__(self, cast: Any = None) -> None:
        from django.test import Client

        self.cast = cast
        self.browser: Client = Client()
        self.browser.cookies["fengqiao_language"] = "en"

    def words(self, **more: Any) -> dict[str, Any]:
        """What is typed in both steps, as the last page carries it."""
        told: dict[str, Any] = {
            "text": "村口的路灯坏了一个星期。晚上老人走路看不见。",
            "nature": "help",
            "town": "330681901",
            "village": "330681901201",
            "phone": self.PHONE,
            "form": str(uuid.uuid4()),
        }
        told.update(more)
        return {name: value for name, value in told.items() if value is not None}

    def tell(self, **more: Any) -> Any:
        """Send it, and the answer to that."""
        return self.browser.post("/tell/send/", self.words(**more))

    def receipt(self) -> str:
        """The page after sending."""
        return self.browser.get("/tell/done/").content.decode()

    def code(self) -> str:
        """The query code on the receipt."""
        found = re.search(r'class="code num">([\d ]+)<', self.receipt())
        assert found, "no code on the receipt"
        return found[1].strip()

    def ask(self, code: str, proof: str = "5678") -> Any:
        """Ask how it goes; follows to the page that shows it."""
        return self.browser.post("/progress/", {"code": code, "proof": proof}, follow=True)
