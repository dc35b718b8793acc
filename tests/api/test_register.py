"""POST /matters: who may, what is refused, and the same request twice."""

from __future__ import annotations

from typing import Any

import pytest

from fengqiao.doors.portal import status
from fengqiao.kernel.models import Exclusion, Person, Subject
from tests.api.caller import how_many, pointers, told


def test_a_call_becomes_an_order_with_number_and_query_code(calls: Any) -> None:
    answer = calls("chen").post("/matters", told())
    assert answer.status_code == 201
    body = answer.json()
    assert body["number"].startswith("热")
    assert answer["Location"].startswith("/api/v1/matters/R")
    assert answer["ETag"].strip('"').isdecimal()
    assert body["state"] == "received"
    assert body["query_code"].replace("-", "") == body["query_code_plain"]
    assert len(body["query_code_plain"]) == 12
    assert calls("chen").get(answer["Location"].removeprefix("/api/v1")).json()["content"] == told()["content"]


def test_the_number_of_a_second_call_about_the_same_lamp_is_shown_as_possible_duplicate(calls: Any) -> None:
    chen = calls("chen")
    first = chen.post("/matters", told()).json()
    second = chen.post("/matters", told()).json()
    assert first["possible_duplicates"] == []
    assert [each["number"] for each in second["possible_duplicates"]] == [first["number"]]
    assert second["possible_duplicates"][0]["reasons"]
    assert second["looked_at"] >= 1


def test_a_village_registers_for_a_caller_and_sees_nothing_of_it_later(calls: Any) -> None:
    answer = calls("zhou").post("/matters", told(channel="grid"))
    assert answer.status_code == 201
    assert calls("zhou").get(answer["Location"].removeprefix("/api/v1")).status_code == 404


@pytest.mark.parametrize("name", ["li", "administrator", "auditor", "dpo", "envelope"])
def test_who_only_handles_or_administers_takes_nothing_in(calls: Any, name: str) -> None:
    answer = calls(name).post("/matters", told())
    assert (answer.status_code, answer.json()["code"]) == (403, "may_not_register")
    assert how_many() == 0


def test_the_same_request_twice_makes_one_order_and_one_answer(calls: Any) -> None:
    chen = calls("chen")
    first = chen.post("/matters", told(), Idempotency_Key="k1")
    again = chen.post("/matters", told(), Idempotency_Key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first["Location"] == again["Location"]
    assert how_many() == 1


def test_a_repeated_request_of_a_village_gets_its_code_again(calls: Any) -> None:
    zhou = calls("zhou")
    first = zhou.post("/matters", told(channel="grid"), Idempotency_Key="k1").json()
    again = zhou.post("/matters", told(channel="grid"), Idempotency_Key="k1").json()
    assert first == again


def test_another_body_under_the_same_key_is_refused(calls: Any) -> None:
    chen = calls("chen")
    chen.post("/matters", told(), Idempotency_Key="k1")
    answer = chen.post("/matters", told(title="井盖丢了"), Idempotency_Key="k1")
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")


def test_the_key_of_one_post_is_not_the_key_of_another(calls: Any) -> None:
    calls("chen").post("/matters", told(), Idempotency_Key="k1")
    answer = calls("sun").post("/matters", told(title="井盖丢了"), Idempotency_Key="k1")
    assert answer.status_code == 201


def test_a_number_of_another_system_comes_in_once(calls: Any) -> None:
    chen = calls("chen")
    first = chen.post("/matters", told(external_id="A-1")).json()
    answer = chen.post("/matters", told(external_id="A-1"))
    assert (answer.status_code, answer.json()["code"]) == (409, "already_received")
    assert answer.json()["number"] == first["number"]


def test_whom_it_complains_of_is_kept_away_from_the_first_second(calls: Any, cast: Any) -> None:
    body = told(subjects_complained_of=[{"unit": "water"}, {"level": "unsure"}])
    number = calls("chen").post("/matters", body).json()["number"]
    barred = Exclusion.objects.values_list("account_id", flat=True)
    assert cast.li.account_id in set(barred)
    assert calls("li").get(f"/matters/{number}").status_code == 404
    assert calls("he").get("/matters").json()["items"] == []


def test_words_about_whom_it_complains_stay_unresolved(calls: Any, cast: Any) -> None:
    from fengqiao.kernel.access import acting_as

    calls("chen").post("/matters", told(subjects_complained_of=[{"words": "那个姓某的干部"}]))
    with acting_as(cast.chen):
        assert Subject.objects.filter(resolved_at=None, words__isnull=False).count() == 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"kind": "nothing"}, "/kind"),
        ({"title": "   "}, "/title"),
        ({"title": 7}, "/title"),
        ({"content": ""}, "/content"),
        ({"content": "a\0b"}, "/content"),
        ({"place": "999999"}, "/place"),
        ({"place": "33068"}, "/place"),
        ({"category": "moon"}, "/category"),
        ({"channel": "pigeon"}, "/channel"),
        ({"confidentiality": "secret"}, "/confidentiality"),
        ({"subjects_complained_of": [{}]}, "/subjects_complained_of/0"),
        ({"subjects_complained_of": [{"unit": "moon"}]}, "/subjects_complained_of/0/unit"),
        ({"subjects_complained_of": [{"level": "city"}]}, "/subjects_complained_of/0/level"),
        ({"parties": [{"role": "king"}]}, "/parties/0/role"),
        ({"parties": [{"phone": "123"}]}, "/parties/0/phone"),
        ({"parties": [{"id_no": "1"}]}, "/parties/0/id_no"),
        ({"parties": [{"age": 3}]}, "/parties/0/age"),
        ({"data": {}}, "/data/nature"),
        ({"data": {"nature": "song"}}, "/data/nature"),
        ({"data": {"nature": "help", "moon": 1}}, "/data/moon"),
        ({"data": {"nature": "help", "wants_answer": "yes"}}, "/data/wants_answer"),
        ({"word": "1234"}, "/word"),
        ({"moon": 1}, "/moon"),
    ],
)
def test_each_wrong_field_is_named_by_its_pointer(calls: Any, change: dict[str, Any], pointer: str) -> None:
    answer = calls("chen").post("/matters", told(**change))
    assert answer.status_code == 422, answer.content
    assert pointers(answer) == [pointer]
    assert answer.json()["errors"][0]["detail"]
    assert how_many() == 0


def test_what_was_typed_is_not_repeated_in_the_problem(calls: Any) -> None:
    answer = calls("chen").post("/matters", told(parties=[{"phone": "1234567890123"}], title=7))
    assert b"1234567890123" not in answer.content


def test_without_place_the_order_stands_at_the_city(calls: Any) -> None:
    body = {name: value for name, value in told().items() if name != "place"}
    answer = calls("chen").post("/matters", body)
    place = calls("chen").get(answer["Location"].removeprefix("/api/v1")).json()["place"]
    assert place == "330681"


def test_a_report_is_protected_and_its_person_is_sealed(calls: Any, cast: Any) -> None:
    from fengqiao.kernel.access import acting_as

    answer = calls("chen").post("/matters", told(data={"nature": "report"}))
    assert answer.status_code == 201
    with acting_as(cast.chen):
        assert b"10012345678" not in bytes(Person.objects.get().sealed)
    row = calls("chen").get(answer["Location"].removeprefix("/api/v1")).json()
    assert row["confidentiality"] == "protected"
    assert row["content"] == told()["content"]


def test_the_code_of_the_answer_opens_the_source(calls: Any, cast: Any) -> None:
    code = calls("chen").post("/matters", told()).json()["query_code_plain"]
    source, proven = status.find(code, "5678")
    assert source is not None
    assert proven
