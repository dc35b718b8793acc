"""The archive of keys of one set: apart from it, 0600, useless without it as the set is without it.

It holds the key that seals the set, the four secrets with all their keys, the wrapped keys of the matters when the
set is a dump (ruling 4: they are not in the dump), and the list of what was forgotten until then.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fengqiao.config import secrets
from fengqiao.config.backup import BackupFailed, RestoreFailed
from fengqiao.ground import durable
from fengqiao.kernel.keys import Key

SUFFIX = ".keys"


@dataclass(frozen=True)
class Archive:
    """`matter_keys` are rows (matter, key id, wrapped key); `forgotten` the lines of the list."""

    set: str
    key: Key
    secrets: dict[str, list[Key]]
    matter_keys: list[tuple[str, str, bytes]] = field(default_factory=list)
    forgotten: list[dict[str, str]] = field(default_factory=list)


def path(folder: Path, name: str) -> Path:
    """Where the archive of a set lies."""
    return folder / f"{name}{SUFFIX}"


def write(folder: Path, archive: Archive) -> Path:
    """Keep it, on the disk before this returns. Raises BackupFailed."""
    target = path(folder, archive.set)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        durable.write_json(
            target,
            {
                "format": 1,
                "set": archive.set,
                "key": secrets.as_text([archive.key]),
                "secrets": {name: secrets.as_text(keys) for name, keys in archive.secrets.items()},
                "matter_keys": [[m, key, base64.b64encode(w).decode()] for m, key, w in archive.matter_keys],
                "forgotten": archive.forgotten,
            },
        )
    except OSError as problem:
        raise BackupFailed(f"The keys cannot be written to {folder} ({problem.strerror}); nothing was kept.") from None
    return target


def read(file: Path) -> Archive:
    """Raises RestoreFailed when it is none."""
    try:
        body: dict[str, Any] = json.loads(file.read_bytes())
        return Archive(
            body["set"],
            keys_of(body["key"])[0],
            {name: keys_of(text) for name, text in body["secrets"].items()},
            [(matter, key, base64.b64decode(wrapped)) for matter, key, wrapped in body["matter_keys"]],
            body["forgotten"],
        )
    except FileNotFoundError:
        raise RestoreFailed(f"There is no archive of keys {file}; name it with --keys.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise RestoreFailed(f"{file} is no archive of keys.") from None


def keys_of(text: str) -> list[Key]:
    """The keys in `id:base64,id:base64`."""
    entries = (entry.partition(":") for entry in re.split(r"[,\s]+", text.strip()))
    return [
        Key(name.removeprefix("+"), base64.b64decode(secret, validate=True), name.startswith("+"))
        for name, _colon, secret in entries
    ]


def all_secrets(mine: Archive, known: Iterable[Archive]) -> dict[str, list[Key]]:
    """The secrets of `mine`, and those that came later: what is restored to a later moment was sealed with them.

    Archives of another installation share none of its keys and are passed over.
    """
    ours = {key.id for key in mine.secrets["journal"]}
    kin = [mine, *(each for each in known if ours & {key.id for key in each.secrets["journal"]})]
    found = {name: list(keys) for name, keys in max(kin, key=lambda each: each.set).secrets.items()}
    for name, keys in found.items():
        for key in (key for each in kin for key in each.secrets[name]):
            if key.id not in {have.id for have in keys}:
                keys.append(key)
    return found


def beside(file: Path) -> list[Archive]:
    """This archive and those in its folder; what is none is passed over."""
    found = [read(file)]
    for other in sorted(file.parent.glob(f"*{SUFFIX}")):
        if other != file:
            try:
                found.append(read(other))
            except RestoreFailed:
                continue
    return found
