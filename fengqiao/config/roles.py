"""The database's roles and what each may do (engineering ruling 2).

boot     superuser of the embedded server; start-up only; an external server has its own administrator instead
owner    owns the database and its tables: migrations, backup
program  the web, the worker and every command: no superuser, bypasses no policy, owns nothing
search   nobody logs in as it; owns the one definer function that looks into the search tables (ruling 1)
"""

from __future__ import annotations

import os
import re
from typing import Any

from psycopg import Connection, sql

BOOT = "fengqiao_boot"


def _name(variable: str, default: str) -> str:
    value = os.environ.get(variable, default)
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", value):
        raise RuntimeError(f"{variable} must be a plain role name (a-z, 0-9, _), not {value!r}.")
    return value


OWNER = _name("FENGQIAO_OWNER_ROLE", "fengqiao_owner")
PROGRAM = _name("FENGQIAO_PROGRAM_ROLE", "fengqiao_program")
SEARCH = _name("FENGQIAO_SEARCH_ROLE", "fengqiao_search")


def role_statements() -> list[sql.Composed]:
    """Statements for an administrator that make the three roles or bring them back to what they may be; repeatable."""
    attributes = {
        OWNER: "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION",
        PROGRAM: "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION",
        SEARCH: "NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION",
    }
    statements = []
    for name, words in attributes.items():
        statements.append(
            sql.SQL(
                "DO $make$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {literal})"
                " THEN CREATE ROLE {name}; END IF; END $make$"
            ).format(literal=sql.Literal(name), name=sql.Identifier(name))
        )
        statements.append(sql.SQL("ALTER ROLE {} {}").format(sql.Identifier(name), sql.SQL(words)))
    # Lets a migration give the search function to its role, and a backup be restored by the owner.
    statements.append(sql.SQL("GRANT {} TO {}").format(sql.Identifier(SEARCH), sql.Identifier(OWNER)))
    return statements


def database_statements(database: str) -> list[sql.Composed]:
    """Statements for the database's owner or an administrator: who may connect; repeatable."""
    name = sql.Identifier(database)
    return [
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(PROGRAM)),
    ]


def script(database: str) -> str:
    """What an administrator runs on an external PostgreSQL (15 or newer), as text for psql."""
    lines = [statement.as_string(None) for statement in role_statements()]
    lines.append(
        sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'")
        .format(sql.Identifier(database), sql.Identifier(OWNER))
        .as_string(None)
    )
    lines += [statement.as_string(None) for statement in database_statements(database)]
    return "".join(f"{line};\n" for line in lines)


class UnfitRole(RuntimeError):
    """The program's role may do more than the policies allow; the sentences say what."""


def require(url: str) -> None:
    """Refuse a database address whose role the policies would not bind. Raises UnfitRole."""
    import psycopg

    with psycopg.connect(url, connect_timeout=30) as connection:
        if found := refusals(connection):
            raise UnfitRole(" ".join(found))


def refusals(connection: Connection[Any]) -> list[str]:
    """Why the program must not run as this connection's role; empty when all is well.

    The policies of row-level security do not bind a superuser, a role with BYPASSRLS or the owner of a table.
    """
    found: list[str] = []
    row = connection.execute(
        "SELECT current_user, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    if row is None:
        return ["The database does not tell which role this is."]
    name, superuser, bypass, createrole = row
    if superuser:
        found.append(f"The role {name} is a superuser; row-level security would not bind it.")
    if bypass:
        found.append(f"The role {name} has BYPASSRLS; row-level security would not bind it.")
    if createrole:
        found.append(f"The role {name} may make roles and so give itself any right.")
    owned = connection.execute(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname !~ '^pg_(temp|toast)'"
        " AND pg_has_role(current_user, c.relowner, 'USAGE') ORDER BY 1 LIMIT 3"
    ).fetchall()
    if owned and not superuser:
        tables = ", ".join(str(entry[0]) for entry in owned)
        found.append(f"The role {name} owns tables ({tables}); give it a role of its own that owns nothing.")
    return found
