"""`fengqiao up`: one process that owns the database, the worker and the web (engineering ruling 22).

lock → database → migrations (with a backup first) → demo → worker → web; then watch and bring back what dies, until
Ctrl-C or SIGTERM: web, worker, database end in this order and nothing is left behind.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Any

from fengqiao.config import children, environment, first_load, folders, migrate, notify, os_user, roles, secrets
from fengqiao.config.backup import nightly, unfinished
from fengqiao.config.server import EmbeddedServer, ServerFailed, database_home

WEB_WORKERS = 2
WEB_THREADS = 4
GRACE_SECONDS = 10
READY_WITHIN_SECONDS = 120
DATABASE_PAUSE_SECONDS = 15.0  # at most so long between two tries to start a database that would not
WATCH_SECONDS = 0.5
DEMO_LOADED = "demo.loaded"
MARKS = ("granian", "fengqiao.config.")
KEPT_BACK = ("FENGQIAO_OWNER_URL", "NOTIFY_SOCKET")  # from web and worker


class CannotStart(RuntimeError):
    """`up` refuses to start; the sentence says why and what to do."""


@dataclass
class Plan:
    """What the environment asks for, checked before anything is started."""

    data: Path
    host: str
    port: int
    demo: bool
    database_url: str
    owner_url: str

    @property
    def address(self) -> str:
        shown = "localhost" if self.host in {"127.0.0.1", "::1", "0.0.0.0"} else self.host  # noqa: S104
        return f"http://{shown}:{self.port}"


def read_plan() -> Plan:
    """Read and check the environment. Raises ImproperlyConfigured or CannotStart."""
    plan = Plan(
        data=folders.data_folder(),
        host=environment.text("FENGQIAO_HOST", "127.0.0.1"),
        port=environment.port("PORT", 8000),
        demo=environment.flag("FENGQIAO_DEMO"),
        database_url=environment.text("DATABASE_URL"),
        owner_url=environment.text("FENGQIAO_OWNER_URL"),
    )
    if (
        plan.demo
        and plan.host not in {"127.0.0.1", "::1", "localhost"}
        and not environment.flag("FENGQIAO_DEMO_PUBLIC")
    ):
        raise CannotStart(
            f"The demo listens on this machine only; for {plan.host} set FENGQIAO_DEMO_PUBLIC=1 as well. "
            "Its accounts have simple ways in and its people are invented."
        )
    if plan.database_url:
        environment.database(plan.database_url, "DATABASE_URL")
    if plan.owner_url and not plan.database_url:
        raise CannotStart("FENGQIAO_OWNER_URL is set without DATABASE_URL; set both or neither.")
    return plan


def up(*, as_json: bool = False) -> dict[str, Any] | None:
    """Run until asked to stop. Returns the running address at once when the folder is already in use."""
    plan = read_plan()
    if (sentence := unfinished.sentence(plan.data)) is not None:
        raise CannotStart(sentence)
    folders.prepare(plan.data)
    supervisor = Supervisor(plan, as_json=as_json)
    running = supervisor.lock()
    if running is not None:
        return running
    supervisor.run()
    return None


@dataclass
class Supervisor:
    """The life of one `up`."""

    plan: Plan
    as_json: bool = False
    server: EmbeddedServer | None = None
    family: list[children.Child] = field(default_factory=list)
    backups: nightly.Nightly | None = None
    asked_to_stop: bool = False
    _lock: IO[str] | None = None
    _handed: secrets.HandedOver | None = None
    _database_pause: float = 0.0
    _database_again_at: float = 0.0

    # -- the lock -------------------------------------------------------------

    @property
    def state_file(self) -> Path:
        return self.plan.data / "up.json"

    def lock(self) -> dict[str, Any] | None:
        """Take the folder; None when it is ours, else what the one that has it says of itself."""
        handle = (self.plan.data / "up.lock").open("a")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            state = self._read_state()
            return {"address": state.get("address", "(starting)"), "pid": state.get("pid"), "running": True}
        self._lock = handle
        return None

    def _read_state(self) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            state = json.loads(self.state_file.read_text())
            if isinstance(state, dict):
                return state
        return {}

    def _write_state(self) -> None:
        groups = {child.name: child.process.pid for child in self.family if child.process}
        state = {"address": self.plan.address, "pid": os.getpid(), "groups": groups}
        part = self.state_file.with_suffix(".part")
        try:
            part.write_text(json.dumps(state))
            part.replace(self.state_file)
        except OSError:  # on a full disk the old state stays, and no half one beside it; what runs goes on
            part.unlink(missing_ok=True)

    # -- the life -------------------------------------------------------------

    def run(self) -> None:
        """Start everything, watch it, end everything. Raises CannotStart and the refusals of its parts."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        try:
            children.end_left_over(self._read_state().get("groups", {}), MARKS)
            self._write_state()
            self._check_port()
            self._start()
            self._watch()
        finally:
            self._stop()

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop = True

    def _check_port(self) -> None:
        family = socket.AF_INET6 if ":" in self.plan.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.plan.host, self.plan.port))
            except OSError as problem:
                raise CannotStart(
                    f"Cannot listen on {self.plan.host}:{self.plan.port} ({problem.strerror}); set PORT to a free one."
                ) from problem

    def _start(self) -> None:
        secrets.ensure(self.plan.data)
        inherited = {name: value for name, value in os.environ.items() if name not in KEPT_BACK}
        inherited |= {"FENGQIAO_DATA": str(self.plan.data), "PORT": str(self.plan.port), "PYTHONUNBUFFERED": "1"}
        # The C library would keep an arena of its own for each thread, and what it once took.
        for name, value in (("MALLOC_ARENA_MAX", "2"), ("MALLOC_TRIM_THRESHOLD_", "131072")):
            inherited.setdefault(name, value)
        user = self._program_user(inherited)
        self._start_database()
        inherited["DATABASE_URL"] = self.plan.database_url
        answer = self._migrate()
        if answer["backup"]:
            self._say(f"A backup was written before the migrations: {answer['backup']}")
        (self.plan.data / "run" / "worker.alive").unlink(missing_ok=True)
        shutil.rmtree(self.plan.data / "run" / "metrics", ignore_errors=True)
        if self.plan.demo and not self.asked_to_stop:
            self._load_demo(inherited, user, fresh=bool(answer["fresh"]))
        self.backups = self._nightly()
        python = sys.executable
        self.family = [
            children.Child("worker", [python, "-m", "fengqiao.config.worker"], inherited, user),
            children.Child("web", [python, "-m", "granian", *self._web_options()], inherited, user),
        ]

    def _nightly(self) -> nightly.Nightly | None:
        """Backups are made with the owner's role and the secrets' files, so not by the worker."""
        hours = nightly.hour(embedded=self.server is not None)
        if self.server is None and (hours is None or not self.plan.owner_url):
            return None
        left_out = () if self.server is None else ("DATABASE_URL", "FENGQIAO_OWNER_URL")
        mine = {name: value for name, value in os.environ.items() if name not in left_out}
        return nightly.Nightly(self.plan.data, mine | {"FENGQIAO_DATA": str(self.plan.data)}, hours)

    def _start_database(self) -> None:
        if not self.plan.database_url:
            self.server = EmbeddedServer(database_home(self.plan.data))
            self.server.join()
            self.plan.database_url = self.server.url(roles.PROGRAM)
            self.plan.owner_url = self.server.url(roles.OWNER)
        roles.require(self.plan.database_url)

    def _migrate(self) -> dict[str, Any]:
        backups = self.plan.data / "backups"
        if self.plan.owner_url:
            return migrate.in_own_process(self.plan.owner_url, backups=backups, static=True)
        answer = migrate.in_own_process(self.plan.database_url, plan=True, static=True)
        if answer["pending"]:
            raise CannotStart(
                f"{len(answer['pending'])} migrations are not applied; set FENGQIAO_OWNER_URL for this start, "
                "or run `fengqiao migrate` with it."
            )
        return answer

    def _program_user(self, inherited: dict[str, str]) -> Any:
        """The user of web and worker when started by root; None keeps ours. `inherited` gets what that user needs."""
        if not os_user.is_root():
            return None
        if self.plan.demo:
            self._say("Started by root: in the demo the web and the worker run as root too.")
            return None
        user = os_user.program_user()
        for path in (folders.PROJECT / "fengqiao", Path(sys.executable), self.plan.data):
            if not os_user.can_reach(path, user):
                raise CannotStart(
                    f"The user {user.pw_name} cannot reach {path}; install the program and its data where that user "
                    "can, or start as an ordinary user."
                )
        folders.prepare(self.plan.data, user)
        # The files of the secrets stay root's; the children get copies, and new ones when a key is rotated.
        self._handed = secrets.HandedOver(self.plan.data, self.plan.data / "handed", user)
        self._handed.keep()
        inherited["FENGQIAO_HANDED"] = str(self._handed.folder)
        inherited["HOME"] = str(self.plan.data / "run")
        self._say(f"Started by root: the web and the worker run as {user.pw_name}.")
        return user

    def _web_options(self) -> list[str]:
        return [
            "--interface", "wsgi", "--host", self.plan.host, "--port", str(self.plan.port),
            "--workers", str(WEB_WORKERS), "--blocking-threads", str(WEB_THREADS), "--runtime-mode", "st",
            "--loop", "asyncio", "--no-ws", "--http", "1", "--log-level", "warning", "--respawn-failed-workers",
            "--respawn-interval", "1", "--workers-kill-timeout", str(GRACE_SECONDS),
            "fengqiao.config.wsgi:application",
        ]  # fmt: skip

    def _load_demo(self, inherited: dict[str, str], user: Any, *, fresh: bool) -> None:
        mark = self.plan.data / DEMO_LOADED
        if mark.exists() and not fresh:
            return
        self._say("Loading the demo city …")
        process = children.start([sys.executable, "-m", "fengqiao.config.first_load"], inherited, user)
        while process.poll() is None:
            if self.asked_to_stop:
                children.kill_group(process.pid, signal.SIGTERM)
                process.wait()
                return
            time.sleep(0.05)
        if process.returncode == first_load.NO_LOADER:
            return
        if process.returncode:
            raise CannotStart("The demo city could not be loaded; the lines above say why.")
        mark.touch()

    # -- watching -------------------------------------------------------------

    def _watch(self) -> None:
        announced, began = False, time.monotonic()
        while not self.asked_to_stop:
            self._watch_database()
            if self._handed and (trouble := self._handed.keep()):
                self._say(trouble, error=True)
            for child in self.family:
                before = child.process
                if sentence := child.keep(time.monotonic()):
                    self._say(sentence, error=True)
                if child.process is not before:
                    self._write_state()
            if announced and self.backups and (sentence := self.backups.keep(time.monotonic())):
                self._say(sentence, error=True)
            if not announced:
                announced = self._is_ready()
                if announced:
                    self._announce()
                elif time.monotonic() - began > READY_WITHIN_SECONDS:
                    raise CannotStart(f"Not ready after {READY_WITHIN_SECONDS} s; the lines above say why.")
            time.sleep(WATCH_SECONDS if announced else 0.1)

    def _watch_database(self) -> None:
        if self.server is None or self.server.is_alive() or time.monotonic() < self._database_again_at:
            return
        try:
            if self.server.ensure_running():
                self._say("The database had ended; it runs again.", error=True)
            self._database_pause = 0.0
        except (ServerFailed, OSError) as problem:
            # It may want for room: asked again until there is some, told once.
            if not self._database_pause:
                self._say(f"{problem}\nIt is tried again until it starts.", error=True)
            self._database_pause = min(max(1.0, self._database_pause * 2), DATABASE_PAUSE_SECONDS)
            self._database_again_at = time.monotonic() + self._database_pause

    def _is_ready(self) -> bool:
        host = f"[{self.plan.host}]" if ":" in self.plan.host else self.plan.host.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        try:
            with urllib.request.urlopen(f"http://{host}:{self.plan.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as answer:
            return self._only_room_is_short(answer)
        except OSError:
            return False

    def _only_room_is_short(self, answer: IO[bytes]) -> bool:
        """A disk that is nearly full keeps nobody from reading: it is said, and the start goes on."""
        with suppress(OSError, ValueError, KeyError):
            state = json.load(answer)
            if state["database"] == state["worker"] == "ok":
                self._say(str(state["disk"]), error=True)
                return True
        return False

    def _announce(self) -> None:
        notify.tell("READY=1")
        if self.as_json:
            with suppress(OSError):
                print(json.dumps({"address": self.plan.address, "pid": os.getpid(), "running": False}), flush=True)
            return
        self._say(f"Fengqiao is ready: {self.plan.address}  (residents)  {self.plan.address}/desk/  (staff)")
        if self.plan.demo:
            self._say(f"Demo accounts and their passwords: {_this_command()} demo --accounts")
        self._say("Ctrl-C ends it.")

    def _say(self, sentence: str, *, error: bool = False) -> None:
        with suppress(OSError):  # the log may lie on the disk that is full
            print(sentence, file=sys.stderr if error or self.as_json else sys.stdout, flush=True)

    # -- the end --------------------------------------------------------------

    def _stop(self) -> None:
        notify.tell("STOPPING=1")
        if self.backups is not None:
            self.backups.stop()
        for child in reversed(self.family):
            child.stop(GRACE_SECONDS + 2)
        if self.server is not None:
            self.server.leave()
        self.state_file.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()


def _this_command() -> str:
    """`fengqiao` as it can be typed here: by its path where it lies below the folder one stands in."""
    beside = Path(sys.executable).with_name("fengqiao")
    here = Path.cwd()
    return str(beside.relative_to(here)) if beside.exists() and beside.is_relative_to(here) else "fengqiao"
