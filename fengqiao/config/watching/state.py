"""The state of the program, asked at each scrape.

Nothing here grows with the city: counts stop at CAP and stand on an index or on a small table, folders are listed only
when they have changed, and the database has QUESTION_SECONDS for each question.
"""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.db import Error, connection
from prometheus_client.core import GaugeMetricFamily

from fengqiao.config import children, health
from fengqiao.config.backup import shelf
from fengqiao.kernel import domain, timekeeping
from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.kernel.now import now
from fengqiao.offices.audit.audit import last_sealed

CAP = 10_000
FEW = 1_000  # where the policy looks up the matter of each row
QUESTION_SECONDS = 5
LATE_SECONDS = 120

# Each count stops at CAP. The policies ask for a system post; nobody's contents are read.
OPEN = """
    select s.state, (select count(*) from (select 1 from matter where state = s.state limit %(cap)s) few)
    from unnest(%(states)s::text[]) s(state)"""
OVERDUE = "select count(*) from (select 1 from matter where closed_at is null and due_at < %(now)s limit %(cap)s) few"
OUTBOX = """
    select count(*), coalesce(extract(epoch from %(now)s - min(made_at)), 0)::float from (
        select made_at from message
        where sent_at is null and cancelled_at is null and dead_at is null and way <> 'desk'
        order by not_before limit %(cap)s) few"""
DEAD = "select count(*) from (select 1 from message where dead_at is not null limit %(cap)s) few"
JOBS = "select status::text, count(*) from procrastinate_jobs where status <> 'succeeded' group by 1"
LATE_JOBS = """
    select count(*) from procrastinate_jobs
    where status = 'todo' and scheduled_at < now() - make_interval(secs => %(late)s)"""
PROVISIONAL = "select count(*) from (select 1 from clock where provisional and stopped_at is null limit %(few)s) few"
UNSEALED = "select count(*) from (select 1 from event where xid >= %(below)s::text::xid8 limit %(cap)s) few"
CONNECTIONS = """
    select coalesce(state, 'other'), count(*) from pg_stat_activity where datname = current_database() group by 1"""
LIMITS = "select pg_database_size(current_database()), current_setting('max_connections')::int"


def gauge(name: str, words: str, value: float | Mapping[str, float], label: str = "") -> GaugeMetricFamily:
    """One number, or one for each value of `label`."""
    family = GaugeMetricFamily(f"fengqiao_{name}", words, labels=[label] if label else None)
    for key, number in value.items() if isinstance(value, Mapping) else [("", value)]:
        family.add_metric([key] if label else [], number)
    return family


def collect() -> Iterator[GaugeMetricFamily]:
    """Everything but the requests. A database that does not answer is told by `fengqiao_database_up` 0."""
    began = time.perf_counter()
    yield from of_the_machine()
    try:
        answers = list(of_the_database())
    except Error:
        answers = []
    yield gauge("database_up", "1 when the database answered all questions of this scrape.", float(bool(answers)))
    yield from answers
    yield gauge("scrape_seconds", "How long these questions took.", time.perf_counter() - began)


def of_the_machine() -> Iterator[GaugeMetricFamily]:
    """What files and /proc tell."""
    yield gauge("worker_heartbeat_age_seconds", "Since the worker last said that it lives.", worker_silence())
    with suppress(OSError):
        disk = shutil.disk_usage(settings.FENGQIAO_DATA)
        yield gauge("disk_bytes", "Size of the disk that holds the data folder.", disk.total)
        yield gauge("disk_free_bytes", "Free there.", disk.free)
    with suppress(PermissionError):
        yield gauge("backup_age_seconds", "Since the newest backup set was begun; +Inf without one.", backup_age())
    with suppress(OSError):
        yield gauge("journal_root_number", "Number of the last sealed root; 0 without one.", sealed()[0])
        yield gauge("journal_root_age_seconds", "Since a root was last sealed; +Inf without one.", root_age())
    yield gauge("memory_bytes", "Memory of our processes, without shared files.", memory(), "part")


def of_the_database() -> Iterator[GaugeMetricFamily]:
    """What the database tells. Raises django.db.Error."""
    with asking() as ask:
        size, most = ask(LIMITS)[0]
        yield gauge("database_bytes", "Size of the database.", size)
        yield gauge("database_connections", "Connections to it.", dict(ask(CONNECTIONS)), "state")
        yield gauge("database_connections_limit", "How many it takes.", most)
        yield gauge("matters_open", f"Open matters of the whole city, at most {CAP} a state.", dict(ask(OPEN)), "state")
        yield gauge("matters_overdue", f"Open matters past their limit, at most {CAP}.", ask(OVERDUE)[0][0])
        found = {"todo": 0, "doing": 0, "failed": 0} | dict(ask(JOBS))
        yield gauge("jobs", "Jobs by state; `failed` were given up.", found, "state")
        yield gauge("jobs_late", f"Jobs that should have begun {LATE_SECONDS} s ago.", ask(LATE_JOBS)[0][0])
        waiting, oldest = ask(OUTBOX)[0]
        dead = ask(DEAD)[0][0]
        yield gauge("outbox_messages", "Messages to the outside.", {"waiting": waiting, "dead": dead}, "state")
        yield gauge("outbox_oldest_age_seconds", "How long the oldest of them waits; 0 without one.", oldest)
        with suppress(OSError):
            newer = ask(UNSEALED)[0][0]
            yield gauge("journal_events_unsealed", f"Events newer than the last root, at most {CAP}.", newer)
        yield gauge("calendar_last_year", "The last year whose holidays are known.", last_year())
        yield gauge(
            "clocks_provisional", f"Running limits that end in a later year, at most {FEW}.", ask(PROVISIONAL)[0][0]
        )


# Facts, for the gauges and for `fengqiao check` ----------------------------------------------------------------------

Rows = list[tuple[Any, ...]]


@contextmanager
def asking() -> Iterator[Callable[[str], Rows]]:
    """Questions to the database in one transaction, as the keeper of figures; one that takes too long is cut off."""
    with acting_as(SystemPost("figures")), connection.cursor() as cursor:
        cursor.execute("select set_config('statement_timeout', %s, true)", [f"{QUESTION_SECONDS}s"])

        def ask(question: str) -> Rows:
            cursor.execute(question, {name: of() for name, of in VALUES.items() if f"%({name})s" in question})
            rows: Rows = cursor.fetchall()
            return rows

        yield ask


def open_states() -> list[str]:
    """The states, of all domains, in which a matter is open."""
    return sorted({state.key for each in domain.every() for state in each.states if not state.final})


# What stands in the questions; asked only where it does.
VALUES: Mapping[str, Callable[[], Any]] = {
    "cap": lambda: CAP,
    "few": lambda: FEW,
    "now": now,
    "late": lambda: LATE_SECONDS,
    "states": open_states,
    "below": lambda: sealed()[1],
}


def worker_silence() -> float:
    """Seconds since the worker touched its file; +Inf without one."""
    try:
        return max(0.0, time.time() - health.heartbeat_file().stat().st_mtime)
    except OSError:
        return math.inf


def backup_age() -> float:
    """Seconds since the newest backup set was begun; +Inf without one.

    Raises PermissionError where this process may not look (started by root outside the demo).
    """
    newest = shelf.Shelf(Path(settings.FENGQIAO_BACKUPS)).newest()
    return max(0.0, (now() - newest).total_seconds()) if newest else math.inf


def sealed() -> tuple[int, int, datetime | None]:
    """Number, horizon and time of the newest sealed root; zeros without one. Raises OSError."""
    folder = Path(settings.FENGQIAO_ANCHORS)
    return _sealed(folder, folder.stat().st_mtime_ns if folder.exists() else 0)


@lru_cache(maxsize=1)
def _sealed(folder: Path, changed: int) -> tuple[int, int, datetime | None]:
    """Asked again only when the folder has changed: there are 52,560 roots a year."""
    return last_sealed(folder)


def root_age() -> float:
    """Seconds since a root was last sealed; +Inf without one. Raises OSError."""
    at = sealed()[2]
    return max(0.0, (now() - at).total_seconds()) if at else math.inf


def running() -> dict[str, Any]:
    """What `up` says of itself (address, pid, groups); empty when none runs on this data folder."""
    try:
        told = orjson.loads((Path(settings.FENGQIAO_DATA) / "up.json").read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return told if isinstance(told, dict) else {}


def memory() -> dict[str, float]:
    """Bytes of web and worker, each with its children, without the pages of files that several share.

    The bench counts PSS, which is some 5 % more; the kernel takes 30 ms to add that up, too much for each scrape.
    """
    groups = running().get("groups", {})
    return {part: float(sum(_alone(pid) for pid in children.members(group))) for part, group in groups.items()}


def _alone(pid: int) -> int:
    with suppress(OSError), open(f"/proc/{pid}/statm") as statm:
        _size, resident, shared, *_rest = statm.read().split()
        return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
    return 0


def last_year() -> int:
    """The last year whose holidays are known."""
    return max(timekeeping.calendar().published_years)
