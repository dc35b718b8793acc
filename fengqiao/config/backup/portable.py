"""A dump of the database by the wheel's own pg_dump, for an external server and for moving to another one.

The wrapped keys of the matters are not in it (ruling 4), nor sessions and the keys of requests. It is written from one
snapshot, in which what goes with it is read too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from fengqiao.config import binaries, dump, roles
from fengqiao.config.backup import BackupFailed, RestoreFailed, programs, sealed
from fengqiao.kernel.keys import Key

LEFT_OUT = ("matter_key", "django_session", "idempotency")
KNOWS_TIMEOUT = 170000  # from this version on a server knows every setting that pg_restore makes


@contextmanager
def snapshot(owner_url: str) -> Iterator[tuple[psycopg.Connection[Any], str]]:
    """A connection that sees one moment, and the name under which pg_dump sees the same."""
    with psycopg.connect(owner_url) as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        row = connection.execute("select pg_export_snapshot()").fetchone()
        if row is None:
            raise BackupFailed("The database gives no snapshot.")
        yield connection, row[0]


def stream(owner_url: str, snapshot_name: str) -> Iterator[bytes]:
    """The dump (custom format). Raises BackupFailed."""
    left_out = [f"--exclude-table-data={name}" for name in LEFT_OUT]
    return programs.output(
        [
            binaries.folder() / "pg_dump", "--format=custom", "--compress=0", "--snapshot", snapshot_name, *left_out,
            "--dbname", dump.without_password(owner_url),
        ],
        dump.password(owner_url),
    )  # fmt: skip


def look_through(path: Path, key: Key, bound_to: str) -> int:
    """Read a dump to its end and let pg_restore list it; how many tables have data. Raises BackupFailed."""
    try:
        for _chunk in (chunks := sealed.read(path, key, bound_to)):
            pass
        chunks = sealed.read(path, key, bound_to)
        code, listed = programs.feed([binaries.folder() / "pg_restore", "--list"], chunks)
    except sealed.Damaged as problem:
        raise BackupFailed(f"The dump does not hold: {problem}") from None
    tables = listed.count("TABLE DATA")
    if code or not tables:
        raise BackupFailed(f"The dump cannot be read: {listed.strip()[-300:]}")
    return tables


def matter_keys(connection: psycopg.Connection[Any]) -> list[tuple[str, str, bytes]]:
    """The wrapped keys, for the archive of keys."""
    rows = connection.execute("select matter_id::text, key_id, wrapped from matter_key order by 1")
    return [(matter, key, bytes(wrapped)) for matter, key, wrapped in rows]


def bring_back(dumped: Path, owner_url: str, wrapped: list[tuple[str, str, bytes]]) -> None:
    """Load a plain dump into the empty database of the owner. Raises RestoreFailed.

    Transaction numbers begin anew on another server, so the journal's `xid`, which only orders readers and is not
    chained, is set below all of them: before the triggers are there.
    """
    with psycopg.connect(owner_url, autocommit=True) as owner:
        search = sql.Identifier(roles.SEARCH)
        owner.execute(sql.SQL("grant create on schema public to {}").format(search))
        try:
            load = _load if owner.info.server_version >= KNOWS_TIMEOUT else _load_into_older
            load(dumped, owner_url, "pre-data")
            load(dumped, owner_url, "data")
            owner.execute("update event set xid = '3'::xid8")
            owner.execute("update bookmark set xid = 0")
            load(dumped, owner_url, "post-data")
            with (
                owner.cursor() as cursor,
                cursor.copy("copy matter_key (matter_id, key_id, wrapped) from stdin") as copy,
            ):
                for row in wrapped:
                    copy.write_row(row)
        finally:
            owner.execute(sql.SQL("revoke create on schema public from {}").format(search))
        owner.execute("analyze")


def _load(dumped: Path, owner_url: str, section: str) -> None:
    command: list[str | Path] = [
        binaries.folder() / "pg_restore", "--section", section, "--exit-on-error", "--jobs", "2",
        "--dbname", dump.without_password(owner_url), dumped,
    ]  # fmt: skip
    with _as_restore():
        for _chunk in programs.output(command, dump.password(owner_url)):
            pass


def _load_into_older(dumped: Path, owner_url: str, section: str) -> None:
    """By psql: pg_restore sets a timeout that servers before 17 do not know."""
    told: list[str | Path] = [binaries.folder() / "pg_restore", "--section", section, "--file", "-", dumped]
    command: list[str | Path] = [
        binaries.folder() / "psql", "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--output", os.devnull,
        "--dbname", dump.without_password(owner_url),
    ]  # fmt: skip
    with _as_restore():
        code, said = programs.feed(command, _without_timeout(programs.output(told)), dump.password(owner_url))
        if code:
            raise RestoreFailed(f"The dump was not loaded: {said.strip()[-600:]}")


def _without_timeout(script: Iterator[bytes]) -> Iterator[bytes]:
    yield next(script, b"").replace(b"SET transaction_timeout = 0;\n", b"", 1)
    yield from script


@contextmanager
def _as_restore() -> Iterator[None]:
    try:
        yield
    except BackupFailed as problem:
        raise RestoreFailed(str(problem).replace("The backup was not written", "The dump was not loaded")) from None
