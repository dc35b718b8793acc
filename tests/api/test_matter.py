"""One matter: read, its journal, tasks, people, sources; hidden and missing are the same to the byte."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.kernel.models import Event
from tests import cast as people_of
from tests.api.caller import path_of

MISSING = "/matters/R2026-000-0418729"
PARTS = ("", "/events", "/tasks", "/people", "/sources", "/actions", "/documents")


@pytest.fixture
def order(cast: Any) -> Any:
    found = people_of.an_order(cast.chen)
    return people_of.do(cast.chen, "hotline.dispatch", found, unit="water")


def test_the_matter_is_given_with_its_text_limits_and_record(calls: Any, order: Any) -> None:
    answer = calls("li").get(path_of(order))
    body = answer.json()
    assert body["content"].startswith("示例一村")
    assert body["lead_unit"] == {"key": "water", "name": "市水务局"}
    assert {limit["rule"] for limit in body["limits"]} == {"T-H01", "T-H02"}
    assert body["data"]["nature"] == "help"
    assert body["relations"] == ["lead"]
    assert answer["ETag"] == f'"{body["version"]}"'


def test_any_spelling_of_the_number_finds_it(calls: Any, order: Any) -> None:
    assert calls("li").get(f"/matters/{order.number}").status_code == 200
    assert calls("li").get(path_of(order).lower().replace("/matters/r", "/matters/r")).status_code == 200


def test_what_is_held_already_is_not_sent_again(calls: Any, order: Any) -> None:
    etag = calls("li").get(path_of(order))["ETag"]
    answer = calls("li").get(path_of(order), If_None_Match=etag)
    assert (answer.status_code, answer.content) == (304, b"")
    assert calls("li").get(path_of(order), If_None_Match='"1"').status_code == 200


def test_each_look_is_on_record(calls: Any, cast: Any, order: Any) -> None:
    calls("li").get(path_of(order))
    with acting_as(SystemPost("keeper")):
        looks = Event.objects.filter(kind="access.opened", matter_id=order.pk)
        assert [look.account_id for look in looks] == [cast.li.account_id]


def test_a_command_room_reads_the_text_of_the_person_and_no_staff_texts(calls: Any, cast: Any, order: Any) -> None:
    people_of.do(cast.li, "hotline.take", order)
    people_of.do(cast.li, "hotline.remark", order, text="已派人去看")
    events = calls("he").get(path_of(order, "/events")).json()["items"]
    assert "已派人去看" not in str(events)
    assert calls("he").get(path_of(order)).json()["content"]
    assert "已派人去看" in str(calls("li").get(path_of(order, "/events")).json())


def test_sealed_lines_are_in_no_answer(calls: Any, cast: Any, order: Any) -> None:
    people_of.do(cast.chen, "hotline.exclude", order, units=["housing"], reason="打来的人说是他们")
    for name in ("chen", "sun", "li"):
        answer = calls(name).get(path_of(order, "/events"))
        assert "打来的人说是他们" not in answer.content.decode()
        assert "exclude" not in answer.content.decode()


def test_the_journal_goes_on_behind_its_cursor(calls: Any, order: Any) -> None:
    first = calls("chen").get(path_of(order, "/events"), {"limit": "1"})
    second = calls("chen").get(path_of(order, "/events"), {"limit": "1", "cursor": first.json()["next"]})
    assert first.json()["items"][0]["seq"] < second.json()["items"][0]["seq"]
    assert 'rel="next"' in first["Link"]
    assert calls("chen").get(path_of(order, "/events"), {"cursor": "x"}).status_code == 422


def test_the_receipt_of_a_person_is_in_no_line(calls: Any, order: Any) -> None:
    for part in PARTS:
        assert "person:" not in calls("chen").get(path_of(order, part)).content.decode()


def test_tasks_name_their_unit_and_day(calls: Any, order: Any) -> None:
    items = calls("li").get(path_of(order, "/tasks")).json()["items"]
    assert [(task["kind"], task["unit"]["key"]) for task in items if task["done_at"] is None] == [("take", "water")]
    assert next(task for task in items if task["kind"] == "take")["due_at"]


def test_people_are_masked_and_a_place_sees_roles_only(calls: Any, order: Any) -> None:
    (person,) = calls("li").get(path_of(order, "/people")).json()["items"]
    assert (person["name"], person["phone"]) == ("王*示", "100****5678")
    assert person["address"].endswith("***")
    (shown,) = calls("he").get(path_of(order, "/people")).json()["items"]
    assert (shown["role"], shown["name"], shown["phone"]) == ("applicant", None, None)


def test_full_data_need_a_reason_and_stand_in_the_journal(calls: Any, order: Any) -> None:
    li = calls("li")
    (person,) = li.get(path_of(order, "/people")).json()["items"]
    there = path_of(order, f"/people/{person['id']}/reveal")
    assert li.post(there, {"reason": " "}).status_code == 422
    assert li.post(there, {}).status_code == 422
    answer = li.post(there, {"reason": "约时间上门"})
    assert answer.json()["phone"] == "10012345678"
    assert answer["Cache-Control"] == "no-store"
    assert "access.revealed" in str(li.get(path_of(order, "/events")).json())


def test_a_repeated_reveal_is_given_and_journalled_again(calls: Any, order: Any) -> None:
    li = calls("li")
    (person,) = li.get(path_of(order, "/people")).json()["items"]
    there = path_of(order, f"/people/{person['id']}/reveal")
    answers = [li.post(there, {"reason": "约时间上门"}, Idempotency_Key="k") for _i in range(2)]
    assert answers[0].json() == answers[1].json()
    lines = li.get(path_of(order, "/events")).json()["items"]
    assert sum(line["kind"] == "access.revealed" for line in lines) == 2


def test_a_place_cannot_reveal_whom_it_may_not_know(calls: Any, order: Any) -> None:
    (person,) = calls("li").get(path_of(order, "/people")).json()["items"]
    there = path_of(order, f"/people/{person['id']}/reveal")
    assert calls("he").post(there, {"reason": "约时间上门"}).status_code == 404
    assert calls("feng").post(there, {"reason": "约时间上门"}).status_code == 404


def test_sources_show_text_and_answer_and_never_a_code(calls: Any, cast: Any, order: Any) -> None:
    people_of.do(cast.li, "hotline.take", order)
    people_of.do(cast.li, "hotline.reply", order, text="灯已修好。", solved="yes")
    (source,) = calls("li").get(path_of(order, "/sources")).json()["items"]
    assert source["reply"] == "灯已修好。"
    assert source["replied_at"]
    assert not {"code", "query_code", "code_hash"} & set(source)


@pytest.mark.parametrize("name", ["feng", "zhao", "shen", "zhou", "administrator"])
def test_hidden_and_missing_are_one_answer(calls: Any, order: Any, name: str) -> None:
    caller = calls(name)
    caller.get(MISSING)
    for part in PARTS:
        hidden, queries = _asked(caller, path_of(order, part))
        missing, queries_of_missing = _asked(caller, MISSING + part)
        assert hidden.status_code == 404
        assert hidden.content == missing.content
        assert sorted(hidden.items()) == sorted(missing.items())
        assert queries == queries_of_missing


def _asked(caller: Any, path: str) -> tuple[Any, int]:
    with CaptureQueriesContext(connection) as captured:
        answer = caller.get(path)
    return answer, len(captured)


def test_a_refused_look_of_a_role_without_contents_is_on_record(calls: Any, cast: Any, order: Any) -> None:
    calls("administrator").get(path_of(order))
    with acting_as(SystemPost("keeper")):
        line = Event.objects.get(kind="access.refused")
    assert (line.account_id, line.matter_id) == (cast.administrator.account_id, order.pk)


def test_a_misspelt_number_is_told_like_a_missing_one(calls: Any) -> None:
    assert calls("li").get("/matters/R2026-000-0418720").content == calls("li").get(MISSING).content
