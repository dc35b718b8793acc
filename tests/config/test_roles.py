"""The program's role may do what a policy lets it do, and nothing that would get around one."""

import psycopg
import pytest

from fengqiao.config import roles

pytestmark = pytest.mark.database


@pytest.fixture
def program(own_database):
    with psycopg.connect(own_database.url, autocommit=True) as connection:
        yield connection


def test_the_program_owns_nothing_and_bypasses_nothing(program):
    assert roles.refusals(program) == []
    row = program.execute(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles"
        " WHERE rolname = current_user"
    ).fetchone()
    assert row == (False,) * 5


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (word text)",
        "CREATE TEMPORARY TABLE mine (word text)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE django_session DISABLE TRIGGER ALL",
        "TRUNCATE django_session",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'y', now())",
        "SET ROLE fengqiao_owner",
        "SET ROLE fengqiao_search",
        "SET session_replication_role = replica",
        "COPY django_session TO '/dev/null'",
        "CREATE DATABASE mine",
    ],
)
def test_the_program_may_not(program, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        program.execute(statement)


def test_the_program_reads_and_writes_sessions_and_jobs(program):
    program.execute("INSERT INTO django_session VALUES ('k', 'd', now())")
    program.execute("DELETE FROM django_session")
    row = program.execute(
        "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('q', 't') RETURNING id"
    ).fetchone()
    assert row[0] >= 1


def test_the_owner_is_refused_as_the_programs_role(owner_connection):
    assert any("owns tables" in sentence for sentence in roles.refusals(owner_connection))


def test_an_address_with_the_owners_role_is_refused_at_the_start(own_database):
    with pytest.raises(roles.UnfitRole, match="owns tables"):
        roles.require(own_database.owner_url)
    roles.require(own_database.url)


def test_nobody_keeps_the_right_to_make_things_for_the_search_role(owner_connection):
    row = owner_connection.execute(
        "SELECT has_schema_privilege(%s, 'public', 'CREATE'), rolcanlogin FROM pg_roles WHERE rolname = %s",
        [roles.SEARCH, roles.SEARCH],
    ).fetchone()
    assert row == (False, False)


def test_the_owner_may_give_a_function_to_the_search_role(owner_connection):
    owner_connection.execute("CREATE FUNCTION looked_up() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    owner_connection.execute(f"GRANT CREATE ON SCHEMA public TO {roles.SEARCH}")
    owner_connection.execute(f"ALTER FUNCTION looked_up() OWNER TO {roles.SEARCH}")
    owner_connection.execute(f"REVOKE CREATE ON SCHEMA public FROM {roles.SEARCH}")


def test_the_script_for_an_external_server_can_be_run_twice(own_database):
    text = roles.script("elsewhere")
    assert "CREATE DATABASE" in text
    assert text.count("NOBYPASSRLS") == 3
    assert "GRANT CONNECT" in text
