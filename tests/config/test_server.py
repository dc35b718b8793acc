"""The embedded PostgreSQL: made, joined, left, killed, as root and as an ordinary user."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest

from fengqiao.config import binaries, os_user, roles
from fengqiao.config.server import ELSEWHERE, EmbeddedServer, ServerFailed, database_home, socket_folder
from tests.config.conftest import short_path
from tests.conftest import QUICK


@pytest.fixture
def home(short_folder):
    return short_folder / "database"


@pytest.fixture(scope="module")
def server():
    """One server for the tests that leave it as it was."""
    with short_path() as folder:
        server = EmbeddedServer(folder / "database", settings=QUICK)
        server.join()
        yield server
        server.leave()
        assert not server.is_alive()


def ask(server, role, question, database="postgres"):
    with psycopg.connect(server.url(role, database)) as connection:
        return connection.execute(question).fetchone()[0]


def test_it_speaks_only_through_its_private_socket_and_sorts_by_code_point(server):
    assert ask(server, roles.BOOT, "SHOW listen_addresses") == ""
    assert ask(server, roles.BOOT, "SHOW data_checksums") == "on"
    assert ask(server, roles.BOOT, "SELECT datcollate FROM pg_database WHERE datname = 'fengqiao'") == "C.UTF-8"
    assert ask(server, roles.BOOT, "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> 'peer'") == 0
    assert len(os.fsencode(server.socket / ".s.PGSQL.5432")) <= 100


def test_two_users_share_one_server_and_the_last_one_out_stops_it(home):
    first, second = EmbeddedServer(home, settings=QUICK), EmbeddedServer(home, settings=QUICK)
    first.join()
    pid = first.pid()
    second.join()
    assert second.pid() == pid
    first.leave()
    assert second.is_alive()
    second.leave()
    assert not second.is_alive()


def test_a_killed_postmaster_comes_back_with_what_was_committed(home):
    with EmbeddedServer(home) as server:
        commit_and_kill(server)
        assert server.ensure_running() is True
        assert ask(server, roles.OWNER, "SELECT word FROM kept", "fengqiao") == "acknowledged"
        assert server.ensure_running() is False


def commit_and_kill(server):
    keep_a_word(server)
    os.kill(server.pid(), signal.SIGKILL)
    deadline = time.monotonic() + 5
    while server.is_alive() and time.monotonic() < deadline:
        time.sleep(0.05)


def test_a_server_that_is_there_and_silent_is_waited_for(home):
    with EmbeddedServer(home, settings=QUICK) as server:
        first = server.pid()
        os.kill(first, signal.SIGSTOP)
        later = threading.Timer(5, os.kill, (first, signal.SIGCONT))
        later.start()
        try:
            assert server.ensure_running() is False
            assert server.pid() == first
        finally:
            later.join()


def test_a_server_that_stays_silent_is_ended_and_another_takes_its_place(home):
    with EmbeddedServer(home, settings=QUICK) as server:
        keep_a_word(server)
        first, server.patience = server.pid(), 1.0
        os.kill(first, signal.SIGSTOP)
        assert server.ensure_running() is True
        assert server.pid() != first
        assert ask(server, roles.OWNER, "SELECT word FROM kept", "fengqiao") == "acknowledged"


def begin_recovery(server):
    """One of its processes dies, so that the server throws all out and begins anew."""
    log = server.home / "server.log"
    before = log.stat().st_size
    children = Path(f"/proc/{server.pid()}/task/{server.pid()}/children").read_text().split()
    writer = next(pid for pid in children if b"walwriter" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(int(writer), signal.SIGKILL)
    deadline = time.monotonic() + 10
    while "reinitializing" not in log.read_text()[before:] and time.monotonic() < deadline:
        time.sleep(0.01)


def keep_a_word(server):
    with psycopg.connect(server.url(roles.OWNER, "fengqiao"), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('acknowledged')")


def test_a_server_that_recovers_is_stopped_at_once(home):
    with EmbeddedServer(home) as server:
        keep_a_word(server)
        begin_recovery(server)
        server.stop()
        assert not server.is_alive()
        assert server.ensure_running() is True
        assert ask(server, roles.OWNER, "SELECT word FROM kept", "fengqiao") == "acknowledged"


def test_a_server_that_does_not_get_done_with_ending_is_replaced(home):
    with EmbeddedServer(home) as server:
        keep_a_word(server)
        first, server.patience = server.pid(), 2.0
        begin_recovery(server)
        os.kill(first, signal.SIGINT)
        assert server.ensure_running() is True
        assert server.pid() != first
        assert ask(server, roles.OWNER, "SELECT word FROM kept", "fengqiao") == "acknowledged"


def test_a_lock_file_that_names_the_server_of_another_folder_does_not_hinder_the_start(home):
    with short_path() as elsewhere, EmbeddedServer(elsewhere, settings=QUICK) as other:
        server = EmbeddedServer(home, settings=QUICK)
        server.join()
        try:
            commit_and_kill(server)
            lock = server.data / "postmaster.pid"
            lock.write_text("\n".join([str(other.pid()), *lock.read_text().splitlines()[1:]]) + "\n")
            assert not server.is_alive()
            assert server.ensure_running() is True
            assert other.answers()
        finally:
            server.leave()


def test_a_lock_file_that_names_another_program_does_not_hinder_the_start(home):
    server = EmbeddedServer(home, settings=QUICK)
    server.join()
    os.kill(server.pid(), signal.SIGKILL)
    deadline = time.monotonic() + 5
    while server.is_alive() and time.monotonic() < deadline:
        time.sleep(0.05)
    stranger = subprocess.Popen(["sleep", "60"])
    lock = server.data / "postmaster.pid"
    lock.write_text("\n".join([str(stranger.pid), *lock.read_text().splitlines()[1:]]) + "\n")
    try:
        assert not server.is_alive()
        server.join()
        assert server.is_alive()
        assert server.pid() != stranger.pid
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
        server.leave()


def test_the_server_survives_its_user_being_killed_and_the_next_one_joins_and_stops_it(home):
    code = (
        "import sys, time; from pathlib import Path; from fengqiao.config.server import EmbeddedServer;"
        "EmbeddedServer(Path(sys.argv[1])).join(); print('joined', flush=True); time.sleep(60)"
    )
    user = subprocess.Popen([sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True)
    assert user.stdout.readline() == "joined\n"
    user.kill()
    user.wait()
    server = EmbeddedServer(home, settings=QUICK)
    assert server.is_alive()
    server.join()
    server.leave()
    assert not server.is_alive()


def test_a_half_made_cluster_is_made_anew(home):
    part = home / "data.part"
    part.mkdir(parents=True)
    (part / "PG_VERSION").write_text("18\n")
    with EmbeddedServer(home, settings=QUICK) as server:
        assert server.answers()
        assert not part.exists()


def test_data_of_another_major_version_are_refused_with_a_sentence(home):
    with EmbeddedServer(home, settings=QUICK) as server:
        data = server.data
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(ServerFailed, match="written by PostgreSQL 9"):
        EmbeddedServer(home, settings=QUICK).join()


def test_databases_are_made_copied_and_dropped_even_while_in_use(server):
    server.create_database("first")
    with psycopg.connect(server.url(roles.OWNER, "first"), autocommit=True) as connection:
        connection.execute("CREATE TABLE thing (word text)")
    server.clone_database("first", "second")
    assert ask(server, roles.OWNER, "SELECT count(*) FROM thing", "second") == 0
    guest = psycopg.connect(server.url(roles.PROGRAM, "second"))
    assert server.backend_pids("second") == [guest.info.backend_pid]
    server.drop_database("second")
    assert not server.has_database("second")
    server.drop_database("second")
    with pytest.raises(psycopg.OperationalError):
        guest.execute("SELECT 1")


def test_a_long_path_gets_a_short_private_socket_folder(short_folder):
    deep = short_folder / ("d" * 90) / "database"
    with EmbeddedServer(deep, settings=QUICK) as server:
        assert server.socket == socket_folder(deep)
        assert deep not in server.socket.parents
        assert server.answers()
        if not os_user.is_root():
            assert server.socket.stat().st_mode & 0o777 == 0o700
    server.socket.rmdir()


def test_a_database_port_never_opens(server):
    listening = Path("/proc/net/tcp").read_text().splitlines()[1:]
    inodes = {os.readlink(entry) for entry in Path(f"/proc/{server.pid()}/fd").iterdir() if entry.is_symlink()}
    assert not [line for line in listening if f"socket:[{line.split()[9]}]" in inodes]


root_only = pytest.mark.skipif(not os_user.is_root(), reason="changes users, which only root may")
ordinary_only = pytest.mark.skipif(os_user.is_root(), reason="tells what happens to an ordinary user")


@root_only
def test_started_by_root_it_runs_as_an_unprivileged_user(server):
    owner = Path(f"/proc/{server.pid()}").stat().st_uid
    assert owner == os_user.database_user().pw_uid != 0
    assert (server.data).stat().st_uid == owner


@root_only
def test_started_by_root_the_programs_user_reaches_the_programs_role_and_no_other(server):
    code = "import psycopg, sys; psycopg.connect(sys.argv[1]); print('in')"
    user = os_user.program_user()
    if not Path("/usr/bin/python3.11").exists():
        pytest.skip("needs a Python that other users can run")
    site = next(Path(entry) for entry in sys.path if entry.endswith("site-packages"))
    answers = {}
    for role in (roles.PROGRAM, roles.OWNER, roles.BOOT):
        done = subprocess.run(
            ["/usr/bin/python3.11", "-c", code, server.url(role)],
            env={"PYTHONPATH": str(site)}, user=user.pw_uid, group=user.pw_gid, extra_groups=[], cwd="/",
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        answers[role] = done.stdout.strip() or done.stderr
    assert answers[roles.PROGRAM] == "in", answers
    assert "Peer authentication failed" in answers[roles.OWNER]
    assert "Peer authentication failed" in answers[roles.BOOT]


@root_only
def test_a_data_folder_out_of_the_database_users_reach_gets_its_database_elsewhere(short_folder):
    closed = short_folder / "closed"
    closed.mkdir(mode=0o700)
    data = closed / "data"
    data.mkdir()
    home = database_home(data)
    try:
        assert short_folder not in home.parents
        assert (data / ELSEWHERE).read_text().strip() == str(home)
        assert database_home(data) == home
        assert closed.stat().st_mode & 0o777 == 0o700
        with EmbeddedServer(home, settings=QUICK) as server:
            assert server.answers()
    finally:
        subprocess.run(["rm", "-rf", str(home)], check=True)


@root_only
def test_a_database_that_is_there_is_never_replaced_by_an_empty_one_elsewhere(short_folder, monkeypatch):
    data = short_folder / "data"
    (data / "database" / "data").mkdir(parents=True)
    (data / "database" / "data" / "PG_VERSION").write_text("18\n")
    short_folder.chmod(0o700)
    assert database_home(data) == data / "database"
    monkeypatch.chdir(short_folder)
    assert database_home(Path("data")) == data / "database"
    assert not (data / ELSEWHERE).exists()


@root_only
def test_programs_that_the_databases_user_cannot_read_are_copied(short_folder, home, monkeypatch):
    closed = short_folder / "closed"
    closed.mkdir()
    package = binaries.folder().parent.parent
    for folder in filter(Path.is_dir, (package, package.with_name(f"{package.name}.libs"))):
        subprocess.run(["cp", "-r", str(folder), str(closed)], check=True)
    closed.chmod(0o700)
    monkeypatch.setenv("FENGQIAO_POSTGRESQL", str(closed / package.name / "pginstall" / "bin"))
    with EmbeddedServer(home, settings=QUICK) as server:
        assert home in server.bin.parents
        assert server.answers()


@ordinary_only
def test_an_ordinary_users_folders_are_closed_to_others(server):
    assert server.home.stat().st_mode & 0o077 == 0
    assert server.socket.stat().st_mode & 0o077 == 0


def test_without_programs_a_sentence_says_what_to_do(monkeypatch, short_folder):
    monkeypatch.setenv("FENGQIAO_POSTGRESQL", str(short_folder))
    with pytest.raises(binaries.NoBinaries, match="FENGQIAO_POSTGRESQL must name a folder"):
        binaries.folder()
