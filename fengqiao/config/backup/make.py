"""One backup set, while the program runs: written whole or not at all, read again from the disk before it counts."""

from __future__ import annotations

import shutil
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import psycopg

from fengqiao.config import folders, roles, secrets
from fengqiao.config.backup import BackupFailed, cluster, forgotten, keyring, portable, sealed, shelf, wal
from fengqiao.config.server import EmbeddedServer
from fengqiao.ground import durable
from fengqiao.kernel.keys import Key

Say = Callable[[str], None]
TOLD_EVERY_BYTES = 512 * 2**20
MADE = "backup.made"


@dataclass(frozen=True)
class House:
    """What is backed up: the data folder, the database, where files and roots lie."""

    data: Path
    owner_url: str
    server: EmbeddedServer | None
    files: Path
    anchors: Path


def make(house: House, at: shelf.Shelf, keys: Path, *, dumped: bool = False, say: Say = print) -> dict[str, Any]:
    """Make one set; what `fengqiao backup` answers. A dump when there is no embedded server, or when asked for.

    Raises BackupFailed: another one is under way, the disk is full, the database does not answer, the set does not
    hold. Then nothing of it is kept, and older sets are untouched.
    """
    at.prepare()
    with at.alone(), _sentences(at.folder):
        at.remove_halves()
        forgotten.catch_up()
        name = _new_name(at)
        part = at.sets_folder / f".{name}.part"
        part.mkdir(mode=0o700)
        archive = None
        try:
            facts, archive = _fill(house, at, part, name, dumped=dumped or house.server is None, say=say)
            kept = keyring.write(keys, archive)
            shelf.make_visible(part, at.sets_folder / name)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            if archive is not None:
                keyring.path(keys, name).unlink(missing_ok=True)
            raise
        gone = at.prune(datetime.now(UTC), keys, verified=name)
    _note(facts, gone)
    return {"set": str(at.sets_folder / name), "keys": str(kept), **told(facts), "removed": gone}


def told(facts: dict[str, Any]) -> dict[str, Any]:
    """Of a manifest what people want to know."""
    wanted = ("kind", "matters", "events", "root", "bytes", "files", "finished_at")
    return {name: facts[name] for name in wanted}


@contextmanager
def _sentences(folder: Path) -> Iterator[None]:
    """A full disk and a silent database are told in a sentence."""
    try:
        yield
    except psycopg.Error as problem:
        raise BackupFailed(f"The database did not answer during the backup: {str(problem).strip()}") from None
    except OSError as problem:
        if problem.errno in durable.FULL:
            raise BackupFailed(
                f"The disk of {folder} is full; nothing of this backup was kept. Make room or choose another folder."
            ) from None
        raise


def _new_name(at: shelf.Shelf) -> str:
    first = name = shelf.name_at(datetime.now(UTC))
    count = 1
    while (at.sets_folder / name).exists():
        count += 1
        name = f"{first}-{count}"
    return name


def _fill(
    house: House, at: shelf.Shelf, part: Path, name: str, *, dumped: bool, say: Say
) -> tuple[dict[str, Any], keyring.Archive]:
    key = Key(name, secrets.new_key().secret)
    began = datetime.now(UTC)
    names = set(at.sync_files(house.files))  # again below: nothing that comes meanwhile is missed
    wrapped: list[tuple[str, str, bytes]] = []
    wal_from = None
    if dumped:
        found, written, wrapped = _dump(house, part, key, say)
    else:
        found, written, wal_from = _copy(house, at, part, key, say)
    finished = datetime.now(UTC)
    names |= set(at.sync_files(house.files))
    stored = found.pop("stored")
    names |= {each for each in stored if at.stored(each).exists()}  # lost in the house, kept by an earlier set
    missing = [each for each in stored if each not in names]
    at.sync_anchors(house.anchors)
    say("Reading the set again …")
    if durable.sha256(part / shelf.DATABASE) != written.sha256:
        raise BackupFailed("What was written is not what lies on the disk; nothing of this backup was kept.")
    with durable.new_file(part / shelf.FILES) as file:
        file.write("".join(f"{each}\n" for each in sorted(names)).encode())
    facts = {
        "format": 1, "set": name, "kind": "dump" if dumped else "copy",
        "began_at": began.isoformat(), "finished_at": finished.isoformat(),
        "version": release(), **found, "wal_from": wal_from,
        "parts": {
            shelf.DATABASE: {"size": written.size, "sha256": written.sha256},
            shelf.FILES: {"size": (part / shelf.FILES).stat().st_size, "sha256": durable.sha256(part / shelf.FILES)},
        },
        "files": len(names), "files_missing": len(missing), "bytes": written.size,
    }  # fmt: skip
    shelf.write_manifest(part, facts, key.secret)
    known = secrets.read(house.data)
    return facts, keyring.Archive(name, key, known, wrapped, forgotten.read(house.anchors / forgotten.FILE))


def _dump(
    house: House, part: Path, key: Key, say: Say
) -> tuple[dict[str, Any], sealed.Written, list[tuple[str, str, bytes]]]:
    say("Writing a dump of the database …")
    with portable.snapshot(house.owner_url) as (connection, name):
        found, wrapped = _facts(connection), portable.matter_keys(connection)
        chunks = _counted(portable.stream(house.owner_url, name), say)
        written = sealed.write(chunks, part / shelf.DATABASE, key, _bound(key))
    portable.look_through(part / shelf.DATABASE, key, _bound(key))
    return found, written, wrapped


def _copy(
    house: House, at: shelf.Shelf, part: Path, key: Key, say: Say
) -> tuple[dict[str, Any], sealed.Written, str | None]:
    """The copy of the cluster; WAL until now belongs to the key before, from here on to this one."""
    assert house.server is not None
    keeps_wal = at == shelf.of_data(house.data) and cluster.start_archiving(house.server)
    if keeps_wal:
        wal.drain(at, house.data)
        wal.use_key(house.data, key)
    say("Copying the database …")
    written = sealed.write(_counted(cluster.stream(house.server), say), part / shelf.DATABASE, key, _bound(key))
    first = cluster.look_through(part / shelf.DATABASE, key, _bound(key))
    with psycopg.connect(house.owner_url) as connection:
        found = _facts(connection)
    return found, written, first if keeps_wal else None


def release() -> str:
    """The release of this program, installed or in a checkout."""
    try:
        return metadata.version("fengqiao")
    except metadata.PackageNotFoundError:
        return str(
            tomllib.loads((folders.PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
        )


def _bound(key: Key) -> str:
    return f"{key.id}/{shelf.DATABASE}"


def _counted(chunks: Iterator[bytes], say: Say) -> Iterator[bytes]:
    done, next_told, began = 0, TOLD_EVERY_BYTES, time.monotonic()
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        if done >= next_told:
            say(f"{done // 2**20:,} MiB, {done / 2**20 / (time.monotonic() - began):,.0f} MiB/s")
            next_told = done + TOLD_EVERY_BYTES


def _facts(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """What the database holds; for a dump of the very snapshot."""
    migrations = connection.execute("select app || '.' || name from django_migrations order by id").fetchall()
    stored = connection.execute(
        "select d.stored from document d join matter_key k using (matter_id) union select stored from upload"
    )
    row = connection.execute(
        "select (select count(*) from matter), (select count(*) from event),"
        " coalesce((select max((data ->> 'root')::integer) from event where kind = 'anchor.sealed'), 0)"
    ).fetchone()
    assert row is not None
    return {
        "postgresql": connection.info.server_version // 10000,
        "migrations": [name for (name,) in migrations],
        "matters": row[0],
        "events": row[1],
        "root": row[2],
        "stored": [name for (name,) in stored],
    }


def _note(facts: dict[str, Any], gone: list[str]) -> None:
    """The set stands in the journal, by name and counts."""
    from fengqiao.kernel import journal
    from fengqiao.kernel.access import SystemPost, acting_as

    keeper = SystemPost("keeper")
    data = {name: facts[name] for name in ("set", "kind", "bytes", "files", "root")}
    with acting_as(keeper):
        journal.note(keeper, "config", MADE, data={**data, "removed": gone})


def house_of(data: Path, server: EmbeddedServer | None, owner_url: str) -> House:
    """The house as the settings tell it."""
    from django.conf import settings

    files = Path(str(settings.FENGQIAO_PORTS["storage"][1]))
    owner_url = owner_url or (server.url(roles.OWNER) if server else "")
    return House(data, owner_url, server, files, Path(str(settings.FENGQIAO_ANCHORS)))
