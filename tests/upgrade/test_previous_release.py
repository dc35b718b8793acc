"""The previous release serves on while this one migrates beside it, and this one starts on what it left.

The release is taken out of the history of the checkout; without a history (an unpacked archive) there is none to try.
It runs about a minute: two releases start one after the other, the first with its demo city.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fengqiao.config import folders
from tests.config.conftest import short_path
from tests.config.test_supervisor import environment, free_port, running, status, wait_until
from tests.drill.city import Work

pytestmark = pytest.mark.drill
RELEASE = "60877bdac6a3"  # 0.1.0
LEFT = """
import json
from fengqiao.config import command
with command.database():
    command.set_up_django()
    from fengqiao.kernel.access import SystemPost, acting_as
    from fengqiao.kernel.models import Matter, Person, Text
    from fengqiao.kernel import ciphers, secrecy
    with acting_as(SystemPost("keeper")):
        matters = {m.number: [m.state, m.title, m.version] for m in Matter.objects.all()}
        phones = sorted(ciphers.unseal_json(p.sealed, p.pk.bytes)["phone"] for p in Person.objects.all())
        words = sorted(secrecy.words_of(Text.objects.all()).values())
    print(json.dumps([matters, phones, words]))
"""
TOKEN = """
from fengqiao.config import command
with command.database():
    command.set_up_django()
    from fengqiao.offices.accounts import tokens
    from fengqiao.kernel.models import Post
    print(tokens.make(Post.objects.filter(role="hotline_agent").select_related("account", "unit__place").first()))
"""


def commit() -> str:
    """The full name of the release's commit, or a skipped test."""
    done = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", f"{RELEASE}^{{commit}}"],
        cwd=folders.PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip("the history of this checkout does not hold the previous release")
    return done.stdout.strip()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The previous release, unpacked."""
    name = commit()
    packed = subprocess.run(["git", "archive", name], cwd=folders.PROJECT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", tmp_path], input=packed, check=True)
    subprocess.run(
        [sys.executable, "-m", "fengqiao.config.translations", "compile"], cwd=tmp_path, check=True, capture_output=True
    )
    return tmp_path


def asked(home: Path, folder: Path, port: int, *arguments: str) -> Any:
    """What a Python of the release at `home` prints last, for the data in `folder`."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=home, env=environment(folder, port), capture_output=True, text=True,
        timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_path() as path:
        yield path


def serving(home: Path, folder: Path, port: int, **more: str) -> Any:
    """A running `up` of the release at `home`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fengqiao.config.command", "up"], cwd=home, env=environment(folder, port, **more),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    wait_until(lambda: process.poll() is not None or status(port) == 200, 180)
    assert process.poll() is None, process.stdout and process.stdout.read()
    return process


def ended(process: Any) -> None:
    process.terminate()
    assert process.wait(60) == 0
    process.stdout.close()


def test_the_old_release_serves_while_the_new_one_migrates_and_the_new_one_finds_all(old: Path, folder: Path) -> None:
    port, here = free_port(), folders.PROJECT
    process = serving(old, folder, port, FENGQIAO_DEMO_LOADER="fengqiao.config.demo.load")
    try:
        work = Work(f"http://127.0.0.1:{port}", asked(old, folder, port, "-c", TOKEN))
        stop = threading.Event()
        clients = [threading.Thread(target=work.client, args=(str(n), time.monotonic() + 600, stop)) for n in range(2)]
        for each in clients:
            each.start()
        try:
            migrated = json.loads(asked(here, folder, port, "-m", "fengqiao.config.command", "migrate", "--json"))
            before = len(work.dispatched)
            wait_until(lambda: len(work.dispatched) > before + 4, 60)
        finally:
            stop.set()
            for each in clients:
                each.join()
        assert work.strange == []
        assert work.again == 0
        left = json.loads(asked(old, folder, port, "-c", LEFT))
    finally:
        ended(process)
    assert migrated["applied"] == [] or Path(migrated["backup"]).stat().st_size > 0
    with running(folder, port):
        found = json.loads(asked(here, folder, port, "-c", LEFT))
        verified = json.loads(asked(here, folder, port, "-m", "fengqiao.config.command", "audit", "verify", "--json"))
        again = Work(work.origin, work.token)
        again.client("new", time.monotonic() + 3)
    assert found == left
    assert len(left[0]) > len(work.numbers) > 4
    assert verified["ok"], verified
    assert again.dispatched
    assert again.strange == []
