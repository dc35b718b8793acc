"""Reviews through the API: the same rights and the same refusals as on the page."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.offices.reviews import give
from fengqiao.offices.reviews.models import Review
from tests import cast as people_of


def a_low_review(cast: Any) -> Review:
    """Li's unit has answered; Wang is not content and may be called."""
    order = people_of.an_order(cast.chen)
    people_of.do(cast.chen, "hotline.dispatch", order, unit="water")
    for action in ("take", "start"):
        people_of.do(cast.li, f"hotline.{action}", order)
    people_of.do(cast.li, "hotline.reply", order, text="已经换好，请放心。", solved="yes")
    with acting_as(SystemPost("keeper")):
        source = order.sources.get()
    return give.give(source, "poor", "等了三天没人来。", call_back=True)


def test_another_units_desk_calls_back_and_puts_it_right(calls: Any, cast: Any) -> None:
    review = a_low_review(cast)
    desk = calls("sun")
    [low] = desk.get("/reviews").json()["low"]
    assert (low["id"], low["what"], low["words"]) == (str(review.pk), "call_back", "等了三天没人来。")
    assert desk.post(f"/reviews/{review.pk}/contact", {}).json() == {"name": "王小示", "phone": "10012345678"}
    early = desk.post(f"/reviews/{review.pk}/correction", {"answer": "已经上门道歉。"})
    assert (early.status_code, early.json()["code"]) == (409, "call_first")
    assert desk.post(f"/reviews/{review.pk}/call", {"reached": True}).json() == {"done": True}
    assert desk.post(f"/reviews/{review.pk}/correction", {"answer": "已经上门道歉。"}).json() == {"done": True}
    assert desk.get("/reviews").json()["low"] == []


def test_the_reviewed_unit_and_strangers_find_nothing(calls: Any, cast: Any) -> None:
    review = a_low_review(cast)
    for name in ("li", "zhao"):
        assert calls(name).get("/reviews").json() == {"low": [], "comments": [], "appeals": []}
        for path, body in (
            ("contact", {}), ("call", {"reached": True}), ("correction", {"answer": "好的。"})
        ):  # fmt: skip
            assert calls(name).post(f"/reviews/{review.pk}/{path}", body).status_code == 404
    assert calls("li").post(f"/reviews/comments/{uuid4()}/appeal", {"reason": "说的是别人。"}).status_code == 404
    decision = {"upheld": True, "ruling": "评价对象有误。"}
    assert calls("sun").post(f"/reviews/appeals/{uuid4()}/decision", decision).status_code == 404
