"""POST /progress: what a code opens, what its proof opens, and how long guessing takes (A9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fengqiao.doors.portal import throttle
from fengqiao.ground.numbers import check_digit
from fengqiao.kernel.docket import docket
from fengqiao.kernel.now import at, now
from fengqiao.offices.merging import merging
from tests import cast as people_of
from tests.api.caller import told

NOBODYS = "12345678901" + check_digit("12345678901")


@pytest.fixture
def code(calls: Any) -> str:
    found: str = calls("chen").post("/matters", told()).json()["query_code"]
    return found


def test_the_code_alone_opens_one_word_and_the_phone_to_call(calls: Any, code: str) -> None:
    answer = calls().post("/progress", {"code": code})
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"status", "latest_date", "closed", "call", "more"}
    assert (body["call"], body["more"], body["closed"]) == ("12345", None, False)
    assert answer["Cache-Control"] == "no-store"


def test_the_code_in_any_spelling(calls: Any, code: str) -> None:
    plain = code.replace("-", "")
    for typed in (plain, " ".join(plain), code.replace("-", "－")):
        assert calls().post("/progress", {"code": typed}).status_code == 200


def test_the_last_day_is_told_once_a_limit_runs(calls: Any, cast: Any, code: str) -> None:
    number = calls("chen").get("/matters").json()["items"][0]["number"]
    calls("chen").post(f"/matters/{number}/actions/dispatch", {"unit": "water"})
    due = calls("chen").get(f"/matters/{number}").json()["limits"]
    told_day = calls().post("/progress", {"code": code}).json()["latest_date"]
    assert told_day in {limit["legal"] for limit in due if limit["rule"] == "T-H01"}


def test_the_tail_of_the_phone_opens_who_handles_it_and_the_answers(calls: Any, code: str) -> None:
    number = calls("chen").get("/matters").json()["items"][0]["number"]
    calls("chen").post(f"/matters/{number}/actions/dispatch", {"unit": "water"})
    calls("li").post(f"/matters/{number}/actions/take")
    calls("li").post(f"/matters/{number}/actions/remark", {"text": "内部的话"})
    before = calls().post("/progress", {"code": code, "phone_tail": "5678"}).json()["more"]
    assert before["handled_by"].startswith("市水务局")
    assert before["next_step"]
    assert before["replies"] == []
    assert set(before["may"]) >= {"supplement", "withdraw"}
    calls("li").post(f"/matters/{number}/actions/reply", {"text": "灯修好了。", "solved": "yes"})
    answer = calls().post("/progress", {"code": code, "phone_tail": "5678"})
    assert [reply["text"] for reply in answer.json()["more"]["replies"]] == ["灯修好了。"]
    for hidden in ("内部的话", "王小示", "10012345678"):
        assert hidden not in answer.content.decode()


def test_an_anonymous_person_proves_by_the_word_chosen(calls: Any) -> None:
    code = calls("chen").post("/matters", told(parties=[], word="桂花树")).json()["query_code"]
    assert calls().post("/progress", {"code": code, "word": "桂花树"}).json()["more"]
    assert calls().post("/progress", {"code": code, "word": "梧桐树"}).status_code == 404


def test_every_miss_has_the_same_words(calls: Any, code: str) -> None:
    misses = [
        {"code": NOBODYS},
        {"code": NOBODYS, "phone_tail": "5678"},
        {"code": code, "phone_tail": "0000"},
        {"code": code, "word": "桂花"},
        {"code": code, "word": "١٢٣٤"},
        {"code": "no code at all"},
        {"code": "123456789012"},
    ]
    answers = [calls().post("/progress", body) for body in misses]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_the_code_alone_is_a_miss_for_a_protected_matter(calls: Any) -> None:
    code = calls("chen").post("/matters", told(data={"nature": "report"})).json()["query_code"]
    for proof in ({}, {"phone_tail": "0000"}):
        missed = calls().post("/progress", {"code": NOBODYS, **proof})
        assert calls().post("/progress", {"code": code, **proof}).content == missed.content
    assert calls().post("/progress", {"code": code, "phone_tail": "5678"}).json()["more"]["title"] == ""


def test_a_try_at_the_portal_counts_here_too(calls: Any, code: str) -> None:
    for _i in range(5):
        throttle.count(code.replace("-", ""))
    assert calls().post("/progress", {"code": code}).status_code == 429


@pytest.mark.parametrize("existing", [True, False])
def test_after_five_wrong_tries_there_is_a_quarter_of_an_hour_to_wait(calls: Any, code: str, existing: bool) -> None:
    tried = code if existing else NOBODYS
    wrong = {"code": tried, "phone_tail": "0000"}
    assert [calls().post("/progress", wrong).status_code for _i in range(5)] == [404] * 5
    answer = calls().post("/progress", {"code": tried, "phone_tail": "5678"})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_tries")
    assert 800 < int(answer["Retry-After"]) <= 900
    assert calls().post("/progress", {"code": tried}).status_code == 429
    with at(now() + timedelta(minutes=15, seconds=1)):
        assert calls().post("/progress", {"code": tried, "phone_tail": "5678"}).status_code == (
            200 if existing else 404
        )


def test_the_right_proof_forgives_earlier_slips(calls: Any, code: str) -> None:
    for _i in range(4):
        calls().post("/progress", {"code": code, "phone_tail": "0000"})
    assert calls().post("/progress", {"code": code, "phone_tail": "5678"}).status_code == 200
    assert calls().post("/progress", {"code": code, "phone_tail": "0000"}).status_code == 404
    assert throttle.minutes_to_wait(code.replace("-", "")) == 0


def test_old_slips_are_swept_away(calls: Any) -> None:
    calls().post("/progress", {"code": NOBODYS})
    assert throttle.sweep() == 0
    with at(now() + timedelta(days=2)):
        assert throttle.sweep() == 1


def test_a_merged_order_is_told_through_its_master(calls: Any, cast: Any, code: str) -> None:
    master = people_of.an_order(cast.chen, title="整条路的灯")
    number = calls("chen").get("/matters", {"q": "路灯不亮"}).json()["items"][-1]["number"]
    with docket(cast.chen) as book:
        taken = book.take("read", number=master.number)
        merging.merge(book, taken, members=[book.take("read", number=number)], why="同一条路")
    people_of.do(cast.chen, "hotline.dispatch", master, unit="water")
    body = calls().post("/progress", {"code": code, "phone_tail": "5678"}).json()
    assert body["more"]["number"] == number
    assert body["more"]["handled_by"] == "市水务局"


@pytest.mark.parametrize(
    "body",
    [{}, {"code": ""}, {"code": 1}, {"code": NOBODYS, "phone_tail": "12"}, {"code": NOBODYS, "moon": 1},
     {"code": NOBODYS, "phone_tail": "1234", "word": "桂花"}],
)  # fmt: skip
def test_a_wrong_question_is_refused(calls: Any, body: dict[str, Any]) -> None:
    assert calls().post("/progress", body).status_code == 422


def test_neither_code_nor_phone_may_stand_in_the_address(calls: Any) -> None:
    assert calls().post("/progress?code=" + NOBODYS, {"code": NOBODYS}).status_code == 422
    assert calls().get("/progress", {"code": NOBODYS}).status_code == 405
