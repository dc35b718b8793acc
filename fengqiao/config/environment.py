"""Reading the environment, refusing nonsense with a sentence that says what to do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def flag(name: str) -> bool:
    """`1` is yes, `0` and nothing are no; anything else is refused."""
    value = text(name, "0")
    if value not in {"0", "1"}:
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")
    return value == "1"


def number(name: str, default: int, *, most: int) -> int:
    """A whole number from 0 to `most`."""
    value = text(name, str(default))
    if not value.isascii() or not value.isdecimal() or int(value[:12]) > most:
        raise ImproperlyConfigured(f"{name} must be a whole number from 0 to {most}, not {value[:40]!r}.")
    return int(value)


def port(name: str, default: int) -> int:
    value = text(name, str(default))
    if not value.isdecimal() or not 1 <= int(value) <= 65535:
        raise ImproperlyConfigured(f"{name} must be a number from 1 to 65535, not {value!r}.")
    return int(value)


def folder(name: str, default: Path | None) -> Path | None:
    """An absolute folder path; the folder need not exist, but nothing else may lie there."""
    value = text(name)
    chosen = Path(value).expanduser().absolute() if value else default
    if chosen is not None and chosen.exists() and not chosen.is_dir():
        raise ImproperlyConfigured(f"{name} must name a folder; {chosen} is none.")
    return chosen


def database(url: str, variable: str) -> dict[str, Any]:
    """Django's NAME, USER, PASSWORD, HOST, PORT, OPTIONS out of `postgresql://role:password@host:port/name?…`."""
    try:
        parts = urlsplit(url)
        number = parts.port
    except ValueError as problem:
        raise ImproperlyConfigured(f"{variable} is no address: {problem}.") from None
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in {"postgresql", "postgres"} or not name or not parts.username:
        raise ImproperlyConfigured(f"{variable} must look like postgresql://role:password@host:5432/database.")
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", None) or parts.hostname or ""
    return {
        "NAME": name,
        "USER": unquote(parts.username),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": options.pop("port", None) or (str(number) if number else ""),
        "OPTIONS": options,
    }
