"""督办: who sees which step, and what can be done from the list."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from fengqiao.ground.numbers import parse
from fengqiao.kernel.intake import Told
from fengqiao.kernel.models import Matter, Post
from tests.cast import Cast, an_order, do
from tests.desk.test_matter import DEMAND

Desk = Callable[[Post], Any]


def supervised(cast: Cast, unit: str = "water", **more: Any) -> Matter:
    matter = an_order(cast.chen, **more)
    do(cast.chen, "hotline.dispatch", matter, unit=unit)
    do(cast.sun, "hotline.supervise", matter, **{**DEMAND, "unit": unit})
    return matter


def seen(desk: Any, **asked: str) -> str:
    answer = desk.get("/desk/supervision/", asked)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_the_office_sees_every_step_and_a_unit_its_own(cast: Cast, at_desk: Desk) -> None:
    water = supervised(cast)
    housing = supervised(cast, "housing", content="楼道灯坏了。", title="楼道灯坏了")
    for post, own, others in ((cast.li, water, housing), (cast.feng, housing, water)):
        page = seen(at_desk(post))
        assert own.number in page
        assert others.number not in page
        assert f"/desk/matters/{parse(own.number).slug}/do/answer_supervision/" in page
    page = seen(at_desk(cast.sun))
    assert water.number in page
    assert housing.number in page
    assert "answer_supervision" not in page, "who asks does not answer"


def test_a_step_goes_from_waiting_to_answered(cast: Cast, at_desk: Desk) -> None:
    matter = supervised(cast)
    do(cast.li, "hotline.answer_supervision", matter, text="今天下午修好。")
    desk = at_desk(cast.sun)
    assert matter.number not in seen(desk)
    assert matter.number in seen(desk, state="answered")
    assert matter.number not in seen(desk, state="ended")
    assert "No supervision here" in seen(desk, state="never", page="x")


def test_who_may_not_read_the_matter_sees_no_step_of_it(cast: Cast, at_desk: Desk) -> None:
    hidden = supervised(cast, told=(Told(unit=cast.units["housing"].pk),))
    for post in (cast.feng, cast.zhao, cast.he, cast.zhou, cast.administrator):
        assert hidden.number not in seen(at_desk(post))


def test_the_list_costs_the_same_queries_for_one_step_and_for_six(cast: Cast, at_desk: Desk) -> None:
    desk, counted = at_desk(cast.sun), []
    for more in (1, 5):
        for number in range(more):
            supervised(cast, content=f"第 {more}-{number} 盏灯坏了。")
        seen(desk)
        with CaptureQueriesContext(connection) as asked:
            seen(desk)
        counted.append(len([row for row in asked.captured_queries if "SAVEPOINT" not in row["sql"]]))
    assert counted[0] == counted[1]
