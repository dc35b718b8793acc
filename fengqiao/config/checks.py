"""What `fengqiao check` asks. Each function returns sentences about what is wrong; none when all is well.

Others add themselves by a word and their dotted name in the setting FENGQIAO_CHECKS.
"""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from fengqiao.config import health, migrate, roles
from fengqiao.kernel import keys


def database_role() -> list[str]:
    connection.ensure_connection()
    return roles.refusals(connection.connection)


def migrations() -> list[str]:
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    names = [f"{migration.app_label}.{migration.name}" for migration, _ in pending]
    newer = migrate.of_a_newer_release()
    return [
        *([f"Not applied: {', '.join(names)}; run `fengqiao migrate`."] if names else []),
        *([f"Of a newer release: {', '.join(newer)}; start that release."] if newer else []),
    ]


def secrets() -> list[str]:
    return [f"The secret {name} is missing." for name in keys.NAMES if not settings.FENGQIAO_KEYS.get(name)]


def disk() -> list[str]:
    state = health.disk_state()
    return [] if state == "ok" else [state]
