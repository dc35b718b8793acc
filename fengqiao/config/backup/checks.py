"""What `fengqiao check` asks about backups. Each function returns sentences about what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection

from fengqiao.config.backup import nightly, shelf, unfinished, wal
from fengqiao.config.backup.cluster import SPOOL
from fengqiao.config.server import ELSEWHERE, database_home
from fengqiao.ground import durable

OLD_AFTER = timedelta(hours=26)
WAITING_BYTES = 512 * 2**20


def backup_age() -> list[str]:
    """The newest set is older than 26 hours, or there is none a day after the first start."""
    data = settings.FENGQIAO_DATA
    if (found := unfinished.sentence(data)) is not None:
        return [found]
    sets = shelf.of_data(data).sets()
    if not sets and nightly.hour(embedded=(data / "database").exists() or (data / ELSEWHERE).exists()) is None:
        return []  # backups are somebody else's; nothing is expected here
    if not sets:
        since = nightly.first_start(data)
        return ["There is no backup yet."] if since and datetime.now(UTC) - since > OLD_AFTER else []
    age = datetime.now(UTC) - sets[-1].finished_at
    if age > OLD_AFTER:
        hours = int(age.total_seconds() // 3600)
        return [f"The newest backup is {hours} hours old; the log of `fengqiao up` says why the nightly one failed."]
    missing = sets[-1].facts["files_missing"]
    return [f"{missing} stored files were missing when the newest backup was made."] if missing else []


def archived_wal() -> list[str]:
    """The server cannot hand over its WAL, or what it handed over is not taken away."""
    data = settings.FENGQIAO_DATA
    if not wal.key_file(data).exists():
        return []
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "select last_failed_wal from pg_stat_archiver"
            " where last_failed_time > coalesce(last_archived_time, '-infinity')"
        )
        if row := cursor.fetchone():
            found.append(
                f"The database could not archive its WAL ({row[0]}): is its disk full? It goes on and tries again."
            )
    waiting = durable.size_of(database_home(data) / SPOOL)
    if waiting > WAITING_BYTES:
        found.append(
            f"{waiting // 2**20} MiB of WAL wait to be taken into the backups; is the disk of the backups full?"
        )
    return found
