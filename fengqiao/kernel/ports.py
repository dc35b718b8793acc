"""The ways out of the program: each a small protocol, met by an adapter that the settings name.

`FENGQIAO_PORTS = {"sms": (dotted name of the adapter, address), …}`; the adapter is made with the address. Whatever
it may be, an adapter refuses to send to invented people (`adapters/invented.py`; domain ruling 1d).
"""

from __future__ import annotations

import uuid
from functools import cache
from typing import Any, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string


class Unsent(Exception):
    """A message did not go out. `code` is stable and goes into the row; nothing of the recipient is in it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class TryLater(Unsent):
    """It may go out the next time. `wait` is the least pause in seconds that the other side asked for."""

    def __init__(self, code: str, wait: float = 0.0) -> None:
        super().__init__(code)
        self.wait = wait


class NeverSent(Unsent):
    """It will never go out like this: the number or the address is refused."""


class DemoRefused(NeverSent):
    """The recipient is invented; no adapter sends there."""

    def __init__(self) -> None:
        super().__init__("refused_demo")


class StorageFull(OSError):
    """There is no room for another file; nothing was kept of it."""


class Sms(Protocol):
    """Sends short messages."""

    def send(self, to: str, text: str, id: uuid.UUID) -> None:
        """Hand one message over; returns when it was accepted. The same `id` again must not reach the person twice.

        Raises TryLater, NeverSent, DemoRefused.
        """
        ...


class Mail(Protocol):
    """Sends plain text mail."""

    def send(self, to: str, subject: str, text: str, id: uuid.UUID) -> None:
        """Hand one mail over; `id` makes its Message-ID. Raises TryLater, NeverSent, DemoRefused."""
        ...


class Storage(Protocol):
    """Keeps ciphertexts by name (64 hexadecimal digits, the SHA-256 of the bytes)."""

    def put(self, name: str, data: bytes) -> None:
        """Keep the bytes so that they outlive a power cut once this returns. Raises StorageFull."""
        ...

    def get(self, name: str) -> bytes:
        """The bytes. Raises FileNotFoundError."""
        ...

    def has(self, name: str) -> bool:
        """Whether the bytes are there."""
        ...

    def delete(self, name: str) -> None:
        """Remove the bytes; nothing happens when they are not there."""
        ...

    def older_than(self, seconds: float) -> list[str]:
        """Names of what was put longer ago than that; half-written remains of that age are removed."""
        ...


def sms() -> Sms:
    """The way out for short messages."""
    return cast(Sms, _port("sms"))


def mail() -> Mail:
    """The way out for mail."""
    return cast(Mail, _port("mail"))


def storage() -> Storage:
    """Where files are kept."""
    return cast(Storage, _port("storage"))


def _port(name: str) -> Any:
    adapter, address = settings.FENGQIAO_PORTS[name]
    return _made(adapter, str(address))


@cache
def _made(adapter: str, address: str) -> Any:
    return import_string(adapter)(address)
