"""The staff's desk: tasks, matters, actions, registering, figures."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fengqiao.ground.numbers import parse
from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.kernel.intake import Told
from fengqiao.kernel.models import Event, Matter, Post
from tests.cast import Cast, an_order, do

Desk = Callable[[Post], Any]


def page_of(matter: Matter) -> str:
    return f"/desk/matters/{parse(matter.number).slug}/"


def test_the_worklist_shows_what_waits_for_the_post_and_nothing_else(cast: Cast, at_desk: Desk) -> None:
    an_order(cast.chen, title="路灯不亮")
    assert "路灯不亮" in at_desk(cast.chen).get("/desk/").content.decode()
    assert "路灯不亮" not in at_desk(cast.li).get("/desk/").content.decode()


@pytest.mark.parametrize("due", ["", "soon", "total", "overdue' AND 1=1 --", "🦉", "due" * 400])
def test_whatever_stands_behind_due_the_worklist_is_drawn(cast: Cast, at_desk: Desk, due: str) -> None:
    answer = at_desk(cast.chen).get("/desk/", {"due": due, "page": due})
    assert answer.status_code == 200
    assert "--" not in answer.content.decode().split("<main", 1)[1]


def test_the_worklist_costs_the_same_queries_for_three_tasks_and_for_thirty(cast: Cast, at_desk: Desk) -> None:
    desk = at_desk(cast.chen)
    counted = []
    for more in (3, 27):
        for number in range(more):
            an_order(cast.chen, content=f"示例一村第 {number} 盏路灯坏了。")
        desk.get("/desk/")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            desk.get("/desk/")
        counted.append(
            len([row for row in seen.captured_queries if not row["sql"].startswith(("SAVEPOINT", "RELEASE"))])
        )
    assert counted[0] == counted[1]
    assert counted[1] <= 12 + 2  # two more restore the outer scope, which only a test's transaction has


def test_a_dispatched_order_moves_from_the_desk_to_its_unit(cast: Cast, at_desk: Desk) -> None:
    matter = an_order(cast.chen, title="自来水发黄")
    answer = at_desk(cast.chen).post(f"{page_of(matter)}do/dispatch/", {"unit": "water", "version": matter.version})
    assert answer.status_code == 302
    assert "自来水发黄" in at_desk(cast.li).get("/desk/").content.decode()


def test_the_matter_page_shows_the_history_and_what_can_be_done(cast: Cast, at_desk: Desk) -> None:
    matter = an_order(cast.chen)
    do(cast.chen, "hotline.dispatch", matter, unit="water")
    page = at_desk(cast.li).get(page_of(matter))
    text = page.content.decode()
    assert page.status_code == 200
    assert "Dispatch" in text
    assert f"{page_of(matter)}do/take/" in text
    assert "do/settle_return/" not in text


def test_that_a_matter_was_opened_is_noted(cast: Cast, at_desk: Desk) -> None:
    matter = an_order(cast.chen)
    at_desk(cast.sun).get(page_of(matter))
    with acting_as(SystemPost("keeper")):
        looked = Event.objects.get(kind="access.opened", matter=matter)
    assert looked.post_id == cast.sun.pk


def test_a_person_is_masked_until_a_reason_is_given(cast: Cast, at_desk: Desk) -> None:
    matter = an_order(cast.chen)
    desk = at_desk(cast.chen)
    text = desk.get(page_of(matter)).content.decode()
    assert "王小示" not in text
    assert "10012345678" not in text
    address = re.search(r'action="([^"]+/people/[^"]+)"', text)
    assert address is not None
    refused = desk.post(address.group(1), {"reason": ""})
    assert refused.status_code == 422
    assert "王小示" not in refused.content.decode()
    told = desk.post(address.group(1), {"reason": "回电确认地点"}).content.decode()
    assert "王小示" in told
    assert "10012345678" in told


def test_a_missing_and_a_hidden_matter_have_the_same_page(cast: Cast, at_desk: Desk) -> None:
    hidden = an_order(cast.chen)
    desk = at_desk(cast.zhao)
    missing = desk.get("/desk/matters/R2026-000-0418729/")
    refused = desk.get(page_of(hidden))
    assert missing.status_code == refused.status_code == 404
    assert _plain(missing) == _plain(refused)


def _plain(page: Any) -> str:
    return re.sub(
        r"R2026-000-\d{7}|csrfmiddlewaretoken\" value=\"[^\"]+|value=\"/desk/matters/[^\"]+", "", page.content.decode()
    )


def test_a_unit_that_is_complained_of_is_not_offered(cast: Cast, at_desk: Desk) -> None:
    about_water = an_order(cast.chen, told=(Told(unit=cast.units["water"].pk),))
    page = at_desk(cast.chen).get(f"{page_of(about_water)}do/dispatch/").content.decode()
    assert 'value="housing"' in page
    assert 'value="water"' not in page
    other = at_desk(cast.chen).get(f"{page_of(an_order(cast.chen))}do/dispatch/").content.decode()
    assert 'value="water"' in other


def test_what_was_typed_stays_when_a_form_is_refused(cast: Cast, at_desk: Desk) -> None:
    matter = an_order(cast.chen)
    do(cast.chen, "hotline.dispatch", matter, unit="water")
    do(cast.li, "hotline.take", matter)
    page = at_desk(cast.li).post(f"{page_of(matter)}do/reply/", {"text": "管道已经换好", "solved": ""})
    assert page.status_code == 422
    assert "管道已经换好" in page.content.decode()
    with acting_as(SystemPost("keeper")):
        assert Matter.objects.get(pk=matter.pk).state == "taken"


def test_a_stale_page_is_refused_and_nothing_is_lost(cast: Cast, at_desk: Desk) -> None:
    matter = an_order(cast.chen)
    do(cast.chen, "hotline.remark", matter, text="已致电")
    page = at_desk(cast.sun).post(f"{page_of(matter)}do/remark/", {"text": "另一句话", "version": matter.version})
    assert page.status_code == 412
    assert "另一句话" in page.content.decode()


def test_an_action_that_is_not_ours_looks_like_not_there(cast: Cast, at_desk: Desk) -> None:
    matter = an_order(cast.chen)
    do(cast.chen, "hotline.dispatch", matter, unit="water")
    assert at_desk(cast.li).get(f"{page_of(matter)}do/close/").status_code == 404
    assert at_desk(cast.li).get(f"{page_of(matter)}do/nothing/").status_code == 404


def test_a_call_is_registered_with_its_code_shown_once(cast: Cast, at_desk: Desk) -> None:
    desk = at_desk(cast.chen)
    form = desk.get("/desk/matters/new/").content.decode()
    key = re.search(r'name="key" value="([^"]+)"', form)
    assert key is not None
    told = {
        "title": "井盖响",
        "content": "示例一社区东门井盖松了，车一过就响。",
        "channel": "12345",
        "name": "秦某",
        "phone": "10012340000",
        "whom": "none",
        "nature": "help",
        "key": key.group(1),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.FENGQIAO_DEMO", True)
        first = desk.post("/desk/matters/new/", told)
        again = desk.post("/desk/matters/new/", told)
    assert re.search(r"\d{4} \d{4} \d{4}", first.content.decode())
    assert again.status_code == 302
    with acting_as(SystemPost("keeper")):
        assert Matter.objects.filter(title="井盖响").count() == 1


def test_registering_without_a_text_says_what_is_missing_and_keeps_the_rest(cast: Cast, at_desk: Desk) -> None:
    page = at_desk(cast.chen).post("/desk/matters/new/", {"title": "井盖响", "whom": "none", "key": "k1"})
    assert page.status_code == 422
    assert "井盖响" in page.content.decode()


def test_who_may_not_register_finds_no_such_page(cast: Cast, at_desk: Desk) -> None:
    assert at_desk(cast.li).get("/desk/matters/new/").status_code == 404


def test_all_matters_are_found_by_words_number_and_filter(cast: Cast, at_desk: Desk) -> None:
    lamp, water = an_order(cast.chen), an_order(cast.chen, title="自来水发黄", content="水龙头放出来的水是黄的。")
    desk = at_desk(cast.sun)
    by_word = desk.get("/desk/matters/", {"q": "水龙头"}).content.decode()
    assert water.number in by_word
    assert lamp.number not in by_word
    assert desk.get("/desk/matters/", {"q": water.number}).status_code == 302
    one = desk.get("/desk/matters/", {"q": "灯"}).content.decode()
    assert lamp.number in one
    assert "single character" in one
    assert water.number not in desk.get("/desk/matters/", {"state": "closed"}).content.decode()
    assert lamp.number not in at_desk(cast.zhao).get("/desk/matters/", {"q": "路灯"}).content.decode()


def test_figures_say_what_they_do_not_mean_and_hide_small_numbers(cast: Cast, at_desk: Desk) -> None:
    page = at_desk(cast.sun).get("/desk/figures/").content.decode()
    assert "What it does not mean" in page
    assert "&lt;5" in page


def test_notices_are_read_when_they_are_shown(cast: Cast, at_desk: Desk) -> None:
    matter = an_order(cast.chen)
    do(cast.chen, "hotline.dispatch", matter, unit="water")
    desk = at_desk(cast.li)
    assert "A matter was given to your unit" in desk.get("/desk/notices/").content.decode()
