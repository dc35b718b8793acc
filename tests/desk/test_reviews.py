"""The desk's reviews: another unit calls back and puts right, the unit appeals, and nobody finds whose it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.kernel.models import Event, Matter, Post
from fengqiao.kernel.now import HERE, at
from fengqiao.offices.reviews import give, sheet
from fengqiao.offices.reviews.models import Appeal, MonthlyComment, Review
from tests.cast import Cast, an_order, do

Desk = Callable[[Post], Any]
MONDAY = datetime(2026, 9, 7, 9, tzinfo=HERE)
PAGE = "/desk/reviews/"


@pytest.fixture(autouse=True)
def on_monday() -> Any:
    with at(MONDAY):
        yield


def reviewed(cast: Cast, grade: str = "poor", comment: str = "等了三天没人来。", **more: Any) -> tuple[Matter, Review]:
    """An order that Li's unit has answered, and what Wang says of it."""
    matter = an_order(cast.chen)
    do(cast.chen, "hotline.dispatch", matter, unit="water")
    do(cast.li, "hotline.take", matter)
    do(cast.li, "hotline.start", matter)
    do(cast.li, "hotline.reply", matter, text="已经换好，请放心。", solved="yes")
    with acting_as(SystemPost("keeper")):
        source = matter.sources.get()
    return matter, give.give(source, grade, comment, **more)


def test_the_other_units_desk_calls_first_then_puts_it_right(cast: Cast, at_desk: Desk) -> None:
    matter, review = reviewed(cast, call_back=True)
    desk = at_desk(cast.sun)
    first = desk.get(PAGE).content.decode()
    assert (matter.number in first, "等了三天没人来。" in first, "by 2026-09-08" in first) == (True, True, True)
    assert "王小示" not in first
    shown = desk.post(f"{PAGE}{review.pk}/contact/").content.decode()
    assert ("王小示" in shown, "10012345678" in shown) == (True, True)
    too_early = desk.post(f"{PAGE}{review.pk}/right/", {"answer": "已经上门道歉。"})
    assert (too_early.status_code, "Call first" in too_early.content.decode()) == (409, True)
    assert "已经上门道歉。" in too_early.content.decode()
    assert desk.post(f"{PAGE}{review.pk}/called/", {"reached": "yes"}).status_code == 302
    assert desk.post(f"{PAGE}{review.pk}/right/", {"answer": "已经上门道歉。"}).status_code == 302
    assert "No low grade waits" in desk.get(PAGE).content.decode()
    with acting_as(SystemPost("keeper")):
        kinds = set(Event.objects.filter(kind__startswith="review.").values_list("kind", flat=True))
        assert Review.objects.get(pk=review.pk).answer_words == "已经上门道歉。"
    assert {"review.contact_shown", "review.called_back", "review.corrected"} <= kinds


def test_an_empty_answer_is_refused_with_a_sentence(cast: Cast, at_desk: Desk) -> None:
    _matter, review = reviewed(cast)
    answer = at_desk(cast.sun).post(f"{PAGE}{review.pk}/right/", {"answer": ""})
    assert (answer.status_code, 'aria-invalid="true"' in answer.content.decode()) == (422, True)


def test_the_reviewed_unit_and_strangers_meet_nothing_there(cast: Cast, at_desk: Desk) -> None:
    matter, review = reviewed(cast, call_back=True)
    for post in (cast.li, cast.zhao):
        desk = at_desk(post)
        page = desk.get(PAGE)
        assert (page.status_code, "等了三天没人来。" in page.content.decode()) == (200, False)
        assert matter.number not in page.content.decode()
        for what in ("called", "right", "appeal", "decide", "nothing"):
            assert desk.get(f"{PAGE}{review.pk}/{what}/").status_code == 404
            assert desk.post(f"{PAGE}{review.pk}/{what}/", {"answer": "好", "reached": "yes"}).status_code == 404
        assert desk.post(f"{PAGE}{review.pk}/contact/").status_code == 404
    assert at_desk(cast.sun).get(f"{PAGE}{uuid4()}/right/").status_code == 404


def test_a_unit_appeals_against_a_comment_and_another_unit_decides(cast: Cast, at_desk: Desk) -> None:
    for n in range(sheet.TOGETHER):
        reviewed(cast, comment=f"第{'一二三四五'[n]}回还是没修好。")
    sheet.make_sheets(MONDAY.date())
    with at(MONDAY + timedelta(days=30)):
        unit, desk = at_desk(cast.li), at_desk(cast.sun)
        page = unit.get(PAGE).content.decode()
        assert (page.count("还是没修好"), page.count("Appeal against the comment")) == (5, 5)
        with acting_as(SystemPost("figures")):
            line = MonthlyComment.objects.order_by("id")[0]
        assert unit.post(f"{PAGE}{line.pk}/appeal/", {"reason": "说的是另一个单位。"}).status_code == 302
        assert unit.post(f"{PAGE}{line.pk}/appeal/", {"reason": "再说一次。"}).status_code == 404
        with acting_as(SystemPost("figures")):
            appeal = Appeal.objects.get()
        assert unit.get(f"{PAGE}{appeal.pk}/decide/").status_code == 404
        assert "说的是另一个单位。" in desk.get(PAGE).content.decode()
        decided = {"upheld": "upheld", "ruling": "评价对象有误。"}
        assert desk.post(f"{PAGE}{appeal.pk}/decide/", decided).status_code == 302
        assert "The appeal was upheld" in unit.get(PAGE).content.decode()
        assert desk.post(f"{PAGE}{appeal.pk}/decide/", decided).status_code == 404
    with acting_as(SystemPost("figures")):
        assert list(Review.objects.filter(malicious=True).values_list("sheet_ref", flat=True)) == [line.pk]
