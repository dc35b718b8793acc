"""我的待办: what is due, filters in the address, saved views, and one action on several matters."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest

from fengqiao.doors.desk.models import View
from fengqiao.doors.lists import worklist
from fengqiao.ground.numbers import parse
from fengqiao.kernel import domain
from fengqiao.kernel.access import acting_as
from fengqiao.kernel.intake import Told
from fengqiao.kernel.models import Event, Matter, Post
from fengqiao.kernel.now import at, now
from tests.cast import FAR_VILLAGE, JIA, YI, Cast, an_order, do

Desk = Callable[[Post], Any]


def seen(desk: Any, **asked: Any) -> str:
    """The list's page as words."""
    answer = desk.get(f"/desk/?{urlencode(asked)}")
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def slugs(*matters: Matter) -> list[str]:
    return [parse(matter.number).slug for matter in matters]


def test_the_head_counts_what_is_late_and_each_count_is_a_filter(cast: Cast, at_desk: Desk) -> None:
    an_order(cast.chen, title="路灯不亮")
    late = an_order(cast.chen, title="自来水发黄", content="示例一村的水一直发黄。")
    do(cast.chen, "hotline.dispatch", late, unit="water")
    desk = at_desk(cast.li)
    page = seen(desk)
    assert re.search(r'<a href="\?due=overdue"><b>0</b>', page), "none is late: not dressed in red"
    with at(now() + timedelta(days=40)):
        desk = at_desk(cast.li)
        page = seen(desk)
        assert re.search(r'<a href="\?due=overdue" class="is-over"><b>1</b>', page)
        assert "自来水发黄" in seen(desk, due="overdue")
        assert "自来水发黄" not in seen(desk, due="soon")


def test_each_stage_has_its_tab_with_its_count(cast: Cast, at_desk: Desk) -> None:
    for number in range(2):
        order = an_order(cast.chen, content=f"示例一村第 {number} 盏路灯坏了。")
        do(cast.chen, "hotline.dispatch", order, unit="water")
    do(cast.li, "hotline.take", order)
    page = seen(at_desk(cast.li))
    counts = dict(re.findall(r'<a href="\?stage=(\w+)">[^<]+<span class="n">(\d+)</span>', page))
    assert counts == {"new": "1", "working": "1", "answer": "0", "calling": "0", "closing": "0"}
    assert order.number in seen(at_desk(cast.li), stage="working")
    assert order.number not in seen(at_desk(cast.li), stage="new")


def test_where_a_stage_meets_a_due_day_nobody_pretends_to_have_counted(cast: Cast, at_desk: Desk) -> None:
    order = an_order(cast.chen)
    do(cast.chen, "hotline.dispatch", order, unit="water")
    with at(now() + timedelta(days=40)):
        page = seen(at_desk(cast.li), stage="new", due="overdue")
    assert "1 on this page" in page
    assert "shown of" not in page


def test_filters_in_the_address_narrow_by_place_channel_and_holder(cast: Cast, at_desk: Desk) -> None:
    near = an_order(cast.chen, title="路灯不亮")
    far = an_order(cast.chen, title="井盖缺失", content="井盖不见了。", place=FAR_VILLAGE, channel="web")
    desk = at_desk(cast.chen)
    for asked, there, gone in (
        ({"place": JIA}, near, far),
        ({"place": YI}, far, near),
        ({"channel": "web"}, far, near),
        ({"channel": "12345", "place": JIA}, near, far),
    ):
        page = seen(desk, **asked)
        assert there.number in page
        assert gone.number not in page
    assert near.number not in seen(desk, mine="1"), "it lies in the queue; nobody holds it"
    assert "No task fits these filters" in seen(desk, place=YI, channel="12345")


def test_what_a_filter_counts_is_what_it_lists(cast: Cast) -> None:
    for number in range(7):
        order = an_order(cast.chen, content=f"第 {number} 件。", channel="web" if number % 2 else "12345")
        if number % 3 == 0:
            do(cast.chen, "hotline.dispatch", order, unit="water")
    for post in (cast.chen, cast.li):
        with acting_as(post):
            for narrowed in (worklist.Narrowed(), worklist.Narrowed(channel="web"), worklist.Narrowed(place=JIA)):
                counted = worklist.tally(post, narrowed)
                assert counted.total == len(worklist.page(post, narrowed, limit=50))
                assert sum(counted.stages.values()) == counted.total


def test_a_saved_view_comes_back_with_its_filters_and_belongs_to_its_post(cast: Cast, at_desk: Desk) -> None:
    chen = at_desk(cast.chen)
    answer = chen.post("/desk/views/", {"name": "网站来的", "query": "?channel=web&junk=1"})
    assert (answer.status_code, answer["Location"]) == (302, "/desk/?channel=web")
    page = seen(chen)
    assert re.search(r'<a class="chip" href="\?channel=web">\s*网站来的', page)
    assert "网站来的" not in seen(at_desk(cast.sun))
    view = View.objects.get()
    assert at_desk(cast.sun).post(f"/desk/views/{view.pk}/remove/").status_code == 404
    assert View.objects.filter(pk=view.pk).exists(), "somebody else's view stays"
    chen.post(f"/desk/views/{view.pk}/remove/")
    assert "网站来的" not in seen(chen)


def test_a_view_of_the_same_name_gets_the_new_filters(cast: Cast, at_desk: Desk) -> None:
    for query in ("?channel=web", "?channel=12345"):
        at_desk(cast.chen).post("/desk/views/", {"name": "常看", "query": query})
    assert [view.query for view in View.objects.all()] == ["?channel=12345"]


@pytest.mark.parametrize(
    ("name", "query"), [("", "?due=soon"), ("长" * 21, "?due=soon"), ("全部", "?"), ("乱写", "?due=never&page=2")]
)
def test_a_view_without_a_name_or_without_a_filter_is_refused_with_a_sentence(
    cast: Cast, at_desk: Desk, name: str, query: str
) -> None:
    answer = at_desk(cast.chen).post("/desk/views/", {"name": name, "query": query})
    assert answer.status_code == 422
    assert "A view needs a name" in answer.content.decode()
    assert not View.objects.exists()


def test_a_thirteenth_view_is_refused(cast: Cast, at_desk: Desk) -> None:
    desk = at_desk(cast.chen)
    for number in range(13):
        answer = desk.post("/desk/views/", {"name": f"第{number}个", "query": "?due=soon"})
    assert answer.status_code == 422
    assert "12 views" in answer.content.decode()
    assert View.objects.count() == 12


def test_only_what_can_be_done_with_all_that_are_ticked_is_offered(cast: Cast, at_desk: Desk) -> None:
    new, other = (an_order(cast.chen, content=f"第 {number} 件。") for number in range(2))
    do(cast.chen, "hotline.dispatch", other, unit="water")
    desk = at_desk(cast.chen)

    def offered(*matters: Matter) -> list[str]:
        answer = desk.get("/desk/together/actions/", {"n": slugs(*matters)})
        return re.findall(r'name="action" value="(\w+)"', answer.content.decode())

    assert "dispatch" in offered(new)
    assert "dispatch" not in offered(new, other)
    assert "remark" in offered(new, other)
    assert offered() == []
    assert "close" not in offered(new), "what is not allowed now is not offered"


def test_several_orders_are_dispatched_by_one_form_and_each_has_its_event(cast: Cast, at_desk: Desk) -> None:
    orders = [an_order(cast.chen, content=f"第 {number} 盏灯。") for number in range(3)]
    desk = at_desk(cast.chen)
    page = desk.get("/desk/together/", {"n": slugs(*orders), "action": "dispatch"}).content.decode()
    assert 'name="unit"' in page
    answer = desk.post("/desk/together/", {"n": slugs(*orders), "action": "dispatch", "unit": "water"})
    assert "All 3 are done" in answer.content.decode()
    with acting_as(cast.li):
        assert [work.kind for work in worklist.page(cast.li, limit=9)] == ["take"] * 3
        assert Event.objects.filter(kind="hotline.dispatch").count() == 3


def test_one_that_is_refused_leaves_the_others_done_and_says_why(
    cast: Cast, at_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fengqiao.doors.desk import together
    from fengqiao.ground.refusals import NotNow

    first, second = (an_order(cast.chen, content=f"第 {number} 盏灯。") for number in range(2))
    perform = together.handle.perform

    def overtaken(action: str, **told: Any) -> Matter:
        if told["number"] == second.number:
            raise NotNow("not_now", "Somebody was faster.")
        return perform(action, **told)

    monkeypatch.setattr(together.handle, "perform", overtaken)
    told = {"n": slugs(first, second), "action": "dispatch", "unit": "water"}
    page = at_desk(cast.chen).post("/desk/together/", told).content.decode()
    assert "1 of 2 was not done" in page
    assert "Somebody was faster." in page
    with acting_as(cast.chen):
        assert {row.number: row.state for row in Matter.objects.all()} == {
            first.number: "dispatched",
            second.number: "received",
        }


def test_what_the_form_lacks_is_said_before_anything_is_done(cast: Cast, at_desk: Desk) -> None:
    order = an_order(cast.chen)
    answer = at_desk(cast.chen).post("/desk/together/", {"n": slugs(order), "action": "dispatch"})
    assert answer.status_code == 422
    assert order.number in answer.content.decode()
    with acting_as(cast.chen):
        assert Matter.objects.get().state == "received"


def test_an_action_that_is_not_for_many_or_not_for_all_is_refused(cast: Cast, at_desk: Desk) -> None:
    order = an_order(cast.chen)
    for action in ("merge", "take", "nothing"):
        answer = at_desk(cast.chen).post("/desk/together/", {"n": slugs(order), "action": action})
        assert answer.status_code == 409
        assert "Choose again" in answer.content.decode()


def test_who_may_not_see_a_matter_cannot_tick_it(cast: Cast, at_desk: Desk) -> None:
    hidden = an_order(cast.chen, told=(Told(unit=cast.units["water"].pk),), title="水务局的人不理我")
    for post in (cast.li, cast.zhao):
        desk = at_desk(post)
        asked = {"n": [*slugs(hidden), "R2026-000-9999990", "!"], "action": "remark"}
        page = desk.get("/desk/together/", asked).content.decode()
        assert "Nothing is ticked" in page
        assert "水务局的人不理我" not in page
        assert desk.post("/desk/together/", {**asked, "text": "看一眼"}).status_code == 409
    with acting_as(cast.chen):
        assert not Event.objects.filter(kind="hotline.remark").exists()


def test_a_task_that_no_domain_declares_cannot_be_given(cast: Cast) -> None:
    from fengqiao.kernel.docket import docket

    order = an_order(cast.chen)
    with pytest.raises(KeyError), docket(cast.chen) as book:
        book.task(book.take("read", pk=order.pk), "juggle", cast.units["hotline"])


def test_a_kind_of_task_stands_in_the_same_stage_in_every_domain() -> None:
    stages: dict[str, set[str]] = {}
    for each in domain.every():
        for task in each.task_kinds:
            stages.setdefault(task.key, set()).add(task.stage)
    assert all(len(found) == 1 for found in stages.values())
