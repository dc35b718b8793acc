"""The way back: a set and its keys become a data folder, as it was at the set or at a moment after it.

In this order: examine everything before anything is written; mark the folder as unfinished, so that `up` refuses it;
secrets, database, migrations; then, in a process of the new folder (`after`): what was forgotten since is forgotten
again, files and roots come back, the restore is put on record, the journal is verified. Then the mark goes.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from fengqiao.config import folders, migrate, os_user, roles, secrets
from fengqiao.config.backup import (
    BackupFailed,
    RestoreFailed,
    cluster,
    examine,
    keyring,
    portable,
    sealed,
    shelf,
    wal,
)
from fengqiao.config.backup.make import Say
from fengqiao.config.backup.unfinished import MARK
from fengqiao.config.server import ELSEWHERE, EmbeddedServer, ServerFailed, database_home
from fengqiao.ground import durable
from fengqiao.kernel.keys import Key

STAYS = ("backups", "backup-keys")  # a data folder with nothing else in it is empty
ASIDE = "aside-"


@dataclass(frozen=True)
class Wish:
    """What is asked for. `trial`: into a scratch folder that is thrown away, with nothing on record."""

    found: shelf.Set
    keys: Path
    into: Path
    until: datetime | None = None
    set_aside: bool = False
    trial: bool = False
    external: tuple[str, str] = ("", "")  # the program's and the owner's address
    say: Say = field(default=print, repr=False)


def restore(wish: Wish) -> dict[str, Any]:
    """Do it; what `fengqiao restore` answers. Raises RestoreFailed, BackupFailed: then nothing, or a marked folder."""
    archives = keyring.beside(wish.keys)
    mine = examine.fitting(wish.found, archives[0])
    wish.say("Examining the set …")
    examine.examine(wish.found, mine)
    _check_moment(wish)
    if wish.until is not None:
        _hand_over_wal(wish)
    aside = _clear_the_way(wish)
    folders.prepare(wish.into)
    began = datetime.now(UTC)
    told = {"set": wish.found.name, "until": wish.until.isoformat() if wish.until else None, "at": began.isoformat()}
    durable.write_json(wish.into / MARK, told)
    secrets.keep(wish.into, keyring.all_secrets(mine, archives))
    with _database(wish, mine, archives) as (url, owner_url):
        if examine.is_older(wish.found):
            migrate.in_own_process(owner_url)
        wish.say("Forgetting again, bringing files and roots back, verifying the journal …")
        answer = _after(wish, url, archives, aside, told)
    (wish.into / MARK).unlink()
    durable.sync_folder(wish.into)
    return {**told, "into": str(wish.into), "aside": str(aside) if aside else None, **answer}


# Before anything is written ------------------------------------------------------------------------------------------


def _check_moment(wish: Wish) -> None:
    if wish.until is None:
        return
    if wish.found.facts["wal_from"] is None:
        raise RestoreFailed("This set keeps no WAL: it can be restored as it is, not to another moment.")
    if wish.until < wish.found.finished_at:
        raise RestoreFailed(
            f"The set was finished at {wish.found.finished_at:%Y-%m-%d %H:%M:%S} UTC, after the moment asked for. "
            "Take an earlier one, or `latest`."
        )
    if wish.until > datetime.now(UTC):
        raise RestoreFailed("The moment asked for lies in the future.")


def _hand_over_wal(wish: Wish) -> None:
    """When the set lies in the data folder of a living installation, its last WAL is fetched first."""
    data = wish.found.shelf.folder.parent
    if not _has_server(data):
        return
    home = database_home(data)
    if not (home / "data" / "PG_VERSION").exists() or not wal.key_file(data).exists() or (data / MARK).exists():
        return
    try:
        with EmbeddedServer(home) as server:
            wal.flush(server)
        wal.collect(wish.found.shelf, data)
    except (BackupFailed, ServerFailed) as problem:
        wish.say(f"The last minutes could not be fetched ({problem}); what was archived before is used.")


def _clear_the_way(wish: Wish) -> Path | None:
    """The folder must be empty, or what is in it is set aside when that was asked for. Raises RestoreFailed."""
    there = [path for path in wish.into.glob("*") if path.name not in STAYS and not path.name.startswith(ASIDE)]
    if not there:
        return None
    if _is_in_use(wish.into):
        raise RestoreFailed(f"The program runs on {wish.into}. End it first.")
    if (wish.into / MARK).exists():  # an earlier restore was cut off: all that lies here is its own
        _stop_server(wish.into)
        for path in there:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return None
    if not wish.set_aside:
        raise RestoreFailed(
            f"{wish.into} is not empty. Choose an empty folder with --into, or add --set-aside: what is there is kept "
            "in a folder beside."
        )
    EmbeddedServer(database_home(wish.into)).stop()
    aside = wish.into / f"{ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    aside.mkdir(mode=0o700)
    for path in there:
        path.rename(aside / path.name)
    return aside


def _is_in_use(data: Path) -> bool:
    with suppress(FileNotFoundError), (data / "up.lock").open() as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return _has_server(data) and EmbeddedServer(database_home(data)).in_use()


def _has_server(data: Path) -> bool:
    """Asked first, since `database_home` chooses a place where there is none yet."""
    return (data / "database").exists() or (data / ELSEWHERE).exists()


def _stop_server(data: Path) -> None:
    if _has_server(data):
        EmbeddedServer(database_home(data)).stop()


# The database --------------------------------------------------------------------------------------------------------


@contextmanager
def _database(wish: Wish, mine: keyring.Archive, archives: list[keyring.Archive]) -> Iterator[tuple[str, str]]:
    """Bring the database back; its addresses for the program and the owner while it runs."""
    part, bound = wish.found.path / shelf.DATABASE, f"{wish.found.name}/{shelf.DATABASE}"
    url, owner_url = wish.external
    if wish.found.facts["kind"] == "dump" and owner_url:
        _require_empty(owner_url)
        with _plain(wish, mine.key, bound) as dumped:
            portable.bring_back(dumped, owner_url, mine.matter_keys)
        yield url, owner_url
        return
    if owner_url:
        raise RestoreFailed("This set is a copy of the embedded server: unset DATABASE_URL and FENGQIAO_OWNER_URL.")
    server = EmbeddedServer(database_home(wish.into))
    try:
        if wish.found.facts["kind"] == "copy":
            wish.say("Laying out the database …")
            _require_version(wish.found, server)
            cluster.unpack(part, mine.key, bound, server)
            _recover(wish, server, [archive.key for archive in archives])
        else:
            server.join()
            wish.say("Loading the dump …")
            with _plain(wish, mine.key, bound) as dumped:
                portable.bring_back(dumped, server.url(roles.OWNER), mine.matter_keys)
        yield server.url(roles.PROGRAM), server.url(roles.OWNER)
    finally:
        server.leave()


def _recover(wish: Wish, server: EmbeddedServer, known: list[Key]) -> None:
    waiting = server.home / "wal-in"
    since = wish.found.facts["wal_from"] if wish.until else None
    if since:
        wal.lay_out(wish.found.shelf, since, waiting, known, server)
    else:
        wal.lay_out(wish.found.shelf, "~" * 24, waiting, known, server)  # histories of timelines alone
    wish.say("Bringing the database to the moment asked for …" if wish.until else "Starting the database …")
    cluster.recover(server, waiting, wish.until)
    shutil.rmtree(waiting)


def _require_version(found: shelf.Set, server: EmbeddedServer) -> None:
    done = subprocess.run([server.bin / "postgres", "--version"], capture_output=True, text=True, check=True)
    have = done.stdout.split()[2].split(".")[0]
    if have != str(found.facts["postgresql"]):
        raise RestoreFailed(
            f"The set was written by PostgreSQL {found.facts['postgresql']}, this program brings {have}: "
            "install the release "
            "that fits and move by `fengqiao backup --dump`."
        )


def _require_empty(owner_url: str) -> None:
    with psycopg.connect(owner_url) as connection:
        row = connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone()
    if row and row[0]:
        raise RestoreFailed(
            "The database of FENGQIAO_OWNER_URL is not empty. Make a new one (`fengqiao database roles`)."
        )


@contextmanager
def _plain(wish: Wish, key: Key, bound: str) -> Iterator[Path]:
    """The dump unsealed into a private file, for pg_restore to read in any order."""
    with tempfile.NamedTemporaryFile(dir=wish.into, prefix=".dump-") as file:
        for chunk in sealed.read(wish.found.path / shelf.DATABASE, key, bound):
            file.write(chunk)
        file.flush()
        yield Path(file.name)


# In the new folder ---------------------------------------------------------------------------------------------------


def _after(
    wish: Wish, url: str, archives: list[keyring.Archive], aside: Path | None, told: dict[str, Any]
) -> dict[str, Any]:
    """Run `after` with the environment of the restored folder. Raises RestoreFailed."""
    mine = ("FENGQIAO_KEY_", "FENGQIAO_OWNER_URL", *(("FENGQIAO_ANCHORS",) if wish.trial else ()))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
    environment |= {"FENGQIAO_DATA": str(wish.into), "DATABASE_URL": url}
    environment |= {"DJANGO_SETTINGS_MODULE": "fengqiao.config.settings"}
    asked = {
        **told,
        "trial": wish.trial,
        "shelf": str(wish.found.shelf.folder),
        "aside": str(aside) if aside else None,
        "forgotten": [each for archive in archives for each in archive.forgotten],
        "journal_keys": [secrets.as_text(archive.secrets["journal"]) for archive in archives],
    }
    done = subprocess.run(
        [sys.executable, "-m", "fengqiao.config.backup.after"],
        env=environment, input=json.dumps(asked), stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RestoreFailed(
            f"The restore did not come to its end; the lines above say why. "
            f"`up` refuses {wish.into} until it is run again."
        )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


# Verify by restoring -------------------------------------------------------------------------------------------------


def verify(found: shelf.Set, keys: Path, *, say: Say) -> dict[str, Any]:
    """Restore the set into a scratch folder, verify its journal, open a sample of what is sealed; throw it away."""
    with found.shelf.alone():
        folder = Path(tempfile.mkdtemp(prefix="trial-", dir=found.shelf.folder))
        folder.chmod(0o711 if os_user.is_root() else 0o700)
        into = folder / "data"
        try:
            return restore(Wish(found, keys, into, trial=True, say=say))
        finally:
            if _has_server(into):
                home = database_home(into)
                EmbeddedServer(home).stop("immediate")
                shutil.rmtree(home, ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)
