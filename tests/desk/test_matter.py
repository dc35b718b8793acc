"""事项页: the procedure with its days, the limit as a bar, supervision, a line written at once, who looked."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

import fengqiao
from fengqiao.ground.numbers import parse
from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.kernel.models import Event, Matter, Post
from fengqiao.kernel.now import HERE, at, now
from tests.cast import Cast, an_order, do

Desk = Callable[[Post], Any]
SOURCE = Path(fengqiao.__file__).parent
# Hidden from the history, of no matter, or no event at all.
NOT_IN_A_HISTORY = {"access.opened", "access.refused", "review.sheets", "matter.id", "supervision.step"}
DEMAND = {"unit": "water", "ground": "major", "act": "report", "demand": "说清楚什么时候修好。", "days": 5}


def page_of(matter: Matter) -> str:
    return f"/desk/matters/{parse(matter.number).slug}/"


def seen(desk: Any, matter: Matter) -> str:
    answer = desk.get(page_of(matter))
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def steps(page: str) -> list[tuple[str, str]]:
    """The stops of the stepper: their words, and what stands under them."""
    listed = re.search(r'<ol class="proc".*?</ol>', page, re.S)
    assert listed
    stops = re.findall(r"<b>(.*?)</b>(?:<small>(.*?)</small>)?</li>", listed[0], re.S)
    return [(words, notes) for words, notes in stops]


def day_of(moment: datetime) -> str:
    """As an English reader sees the day."""
    from fengqiao.doors.face import dates

    with translation.override("en"):
        return dates.day(moment.astimezone(HERE))


def test_the_stepper_says_when_each_step_was_reached_and_until_when_the_present_one_lasts(
    cast: Cast, at_desk: Desk
) -> None:
    began = now()
    matter = an_order(cast.chen)
    with at(began + timedelta(days=1)):
        do(cast.chen, "hotline.dispatch", matter, unit="water")
    with at(began + timedelta(days=2)):
        do(cast.li, "hotline.take", matter)
        found = steps(seen(at_desk(cast.li), matter))
    days = [day_of(began + timedelta(days=n)) for n in range(3)]
    assert [notes.split("<br>")[0] for _words, notes in found[:3]] == days
    assert "latest" in found[2][1]
    assert [notes for _words, notes in found[3:]] == ["", "", ""]


def test_an_order_that_was_taken_back_shows_the_day_of_its_second_beginning(cast: Cast, at_desk: Desk) -> None:
    began = now()
    matter = an_order(cast.chen)
    do(cast.chen, "hotline.dispatch", matter, unit="water")
    with at(began + timedelta(days=3)):
        do(cast.sun, "hotline.take_back", matter, reason="派错了。")
        found = steps(seen(at_desk(cast.sun), matter))
    assert found[0][1].startswith(day_of(began + timedelta(days=3)))
    assert found[1][1] == "", "what lies ahead again has no day"


@pytest.mark.parametrize(("language", "words"), [("en", "Unit returns a wrong order"), ("zh-hans", "退回错派工单")])
def test_a_limit_is_named_in_the_readers_language(cast: Cast, at_desk: Desk, language: str, words: str) -> None:
    matter = an_order(cast.chen)
    do(cast.chen, "hotline.dispatch", matter, unit="water")
    desk = at_desk(cast.li)
    desk.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    assert words in seen(desk, matter)


def test_a_supervision_stands_above_all_until_it_is_ended_and_its_unit_gets_the_way_to_answer(
    cast: Cast, at_desk: Desk
) -> None:
    matter = an_order(cast.chen)
    do(cast.chen, "hotline.dispatch", matter, unit="water")
    do(cast.sun, "hotline.supervise", matter, **DEMAND)
    answer_at = f"{page_of(matter)}do/answer_supervision/"
    strip = re.compile(r'<section class="note note-duban.*?</section>', re.S)
    for post, offered in ((cast.li, True), (cast.sun, False)):
        found = strip.findall(seen(at_desk(post), matter))
        assert len(found) == 1
        assert "市水务局" in found[0]
        assert (answer_at in found[0]) is offered
    do(cast.li, "hotline.answer_supervision", matter, text="今天下午修好。")
    found = strip.findall(seen(at_desk(cast.li), matter))
    assert "It was answered" in found[0]
    assert answer_at not in found[0]


def test_a_village_sees_neither_supervision_nor_who_looked(cast: Cast, at_desk: Desk) -> None:
    matter = an_order(cast.chen)
    do(cast.chen, "hotline.dispatch", matter, unit="water")
    do(cast.sun, "hotline.supervise", matter, **DEMAND)
    page = seen(at_desk(cast.he), matter)
    assert "note-duban" not in page
    assert "Who looked" not in page


def test_a_line_is_written_into_the_history_from_the_page_itself(cast: Cast, at_desk: Desk) -> None:
    matter = an_order(cast.chen)
    desk = at_desk(cast.chen)
    page = seen(desk, matter)
    form = re.search(r'<form method="post" action="([^"]+/do/remark/)".*?name="version" value="(\d+)"', page, re.S)
    assert form
    answer = desk.post(form[1], {"text": "电话联系过，周六上门。", "version": form[2]})
    assert (answer.status_code, answer["Location"]) == (302, page_of(matter))
    assert "电话联系过，周六上门。" in seen(desk, matter)


def test_what_has_a_key_says_so_on_its_visible_control(cast: Cast, at_desk: Desk) -> None:
    matter = an_order(cast.chen)
    page = seen(at_desk(cast.chen), matter)
    assert re.search(r'<a [^>]*do/dispatch/" data-key="t"', page)
    assert '<label class="sr" for="remark" data-key="n">' in page
    bar = at_desk(cast.chen).get("/desk/together/actions/", {"n": parse(matter.number).slug}).content.decode()
    assert 'value="dispatch" data-key="t"' in bar
    do(cast.chen, "hotline.dispatch", matter, unit="water")
    assert 'data-key="t"' not in seen(at_desk(cast.chen), matter), "what is locked has no key"


def test_who_may_not_write_gets_no_field(cast: Cast, at_desk: Desk) -> None:
    matter = an_order(cast.chen)
    assert "do/remark/" not in seen(at_desk(cast.he), matter)


def test_every_event_of_a_matter_has_its_words() -> None:
    """Kinds of events as the source writes them; a domain's own are its moves."""
    from fengqiao.doors.desk import sayings

    kinds = re.compile(r'"((?:matter|supervision|review|document|clock|message|access)\.[a-z_]+)"')
    written = {kind for path in SOURCE.rglob("*.py") for kind in kinds.findall(path.read_text(encoding="utf-8"))}
    assert {"matter.received", "supervision.supervised", "review.given"} <= written
    assert written - sayings.WORDS.keys() - NOT_IN_A_HISTORY == set()
    assert sayings.named("hotline.dispatch") == "Dispatch"


def test_every_icon_of_a_line_is_in_the_sprite() -> None:
    from fengqiao.doors.desk import sayings

    sprite = (SOURCE / "doors/face/static/face/icons.svg").read_text(encoding="utf-8")
    assert {name for name in sayings.ICONS.values() if f'id="{name}"' not in sprite} == set()


def test_who_looked_is_one_line_a_post_and_says_who_saw_full_names(cast: Cast, at_desk: Desk) -> None:
    matter = an_order(cast.chen)
    sun, chen = at_desk(cast.sun), at_desk(cast.chen)
    seen(sun, matter)
    seen(sun, matter)
    with acting_as(SystemPost("keeper")):
        from fengqiao.kernel.models import Person

        person = Person.objects.get(matter=matter).pk
    chen.post(f"{page_of(matter)}people/{person}/", {"reason": "回电核实"})
    page = seen(sun, matter)
    looks = re.search(r'aria-labelledby="h-looks".*?</section>', page, re.S)
    assert looks
    lines = re.findall(r"<li.*?</li>", looks[0], re.S)
    assert len(lines) == 2
    by_sun = next(line for line in lines if "3 times" in line)
    assert "saw full names" not in by_sun
    assert any("saw full names" in line for line in lines)
    with acting_as(SystemPost("keeper")):
        assert Event.objects.filter(kind="access.opened", matter=matter).count() == 3
