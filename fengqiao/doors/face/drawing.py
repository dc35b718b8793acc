"""HTML from patterns: `format_html` at a fifth of its cost, for what one page draws hundreds of times."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from django.utils.safestring import SafeString


def drawn(pattern: str, *values: Any, **named: Any) -> SafeString:
    """The pattern with its values escaped; only what is marked as safe goes in as it is."""
    return SafeString(pattern.format(*map(_safe, values), **{name: _safe(value) for name, value in named.items()}))


def drawn_each(pattern: str, rows: Iterable[Sequence[Any]], between: str = "") -> SafeString:
    """One after the other."""
    return SafeString(between.join([drawn(pattern, *row) for row in rows]))


def _safe(value: Any) -> str:
    return value if hasattr(value, "__html__") and isinstance(value, str) else escape(str(value))
