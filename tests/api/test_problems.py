"""Every refusal is a problem in the reader's language, with the status that the standard gives it."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from fengqiao.doors.api import listing
from fengqiao.kernel.models import Token
from fengqiao.kernel.now import now
from fengqiao.offices.accounts import terms
from tests.api.caller import Caller, told


@pytest.mark.parametrize("token", ["", "wrong", "x" * 5000])
def test_without_a_token_of_a_post_there_is_nothing(calls: Any, token: str) -> None:
    for path in ("/matters", "/matters/R2026-000-0418729", "/worklist", "/places", "/codes", "/figures/K-301a"):
        answer = Caller(None, token).get(path)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_token_ends_with_its_post_its_account_or_its_own_revocation(calls: Any, cast: Any) -> None:
    li, lin, feng = calls("li"), calls("lin"), calls("feng")
    terms.end_post(cast.li)
    cast.lin.account.is_active = False
    cast.lin.account.save(update_fields=["is_active"])
    Token.objects.filter(post=cast.feng).update(revoked_at=now())
    assert [caller.get("/matters").status_code for caller in (li, lin, feng)] == [401, 401, 401]


def test_another_scheme_is_no_token(calls: Any) -> None:
    caller = calls("li")
    assert Caller(None).get("/matters", Authorization=f"Basic {caller.token}").status_code == 401


@pytest.mark.parametrize("body", ["{", "", b"\xff\xfe", '{"kind": NaN}', '{"title": "\\ud800"}'])
def test_broken_json_is_told(calls: Any, body: Any) -> None:
    answer = calls("chen").post("/matters", body)
    assert answer.status_code == (422 if body == "" else 400)


def test_another_media_type_is_refused(calls: Any) -> None:
    answer = calls("chen").post("/matters", "a=b", Content_Type="application/x-www-form-urlencoded")
    assert answer.status_code == 415
    assert calls("chen").get("/matters", Accept="text/csv").status_code == 406
    assert calls("chen").get("/matters", Accept="application/*").status_code == 200


def test_too_much_is_refused_before_it_is_read(calls: Any) -> None:
    answer = calls("chen").post("/matters", told(content="灯" * 200_000))
    assert answer.status_code == 413


def test_another_method_is_refused_with_those_that_work(calls: Any) -> None:
    answer = calls("chen").post("/worklist")
    assert (answer.status_code, answer["Allow"]) == (405, "GET")


def test_an_address_that_is_none_is_a_problem_too(calls: Any) -> None:
    for path in ("/", "/moon", "/matters/", "/matters/a/b/c/d"):
        assert calls("chen").get(path).status_code in (404, 405)


def test_a_question_twice_is_refused(calls: Any) -> None:
    answer = calls("chen").get("/matters?kind=hotline&kind=petition")
    assert (answer.status_code, answer.json()["code"]) == (422, "repeated_parameter")


def test_the_reader_chooses_the_language(calls: Any) -> None:
    english = calls().get("/matters", Accept_Language="en").json()["title"]
    assert english == "A token is needed"
    assert calls().get("/matters", Accept_Language="fr, en;q=0.5").json()["title"] == english


def test_what_breaks_is_told_without_its_insides(calls: Any, monkeypatch: Any, caplog: Any) -> None:
    def breaks(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("password=secret")

    monkeypatch.setattr(listing.listing, "newest", breaks)
    with caplog.at_level(logging.CRITICAL):
        answer = calls("chen").get("/matters")
    assert (answer.status_code, answer.json()["code"]) == (500, "broken")
    assert b"secret" not in answer.content


@pytest.mark.parametrize("key", ["k" * 81, "k k", ""])
def test_a_key_that_cannot_be_kept_is_refused(calls: Any, key: str) -> None:
    assert calls("chen").post("/matters", told(), Idempotency_Key=key).status_code == 422
