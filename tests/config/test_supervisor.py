"""`fengqiao up`: real processes in real folders, killed one after the other."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from fengqiao.config import children, os_user
from tests.config.conftest import short_path

STARTING_SECONDS = 90  # migrations of an empty database on a busy machine


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(folder, port, **more):
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("FENGQIAO_", "DATABASE_URL"))}
    return (
        mine
        | {
            "FENGQIAO_DATA": str(folder / "data"),
            "FENGQIAO_DEMO": "1",
            "FENGQIAO_DEMO_LOADER": "no.city",
            "PORT": str(port),
        }
        | more
    )


def start(folder, port, *arguments, **more):
    return subprocess.Popen(
        [sys.executable, "-m", "fengqiao.config.command", "up", *arguments],
        env=environment(folder, port, **more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip


def status(port, path="/readyz"):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=3) as answer:
            return answer.status
    except urllib.error.HTTPError as answer:
        return answer.code
    except OSError:
        return 0


def wait_until(question, seconds=STARTING_SECONDS):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := question():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


def processes(folder):
    """Living processes that belong to this data folder, by their environment."""
    mark, found = f"FENGQIAO_DATA={folder / 'data'}".encode(), []
    for entry in Path("/proc").iterdir():
        try:
            ours = entry.name.isdecimal() and mark in (entry / "environ").read_bytes().split(b"\0")
            if ours and (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def postmaster(folder):
    """The process id of the database server; None in the moment between two servers, when the file is gone or empty."""
    try:
        return int((folder / "data/database/data/postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, IndexError):
        return None


def state(folder):
    return json.loads((folder / "data/up.json").read_text())


@contextmanager
def running(folder, port=None, *arguments, **more):
    port = port or free_port()
    process = start(folder, port, *arguments, **more)
    try:
        wait_until(lambda: process.poll() is not None or status(port) == 200)
        assert process.poll() is None, process.stdout.read()
        yield process, port
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        process.stdout.close()


@pytest.fixture(scope="module")
def folder():
    with short_path() as folder:
        yield folder


@pytest.fixture(scope="module")
def shared():
    """(folder, port) of one running `up` for the tests that end nothing."""
    with short_path() as folder, running(folder) as (_, port):
        yield folder, port


def test_it_starts_says_where_and_ends_with_nothing_left(folder):
    with running(folder) as (process, port):
        assert status(port, "/healthz") == 200
        said = ""
        while "Ctrl-C ends it." not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        process.send_signal(signal.SIGINT)
        assert process.wait(40) == 0
    assert f"Fengqiao is ready: http://localhost:{port}" in said
    assert "fengqiao demo --accounts" in said
    assert ("run as root too" in said) is os_user.is_root()
    assert processes(folder) == []
    assert not (folder / "data/database/data/postmaster.pid").exists()
    assert not (folder / "data/up.json").exists()


def test_a_second_up_tells_the_running_address_and_ends_with_zero(shared):
    folder, port = shared
    second = start(folder, free_port())
    assert second.wait(30) == 0
    assert second.stdout.read() == f"Fengqiao already runs at http://localhost:{port}\n"
    third = start(folder, free_port(), "--json")
    assert third.wait(30) == 0
    assert json.loads(third.stdout.read())["address"] == f"http://localhost:{port}"
    assert status(port) == 200


def test_whatever_is_killed_comes_back(folder):
    with running(folder) as (process, port):
        for name in ("worker", "web"):
            before = wait_until(lambda name=name: state(folder)["groups"].get(name), 20)
            os.kill(before, signal.SIGKILL)
            wait_until(lambda name=name, before=before: state(folder)["groups"].get(name, before) != before, 20)
            wait_until(lambda: status(port) == 200, 40)
        before = postmaster(folder)
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: postmaster(folder) not in (None, before), 30)
        wait_until(lambda: status(port) == 200, 40)
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
    assert processes(folder) == []


def test_after_the_supervisor_itself_was_killed_nothing_runs_on_and_the_next_up_recovers(folder):
    with running(folder) as (process, port):
        old = postmaster(folder)
        process.kill()
        process.wait()
        wait_until(lambda: not processes(folder), 40)
    with running(folder, port) as (process, port):
        assert postmaster(folder) == old is not None
    assert not (folder / "data/database/data/postmaster.pid").exists()


def test_web_and_worker_never_learn_the_owners_address(shared):
    folder, _ = shared
    for group in state(folder)["groups"].values():
        names = Path(f"/proc/{group}/environ").read_bytes()
        assert b"FENGQIAO_OWNER_URL" not in names
        assert b"fengqiao_program@" in names


def test_two_web_processes_and_the_worker_stay_under_300_mib_when_idle(shared):
    folder, port = shared
    for _ in range(20):
        assert status(port, "/healthz") == 200
    # Just started, the worker does the jobs of a day in children of their own: idle is after them (ruling 18).
    wait_until(lambda: len(members(folder)) == 4)
    total = sum(pss_kib(pid) for pid in members(folder))
    assert total / 1024 <= 300


def members(folder):
    """The worker, the web's own process and its two workers, as far as they are there."""
    return {pid for group in state(folder)["groups"].values() for pid in children.members(group)}


def pss_kib(pid):
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0  # it ended meanwhile and holds nothing
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def refused(folder, **more):
    port = more.pop("port", None) or free_port()
    process = start(folder, port, **more)
    code, said = process.wait(60), process.stdout.read()
    process.stdout.close()
    return code, said


def test_a_port_in_use_is_told_before_anything_starts(short_folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, said = refused(short_folder, port=taken.getsockname()[1])
    assert code == 2
    assert "set PORT to a free one" in said
    assert not (short_folder / "data/database").exists()


def test_the_demo_is_not_shown_to_the_network_by_accident(short_folder):
    code, said = refused(short_folder, FENGQIAO_HOST="0.0.0.0")
    assert (code, "FENGQIAO_DEMO_PUBLIC=1" in said) == (2, True)


def test_a_superuser_is_refused_as_the_programs_role(shared):
    folder, _ = shared
    host = folder / "data/database/run"
    for role, word in (("fengqiao_boot", "superuser"), ("fengqiao_owner", "owns tables")):
        with short_path() as other:
            code, said = refused(other, DATABASE_URL=f"postgresql://{role}@/fengqiao?host={host}")
        assert code == 2, said
        assert word in said


def test_an_owners_address_alone_is_refused(short_folder):
    code, said = refused(short_folder, FENGQIAO_OWNER_URL="postgresql://owner@host/name")
    assert (code, "set both or neither" in said) == (2, True)


def test_a_child_that_keeps_dying_waits_longer_each_time():
    child = children.Child("worker", ["false"], {})
    pauses, now = [], 0.0
    for _ in range(7):
        child.keep(now)
        child.process.wait()
        child.keep(now)
        pauses.append(child.again_at - now)
        now = child.again_at
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    child.keep(now)
    child.process.wait()
    child.keep(now + 120)
    assert child.again_at - (now + 120) == 1


@pytest.mark.skipif(not os_user.is_root(), reason="changes users, which only root may")
def test_outside_the_demo_root_gives_web_and_worker_to_an_unprivileged_user(short_folder):
    python = "/usr/bin/python3.11"
    site = next(entry for entry in sys.path if entry.endswith("site-packages"))
    root = str(Path(children.__file__).parents[2])
    user = os_user.program_user()
    if not (Path(python).exists() and os_user.can_reach(Path(site), user) and os_user.can_reach(Path(root), user)):
        pytest.skip("needs a Python, an environment and a checkout that other users can reach")
    port = free_port()
    more = {"FENGQIAO_DEMO": "0", "PYTHONPATH": f"{root}:{site}", "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        [python, "-m", "fengqiao.config.command", "up"], env=environment(short_folder, port, **more),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        wait_until(lambda: process.poll() is not None or status(port) == 200)
        assert process.poll() is None, process.stdout.read()
        for group in state(short_folder)["groups"].values():
            for pid in children.members(group):
                assert Path(f"/proc/{pid}").stat().st_uid == user.pw_uid
        assert (short_folder / "data/secrets/data.key").stat().st_uid == 0
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)
    assert process.returncode == 0
    assert "run as" in process.stdout.read()
    process.stdout.close()


@pytest.mark.parametrize(
    ("state", "goes_on"),
    [
        ({"database": "ok", "worker": "ok", "disk": "Only 3 MiB are free."}, True),
        ({"database": "The database does not answer.", "worker": "ok", "disk": "Only 3 MiB are free."}, False),
        ({"database": "ok", "worker": "The worker has not started.", "disk": "ok"}, False),
        ({}, False),
    ],
)
def test_a_disk_that_is_nearly_full_is_said_and_keeps_no_start_from_reading(tmp_path, capsys, state, goes_on):
    from fengqiao.config.supervisor import Plan, Supervisor

    supervisor = Supervisor(Plan(tmp_path, "127.0.0.1", 1, False, "", ""))
    assert supervisor._only_room_is_short(io.BytesIO(json.dumps(state).encode())) is goes_on
    assert ("Only 3 MiB are free." in capsys.readouterr().err) is goes_on
