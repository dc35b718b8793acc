"""Worklist, places, codes and figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fengqiao.kernel.models import FigureCell
from fengqiao.kernel.now import at, now, today
from fengqiao.offices.accounts import terms
from tests import cast as people_of


def test_the_worklist_holds_own_tasks_and_the_units_queue(calls: Any, cast: Any) -> None:
    order = people_of.an_order(cast.chen)
    people_of.do(cast.chen, "hotline.dispatch", order, unit="water")
    body = calls("li").get("/worklist").json()
    assert [(task["kind"], task["matter"]["number"]) for task in body["items"]] == [("take", order.number)]
    assert body["tally"]["total"] == "1"
    assert calls("feng").get("/worklist").json()["items"] == []
    people_of.do(cast.li, "hotline.take", order)
    assert calls("lin").get("/worklist").json()["items"] == []
    assert [task["kind"] for task in calls("li").get("/worklist").json()["items"]] == ["handle"]


def test_a_task_of_a_post_that_ended_is_in_the_units_queue(calls: Any, cast: Any) -> None:
    order = people_of.an_order(cast.chen)
    people_of.do(cast.chen, "hotline.dispatch", order, unit="water")
    people_of.do(cast.li, "hotline.take", order)
    terms.end_post(cast.li)
    assert [task["kind"] for task in calls("lin").get("/worklist").json()["items"]] == ["handle"]


def test_what_is_late_is_counted_and_found(calls: Any, cast: Any) -> None:
    order = people_of.an_order(cast.chen)
    people_of.do(cast.chen, "hotline.dispatch", order, unit="water")
    with at(now() + timedelta(days=40)):
        body = calls("li").get("/worklist", {"due": "overdue"}).json()
        assert calls("li").get("/worklist", {"due": "soon"}).json()["items"] == []
    assert (body["tally"]["overdue"], len(body["items"])) == ("1", 1)
    assert body["items"][0]["overdue"] is True
    assert calls("li").get("/worklist", {"due": "overdue"}).json()["items"] == []
    assert calls("li").get("/worklist", {"due": "never"}).status_code == 422


def test_pages_of_the_worklist_follow_one_another(calls: Any, cast: Any) -> None:
    for i in range(5):
        order = people_of.an_order(cast.chen, title=f"第{i}件", content=f"第{i}件")
        if i % 2:
            people_of.do(cast.chen, "hotline.hand_over", order, to="119")
            people_of.an_order(cast.chen, title=f"又{i}件", content=f"又{i}件")
    seen: list[str] = []
    answer = calls("chen").get("/worklist", {"limit": "2"})
    while True:
        seen += [task["id"] for task in answer.json()["items"]]
        if not answer.json()["next"]:
            break
        answer = calls("chen").get("/worklist", {"limit": "2", "cursor": answer.json()["next"]})
    assert len(seen) == len(set(seen)) == 5
    assert calls("chen").get("/worklist", {"cursor": "!"}).status_code == 422


def test_the_tree_is_given_by_prefix_and_not_sent_twice(calls: Any) -> None:
    answer = calls("li").get("/places", {"prefix": "330681901"})
    rows = answer.json()["items"]
    assert rows[0] == {
        "code": "330681901",
        "name": rows[0]["name"],
        "level": "town",
        "parent": "330681",
        "valid_to": None,
        "successor": None,
    }
    assert all(row["code"].startswith("330681901") for row in rows)
    assert len(calls("li").get("/places").json()["items"]) > len(rows)
    assert calls("li").get("/places", {"prefix": "330681901"}, If_None_Match=answer["ETag"]).status_code == 304
    assert calls("li").get("/places", {"prefix": "x"}).status_code == 422


def test_the_keys_of_the_contract_are_listed(calls: Any) -> None:
    body = calls("li").get("/codes").json()
    assert {code["key"] for code in body["lists"]["kind"]} >= {"hotline", "petition", "dispute"}
    assert {"public", "normal", "protected", "sealed"} == {code["key"] for code in body["lists"]["confidentiality"]}
    assert {"dispatch", "reply"} <= {code["key"] for code in body["actions"]["hotline"]}
    assert "received" in {code["key"] for code in body["states"]["hotline"]}


def test_a_figure_shows_small_numbers_alike(calls: Any) -> None:
    day = today()
    for place, count in (("330681901201", 7), ("330681902201", 3)):
        FigureCell.objects.create(
            measure="K-301a", day=day, place=place, category="", numerator=count, denominator=0, imported=0
        )
    body = calls("li").get("/figures/K-301a", {"by": "place"}).json()
    shown = {row["group"]: (row["shown"], row["numerator"]) for row in body["items"]}
    assert sorted(shown.values(), key=str) == sorted([("7", 7), ("<5", None)], key=str)
    assert body["basis"] == "counted"
    assert body["not_meaning"]
    assert (
        calls("li").get("/figures/K-301a", {"by": "place"}).json()
        == calls("feng").get("/figures/K-301a", {"by": "place"}).json()
    )


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/figures/K-000", {}, 404),
        ("/figures/K-301a", {"by": "person"}, 422),
        ("/figures/K-301a", {"from": "2026-02-01", "to": "2026-01-01"}, 422),
        ("/figures/K-301a", {"from": "2026-02-30"}, 422),
        ("/figures/K-301a", {"from": "2026-01-01", "to": "2026-02-28"}, 200),
    ],
)
def test_a_figure_that_is_none_is_refused(calls: Any, path: str, query: dict[str, str], status: int) -> None:
    assert calls("li").get(path, query).status_code == status


def test_the_worklist_is_narrowed_by_what_the_desk_narrows_it_by(calls: Any, cast: Any) -> None:
    web = people_of.an_order(cast.chen, channel="web")
    dispatched = people_of.an_order(cast.chen, content="第二盏路灯也坏了。", place=people_of.FAR_VILLAGE)
    people_of.do(cast.chen, "hotline.dispatch", dispatched, unit="water")
    chen, li = calls("chen"), calls("li")

    def numbers(caller: Any, **asked: str) -> list[str]:
        return [task["matter"]["number"] for task in caller.get("/worklist", asked).json()["items"]]

    assert numbers(chen, channel="web") == [web.number]
    assert numbers(chen, channel="12345") == []
    assert numbers(li, place=people_of.YI, kind="hotline", stage="new") == [dispatched.number]
    assert numbers(li, stage="working") == numbers(li, mine="true") == numbers(li, place=people_of.JIA) == []
    assert li.get("/worklist").json()["tally"]["stages"]["new"] == "1"
    for wrong in ({"stage": "old"}, {"place": "x"}, {"mine": "perhaps"}):
        assert chen.get("/worklist", wrong).status_code == 422
