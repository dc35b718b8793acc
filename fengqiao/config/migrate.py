"""Migrations, run as the owner's role in a process of their own: `python -m fengqiao.config.migrate`.

The process takes FENGQIAO_OWNER_URL as its only database address, so that the web and the worker never have it. Its
answer is one JSON object on standard output. `--plan` only tells what would be applied; `--backups FOLDER` writes a
dump there first when there are data and something to apply; `--static` collects the static files as well.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from fengqiao.config import dump, static

LOCK = 0x46656E67  # any fixed number; every release must use the same one
LOCK_TIMEOUT = "2s"  # a migration beside the running release gives up rather than queueing all requests behind it
OF_OTHERS = r"^(axes_|auth_|django_|procrastinate_)"


class MigrationFailed(RuntimeError):
    """The migrations did not all apply; the sentence carries the last lines of what they said."""


def in_own_process(
    owner_url: str, *, plan: bool = False, backups: Path | None = None, static: bool = False
) -> dict[str, Any]:
    """Run the migrations as the owner; a Ctrl-C at the terminal does not cut them off.

    Returns `{"applied": [...], "pending": [...], "fresh": bool, "backup": path or None}`; `plan` applies nothing.
    Raises MigrationFailed.
    """
    options = ["--plan"] if plan else []
    options += ["--backups", str(backups)] if backups else []
    options += ["--static"] if static else []
    done = subprocess.run(
        [sys.executable, "-m", "fengqiao.config.migrate", *options],
        env={**os.environ, "FENGQIAO_OWNER_URL": owner_url},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    if done.returncode:
        raise MigrationFailed(f"The migrations failed:\n{(done.stderr or done.stdout).strip()[-3000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def has_tables(url: str) -> bool:
    """True when migrations have been applied to the database at `url`, by whichever release."""
    import psycopg

    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT to_regclass('public.django_migrations')").fetchone()
    return row is not None and row[0] is not None


def main(arguments: list[str]) -> int:
    """Plan or apply as FENGQIAO_OWNER_URL says."""
    parser = argparse.ArgumentParser(prog="python -m fengqiao.config.migrate")
    parser.add_argument("--plan", action="store_true")
    parser.add_argument("--backups", type=Path)
    parser.add_argument("--static", action="store_true")
    args = parser.parse_args(arguments)
    owner_url = os.environ.pop("FENGQIAO_OWNER_URL", "")
    if not owner_url:
        print("Set FENGQIAO_OWNER_URL to the address of the owner's role.", file=sys.stderr)
        return 2
    os.environ["DATABASE_URL"] = owner_url
    if args.static:
        os.environ["FENGQIAO_COLLECTING"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fengqiao.config.settings")
    import django

    django.setup()
    if newer := of_a_newer_release():
        print(
            f"These data were written by a newer release ({', '.join(newer)} is not known to this one). Start that "
            "release, or restore a backup of before into a new folder. Nothing was changed.",
            file=sys.stderr,
        )
        return 1
    answer = _plan() if args.plan else _apply(owner_url, args.backups)
    if args.static:
        static.collect()
    print(json.dumps(answer))
    return 0


def _plan() -> dict[str, Any]:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return {
        "applied": [],
        "pending": [f"{migration.app_label}.{migration.name}" for migration, _ in pending],
        "fresh": not executor.loader.applied_migrations,
        "backup": None,
    }


def of_a_newer_release() -> list[str]:
    """Migrations that were applied to the database and are unknown here; those that one of ours replaces are known."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connection)
    known = set(loader.disk_migrations)
    known.update(each for migration in loader.disk_migrations.values() for each in migration.replaces)
    return [f"{app}.{name}" for app, name in sorted(loader.applied_migrations) if (app, name) not in known]


def _apply(owner_url: str, backups: Path | None) -> dict[str, Any]:
    """Apply what is pending under an advisory lock, then say who may do what with the tables of other packages."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.utils.module_loading import import_string

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    before = _plan()
    kept = None
    if before["pending"] and not before["fresh"] and backups:
        kept = dump.write(owner_url, backups, label="before-migration")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
            # The search role gets its function from a migration and needs this right for that moment only.
            cursor.execute(f'GRANT CREATE ON SCHEMA public TO "{settings.FENGQIAO_SEARCH_ROLE}"')
        if before["pending"]:
            call_command("migrate", interactive=False, verbosity=0)
        for path in settings.FENGQIAO_AFTER_MIGRATE:
            import_string(path)()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'REVOKE CREATE ON SCHEMA public FROM "{settings.FENGQIAO_SEARCH_ROLE}"')
            _grant_tables_of_others(cursor, settings.FENGQIAO_PROGRAM_ROLE)
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    return {"applied": before["pending"], "pending": [], "fresh": before["fresh"], "backup": kept and str(kept)}


def _grant_tables_of_others(cursor: Any, program: str) -> None:
    """Sessions, lock-out and jobs are the program's to write; our own tables are granted by their migrations."""
    cursor.execute(
        "SELECT c.relkind, c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'S') AND c.relname ~ %s",
        [OF_OTHERS],
    )
    for kind, name in cursor.fetchall():
        if kind in {"S", b"S"}:
            cursor.execute(f'GRANT USAGE, SELECT ON SEQUENCE {name} TO "{program}"')
        elif name == "django_migrations":
            cursor.execute(f'GRANT SELECT ON {name} TO "{program}"')
        else:
            cursor.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO "{program}"')


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
