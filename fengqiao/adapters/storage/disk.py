"""Files in a folder, two letters of the name as its sub-folder. Written whole or not at all."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from pathlib import Path

from fengqiao.ground import durable
from fengqiao.kernel import ports

NAME = re.compile(r"[0-9a-f]{64}")


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
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with durable.new_file(path) as file:
                file.write(data)
            durable.sync_folder(self.folder)
        except OSError as problem:
            if problem.errno in durable.FULL:
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
                elif entry.name.endswith(durable.PART):
                    entry.unlink()
        return found
