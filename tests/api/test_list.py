"""GET /matters: what a post may read, narrowed, page by page, in a fixed number of queries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fengqiao.kernel.now import at, now
from tests import cast as people_of
from tests.api.caller import path_of, pointers


def numbers(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["number"] for row in answer.json()["items"]]


def test_the_newest_stands_first(calls: Any, cast: Any) -> None:
    with at(now() - timedelta(days=1)):
        older = people_of.an_order(cast.chen)
    newer = people_of.an_order(cast.chen, title="井盖丢了")
    assert numbers(calls("chen").get("/matters")) == [newer.number, older.number]


def test_a_unit_lists_what_was_sent_to_it_and_another_unit_nothing(calls: Any, cast: Any) -> None:
    order = people_of.an_order(cast.chen)
    people_of.do(cast.chen, "hotline.dispatch", order, unit="water")
    assert numbers(calls("li").get("/matters")) == [order.number]
    assert numbers(calls("feng").get("/matters")) == []
    assert numbers(calls("administrator").get("/matters")) == []


def test_a_command_room_lists_orders_of_its_own_town_only(calls: Any, cast: Any) -> None:
    order = people_of.an_order(cast.chen)
    assert numbers(calls("he").get("/matters")) == [order.number]
    assert numbers(calls("shen").get("/matters")) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"kind": "hotline"}, True),
        ({"kind": "petition"}, False),
        ({"state": "received"}, True),
        ({"state": "closed"}, False),
        ({"open": "true"}, True),
        ({"open": "false"}, False),
        ({"place": "330681901"}, True),
        ({"place": "330681902"}, False),
        ({"category": "construction"}, True),
        ({"category": "health"}, False),
        ({"channel": "12345"}, True),
        ({"channel": "web"}, False),
        ({"lead_unit": "water"}, False),
        ({"due_before": "2100-01-01T00:00:00Z"}, False),
        ({"opened_from": "2020-01-01T00:00:00Z"}, True),
        ({"opened_to": "2020-01-01T00:00:00Z"}, False),
        ({"q": "路灯"}, True),
        ({"q": "老人走路"}, True),
        ({"q": "水管"}, False),
        ({"q": "路灯", "state": "received", "open": "true"}, True),
        ({"q": "路灯", "state": "closed"}, False),
        ({"q": "路灯", "place": "330681902"}, False),
        ({"q": "!!"}, False),
    ],
)
def test_each_filter_keeps_and_drops(calls: Any, cast: Any, query: dict[str, str], found: bool) -> None:
    order = people_of.an_order(cast.chen, category="construction")
    assert numbers(calls("chen").get("/matters", query)) == ([order.number] if found else [])


def test_one_character_is_looked_for_in_titles_and_the_page_says_so(calls: Any, cast: Any) -> None:
    people_of.an_order(cast.chen, content="示例二村的水坏了。", title="来电")
    order = people_of.an_order(cast.chen, title="水管破裂")
    answer = calls("chen").get("/matters", {"q": "水"})
    assert numbers(answer) == [order.number]
    assert answer.json()["searched"] == "title and place names"
    assert calls("chen").get("/matters", {"q": "水管"}).json()["searched"] == "title, text and remarks"


def test_pages_follow_one_another_without_gap_or_repeat(calls: Any, cast: Any) -> None:
    made = {people_of.an_order(cast.chen, title=f"第{i}件", content=f"第{i}件事，路灯不亮。").number for i in range(7)}
    for query in ({"limit": "3"}, {"limit": "3", "q": "路灯"}, {"limit": "3", "q": "路灯", "state": "received"}):
        seen: list[str] = []
        answer = calls("chen").get("/matters", query)
        seen += numbers(answer)
        while following := answer.json()["next"]:
            assert f"cursor={following}" in answer["Link"]
            assert 'rel="next"' in answer["Link"]
            answer = calls("chen").get("/matters", {**query, "cursor": following})
            seen += numbers(answer)
        assert len(seen) == 7
        assert set(seen) == made
        assert "Link" not in answer


def test_an_excluded_post_does_not_meet_the_matter_in_list_or_search(calls: Any, cast: Any) -> None:
    order = people_of.an_order(cast.chen)
    people_of.do(cast.chen, "hotline.dispatch", order, unit="water")
    people_of.do(cast.chen, "hotline.exclude", order, units=["water"], reason="本人说的就是他们")
    assert numbers(calls("li").get("/matters")) == []
    assert numbers(calls("li").get("/matters", {"q": "路灯"})) == []
    assert calls("li").get(path_of(order)).status_code == 404


@pytest.mark.parametrize("query", [{}, {"q": "路灯"}, {"state": "received", "lead_unit": "water"}])
def test_the_number_of_queries_is_the_same_for_five_and_fifty(calls: Any, cast: Any, query: dict[str, str]) -> None:
    chen = calls("chen")
    counts = []
    for more in (5, 45):
        for i in range(more):
            people_of.an_order(cast.chen, title=f"路灯{i}", content=f"路灯第{i}盏不亮。")
        chen.get("/matters", {**query, "limit": "50"})
        with CaptureQueriesContext(
            connection,
        ) as captured:
            chen.get("/matters", {**query, "limit": "50"})
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"limit": "0"}, "/limit"),
        ({"limit": "101"}, "/limit"),
        ({"limit": "many"}, "/limit"),
        ({"open": "perhaps"}, "/open"),
        ({"cursor": "!"}, "/cursor"),
        ({"cursor": "bm90aGluZw"}, "/cursor"),
        ({"place": "x"}, "/place"),
        ({"due_before": "yesterday"}, "/due_before"),
        ({"due_before": "0001-01-01T00:00:00Z"}, "/due_before"),
        ({"opened_from": "2026-01-01T00:00:00"}, "/opened_from"),
        ({"q": ""}, "/q"),
        ({"statee": "received"}, "/statee"),
    ],
)
def test_a_wrong_question_is_named_by_its_pointer(calls: Any, query: dict[str, str], pointer: str) -> None:
    answer = calls("chen").get("/matters", query)
    assert answer.status_code == 422, answer.content
    assert pointers(answer) == [pointer]
