"""Archived WAL: taken from the server's spool, packed, sealed, kept; and laid out again for a return.

`python -m fengqiao.config.backup.wal` does it once; the supervisor asks for it every ten minutes. Roots and stored
files come along, so that a return to a moment between two sets finds those of that moment.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import psycopg

from fengqiao.config import environment, folders, os_user, roles, secrets
from fengqiao.config.backup import BackupFailed, RestoreFailed, cluster, keyring, sealed, shelf
from fengqiao.config.server import EmbeddedServer, database_home
from fengqiao.ground import durable
from fengqiao.kernel.keys import Key

SUFFIX = ".sealed"
MOST_WAITING_BYTES = 2 * 2**30
ARCHIVED_WITHIN_SECONDS = 60.0


def key_file(data: Path) -> Path:
    """The key of the newest set, with which WAL is sealed until the next."""
    return data / "secrets" / "wal.key"


def use_key(data: Path, key: Key) -> None:
    """WAL is sealed with this key from now on."""
    with durable.new_file(key_file(data)) as file:
        file.write(secrets.as_text([key]).encode())


def drain(at: shelf.Shelf, data: Path) -> int:
    """Take what waits in the spool; how many segments. Without a set yet there is nothing to keep them for.

    Raises BackupFailed when the disk is full. What waits stays, up to 2 GiB: rather than stop the server, the oldest
    is dropped then, and a return past it starts from the next set.
    """
    waiting = database_home(data) / cluster.SPOOL
    names = sorted(path for path in waiting.glob("0*") if path.is_file())
    if not names:
        return 0
    if not key_file(data).exists():
        for path in names:
            path.unlink()
        return 0
    key = keyring.keys_of(key_file(data).read_text())[0]
    try:
        for path in names:
            sealed.write([path.read_bytes()], at.wal / f"{path.name}.{key.id}{SUFFIX}", key, f"wal/{path.name}")
            path.unlink()
    except OSError as problem:
        if problem.errno not in durable.FULL:
            raise
        dropped = _drop_oldest(waiting)
        more = f" {dropped} old segments were dropped; make a new set as soon as there is room." if dropped else ""
        raise BackupFailed(f"The disk of {at.folder} is full; archived WAL waits in {waiting}.{more}") from None
    return len(names)


def _drop_oldest(waiting: Path) -> int:
    paths = sorted(waiting.glob("0*"))
    total, dropped = sum(path.stat().st_size for path in paths), 0
    for path in paths:
        if total <= MOST_WAITING_BYTES:
            break
        total -= path.stat().st_size
        path.unlink()
        dropped += 1
    return dropped


def flush(server: EmbeddedServer) -> None:
    """Let the server hand over what it has written until now. Raises BackupFailed when it does not within a minute."""
    with psycopg.connect(server.url(roles.BOOT, "postgres"), autocommit=True) as connection:
        row = connection.execute("select pg_walfile_name(pg_switch_wal() - 1)").fetchone()
        deadline = time.monotonic() + ARCHIVED_WITHIN_SECONDS
        while row and time.monotonic() < deadline:
            last = connection.execute("select last_archived_wal from pg_stat_archiver").fetchone()
            if last and last[0] and last[0][8:24] >= row[0][8:24]:
                return
            time.sleep(0.1)
    raise BackupFailed("The server does not archive its WAL; `fengqiao check` and its log say why.")


def lay_out(at: shelf.Shelf, since: str, into: Path, known: Iterable[Key], server: EmbeddedServer) -> str:
    """Unseal the segments from `since` on into a folder for the server; the name of the last. Raises RestoreFailed."""
    keys, last = {key.id: key for key in known}, ""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(mode=0o700, parents=True)
    for path in sorted(at.wal.glob(f"*{SUFFIX}")):
        name, _dot, set_name = path.name.removesuffix(SUFFIX).rpartition(".")
        if ".history" not in name and name[8:24] < since[8:]:
            continue
        if set_name not in keys:
            raise RestoreFailed(
                f"The WAL from {name} on is sealed with the keys of set {set_name}: put {set_name}{keyring.SUFFIX} "
                "beside the archive of keys, or choose that set."
            )
        try:
            (into / name).write_bytes(b"".join(sealed.read(path, keys[set_name], f"wal/{name}")))
        except sealed.Damaged:
            raise RestoreFailed(f"The archived WAL {path.name} is damaged; nothing after it can be reached.") from None
        last = max(last, name) if len(name) == 24 else last
    if os_user.is_root():
        for entry in (into, *into.iterdir()):
            os.chown(entry, server.user.pw_uid, server.user.pw_gid)
    return last


def collect(at: shelf.Shelf, data: Path) -> int:
    """WAL first, then roots and files: what the WAL tells of is there. How many segments. Raises BackupFailed."""
    with at.alone():
        taken = drain(at, data)
        at.sync_files(data / "files")
        at.sync_anchors(environment.folder("FENGQIAO_ANCHORS", None) or data / "anchors")
    return taken


def main() -> int:
    data = folders.data_folder()
    at = shelf.of_data(data)
    try:
        at.prepare()
        collect(at, data)
    except shelf.Busy:
        return 0  # a backup is under way and does the same
    except (BackupFailed, OSError) as problem:
        print(f"WAL could not be collected: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
