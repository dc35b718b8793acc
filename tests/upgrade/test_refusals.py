"""Data of another PostgreSQL and data of a newer release are refused in words, and not touched."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from fengqiao.config import migrate, roles
from fengqiao.config.server import EmbeddedServer, database_home
from tests.config.conftest import short_path
from tests.config.test_supervisor import environment, free_port
from tests.conftest import fresh_database

FIFTEEN = Path("/usr/lib/postgresql/15/bin")
AN_ORDER = """
from fengqiao.config import command
with command.database():
    command.set_up_django()
    from tests.cast import an_order, build
    print(an_order(build().chen).number)
"""
NUMBERS = """
from fengqiao.config import command
with command.database():
    command.set_up_django()
    from fengqiao.kernel.access import SystemPost, acting_as
    from fengqiao.kernel.models import Matter
    with acting_as(SystemPost("keeper")):
        print(list(Matter.objects.values_list("number", flat=True)))
"""


def a_migration_of_tomorrow(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("insert into django_migrations (app, name, applied) values ('kernel', '0999_next', now())")


def asked(environment: dict[str, str], *arguments: str) -> str:
    """What a Python with this environment prints last."""
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]


def up(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """One `up` that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "fengqiao.config.command", "up"],
        env=environment(folder, free_port(), **more), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.database
def test_data_of_a_newer_release_are_refused_and_left_as_they_are(tmp_path: Path) -> None:
    with fresh_database() as database:
        a_migration_of_tomorrow(database.owner_url)
        for how in ({"plan": True}, {"backups": tmp_path}):
            with pytest.raises(migrate.MigrationFailed, match=r"newer release \(kernel.0999_next is not known"):
                migrate.in_own_process(database.owner_url, **how)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_the_program_does_not_start_on_data_of_a_newer_release() -> None:
    with short_path() as folder:
        with EmbeddedServer(database_home(folder / "data")) as server:
            migrate.in_own_process(server.url(roles.OWNER))
            a_migration_of_tomorrow(server.url(roles.OWNER))
        done = up(folder)
    assert done.returncode == 2
    assert "newer release (kernel.0999_next is not known to this one)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not (FIFTEEN / "postgres").exists(), reason="PostgreSQL 15 is not installed")
def test_a_cluster_of_another_postgresql_is_refused_and_serves_its_own_programs_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with short_path() as folder:
        monkeypatch.setenv("FENGQIAO_POSTGRESQL", str(FIFTEEN))
        home = database_home(folder / "data")
        with EmbeddedServer(home) as server, psycopg.connect(server.url(roles.OWNER)) as connection:
            connection.execute("create table kept as select 1 as one")
        monkeypatch.delenv("FENGQIAO_POSTGRESQL")
        done = up(folder)
        assert done.returncode == 2
        assert "written by PostgreSQL 15, this program brings 18" in done.stderr
        assert "fengqiao backup --dump" in done.stderr
        monkeypatch.setenv("FENGQIAO_POSTGRESQL", str(FIFTEEN))
        with EmbeddedServer(home) as server, psycopg.connect(server.url(roles.OWNER)) as connection:
            assert connection.execute("select one from kept").fetchone() == (1,)


def test_programs_that_are_not_there_are_told(tmp_path: Path) -> None:
    with short_path() as folder:
        done = up(folder, FENGQIAO_POSTGRESQL=str(tmp_path))
    assert done.returncode == 2
    assert str(tmp_path) in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not (FIFTEEN / "postgres").exists(), reason="PostgreSQL 15 is not installed")
def test_data_move_from_postgresql_15_to_the_wheels_by_a_dump() -> None:
    """The way of docs/operations/upgrading.md: the old programs on the old folder, the new ones on a new one."""
    with short_path() as folder:
        old, new = folder / "data", folder / "new"
        fifteen = {**environment(folder, free_port()), "FENGQIAO_POSTGRESQL": str(FIFTEEN)}
        number = asked(fifteen, "-c", AN_ORDER)
        asked(fifteen, "-m", "fengqiao.config.command", "backup", "--dump", "--json")
        (keys,) = (old / "backup-keys").glob("*.keys")
        mine = environment(folder, free_port())
        restored = ("restore", "latest", "--keys", str(keys), "--into", str(new), "--json")
        assert json.loads(asked(mine, "-m", "fengqiao.config.command", *restored))["ok"]
        assert (database_home(new) / "data/PG_VERSION").read_text() == "18\n"
        assert number in asked({**mine, "FENGQIAO_DATA": str(new)}, "-c", NUMBERS)


@pytest.mark.skipif(not (FIFTEEN / "postgres").exists(), reason="PostgreSQL 15 is not installed")
def test_a_dump_of_the_wheels_postgresql_is_brought_back_on_a_server_of_15(monkeypatch: pytest.MonkeyPatch) -> None:
    with short_path() as folder:
        mine = environment(folder, free_port())
        number = asked(mine, "-c", AN_ORDER)
        asked(mine, "-m", "fengqiao.config.command", "backup", "--dump", "--json")
        backups, (keys,) = folder / "data/backups", (folder / "data/backup-keys").glob("*.keys")
        (dumped,) = (backups / "sets").iterdir()
        monkeypatch.setenv("FENGQIAO_POSTGRESQL", str(FIFTEEN))
        with EmbeddedServer(database_home(folder / "fifteen")) as server:
            urls = {"DATABASE_URL": server.url(roles.PROGRAM), "FENGQIAO_OWNER_URL": server.url(roles.OWNER)}
            there = {**mine, **urls, "FENGQIAO_DATA": str(folder / "new")}
            done = asked(there, "-m", "fengqiao.config.command", "restore", str(dumped), "--keys", str(keys), "--json")
            assert json.loads(done)["ok"]
            assert number in asked(there, "-c", NUMBERS)
            assert json.loads(asked(there, "-m", "fengqiao.config.command", "audit", "verify", "--json"))["ok"]
            with psycopg.connect(server.url(roles.OWNER)) as connection:
                assert connection.info.server_version // 10000 == 15
