"""Files that are on the disk whole or not at all: written beside, synced, renamed, the folder synced."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

PART = ".part"
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def new_file(path: Path, owner: tuple[int, int] | None = None) -> Iterator[IO[bytes]]:
    """A file, 0600, that bears its name only when the block ended well and its bytes are on the disk.

    `owner` is the (user, group) it is given to. Raises OSError; then nothing of it is left.
    """
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}{PART}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if owner is not None:
            os.chown(part, *owner)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """A small JSON file, 0600."""
    with new_file(path) as file:
        file.write(json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n")


def copy(source: Path, target: Path) -> None:
    """A copy with bytes of its own: a hard link would share the damage of the original."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with source.open("rb") as bytes_in, new_file(target) as file:
        shutil.copyfileobj(bytes_in, file, 2**20)


def sync_folder(folder: Path) -> None:
    """Names in the folder outlive a power cut once this returns."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size_of(folder: Path) -> int:
    """Bytes of all files below the folder; 0 when it is not there."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.exists() else 0
