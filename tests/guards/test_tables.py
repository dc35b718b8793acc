"""Every table has its policies, the journal its triggers; nothing has another's rights without a decision."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

import fengqiao
from fengqiao.config.migrate import OF_OTHERS

PACKAGE = Path(fengqiao.__file__).parent
DECISIONS = PACKAGE.parent / "docs" / "decisions"
pytestmark = [pytest.mark.database, pytest.mark.django_db]
OURS = f"n.nspname = 'public' and c.relname !~ '{OF_OTHERS}'"


# A review is the desk's own, so that the reviewed clerk cannot trace it in the matter (A23): no right on the matter
# opens it, and writing it leaves the matter as it is.
BY_THE_DESK_ALONE = {"review", "review_comment", "review_appeal"}


def rows(query: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return cursor.fetchall()


def tables(condition: str = "true") -> set[str]:
    found = rows(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        f" where c.relkind in ('r', 'p') and {OURS} and {condition}"
    )
    return {name for (name,) in found}


def open_tables() -> dict[str, str]:
    files = [Path(app.path) / "open_tables.txt" for app in apps.get_app_configs()]
    lines = [line for file in files if file.exists() for line in file.read_text(encoding="utf-8").splitlines()]
    pairs = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    assert all(len(pair) == 2 for pair in pairs), "a table stands there without a reason"
    assert len(dict(pairs)) == len(pairs), "a table stands there twice"
    return dict(pairs)


def policies() -> dict[str, set[tuple[str, str, str]]]:
    """By table: (command, using, with check)."""
    found: dict[str, set[tuple[str, str, str]]] = {}
    for table, command, using, check in rows(
        "select tablename, cmd, coalesce(qual, ''), coalesce(with_check, '') from pg_policies"
    ):
        found.setdefault(table, set()).add((command, using, check))
    return found


def test_every_table_has_row_level_security_or_a_reason_for_none() -> None:
    assert tables("not c.relrowsecurity") == set(open_tables())


def test_every_protected_table_says_who_reads_and_who_writes_it() -> None:
    protected = tables("c.relrowsecurity and not c.relispartition")
    stated = policies()
    assert set(stated) == protected
    for table in protected - {"search_row", "rare_pair"}:
        commands = {command for command, _using, _check in stated[table]}
        assert {"SELECT", "INSERT"} <= commands, table
    assert "matter" in protected


def test_whoever_may_write_a_row_has_a_policy_for_it() -> None:
    granted = rows(
        "select table_name, privilege_type from information_schema.role_table_grants"
        " where grantee = %s and table_schema = 'public' and privilege_type in ('INSERT', 'UPDATE', 'DELETE')",
        [settings.FENGQIAO_PROGRAM_ROLE],
    )
    stated = policies()
    for table, privilege in granted:
        if table in stated:
            assert {command for command, _using, _check in stated[table]} & {privilege, "ALL"}, (table, privilege)


def test_rows_of_a_matter_are_written_only_while_it_is_in_hand() -> None:
    free = set()
    for table, stated in policies().items():
        if table in BY_THE_DESK_ALONE:
            continue
        for command, _using, check in stated:
            if command in ("INSERT", "UPDATE", "ALL") and "fq_hand" not in check:
                free.add((table, command))
    # A message's own row is marked as sent or read by whoever may see it; its matter is not touched.
    assert free == {("message", "UPDATE")}


def test_every_child_of_a_matter_is_read_with_its_matter() -> None:
    children = rows(
        "select c.relname, a.attname from pg_constraint k join pg_class c on c.oid = k.conrelid"
        " join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any(k.conkey)"
        " where k.contype = 'f' and k.confrelid = 'matter'::regclass"
    )
    stated, reasons = policies(), open_tables()
    for table, column in children:
        if table in reasons or table in BY_THE_DESK_ALONE or table == "search_row":
            continue
        reads = [using for command, using, _check in stated[table] if command == "SELECT"]
        assert any("FROM matter" in using and column in using for using in reads), (table, column)


def test_open_tables_that_name_a_matter_hold_nothing_but_ids_and_times() -> None:
    for table in ("relation", "exclusion", "excluded_unit"):
        types = {
            kind
            for (kind,) in rows(
                "select data_type from information_schema.columns where table_name = %s and column_name <> 'kind'",
                [table],
            )
        }
        assert types <= {"uuid", "bigint", "timestamp with time zone"}, (table, types)


def test_the_program_owns_nothing_and_is_bound_by_every_policy() -> None:
    from fengqiao.config import roles

    connection.ensure_connection()
    assert roles.refusals(connection.connection) == []
    assert rows("select current_user") == [(settings.FENGQIAO_PROGRAM_ROLE,)]


def test_the_program_may_only_read_and_add_to_the_journal() -> None:
    may = rows(
        "select table_name, privilege_type from information_schema.role_table_grants"
        " where grantee = %s and table_name ~ '^event(_[0-9]+)?$'",
        [settings.FENGQIAO_PROGRAM_ROLE],
    )
    assert set(may) == {("event", "SELECT"), ("event", "INSERT")}


def test_every_partition_of_the_journal_refuses_changes_and_has_row_level_security() -> None:
    partitions = rows(
        "select c.relname, c.relrowsecurity, array(select t.tgname::text || ' ' || t.tgenabled::text from pg_trigger t"
        " where t.tgrelid = c.oid and not t.tgisinternal order by 1)"
        " from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'event'::regclass"
    )
    assert {name for name, *_rest in partitions} == {f"event_{year}" for year in range(2004, 2041)}
    for name, secured, triggers in partitions:
        assert secured, name
        assert triggers == ["keep_rows O", "keep_table O"], name
    bits = dict(rows("select tgname, tgtype from pg_trigger where tgrelid = 'event_2026'::regclass"))
    row, before, delete, update, truncate = 1, 2, 8, 16, 32
    assert bits["keep_rows"] == row | before | delete | update
    assert bits["keep_table"] == before | truncate
    assert rows("select tgname from pg_trigger where tgrelid = 'event'::regclass and not tgisinternal") == [
        ("keep_table",)
    ]


def test_no_function_runs_with_its_owners_rights_without_a_decision() -> None:
    found = rows(
        "select p.proname, r.rolname, coalesce(array_to_string(p.proconfig, ' '), ''),"
        " has_function_privilege('public', p.oid, 'execute')"
        " from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_roles r on r.oid = p.proowner"
        " where n.nspname = 'public' and p.prosecdef"
    )
    decided = "\n".join(path.read_text(encoding="utf-8") for path in DECISIONS.glob("*.md"))
    assert found
    for name, owner, setting, public in found:
        assert f"`{name}`" in decided, f"{name} runs with the rights of {owner}; no decision says why"
        # Only the owner of an index may fold its entries in; this one function reads and returns nothing of a matter.
        wanted = settings.FENGQIAO_OWNER_ROLE if name == "fold_search" else settings.FENGQIAO_SEARCH_ROLE
        assert owner == wanted, name
        assert setting.startswith("search_path=pg_catalog"), name
        assert not public, f"everybody may call {name}"


def test_the_search_role_reads_only_what_the_search_needs() -> None:
    may = rows(
        "select c.relname, a.privilege_type from pg_class c, aclexplode(c.relacl) a"
        " join pg_roles r on r.oid = a.grantee"
        " where r.rolname = %s",
        [settings.FENGQIAO_SEARCH_ROLE],
    )
    assert set(may) == {
        ("search_row", "SELECT"), ("relation", "SELECT"), ("exclusion", "SELECT"),
        ("rare_pair", "SELECT"), ("bigram", "SELECT"), ("bigram", "INSERT"), ("bigram", "DELETE"),
    }  # fmt: skip
    columns = rows(
        "select c.relname, a.attname, g.privilege_type from pg_attribute a join pg_class c on c.oid = a.attrelid,"
        " aclexplode(a.attacl) g join pg_roles r on r.oid = g.grantee where r.rolname = %s",
        [settings.FENGQIAO_SEARCH_ROLE],
    )
    assert set(columns) == {
        ("matter", "id", "SELECT"), ("matter", "number", "SELECT"), ("matter", "title", "SELECT"),
        ("matter", "kind", "SELECT"), ("matter", "place", "SELECT"), ("matter", "reach", "SELECT"),
        ("person", "id", "SELECT"), ("person", "matter_id", "SELECT"), ("person", "phone_hash", "SELECT"),
    }  # fmt: skip


SOURCES = [path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts]


def naming(pattern: str) -> set[str]:
    return {str(path.relative_to(PACKAGE)) for path in SOURCES if re.search(pattern, path.read_text(encoding="utf-8"))}


def test_only_the_docket_takes_matters_in_hand() -> None:
    assert naming(r"fq\.hand|taking_in_hand") == {"kernel/access.py", "kernel/docket.py"}
    assert naming(r"fq_hand") == {"kernel/protect.py"}


def test_the_scope_is_set_only_by_access() -> None:
    assert naming(r"set_config\('fq\.") == {"kernel/access.py"}


def test_the_state_of_a_matter_changes_in_one_place() -> None:
    assert naming(r"matter\.state = ") == {"kernel/handle.py"}
