"""Where backups lie: sets, and beside them what several sets share.

    sets/20261123T184000Z/   manifest.json · database.sealed · files.txt
    files/ab/abcd…           stored files, by the hash of their ciphertext: one copy for all sets
    anchors/                 roots of the journal, and the list of what was forgotten
    wal/                     archived WAL of the embedded server, sealed

The keys lie in a folder of their own (FENGQIAO_BACKUP_KEYS), one archive a set.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fengqiao.config import environment, folders
from fengqiao.config.backup import BackupFailed, keyring
from fengqiao.ground import durable

NAME = re.compile(r"\d{8}T\d{6}Z(-\d+)?")
MANIFEST, DATABASE, FILES = "manifest.json", "database.sealed", "files.txt"
STORED = re.compile(r"[0-9a-f]{64}")
FRESH = timedelta(days=2)  # a file copied since the last set is in no set's list yet


class Busy(BackupFailed):
    """Somebody else writes to the shelf."""


def keep_days() -> int:
    """FENGQIAO_BACKUP_DAYS; ruling 4 says 35, more would keep forgotten words longer."""
    value = environment.text("FENGQIAO_BACKUP_DAYS", "35")
    if not value.isdecimal() or not 1 <= int(value) <= 35:
        raise BackupFailed(f"FENGQIAO_BACKUP_DAYS must be a number from 1 to 35, not {value!r}.")
    return int(value)


def name_at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def moment_of(name: str) -> datetime:
    """The instant in the name of a set."""
    return datetime.strptime(name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


@dataclass(frozen=True)
class Set:
    """One finished set; `facts` is its manifest as it was read."""

    path: Path
    facts: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.facts["set"])

    @property
    def shelf(self) -> Shelf:
        return Shelf(self.path.parent.parent)

    @property
    def finished_at(self) -> datetime:
        return datetime.fromisoformat(self.facts["finished_at"])

    def files(self) -> list[str]:
        """Names of the stored files that belong to it."""
        return (self.path / FILES).read_text().split()


@dataclass(frozen=True)
class Shelf:
    """A folder of sets."""

    folder: Path

    @property
    def sets_folder(self) -> Path:
        return self.folder / "sets"

    @property
    def wal(self) -> Path:
        return self.folder / "wal"

    @property
    def anchors(self) -> Path:
        return self.folder / "anchors"

    def stored(self, name: str) -> Path:
        return self.folder / "files" / name[:2] / name

    def prepare(self) -> None:
        """Make the folders, private. Raises BackupFailed."""
        try:
            for folder in (self.folder, self.sets_folder, self.wal, self.anchors, self.folder / "files"):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as problem:
            raise BackupFailed(f"{self.folder} cannot be written ({problem.strerror}); choose another.") from problem

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One writer at a time. Raises BackupFailed for the second."""
        with (self.folder / "backup.lock").open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(f"Another backup is being made in {self.folder}; wait until it is done.") from None
            yield

    def sets(self) -> list[Set]:
        """The finished sets, oldest first."""
        found = [load(path) for path in sorted(self.sets_folder.glob("*")) if NAME.fullmatch(path.name)]
        return sorted((each for each in found if each is not None), key=lambda each: each.finished_at)

    def newest(self) -> datetime | None:
        """When the newest set was begun, by its name; None without one. Raises PermissionError."""
        try:
            names = [path.name for path in self.sets_folder.iterdir() if NAME.fullmatch(path.name)]
        except FileNotFoundError:
            return None
        return moment_of(max(names)) if names else None

    def sync_anchors(self, anchors: Path) -> None:
        """Copy the roots that are new, and the list of what was forgotten."""
        for path in sorted(anchors.glob("root-*.json")):
            if not (self.anchors / path.name).exists():
                durable.copy(path, self.anchors / path.name)
        with suppress(FileNotFoundError):
            durable.copy(anchors / "forgotten.jsonl", self.anchors / "forgotten.jsonl")

    def sync_files(self, files: Path) -> list[str]:
        """Copy the stored files that are new; the names of all that are there. One that goes meanwhile is left out."""
        names = []
        for entry in sorted(files.glob("??/*")):
            if not STORED.fullmatch(entry.name):
                continue
            with suppress(FileNotFoundError):
                target = self.stored(entry.name)
                if not target.exists() or target.stat().st_size != entry.stat().st_size:
                    durable.copy(entry, target)
                names.append(entry.name)
        return names

    def remove_halves(self) -> None:
        """What a cut-off run left; only under the lock."""
        for path in (*self.sets_folder.glob(".*.part"), *self.folder.glob("trial-*")):
            shutil.rmtree(path, ignore_errors=True)
        for path in (*self.wal.glob(".*.part"), *self.anchors.glob(".*.part"), *self.folder.glob("files/??/.*.part")):
            path.unlink(missing_ok=True)

    def prune(self, now: datetime, keys: Path, *, verified: str) -> list[str]:
        """Remove sets over their days, their keys, and what no kept set needs; `verified` and the newest stay."""
        limit = now - timedelta(days=keep_days())
        sets = self.sets()
        gone = [each for each in sets[:-1] if each.name != verified and each.finished_at < limit]
        kept = [each for each in sets if each not in gone]
        for each in gone:
            shutil.rmtree(each.path)
            keyring.path(keys, each.name).unlink(missing_ok=True)
        self._prune_files({name for each in kept for name in each.files()}, now)
        first = min((each.facts["wal_from"][8:] for each in kept if each.facts.get("wal_from")), default="")
        for path in self.wal.glob("*"):
            # As pg_archivecleanup does: the timeline does not count, histories of timelines stay.
            if ".history" not in path.name and path.name[8:24] < first:
                path.unlink()
        for path in self.folder.glob("before-migration-*.dump"):
            if path.stat().st_mtime < limit.timestamp():
                path.unlink()
        return [each.name for each in gone]

    def _prune_files(self, needed: set[str], now: datetime) -> None:
        for path in self.folder.glob("files/??/*"):
            if path.name not in needed and path.stat().st_mtime < (now - FRESH).timestamp():
                path.unlink()


def of_data(data: Path) -> Shelf:
    """The shelf of a data folder."""
    return Shelf(data / "backups")


def keys_folder(data: Path) -> Path:
    """FENGQIAO_BACKUP_KEYS: where the archives of keys lie, apart from the sets."""
    return environment.folder("FENGQIAO_BACKUP_KEYS", None) or data / "backup-keys"


def load(path: Path) -> Set | None:
    """The set in that folder, or None when it has no readable manifest."""
    try:
        facts = json.loads((path / MANIFEST).read_bytes())
        made = Set(path, facts)
        return made if made.finished_at and made.name else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def find(words: str, until: datetime | None = None) -> Set:
    """The set of that name or folder; `latest` is the newest, or the newest that was finished before `until`.

    Raises BackupFailed.
    """
    shelf = of_data(folders.data_folder())
    if words == "latest":
        known = [each for each in shelf.sets() if until is None or each.finished_at <= until]
        if not known:
            raise BackupFailed(f"There is no set in {shelf.sets_folder}" + (f" from before {until}." if until else "."))
        return known[-1]
    path = shelf.sets_folder / words if NAME.fullmatch(words) else Path(words).absolute()
    found = load(path)
    if found is None:
        raise BackupFailed(f"{path} is no backup set; `fengqiao backup list` shows them.")
    return found


def sign(facts: dict[str, Any], secret: bytes) -> str:
    """HMAC-SHA256 of the manifest without itself, hex."""
    content = {name: value for name, value in facts.items() if name != "mac"}
    return hmac.new(secret, json.dumps(content, sort_keys=True).encode(), hashlib.sha256).hexdigest()


def write_manifest(folder: Path, facts: dict[str, Any], secret: bytes) -> None:
    durable.write_json(folder / MANIFEST, {**facts, "mac": sign(facts, secret)})


def make_visible(part: Path, target: Path) -> None:
    """The finished folder gets its name, in one step."""
    durable.sync_folder(part)
    os.rename(part, target)
    durable.sync_folder(target.parent)
