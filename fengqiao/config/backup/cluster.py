"""A copy of the embedded server's cluster while it runs (pg_basebackup), and its way back to any moment after it."""

from __future__ import annotations

import os
import re
import shutil
import tarfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from fengqiao.config import os_user, roles
from fengqiao.config.backup import BackupFailed, RestoreFailed, programs, sealed
from fengqiao.config.server import EmbeddedServer, ServerFailed
from fengqiao.kernel.keys import Key

ARCHIVE, RECOVERY, SPOOL = "archive.conf", "restore.conf", "wal"
SWITCH_SECONDS = 600  # at most this much is lost with the disk; a switched segment of few changes packs to little
STARTS = re.compile(r"START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)")

ARCHIVING = """\
# Written by `fengqiao backup`: from the first set on every segment of WAL is kept for a return to any moment.
archive_command = ''
archive_library = 'basic_archive'
basic_archive.archive_directory = '{spool}'
archive_timeout = {seconds}
"""
RECOVERING = """\
# Written by `fengqiao restore`, removed when it is done.
restore_command = 'cp "{wal}/%f" "%p"'
recovery_target_action = promote
hot_standby = off
archive_command = 'true'
archive_library = ''
archive_timeout = 0
{target}
"""


def spool(server: EmbeddedServer) -> Path:
    """Where the server lays its finished segments; `wal.drain` takes them from there."""
    return server.home / SPOOL


def start_archiving(server: EmbeddedServer) -> bool:
    """Let the server keep its WAL from now on; False when it was started without archive_mode."""
    with psycopg.connect(server.url(roles.BOOT, "postgres"), autocommit=True) as connection:
        mode = connection.execute("show archive_mode").fetchone()
        if mode is None or mode[0] != "on":
            return False
        _own(spool(server), server)
        path = str(spool(server)).replace("'", "''")
        _write(server.data / ARCHIVE, ARCHIVING.format(spool=path, seconds=SWITCH_SECONDS), server)
        connection.execute("select pg_reload_conf()")
    return True


def _own(folder: Path, server: EmbeddedServer) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    os.chown(folder, server.user.pw_uid, server.user.pw_gid)


def _write(path: Path, text: str, server: EmbeddedServer) -> None:
    path.write_text(text)
    path.chmod(0o600)
    os.chown(path, server.user.pw_uid, server.user.pw_gid)


def stream(server: EmbeddedServer) -> Iterator[bytes]:
    """The cluster as a tar stream, with the WAL that makes it whole. Raises BackupFailed."""
    return programs.output(
        [
            server.bin / "pg_basebackup", "--host", server.socket, "--username", roles.BOOT, "--pgdata", "-",
            "--format", "tar", "--wal-method", "fetch", "--checkpoint", "fast", "--no-password", "--label", "fengqiao",
        ]
    )  # fmt: skip


def look_through(path: Path, key: Key, bound_to: str) -> str:
    """Read a copy to its end; the first segment of WAL that its recovery needs. Raises BackupFailed."""
    found, label = set(), ""
    try:
        with tarfile.open(fileobj=sealed.Reader(sealed.read(path, key, bound_to)), mode="r|") as tar:
            for member in tar:
                found.add(member.name)
                if member.name == "backup_label" and (file := tar.extractfile(member)):
                    label = file.read().decode()
    except (sealed.Damaged, tarfile.TarError, EOFError) as problem:
        raise BackupFailed(f"The copy of the database does not hold: {problem}") from None
    match = STARTS.search(label)
    if not {"PG_VERSION", "backup_manifest", "global/pg_control"} <= found or match is None:
        raise BackupFailed("The copy of the database is not whole.")
    return match[1]


# Python before 3.11.4, such as Debian 12's, has no filters; what is unpacked was sealed by ourselves.
DATA_ONLY = getattr(tarfile, "data_filter", lambda member, path: member)


def unpack(path: Path, key: Key, bound_to: str, server: EmbeddedServer) -> None:
    """Lay the cluster out beside its place in the server's home, and compare it with its own manifest.

    Raises RestoreFailed.
    """
    part = server.home / "data.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    try:
        with tarfile.open(fileobj=sealed.Reader(sealed.read(path, key, bound_to)), mode="r|") as tar:
            tar.extraction_filter = DATA_ONLY
            tar.extractall(part)  # noqa: S202 - filtered above
    except (sealed.Damaged, tarfile.TarError, EOFError) as problem:
        raise RestoreFailed(f"The copy of the database does not hold: {problem}") from None
    part.chmod(0o700)
    done = programs.feed([server.bin / "pg_verifybackup", "--quiet", "--no-parse-wal", part], [])
    if done[0]:
        raise RestoreFailed(f"The copy of the database does not hold: {done[1].strip()[-300:]}")
    for name in (ARCHIVE, RECOVERY, "postmaster.pid"):
        (part / name).unlink(missing_ok=True)
    if os_user.is_root():
        for entry in (part, *part.rglob("*")):
            os.chown(entry, server.user.pw_uid, server.user.pw_gid, follow_symlinks=False)
    part.rename(server.data)


def recover(server: EmbeddedServer, wal: Path, until: datetime | None) -> None:
    """Start the unpacked cluster on a timeline of its own, at the end of the copy or at the moment `until`.

    `wal` holds the archived segments, readable by the database's user. Raises RestoreFailed.
    """
    if until is None:
        target = "recovery_target = immediate\nrecovery_target_timeline = current"
    else:
        target = f"recovery_target_time = '{until.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00'"
    _write(server.data / RECOVERY, RECOVERING.format(wal=wal, target=target), server)
    _write(server.data / "recovery.signal", "", server)
    try:
        _start(server)
    except ServerFailed as problem:
        if "before configured recovery target" in str(problem):
            raise RestoreFailed(
                f"The archived WAL ends before {until}; the last change that was kept is older. "
                "Choose an earlier moment."
            ) from None
        raise RestoreFailed(f"The database could not be brought back: {problem}") from None
    (server.data / RECOVERY).unlink()
    with psycopg.connect(server.url(roles.BOOT, "postgres"), autocommit=True) as connection:
        connection.execute("select pg_reload_conf()")
        connection.execute("checkpoint")


def _start(server: EmbeddedServer) -> None:
    """Until the server takes connections: `pg_ctl` comes back while recovery goes on. Raises ServerFailed."""
    with suppress(psycopg.OperationalError):
        server.join()
        return
    while not server.answers():
        if not server.is_alive():
            raise ServerFailed((server.home / "server.log").read_text(errors="replace")[-2000:])
        time.sleep(0.2)
    server.join()
