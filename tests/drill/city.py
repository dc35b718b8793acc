"""The real program on a folder of its own, people who work with it without a pause, and what can be killed."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fengqiao.config import children
from fengqiao.config.server import database_home
from tests.config.conftest import short_path
from tests.config.test_supervisor import environment, free_port, postmaster, state, status, wait_until
from tests.drill.real import a_lamp, started

GIVE_UP = 60.0

PEOPLE = """
from fengqiao.config import command
with command.database():
    command.set_up_django()
    from fengqiao.offices.accounts import tokens
    from tests.cast import build
    print(tokens.make(build().chen))
"""


@dataclass
class Work:
    """What the clients did: keys tried, numbers acknowledged, orders whose dispatch or answer was acknowledged."""

    origin: str
    token: str
    phone: str = ""
    tried: set[str] = field(default_factory=set)
    numbers: dict[str, str] = field(default_factory=dict)
    dispatched: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    strange: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    again: int = 0

    def client(self, name: str, until: float, stop: threading.Event | None = None) -> None:
        """Register orders and dispatch or answer them in turn, two at least, each sent until it is acknowledged."""
        count = 0
        while count < 2 or (time.monotonic() < until and not (stop and stop.is_set())):
            count += 1
            key = f"{name}-{count}"
            self.tried.add(key)
            told = self._send("/matters", self._order(key), f"new-{key}", 201)
            if told is None:
                continue
            self.numbers[key] = told["number"]
            if count % 2:
                if self._act(told["number"], "dispatch", {"unit": "water"}, key):
                    self.dispatched.add(key)
            elif self._act(
                told["number"], "not_accept", {"reason": "other_way", "way": "这条路归公路段管，请打 12328。"}, key
            ):
                self.answered.add(key)

    def _act(self, number: str, action: str, data: dict[str, Any], key: str) -> Any:
        path = urllib.parse.quote(f"/matters/{number}/actions/{action}")
        return self._send(path, data, f"{action}-{key}", 200)

    def _order(self, key: str) -> dict[str, Any]:
        told = {"parties": [{"role": "applicant", "name": "王小示", "phone": self.phone}]} if self.phone else {}
        return {**a_lamp(key), **told}

    def _send(self, path: str, body: Any, key: str, expected: int) -> Any:
        give_up = time.monotonic() + GIVE_UP
        while time.monotonic() < give_up:
            request = urllib.request.Request(
                f"{self.origin}/api/v1{path}", json.dumps(body).encode(),
                {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Idempotency-Key": key},
            )  # fmt: skip
            try:
                with urllib.request.urlopen(request, timeout=5) as answer:
                    assert answer.status == expected
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    self.strange.append(f"{key}: {error.code} {error.read()[:300]!r}")
                    return None
                self.faults.append(f"{key}: {error.code} {error.read()[:300]!r}")
            except (OSError, ValueError, http.client.HTTPException):
                pass  # the other side died, before or after it did the work
            self.again += 1
            time.sleep(0.2)
        return None


@dataclass
class City:
    """A running `up`, which is started anew when it is gone, as systemd would."""

    folder: Path
    port: int
    more: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = started(self.folder, self.port, **self.more)

    def keep(self) -> None:
        if self.process is None or self.process.poll() is not None:
            self.start()

    def wait(self, seconds: float = 90) -> None:
        """Until it is ready. Raises AssertionError when it is not in time, with what it said."""

        def ready() -> bool:
            self.keep()
            return status(self.port) == 200

        try:
            wait_until(ready, seconds)
        except AssertionError:
            raise AssertionError(self.last_words()) from None

    def last_words(self) -> str:
        """How the logs of the program and of its database end."""
        logs = (self.folder / "up.log", database_home(self.folder / "data") / "server.log")
        return "\n".join(f"{log.name}:\n{log.read_text(errors='replace')[-3000:]}" for log in logs if log.exists())

    def end(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)

    def asked(self, *arguments: str) -> str:
        """What a Python of the same folder prints last."""
        return asked(self.folder, self.port, *arguments)

    def victims(self) -> dict[str, list[int]]:
        """What can be killed now: the supervisor, processes of web and worker, the postmaster, its children."""
        groups = state(self.folder)["groups"]
        found = {name: children.members(group) for name, group in groups.items()}
        first = postmaster(self.folder)
        found["postmaster"] = [first] if first else []
        with suppress(OSError):
            told = Path(f"/proc/{first}/task/{first}/children").read_text().split()
            found["backend"] = [int(pid) for pid in told if pid.isdecimal()]
        found["supervisor"] = [self.process.pid] if self.process and self.process.poll() is None else []
        return {name: pids for name, pids in found.items() if pids}


@contextmanager
def a_city(**more: str) -> Iterator[City]:
    """The program, ready. Root may run web and worker for the demo only, so it is one, and empty."""
    with short_path() as folder:
        found = City(folder, free_port(), more)
        found.start()
        try:
            wait_until(lambda: (found.process and found.process.poll() is not None) or status(found.port) == 200)
            assert found.process is not None
            assert found.process.poll() is None, found.last_words()
            yield found
        finally:
            found.end()


@contextmanager
def city(**more: str) -> Iterator[tuple[Path, int]]:
    """The folder and port of a running city."""
    with a_city(**more) as found:
        yield found.folder, found.port


def asked(folder: Path, port: int, *arguments: str) -> str:
    """What a Python of the same folder prints last."""
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**environment(folder, port), "PYTHONPATH": os.getcwd()}, capture_output=True, text=True, timeout=240,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]
