"""Where the four secrets are kept: files 0600 in FENGQIAO_DATA/secrets, or variables FENGQIAO_KEY_DJANGO …

Both hold one or more keys, newest first, each as `id:secret` with the secret in base64; a file has one a line, a
variable separates them by commas. A secret is made at the first start, never silently again: a missing file beside
existing data would make that data unreadable.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets as random
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from fengqiao.kernel.keys import NAMES, Key

LEAST_BYTES = 32
KEY_ID = re.compile(r"[a-z0-9][a-z0-9-]{3,31}")


class BadSecret(RuntimeError):
    """A secret is unreadable, too short or may not be made; the sentence says which."""


def variable(name: str) -> str:
    """The environment variable that may carry the secret `name`."""
    return f"FENGQIAO_KEY_{name.upper()}"


def path(data: Path, name: str) -> Path:
    """The file that carries the secret `name`."""
    return data / "secrets" / f"{name}.key"


def read(data: Path, environment: Mapping[str, str] = os.environ) -> dict[str, list[Key]]:
    """The secrets that exist, newest key first; nothing is made. Raises BadSecret."""
    found: dict[str, list[Key]] = {}
    for name in NAMES:
        if given := environment.get(variable(name)):
            found[name] = _parse(given.split(","), variable(name))
        elif path(data, name).exists():
            found[name] = _parse(_lines(path(data, name)), str(path(data, name)))
    return found


def ensure(data: Path, environment: Mapping[str, str] = os.environ) -> dict[str, list[Key]]:
    """The secrets, made where there is none yet. Raises BadSecret when one is missing beside existing data."""
    found = read(data, environment)
    missing = [name for name in NAMES if name not in found]
    if missing and (data / "secrets" / "made").exists():
        raise BadSecret(
            f"The secret {', '.join(missing)} was made before and is gone from {data / 'secrets'}; "
            "bring it back from the backup: what it protects cannot be read without it."
        )
    for name in missing:
        found[name] = [new_key()]
        _write(path(data, name), found[name])
    if missing:
        _write_text(data / "secrets" / "made", datetime.now(UTC).isoformat(timespec="seconds") + "\n")
    return found


def rotate(data: Path, name: str, environment: Mapping[str, str] = os.environ) -> Key:
    """Add a newest key to the secret `name`; older keys stay for what they made. Raises BadSecret."""
    if name not in NAMES:
        raise BadSecret(f"There is no secret {name!r}; there are {', '.join(NAMES)}.")
    if name == "hash":
        raise BadSecret(
            "The hash key cannot be rotated yet: every look-up column would have to be kept twice until all are "
            "computed anew."
        )
    if environment.get(variable(name)):
        raise BadSecret(f"{name} comes from {variable(name)}; put a new id:secret in front of its value there.")
    keys = read(data, environment).get(name, [])
    made = new_key()
    _write(path(data, name), [made, *keys])
    return made


def keep(data: Path, keys: Mapping[str, list[Key]]) -> None:
    """Write secrets that come from an archive of keys into a new data folder."""
    for name in NAMES:
        _write(path(data, name), keys[name])
    _write_text(data / "secrets" / "made", datetime.now(UTC).isoformat(timespec="seconds") + "\n")


def new_key() -> Key:
    """A fresh key; its id tells the day it was made."""
    return Key(f"{datetime.now(UTC):%Y%m%d}-{random.token_hex(3)}", random.token_bytes(LEAST_BYTES))


def as_text(keys: list[Key]) -> str:
    """The value for a variable: `id:secret,id:secret`, newest first."""
    return ",".join(f"{key.id}:{base64.b64encode(key.secret).decode()}" for key in keys)


def _lines(file: Path) -> list[str]:
    try:
        if file.stat().st_mode & 0o077:
            raise BadSecret(f"{file} can be read by others; run chmod 600 on it.")
        return file.read_text().split()
    except OSError as problem:
        raise BadSecret(f"{file} cannot be read: {problem.strerror}.") from problem


def _parse(entries: list[str], where: str) -> list[Key]:
    keys = []
    for entry in filter(None, (entry.strip() for entry in entries)):
        key_id, colon, text = entry.partition(":")
        try:
            secret = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            secret = b""
        if not colon or not KEY_ID.fullmatch(key_id) or len(secret) < LEAST_BYTES:
            raise BadSecret(f"{where} must hold id:secret with at least {LEAST_BYTES} bytes of secret in base64.")
        keys.append(Key(key_id, secret))
    if len({key.id for key in keys}) != len(keys) or not keys:
        raise BadSecret(f"{where} must hold at least one key, each with an id of its own.")
    return keys


def _write(file: Path, keys: list[Key]) -> None:
    _write_text(file, as_text(keys).replace(",", "\n") + "\n")


def _write_text(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    part.replace(file)
