"""What the worker does by itself, and how often. Imported by the worker only (PROCRASTINATE_IMPORT_PATHS).

Each job is a function of no arguments, named by its path and looked up when this module is imported, so that a
missing one stops the worker at once. Every job may run twice: it asks what is due and does that. The frequent ones
are simply asked again at their next time; the others are retried with growing pauses and then stay as failed rows,
which `fengqiao check` tells. Making a matter defers no job: the outbox's sweep finds its messages.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.module_loading import import_string
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from fengqiao.config import apart
from fengqiao.doors.imports import reports
from fengqiao.doors.outages import outage_of, telling
from fengqiao.kernel.now import now
from fengqiao.offices.knowledge.duties import due as knowledge_due
from fengqiao.offices.supervision.climb import climb as supervision_climb

log = logging.getLogger(__name__)

QUEUE_QUICK, QUEUE_SLOW = "quick", "slow"
STALLED_SECONDS = 60
RETRY = RetryStrategy(max_attempts=5, wait=30, linear_wait=60)


@dataclass(frozen=True, slots=True)
class Periodic:
    """A job: its name, when (cron in UTC; a sixth field counts seconds), the path of its function.

    `again`: a failure is retried, rather than left to the next time. `apart`: it runs in a process of its own, as all
    rare ones do, so that the worker stays small.
    """

    name: str
    cron: str
    path: str
    again: bool = False
    apart: bool = False

    @property
    def queue(self) -> str:
        return QUEUE_SLOW if self.again else QUEUE_QUICK

    @property
    def own_process(self) -> bool:
        """Whether it runs in one."""
        return self.apart or self.again


PERIODIC = (
    Periodic("outbox", "* * * * * */5", "fengqiao.offices.letters.outbox.send_waiting"),
    Periodic("stalled", "* * * * *", "fengqiao.config.jobs.take_up_stalled"),
    Periodic("roots", "*/10 * * * *", "fengqiao.offices.audit.audit.seal_root", apart=True),
    Periodic("words", "*/10 * * * *", "fengqiao.config.upkeep.count_words"),
    Periodic("fold", "* * * * * */20", "fengqiao.config.upkeep.fold_search"),
    Periodic("figures", "* * * * * */30", "fengqiao.kernel.analyse.update_cells"),
    Periodic("supervision", "3,18,33,48 * * * *", "fengqiao.config.jobs.climb", apart=True),
    Periodic("knowledge", "9 * * * *", "fengqiao.config.jobs.review_knowledge", again=True),
    Periodic("comments", "13 * * * *", "fengqiao.offices.reviews.sheet.make_last_months_sheets", again=True),
    Periodic("requests", "5 * * * *", "fengqiao.kernel.idempotency.sweep", again=True),
    Periodic("posts", "11 * * * *", "fengqiao.config.upkeep.write_ended_posts", again=True),
    Periodic("clocks", "17 * * * *", "fengqiao.config.upkeep.settle_clocks", again=True),
    Periodic("files", "23 * * * *", "fengqiao.offices.papers.papers.sweep", again=True),
    Periodic("guesses", "27 * * * *", "fengqiao.doors.portal.throttle.sweep", again=True),
    Periodic("imports", "29 * * * *", "fengqiao.config.jobs.sweep_imports", again=True),
    Periodic("forgetting", "31 * * * *", "fengqiao.config.upkeep.forget_due", again=True),
    Periodic("hashes", "47 * * * *", "fengqiao.config.rehash.go_on", again=True),
    Periodic("sessions", "41 * * * *", "fengqiao.config.jobs.clear_sessions", again=True),
)


def take_up_stalled() -> int:
    """Jobs whose worker is gone are done again, unless the same job waits already; how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select j.id from procrastinate_jobs j left join procrastinate_workers w on w.id = j.worker_id "
            "where j.status = 'doing' and (w.id is null or w.last_heartbeat < now() - make_interval(secs => %s))",
            [STALLED_SECONDS],
        )
        stalled = [row[0] for row in cursor.fetchall()]
        for job in stalled:
            try:
                with transaction.atomic():
                    cursor.execute("select procrastinate_retry_job_v2(%s, now(), null, null, null)", [job])
            except IntegrityError:
                cursor.execute("select procrastinate_finish_job_v1(%s, 'aborted', true)", [job])
    return len(stalled)


def sweep_imports() -> int:
    """Reports and rejected rows of imports go after seven days."""
    return reports.sweep(now())


def climb() -> int:
    """Open supervision of clocks that are solid red."""
    return supervision_climb(now())


def review_knowledge() -> int:
    """Give units the task of looking at answers that expire."""
    return knowledge_due(now())


def clear_sessions() -> None:
    """Remove sessions that have run out."""
    from django.contrib.sessions.backends.db import SessionStore

    SessionStore.clear_expired()


def failed() -> list[str]:
    """For `fengqiao check`: a sentence for each kind of job that was given up."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select task_name, count(*) from procrastinate_jobs where status = 'failed' group by 1 order by 1"
        )
        return [f"The job {name} failed {count} times for good; see the worker's log." for name, count in cursor]


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Whether this process has the job for itself; the lock goes with the connection, so a killed worker frees it."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(hashtext(%s))", [f"job:{name}"])
        mine = bool((cursor.fetchone() or (False,))[0])
    try:
        yield mine
    finally:
        if mine and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(hashtext(%s))", [f"job:{name}"])


def run(job: Periodic, do: Callable[[], Any]) -> Any:
    """Do a job once, if nobody else is at it. A frequent one's fault is logged; its next time comes soon.

    What only wants for room or for the database is told once, not with each try.
    """
    try:
        with alone(job.name) as mine:
            done = do() if mine else None
        telling.over(f"The job {job.name}")
        return done
    except Exception as problem:
        outage = outage_of(problem)
        if outage is not None:
            telling.met(f"The job {job.name}", outage)
        if job.again:
            raise
        if outage is not None:
            return None
        log.exception("The job %s failed; it is asked again at its next time.", job.name)
        return None
    finally:
        connection.close()  # worker threads come and go; an idle connection would be a process of PostgreSQL


def register(job: Periodic) -> None:
    """Make a job known to the worker. Raises ImportError when its function is not there."""
    here = import_string(job.path)
    do = partial(apart.run, job.path) if job.own_process else here

    @app.periodic(cron=job.cron)
    @app.task(name=job.name, queue=job.queue, queueing_lock=job.name, retry=RETRY if job.again else False)
    def task(timestamp: int) -> Any:
        return run(job, do)


for each in PERIODIC:
    register(each)
