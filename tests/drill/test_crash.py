"""Kill anything at any moment: what was acknowledged is there, once, and the journal verifies (BLUEPRINT 7).

It runs one to two minutes: the real program starts, and ruling 19 asks for 2 × 10 s of work under random kill -9.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fengqiao.config import children
from tests.config.conftest import short_path
from tests.config.test_supervisor import environment, free_port, postmaster, state, status, wait_until
from tests.profile import DEEP

pytestmark = pytest.mark.drill
ROUNDS = int(os.environ.get("FENGQIAO_DRILL_ROUNDS", "10" if DEEP else "2"))
SECONDS = int(os.environ.get("FENGQIAO_DRILL_SECONDS", "60" if DEEP else "10"))
CLIENTS = 4
GIVE_UP = 60.0
BETWEEN_KILLS = (0.8, 2.0)

PEOPLE = """
from fengqiao.config import command
with command.database():
    command.set_up_django()
    from fengqiao.offices.accounts import tokens
    from tests.cast import build
    print(tokens.make(build().chen))
"""
FOUND = """
import json
from fengqiao.config import command
with command.database():
    command.set_up_django()
    from fengqiao.kernel.access import SystemPost, acting_as
    from fengqiao.kernel.models import Matter, Message
    with acting_as(SystemPost("keeper")):
        rows = list(Matter.objects.values_list("title", "number", "state"))
        told = list(Message.objects.filter(template="dispatched").values_list("matter__number", flat=True))
    print(json.dumps([rows, told]))
"""


@dataclass
class Work:
    """What the clients did: keys tried, numbers acknowledged, orders whose dispatch was acknowledged."""

    origin: str
    token: str
    tried: set[str] = field(default_factory=set)
    numbers: dict[str, str] = field(default_factory=dict)
    dispatched: set[str] = field(default_factory=set)
    strange: list[str] = field(default_factory=list)
    again: int = 0

    def client(self, name: str, until: float, stop: threading.Event | None = None) -> None:
        """Register and dispatch orders, one after the other, each sent again until it is acknowledged."""
        count = 0
        while time.monotonic() < until and not (stop and stop.is_set()):
            count += 1
            key = f"{name}-{count}"
            self.tried.add(key)
            body = {
                "kind": "hotline", "title": f"路灯 {key}", "content": f"村口第 {key} 盏路灯坏了，晚上看不见路。",
                "place": "330681901201", "channel": "12345", "data": {"nature": "help"},
            }  # fmt: skip
            told = self._send("/matters", body, f"new-{key}", 201)
            if told is None:
                continue
            self.numbers[key] = told["number"]
            path = f"/matters/{told['number']}/actions/dispatch"
            if self._send(urllib.request.quote(path), {"unit": "water"}, f"go-{key}", 200):
                self.dispatched.add(key)

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
            except (OSError, ValueError, urllib.error.URLError):
                pass  # the other side died, before or after it did the work
            self.again += 1
            time.sleep(0.2)
        return None


@contextmanager
def city() -> Iterator[tuple[Path, int]]:
    """The program on a folder of its own. Root may run web and worker for the demo only, so it is one, and empty."""
    with short_path() as folder:
        port = free_port()
        log = folder / "up.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "fengqiao.config.command", "up"],
                env=environment(folder, port), stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            try:
                wait_until(lambda: process.poll() is not None or status(port) == 200)
                assert process.poll() is None, log.read_text()
                yield folder, port
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(60)


def asked(folder: Path, port: int, *arguments: str) -> str:
    """What a Python of the same folder prints last."""
    done = subprocess.run(
        [sys.executable, *arguments], env=environment(folder, port), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]


def victims(folder: Path) -> dict[str, list[int]]:
    """What can be killed now: processes of web and worker, the postmaster, its children."""
    groups = state(folder)["groups"]
    found = {name: children._members(group) for name, group in groups.items()}
    first = postmaster(folder)
    found["postmaster"] = [first]
    found["backend"] = [
        int(pid) for pid in Path(f"/proc/{first}/task/{first}/children").read_text().split() if pid.isdecimal()
    ]
    return {name: pids for name, pids in found.items() if pids}


def kill_at_random(folder: Path, until: float, killed: Counter[str], dice: random.Random) -> None:
    while time.monotonic() < until:
        with suppress(OSError, ValueError, KeyError, IndexError):
            found = victims(folder)
            name = dice.choice(sorted(found))
            os.kill(dice.choice(found[name]), signal.SIGKILL)
            killed[name] += 1
        time.sleep(dice.uniform(*BETWEEN_KILLS))


def test_no_acknowledged_order_is_lost_and_none_is_there_twice() -> None:
    seed = random.SystemRandom().randrange(10**6)
    dice, killed = random.Random(seed), Counter[str]()
    with city() as (folder, port):
        work = Work(f"http://127.0.0.1:{port}", asked(folder, port, "-c", PEOPLE))
        for turn in range(ROUNDS):
            until = time.monotonic() + SECONDS
            clients = [threading.Thread(target=work.client, args=(f"{turn}-{n}", until)) for n in range(CLIENTS)]
            for each in clients:
                each.start()
            kill_at_random(folder, until, killed, dice)
            for each in clients:
                each.join()
            wait_until(lambda: status(port) == 200, 60)
        rows, told = json.loads(asked(folder, port, "-c", FOUND))
        verified = json.loads(asked(folder, port, "-m", "fengqiao.config.command", "audit", "verify", "--json"))
    what = f"seed {seed}, killed {dict(killed)}, {len(work.numbers)} acknowledged, {work.again} sent again"
    print(what)
    assert work.strange == [], what
    there = {title.removeprefix("路灯 "): (number, now) for title, number, now in rows}
    assert len(there) == len(rows), f"a key has twins: {what}"
    assert set(there) <= work.tried, what
    assert {key: there[key][0] for key in work.numbers} == work.numbers, what
    assert all(there[key][1] == "dispatched" for key in work.dispatched), what
    letters = Counter(told)
    assert all(letters[work.numbers[key]] == 1 for key in work.dispatched), what
    assert max(letters.values()) == 1, what
    assert verified["ok"], (what, verified)
    assert len(work.dispatched) >= 8, what
    assert sum(killed.values()) >= 6, what
