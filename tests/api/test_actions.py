"""What may be done, doing it, and every way in which it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.kernel.models import Event
from tests import cast as people_of
from tests.api.caller import path_of, pointers


@pytest.fixture
def order(cast: Any) -> Any:
    return people_of.an_order(cast.chen)


def test_the_actions_of_a_post_come_with_their_form_and_what_locks_them(calls: Any, order: Any) -> None:
    items = {each["key"]: each for each in calls("chen").get(path_of(order, "/actions")).json()["items"]}
    assert items["dispatch"]["locked"] is None
    assert items["dispatch"]["form"]["required"] == ["unit"]
    assert items["close"]["locked"]
    assert "take" not in items
    assert items["dispatch"]["href"].endswith("/actions/dispatch")
    assert items["dispatch"]["law"]


def test_a_place_may_read_and_do_nothing(calls: Any, order: Any) -> None:
    assert calls("he").get(path_of(order, "/actions")).json()["items"] == []
    assert calls("he").post(path_of(order, "/actions/dispatch"), {"unit": "water"}).status_code == 404


def test_an_order_goes_from_the_desk_to_the_answer(calls: Any, order: Any) -> None:
    chen, li = calls("chen"), calls("li")
    steps = [
        (chen, "dispatch", {"unit": "water"}, "dispatched"),
        (li, "take", {}, "taken"),
        (li, "start", None, "in_progress"),
        (li, "remark", {"text": "已派人"}, "in_progress"),
        (li, "reply", {"text": "已修好。", "solved": "yes"}, "replied"),
        (chen, "call_back", {"reached": True, "solved": "yes", "grade": "good"}, "called_back"),
        (chen, "close", {}, "closed"),
        (chen, "archive", {}, "closed"),
    ]
    for caller, key, body, state in steps:
        answer = caller.post(path_of(order, f"/actions/{key}"), body)
        assert answer.status_code == 200, answer.content
        assert answer.json()["state"] == state
        assert answer["ETag"] == f'"{answer.json()["version"]}"'


def test_who_saw_an_older_state_is_refused(calls: Any, cast: Any, order: Any) -> None:
    chen = calls("chen")
    etag = chen.get(path_of(order))["ETag"]
    people_of.do(cast.sun, "hotline.remark", order, text="已电话核实")
    answer = chen.post(path_of(order, "/actions/dispatch"), {"unit": "water"}, If_Match=etag)
    assert (answer.status_code, answer.json()["code"]) == (412, "changed_meanwhile")
    fresh = chen.get(path_of(order))["ETag"]
    assert chen.post(path_of(order, "/actions/dispatch"), {"unit": "water"}, If_Match=fresh).status_code == 200


def test_what_is_no_etag_of_ours_is_refused(calls: Any, order: Any) -> None:
    chen, there = calls("chen"), path_of(order, "/actions/dispatch")
    for etag in ('W/"7"', '"x"', '"1", "2"', '"99999999999999999999"'):
        answer = chen.post(there, {"unit": "water"}, If_Match=etag)
        assert (answer.status_code, answer.json()["code"]) == (412, "no_such_version")
    for etag in ("7", "x", ""):
        answer = chen.post(there, {"unit": "water"}, If_Match=etag)
        assert (answer.status_code, answer.json()["code"]) == (400, "no_etag")


def test_any_version_will_do_for_a_star(calls: Any, order: Any) -> None:
    assert calls("chen").post(path_of(order, "/actions/dispatch"), {"unit": "water"}, If_Match="*").status_code == 200


def test_the_same_request_twice_is_done_once(calls: Any, order: Any) -> None:
    chen = calls("chen")
    there = path_of(order, "/actions/remark")
    answers = [chen.post(there, {"text": "已电话核实"}, Idempotency_Key="k1") for _i in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    with acting_as(SystemPost("keeper")):
        assert Event.objects.filter(kind="hotline.remark").count() == 1
    other = chen.post(there, {"text": "又打了一次"}, Idempotency_Key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    elsewhere = chen.post(path_of(order, "/actions/locate"), {"text": "已电话核实"}, Idempotency_Key="k1")
    assert elsewhere.json()["code"] == "key_reused"


def test_a_step_out_of_order_says_the_state(calls: Any, order: Any) -> None:
    answer = calls("chen").post(path_of(order, "/actions/close"))
    assert (answer.status_code, answer.json()["code"]) == (409, "not_now")
    assert answer.json()["state"] == "received"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/unit"),
        ({"unit": "moon"}, "/unit"),
        ({"unit": 7}, "/unit"),
        ({"unit": "water", "co_units": "housing"}, "/co_units"),
        ({"unit": "water", "moon": 1}, "/moon"),
    ],
)
def test_a_wrong_form_names_its_field_and_changes_nothing(
    calls: Any, order: Any, body: dict[str, Any], pointer: str
) -> None:
    answer = calls("chen").post(path_of(order, "/actions/dispatch"), body)
    assert answer.status_code == 422
    assert pointers(answer) == [pointer]
    assert calls("chen").get(path_of(order)).json()["state"] == "received"


@pytest.mark.parametrize(("body", "status"), [("[1]", 422), ('"x"', 422), ("{", 400), ("null", 422)])
def test_a_body_that_is_no_object_is_refused(calls: Any, order: Any, body: str, status: int) -> None:
    assert calls("chen").post(path_of(order, "/actions/remark"), body).status_code == status


def test_an_action_that_the_kind_does_not_have_looks_like_nothing(calls: Any, order: Any) -> None:
    missing = calls("chen").post("/matters/R2026-000-0418729/actions/dispatch", {"unit": "water"})
    unknown = calls("chen").post(path_of(order, "/actions/fly"))
    assert (unknown.status_code, unknown.content) == (404, missing.content)


def test_another_unit_acts_on_nothing(calls: Any, cast: Any, order: Any) -> None:
    people_of.do(cast.chen, "hotline.dispatch", order, unit="water")
    hidden = calls("feng").post(path_of(order, "/actions/take"))
    missing = calls("feng").post("/matters/R2026-000-0418729/actions/take")
    assert (hidden.status_code, hidden.content) == (404, missing.content)


def test_only_the_person_takes_it_back(calls: Any, order: Any) -> None:
    assert calls("chen").post(path_of(order, "/actions/withdraw")).status_code == 404
