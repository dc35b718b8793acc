"""A full disk and a database that is away: one sentence at each door, and what was typed is kept."""

from __future__ import annotations

import errno
import logging
from typing import Any

import psycopg
import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory
from django.views.decorators.debug import sensitive_post_parameters

from fengqiao.doors import outages
from fengqiao.doors.api import problems
from fengqiao.doors.face import errors
from fengqiao.doors.outages import Short, Telling, outage_of
from fengqiao.ground.refusals import Away, Locked, NoRoom, NotThere
from fengqiao.kernel.keys import KeyMissing


def raised(problem: BaseException, cause: BaseException | None = None) -> BaseException:
    """As it would be caught."""
    try:
        raise problem from cause
    except BaseException as caught:
        return caught


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), NoRoom),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), NoRoom),
        (OSError(errno.EFBIG, "File too large"), NoRoom),
        (psycopg.errors.DiskFull("could not extend file"), NoRoom),
        (psycopg.errors.InternalError_("could not extend file: File too large"), NoRoom),
        (psycopg.errors.AdminShutdown("terminating connection"), Away),
        (psycopg.errors.CrashShutdown("terminating connection"), Away),
        (psycopg.errors.CannotConnectNow("in recovery"), Away),
        (psycopg.errors.TooManyConnections("too many"), Away),
        (psycopg.OperationalError("server closed the connection unexpectedly"), Away),
        (raised(OperationalError("wrapped by Django"), psycopg.errors.DiskFull("no room")), NoRoom),
        (ExceptionGroup("of tasks", [ValueError("a"), psycopg.errors.DiskFull("no room")]), NoRoom),
        (KeyMissing("The key '20260101-abcdef' of 'data' is not here."), Locked),
        (OSError(errno.ENOENT, "No such file"), None),
        (psycopg.errors.UniqueViolation("twice"), None),
        (psycopg.errors.QueryCanceled("too slow"), None),
        (psycopg.errors.DeadlockDetected("deadlock"), None),
        (NotThere("not_there", "There is none."), None),
        (ZeroDivisionError("a fault of the program"), None),
    ],
    ids=repr,
)
def test_what_the_machine_cannot_do_is_told_from_faults_of_the_program(problem: Exception, kind: type | None) -> None:
    found = outage_of(problem)
    assert type(found) is (kind or type(None))


def page_for(problem: Exception, request: Any) -> Any:
    try:
        raise problem
    except Exception:
        return errors.server_error(request)


def test_the_page_says_it_keeps_what_was_typed_and_says_how_long_to_wait() -> None:
    request = RequestFactory().post("/tell/send/", {"text": "<路灯>", "form": "a-form", "csrfmiddlewaretoken": "t"})
    answer = page_for(OSError(errno.ENOSPC, "No space left on device"), request)
    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "120", "no-store")
    assert "There is no room on the disk of this machine just now." in page
    assert 'name="text" value="&lt;路灯&gt;"' in page
    assert 'action="/tell/send/"' in page
    assert 'name="form" value="a-form"' in page
    assert 'value="t"' not in page


def test_passwords_and_codes_are_not_kept_on_the_page() -> None:
    request = RequestFactory().post("/desk/sign-in/", {"username": "chen", "password": "a-secret"})
    answers: list[Any] = []
    sensitive_post_parameters("password")(lambda seen: answers.append(page_for(psycopg.OperationalError("x"), seen)))(
        request
    )
    page = answers[0].content.decode()
    assert "The database does not answer just now." in page
    assert ('value="chen"' in page, "a-secret" in page) == (True, False)


def test_a_part_that_htmx_asked_for_gets_the_box_alone() -> None:
    request = RequestFactory().post("/desk/", {"text": "a"}, headers={"HX-Request": "true"})
    answer = page_for(psycopg.errors.DiskFull("no room"), request)
    assert answer.status_code == 503
    assert b"<html" not in answer.content
    assert b"There is no room" in answer.content


def test_a_fault_of_the_program_stays_one() -> None:
    answer = page_for(ZeroDivisionError("ours"), RequestFactory().get("/"))
    assert answer.status_code == 500
    assert b"E500-" in answer.content


@pytest.mark.parametrize(
    ("problem", "status", "code"),
    [
        (OSError(errno.ENOSPC, "full"), 507, "no_room"),
        (psycopg.errors.CannotConnectNow("in recovery"), 503, "database_away"),
        (ZeroDivisionError("ours"), 500, "broken"),
    ],
)
def test_the_api_says_it_as_a_problem(problem: Exception, status: int, code: str) -> None:
    answer = problems.of_exception(problem)
    assert answer.status_code == status
    assert f'"code":"{code}"'.encode() in answer.content
    assert answer.has_header("Retry-After") is (status != 500)


def test_the_log_hears_of_it_once_and_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    telling = Telling()
    with caplog.at_level(logging.WARNING):
        for _try in range(3):
            telling.met("The job roots", NoRoom())
        telling.over("The job roots")
        telling.over("The job roots")
        telling.met("The job roots", NoRoom())
    told = [record.getMessage() for record in caplog.records]
    assert [each.startswith("The job roots: There is no room") for each in told] == [True, False, True]
    assert told[1] == "The job roots: it works again."


def test_a_librarys_traceback_of_an_outage_becomes_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outages, "telling", Telling())
    full, ours = raised(OSError(errno.ENOSPC, "full")), raised(ZeroDivisionError("ours"))
    records = [
        logging.LogRecord("a.library", logging.ERROR, "", 0, "it failed", None, (type(each), each, None))
        for each in (full, ours)
    ]
    assert [Short().filter(record) for record in records] == [False, True]
    assert Short().filter(logging.LogRecord("a.library", logging.ERROR, "", 0, "no exception", None, None))


def test_that_somebody_was_seen_may_wait_but_a_sign_in_may_not(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.sessions.backends.db import SessionStore as Plain

    from fengqiao.config.sessions import SessionStore

    session = SessionStore()
    session["seen"], session["post"] = 1, 7
    session.save()

    def full(self: Any, must_create: bool = False) -> None:
        raise OperationalError("no room") from psycopg.errors.DiskFull("no room")

    monkeypatch.setattr(Plain, "save", full)
    reading = SessionStore(session.session_key)
    reading["seen"] = 2
    reading.save()
    reading["post"] = 8
    with pytest.raises(NoRoom):
        reading.save()
    with pytest.raises(NoRoom):
        SessionStore().create()
    assert Client().get("/").status_code == 200
