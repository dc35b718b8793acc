"""Files in a folder, two letters of the name as its sub-folder. Written whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import time
import uuid
from contextlib import suppress
from pathlib import Path

from fengqiao.kernel import ports

NAME = re.compile(r"[0-9a-f]{64}")
PART = ".part"


class Disk:
    """`ports.Storage` in a folder of this machine (or one that is mounted here)."""

    def __init__(self, address: str) -> None:
        self.folder = Path(address)

    def path(self, name: str) -> Path:
        """Where a name lies. Raises ValueError for what is no name."""
        if not NAME.fullmatch(name):
            raise ValueError(f"{name[:80]!r} is no name of a stored file.")
        return self.folder / name[:2] / name

    def put(self, name: str, data: bytes) -> None:
        path = self.path(name)
        part = path.with_name(f".{uuid.uuid4().hex}{PART}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(part, data)
            part.replace(path)
            _sync_folder(path.parent)
            _sync_folder(self.folder)
        except OSError as problem:
            part.unlink(missing_ok=True)
            if problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise ports.StorageFull(problem.errno, problem.strerror) from None
            raise

    def get(self, name: str) -> bytes:
        return self.path(name).read_bytes()

    def has(self, name: str) -> bool:
        return self.path(name).is_file()

    def delete(self, name: str) -> None:
        self.path(name).unlink(missing_ok=True)

    def older_than(self, seconds: float) -> list[str]:
        before, found = time.time() - seconds, []
        for entry in self.folder.glob("??/*"):
            with suppress(FileNotFoundError):
                if entry.stat().st_mtime >= before:
                    continue
                if NAME.fullmatch(entry.name):
                    found.append(entry.name)
                elif entry.name.endswith(PART):
                    entry.unlink()
        return found


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
