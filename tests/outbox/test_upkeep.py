"""Jobs: what time asks for, done once, by one worker, and again when a worker was killed."""

from __future__ import annotations

import subprocess
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from fengqiao.config import upkeep
from fengqiao.kernel.access import acting_as
from fengqiao.kernel.docket import docket
from fengqiao.kernel.models import Bookmark, Clock, Event, Task
from fengqiao.kernel.now import at, now
from fengqiao.offices.accounts import terms
from tests.cast import Cast, an_order, appoint


def test_a_term_that_ends_by_its_date_gets_its_event_once_and_its_tasks_return(cast: Cast) -> None:
    post = appoint(cast.units["water"], "unit_handler", until=now() + timedelta(days=1))
    matter = an_order(cast.chen)
    with docket(cast.chen) as book:
        book.task(book.take("read", pk=matter.pk), "handle", cast.units["water"], post=post)
    assert upkeep.write_ended_posts() == 0
    with at(now() + timedelta(days=2)):
        assert upkeep.write_ended_posts() == 1
        assert upkeep.write_ended_posts() == 0
    with acting_as(upkeep.KEEPER):
        line = Event.objects.get(kind="post.ended")
        assert line.data == {"post": post.pk, "tasks": 1, "by_date": True}
        assert Task.objects.get(unit=cast.units["water"], kind="handle", matter=matter).post_id is None


def test_a_term_that_was_ended_by_hand_gets_no_second_event(cast: Cast) -> None:
    terms.end_post(cast.li)
    with at(now() + timedelta(days=1)):
        assert upkeep.write_ended_posts() == 0


def test_matters_are_forgotten_when_their_term_is_over_and_once(cast: Cast) -> None:
    matter, young = an_order(cast.chen), an_order(cast.chen)
    for each, days in ((matter, -1), (young, 1)):
        with docket(upkeep.KEEPER) as book:
            (taken,) = book.take_many([each.pk])
            taken.closed_at = taken.archived_at = book.now
            taken.keep_until = (book.now + timedelta(days=days)).date()
            book.event(taken, "hotline.archive")
    assert upkeep.forget_due() == 1
    assert upkeep.forget_due() == 0
    with acting_as(upkeep.KEEPER):
        assert list(Event.objects.filter(kind="matter.forgotten").values_list("matter", flat=True)) == [matter.pk]


def test_a_clock_left_provisional_by_a_load_that_was_cut_off_is_settled(cast: Cast) -> None:
    matter = an_order(cast.chen)
    with docket(upkeep.CLOCKS) as book:
        (taken,) = book.take_many([matter.pk])
        clock = book.clock(taken, "T-H02")
        right = (clock.due_strict, clock.due_legal)
        book.change(clock, provisional=True, due_legal=clock.due_legal + timedelta(days=5))
    assert upkeep.settle_clocks() == 1
    with acting_as(upkeep.CLOCKS):
        stored = Clock.objects.get(pk=clock.pk)
        assert (stored.due_strict, stored.due_legal, stored.provisional) == (*right, False)
        assert Event.objects.filter(matter=matter, kind="clock.recomputed").count() == 1
    assert upkeep.settle_clocks() == 0, "the known years are the same: nothing is reckoned"


def test_words_are_counted_at_once_then_when_the_time_has_come(cast: Cast) -> None:
    assert upkeep.count_words() == 0
    assert upkeep.count_words() == -1
    with at(now() + timedelta(minutes=10)):
        assert upkeep.count_words() == 0
    Bookmark.objects.filter(name="words").update(data={"at": now().isoformat(), "kept": 7})
    with at(now() + timedelta(hours=19)):
        assert upkeep.count_words() == -1


# The worker's table --------------------------------------------------------------------------------------------------


def test_every_job_leads_to_a_function_and_has_a_time() -> None:
    from django.utils.module_loading import import_string
    from procrastinate.contrib.django import app

    from fengqiao.config import jobs

    assert all(callable(import_string(job.path)) for job in jobs.PERIODIC)
    known = {task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()}
    assert known == {job.name: job.cron for job in jobs.PERIODIC}
    assert len(known) == len(jobs.PERIODIC)


def test_a_job_without_its_function_stops_the_worker_at_the_start() -> None:
    from fengqiao.config import jobs

    with pytest.raises(ImportError):
        jobs.register(jobs.Periodic("nowhere", "* * * * *", "fengqiao.offices.letters.outbox.no_such_function"))


def test_a_frequent_job_that_fails_is_asked_again_and_a_rare_one_is_retried(
    db: None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fengqiao.config import jobs

    def fails() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(connection, "close", lambda: None)
    assert jobs.run(jobs.Periodic("quick", "* * * * *", ""), fails) is None
    assert "quick" in caplog.text
    with pytest.raises(ZeroDivisionError):
        jobs.run(jobs.Periodic("slow", "* * * * *", "", again=True), fails)


@pytest.mark.commits
def test_a_job_is_never_done_by_two_at_once(own_database: Any) -> None:
    from fengqiao.config import jobs

    inside, done = threading.Event(), threading.Event()
    count: list[int] = []

    def long() -> None:
        count.append(1)
        inside.set()
        done.wait(10)

    job = jobs.Periodic("long", "* * * * *", "")
    worker = threading.Thread(target=jobs.run, args=[job, long])
    worker.start()
    assert inside.wait(10)
    assert jobs.run(job, long) is None
    done.set()
    worker.join()
    assert count == [1]
    jobs.run(job, long)
    assert count == [1, 1]


def test_jobs_of_a_killed_worker_are_done_again_once(db: None) -> None:
    from fengqiao.config import jobs

    with connection.cursor() as cursor:
        cursor.execute("insert into procrastinate_workers (last_heartbeat) values (now() - interval '1 hour')")
        for name, status in (("export", "doing"), ("outbox", "doing"), ("outbox", "todo"), ("failing", "failed")):
            cursor.execute(
                "insert into procrastinate_jobs (queue_name, task_name, queueing_lock, status, worker_id) "
                "values ('quick', %s, %s, %s::procrastinate_job_status, (select max(id) from procrastinate_workers))",
                [name, name, status],
            )
        assert jobs.take_up_stalled() == 2
        cursor.execute("select task_name, status::text from procrastinate_jobs order by 1, 2")
        assert cursor.fetchall() == [("export", "todo"), ("failing", "failed"), ("outbox", "todo")]
    assert jobs.failed() == ["The job failing failed 1 times for good; see the worker's log."]


@pytest.mark.commits
def test_a_job_apart_is_done_in_a_process_of_its_own(
    committed_cast: Any, own_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fengqiao.config import apart

    monkeypatch.setenv("DATABASE_URL", own_database.url)
    monkeypatch.setenv("FENGQIAO_ANCHORS", str(tmp_path))
    apart.run("fengqiao.offices.audit.audit.seal_root")
    assert [path.name for path in tmp_path.iterdir()] == ["root-000000001.json"]


def test_a_job_apart_that_fails_fails_here_too() -> None:
    from fengqiao.config import apart

    with pytest.raises(subprocess.CalledProcessError):
        apart.run("fengqiao.offices.audit.audit.no_such_function")
