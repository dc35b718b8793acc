"""One order through all six steps."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from fengqiao.config import upkeep
from fengqiao.kernel import access
from fengqiao.kernel.models import Person, Text
from fengqiao.kernel.now import at
from fengqiao.offices.audit import audit
from tests.cast import Cast
from tests.hotline.order import MONDAY, clocks, do, event, events, fresh, kept, later, messages, tasks, told

pytestmark = pytest.mark.database
DONE = [
    "matter.received",
    "hotline.dispatch",
    "hotline.take",
    "hotline.start",
    "hotline.co_opinion",
    "hotline.reply",
    "hotline.call_back",
    "hotline.close",
    "hotline.archive",
]


def test_an_order_goes_from_the_call_to_the_archive_and_is_forgotten(cast: Cast, tmp_path: Path) -> None:
    matter = told(cast)
    assert tasks(matter) == {"dispatch": "hotline"}
    do(cast.chen, "dispatch", matter, unit="water", co_units=["housing"], note="请尽快。")
    assert tasks(matter) == {"take": "water", "assist": "housing"}
    assert fresh(matter).due_at == clocks(matter, "T-H02")[0].due_at
    with later(hours=2):
        do(cast.li, "take", matter)
        do(cast.li, "start", matter)
        do(cast.feng, "co_opinion", matter, text="线路由我局负责，今天去修。")
    assert tasks(matter) == {"handle": "water"}
    assert fresh(matter).due_at == clocks(matter, "T-H01")[0].due_at
    assert fresh(matter).handler_id == cast.li.pk
    with later(days=2):
        do(cast.li, "reply", matter, text="路灯已经修好。", solved="yes")
    assert clocks(matter, "T-H01")[0].outcome == "met"
    assert tasks(matter) == {"call_back": "hotline"}
    assert ("sms", "answered") in messages(matter)
    with later(days=3):
        do(cast.chen, "call_back", matter, reached=True, solved="yes", grade="good", note="已经亮了。")
        do(cast.chen, "close", matter)
        assert tasks(matter) == {}
        do(cast.sun, "archive", matter)
    assert events(matter) == DONE
    filed = fresh(matter)
    assert (filed.state, filed.keep_until) == ("closed", date(2028, 9, 1))
    assert event(matter, "hotline.archive").data["keep_until"] == "2028-09-01"
    with at(MONDAY + timedelta(days=800)):
        assert upkeep.forget_due() == 1
    assert events(matter)[-1] == "matter.forgotten"
    assert kept(lambda: Text.objects.filter(matter=matter).count() + Person.objects.filter(matter=matter).count()) == 0
    assert audit.verify(tmp_path).verified


def test_each_step_names_who_did_it_and_no_word_of_a_person(cast: Cast) -> None:
    matter = told(cast)
    do(cast.chen, "dispatch", matter, unit="water", note="王小示说老人多。")
    line = event(matter, "hotline.dispatch")
    assert (line.post_id, line.unit_id, line.actor) == (cast.chen.pk, cast.units["hotline"].pk, f"post:{cast.chen.pk}")
    assert "王小示" not in str(line.data)
    assert set(line.data["texts"]["note"]) == {"text", "digest"}


def test_whoever_has_no_part_in_it_sees_nothing_of_it(cast: Cast) -> None:
    matter = told(cast)
    for post in (cast.li, cast.zhao, cast.zhou, cast.administrator):
        with access.acting_as(post):
            assert not access.matters_for(post).filter(pk=matter.pk).exists()
    do(cast.chen, "dispatch", matter, unit="water")
    with access.acting_as(cast.li):
        assert access.matters_for(cast.li).filter(pk=matter.pk).exists()
