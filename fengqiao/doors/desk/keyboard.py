"""The single keys of EXPERIENCE 7, by the action whose visible control they press; the dialog `?` lists them."""

from __future__ import annotations

KEYS = {"take": "a", "dispatch": "t", "urge": "c"}


def key_of(move: str) -> str:
    """The key of an action; empty for most."""
    return KEYS.get(move, "")
