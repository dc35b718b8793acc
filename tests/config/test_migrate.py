"""Migrations: as the owner, once, with a backup before a change of existing data."""

import subprocess

import psycopg
import pytest

from fengqiao.config import binaries, migrate
from tests.conftest import fresh_database, test_server

pytestmark = pytest.mark.database


def take_back_the_last(url):
    """Let the database look as an older release left it: one migration of another package not yet applied."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE django_session")
        connection.execute("DELETE FROM django_migrations WHERE app = 'sessions'")


def test_a_second_run_has_nothing_to_apply_and_writes_no_backup(tmp_path):
    with fresh_database() as database:
        answer = migrate.in_own_process(database.owner_url, backups=tmp_path)
    assert answer == {"applied": [], "pending": [], "fresh": False, "backup": None}
    assert list(tmp_path.iterdir()) == []


def test_a_plan_applies_nothing():
    with fresh_database() as database:
        take_back_the_last(database.owner_url)
        assert migrate.in_own_process(database.owner_url, plan=True)["pending"] == ["sessions.0001_initial"]
        assert migrate.in_own_process(database.url, plan=True)["pending"] == ["sessions.0001_initial"]


def test_data_are_backed_up_before_something_is_applied(tmp_path):
    with fresh_database() as database:
        take_back_the_last(database.owner_url)
        answer = migrate.in_own_process(database.owner_url, backups=tmp_path)
    assert answer["applied"] == ["sessions.0001_initial"]
    (written,) = tmp_path.iterdir()
    assert str(written) == answer["backup"]
    assert written.stat().st_mode & 0o777 == 0o600
    listed = subprocess.run(
        [binaries.folder() / "pg_restore", "--list", written], capture_output=True, text=True, check=True
    )
    assert "TABLE DATA public django_migrations" in listed.stdout
    assert "django_session" not in listed.stdout


def test_the_program_may_use_what_a_migration_of_another_package_made():
    with fresh_database() as database:
        take_back_the_last(database.owner_url)
        migrate.in_own_process(database.owner_url)
        with psycopg.connect(database.url) as connection:
            connection.execute("INSERT INTO django_session VALUES ('k', 'd', now())")


def test_the_program_cannot_migrate():
    with fresh_database() as database:
        take_back_the_last(database.owner_url)
        with pytest.raises(migrate.MigrationFailed, match="permission denied"):
            migrate.in_own_process(database.url)


def test_two_at_once_wait_for_each_other():
    server = test_server()
    server.create_database("both")
    try:
        import concurrent.futures as futures

        from fengqiao.config import roles

        url = server.url(roles.OWNER, "both")
        with futures.ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda _: migrate.in_own_process(url), range(2)))
    finally:
        server.drop_database("both")
    assert sorted(bool(answer["applied"]) for answer in answers) == [False, True]
