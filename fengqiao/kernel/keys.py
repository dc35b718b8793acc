"""The four secrets: `django` (sessions, signatures), `data` (encryption), `hash` (look-up), `journal` (the chain).

Each has one present key, used for everything new, and older ones, kept so that what they made can still be read and
verified. A coming key is known to every process before any of them uses it. The keys come from settings; where they
are stored is no matter of the kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from django.conf import settings

NAMES = ("django", "data", "hash", "journal")


@dataclass(frozen=True)
class Key:
    """A secret of 32 bytes or more and the id that is written beside what it made."""

    id: str
    secret: bytes = field(repr=False)
    coming: bool = False


class KeyMissing(LookupError):
    """A key is asked for that this machine does not have; the sentence names it and says what to do."""


def all_of(name: str) -> list[Key]:
    """The keys of one secret: the present one, older ones, then one that is coming. Raises KeyMissing."""
    keys = cast(Mapping[str, list[Key]], settings.FENGQIAO_KEYS).get(name)
    if not keys:
        raise KeyMissing(
            f"There is no key for {name!r}: start once with `fengqiao up`, or set FENGQIAO_KEY_{name.upper()}."
        )
    return keys


def current(name: str) -> Key:
    """The present key, for everything new. Raises KeyMissing."""
    return all_of(name)[0]


def first(name: str) -> Key:
    """The first key that was ever made, for what must never change. Raises KeyMissing."""
    return [key for key in all_of(name) if not key.coming][-1]


def by_id(name: str, key_id: str) -> Key:
    """The key that made something old. Raises KeyMissing."""
    for key in all_of(name):
        if key.id == key_id:
            return key
    raise gone(name, repr(key_id))


def gone(name: str, which: str) -> KeyMissing:
    """The refusal to go on without a key that this machine once had."""
    return KeyMissing(
        f"The key {which} of {name!r} is not here: bring back the secrets folder (or variable) that held it."
    )
