"""Values that once broke the API, each by its name; found by the machine in `test_hostile.py` and by reading."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests import cast as people_of
from tests.api.caller import path_of

ID = "00000000-0000-7000-8000-000000000000"


def cursor(moment: str) -> str:
    return base64.urlsafe_b64encode(f"{moment}|{ID}".encode()).decode().rstrip("=")


@pytest.mark.parametrize("path", ["/matters", "/worklist"])
@pytest.mark.parametrize(
    ("moment", "status"),
    [
        ("2026-09-07T01:00:00-23:59", 200),
        ("2026-09-07T01:00:00+00:00:00.000001", 200),
        ("0001-01-01T00:00:00+23:59", 422),
        ("9999-12-31T23:59:59-23:59", 422),
    ],
)
def test_a_cursor_with_an_offset_that_no_clock_has_is_read_or_refused(
    calls: Any, path: str, moment: str, status: int
) -> None:
    answer = calls("chen").get(path, {"cursor": cursor(moment)})
    assert answer.status_code == status
    assert status == 200 or answer.json()["code"] == "bad_cursor"


@pytest.mark.parametrize("name", ["due_before", "opened_from", "opened_to"])
def test_a_moment_with_an_offset_that_no_clock_has_is_read(calls: Any, name: str) -> None:
    assert calls("chen").get("/matters", {name: "2026-09-07T01:00:00-23:59"}).status_code == 200


@pytest.mark.parametrize("day", ["9999-12-31", "2199-12-31", "2027-06-30"])
def test_a_day_for_the_answer_that_lies_too_far_ahead_is_refused_with_a_sentence(
    calls: Any, cast: Any, day: str
) -> None:
    order = people_of.an_order(cast.chen)
    people_of.do(cast.chen, "hotline.dispatch", order, unit="water")
    body = {"unit": "water", "ground": "major", "act": "visit", "demand": "请到现场查看。", "answer_by": day}
    gone = calls("sun").post(path_of(order, "/actions/supervise"), body)
    assert (gone.status_code, gone.json()["code"]) == (422, "too_long")
    assert gone.json()["errors"][0]["pointer"] == "/answer_by"


def test_a_description_and_its_page_are_read_only(calls: Any) -> None:
    for path in ("/openapi.json", "/docs"):
        answer = calls("chen").post(path, {})
        assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
