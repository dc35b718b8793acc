"""Reading the environment, refusing nonsense with a sentence that says what to do."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# What may be given as the path of a file, in NAME_FILE: credentials of systemd, secrets of compose.
FROM_FILES = (
    "DATABASE_URL", "FENGQIAO_OWNER_URL", "FENGQIAO_METRICS_TOKEN", "FENGQIAO_MAIL_URL", "FENGQIAO_SMS_URL",
)  # fmt: skip
TOKEN_CHARACTERS = 20


def take_files() -> None:
    """Read what `NAME_FILE` points to into `NAME`, once, at the start of a command. Raises ImproperlyConfigured."""
    for name in FROM_FILES:
        path = os.environ.pop(f"{name}_FILE", "").strip()
        if not path:
            continue
        if text(name):
            raise ImproperlyConfigured(f"Both {name} and {name}_FILE are set; set one of them.")
        try:
            value = Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as problem:
            raise ImproperlyConfigured(f"{name}_FILE: {path} cannot be read ({problem}).") from None
        if not value:
            raise ImproperlyConfigured(f"{name}_FILE: {path} is empty.")
        os.environ[name] = value


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


def token(name: str) -> str:
    """A secret that others send; one that can be guessed is refused, and so is one that fits no header."""
    value = text(name)
    if value and (len(value) < TOKEN_CHARACTERS or not value.isascii() or not value.isprintable() or " " in value):
        raise ImproperlyConfigured(f"{name} must be {TOKEN_CHARACTERS} characters or more, of ASCII without spaces.")
    return value


def networks(name: str, default: str) -> list[str]:
    """Addresses and networks, separated by commas, such as `127.0.0.1,10.0.0.0/24`."""
    found = [entry.strip() for entry in text(name, default).split(",")]
    for entry in found:
        try:
            ipaddress.ip_network(entry)
        except ValueError:
            raise ImproperlyConfigured(f"{name} must list addresses or networks, not {entry!r}.") from None
    return found


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
