"""Handle: taken, begun, extended once, done again, protected (T-H01, A7, G6, G14)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from fengqiao.ground import tokens
from fengqiao.kernel import access
from fengqiao.kernel.models import Task, Text
from fengqiao.offices.supervision.climb import climb
from tests.cast import Cast
from tests.hotline.order import (
    DEMAND,
    MONDAY,
    WAY,
    brought_to,
    clocks,
    do,
    event,
    fresh,
    kept,
    later,
    messages,
    person,
    refused,
    state,
    tasks,
    text,
    told,
)

pytestmark = pytest.mark.database
LONGER = {"days": 5, "explanation": "配件要从外地调来，下周一装好。"}


def found(by: object, word: str) -> list[object]:
    with access.acting_as(by), connection.cursor() as cursor:  # type: ignore[arg-type]
        cursor.execute(
            "select matter_id from search_hits(%s, %s, 100, null, null, null, null, null, null, null)",
            [tokens.query_tokens(word), tokens.like_pattern(word)],
        )
        return [row[0] for row in cursor.fetchall()]


def test_who_takes_it_is_its_handler_and_the_order_says_so(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    assert fresh(matter).handler_id == cast.li.pk
    assert clocks(matter, "T-H02")[0].outcome == "met"
    assert refused(cast.lin, "take", matter).code == "not_now"
    assert refused(cast.feng, "take", brought_to(cast, "dispatched")).status == 404


def test_who_took_it_has_until_the_answer_is_due_not_until_the_return_was(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    (task,) = kept(lambda: list(Task.objects.filter(matter=matter, kind="handle", done_at=None)))
    assert task.due_at == clocks(matter, "T-H01")[0].due_at > clocks(matter, "T-H02")[0].due_at


def test_work_begins_after_it_was_taken(cast: Cast) -> None:
    assert refused(cast.li, "start", brought_to(cast, "dispatched")).code == "not_now"
    matter = brought_to(cast, "taken")
    do(cast.li, "start", matter)
    assert state(matter) == "in_progress"


# Extension ------------------------------------------------------------------------------------------------------------


def test_the_limit_is_extended_once_and_the_caller_is_told_why_before_the_old_day(cast: Cast) -> None:
    matter = brought_to(cast, "in_progress")
    do(cast.li, "extend", matter, **LONGER)
    clock = clocks(matter, "T-H01")[0]
    assert clock.due_legal.isoformat() == "2026-09-20"  # a working Sunday before the long holiday
    assert fresh(matter).due_at == clock.due_at
    assert ("sms", "extended") in messages(matter)
    assert text(matter, "explanation").visibility == "parties"
    line = event(matter, "hotline.extend").data
    assert (line["from"], line["to"], line["days"]) == ("2026-09-14", "2026-09-20", 5)
    assert refused(cast.li, "extend", matter, **LONGER).code == "extended_once"


def test_no_extension_without_an_explanation(cast: Cast) -> None:
    assert refused(cast.li, "extend", brought_to(cast, "taken"), days=5, explanation="").code == "invalid"


def test_after_the_day_it_is_refused_turns_red_and_supervision_opens(cast: Cast) -> None:
    matter = brought_to(cast, "in_progress")
    with later(days=8):
        late = refused(cast.li, "extend", matter, **LONGER)
        assert late.status == 409
        assert clocks(matter, "T-H01")[0].extensions == []
    assert climb(MONDAY + timedelta(days=8)) == 1
    assert tasks(matter)["answer_supervision"] == "water"


def test_a_limit_that_the_law_sets_without_extension_is_not_extended(cast: Cast) -> None:
    matter = told(cast, category="consumer", data={"nature": "complaint"})
    do(cast.chen, "dispatch", matter, unit="water")
    assert refused(cast.li, "extend", matter, **LONGER).status == 409


def test_only_the_unit_asks_for_longer(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    for post in (cast.feng, cast.chen, cast.zhao):
        assert refused(post, "extend", matter, **LONGER).status == 404


# Done again -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ground", ["not_done", "dissatisfied", "promise"])
def test_what_was_not_done_is_done_again_within_a_new_limit(cast: Cast, ground: str) -> None:
    matter = brought_to(cast, "called_back")
    with later(days=3):
        do(cast.chen, "redo", matter, ground=ground, note="还是不亮。")
        assert (state(matter), tasks(matter)) == ("redo", {"start": "water"})
        assert fresh(matter).hotline_order.redos == 1
        do(cast.li, "start", matter)
        assert tasks(matter) == {"handle": "water"}
        do(cast.li, "reply", matter, text="这次真的修好了。", solved="yes")
    assert [clock.outcome for clock in clocks(matter, "T-H01")] == ["met", "met"]
    assert [event(matter, "hotline.reply").data[key] for key in ("in_time", "again")] == [True, True]


def test_it_is_not_sent_back_without_a_ground_and_not_after_it_was_closed(cast: Cast) -> None:
    matter = brought_to(cast, "called_back")
    assert refused(cast.chen, "redo", matter, ground="mood", note="x").code == "invalid"
    assert refused(cast.chen, "redo", matter, ground="not_done", note="").code == "invalid"
    assert refused(cast.li, "redo", matter, ground="not_done", note="x").status == 404
    assert refused(cast.chen, "redo", brought_to(cast, "closed"), ground="not_done", note="x").code == "not_now"


# Secrecy --------------------------------------------------------------------------------------------------------------


def test_protecting_seals_the_words_and_they_leave_the_search(cast: Cast) -> None:
    matter = told(cast, content="村口的大槐树旁边路灯不亮。")
    do(person(matter), "supplement", matter, text="槐花巷也不亮。")
    assert found(cast.chen, "槐花") == [matter.pk]
    do(cast.chen, "protect", matter, level="protected", reason="怕报复。")
    assert [found(cast.chen, word) for word in ("槐花", "大槐树", "报复")] == [[], [], []]
    assert kept(lambda: list(Text.objects.filter(matter=matter, body__isnull=False))) == []
    assert refused(cast.chen, "protect", matter, level="protected", reason="再来。").code == "not_higher"


def test_a_unit_does_not_raise_or_lower_the_level(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    assert refused(cast.li, "protect", matter, level="protected", reason="x").status == 404
    assert refused(cast.chen, "protect", matter, level="normal", reason="x").code == "invalid"


# Urging and supervision ---------------------------------------------------------------------------------------------


def test_the_person_urges_through_the_portal_and_the_answer_ends_it(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    do(person(matter), "urge", matter, words="已经三天了。")
    assert tasks(matter)["answer_urge"] == "water"
    assert refused(person(matter), "urge", matter).code == "urged_already"
    do(cast.li, "reply", matter, text="路灯已经修好。", solved="yes")
    assert tasks(matter) == {"call_back": "hotline"}


def test_an_order_under_supervision_is_not_closed_before_it_has_ended(cast: Cast) -> None:
    matter = brought_to(cast, "called_back")
    do(cast.sun, "supervise", matter, unit="water", **DEMAND)
    assert refused(cast.chen, "close", matter).code == "not_now"
    do(cast.li, "answer_supervision", matter, text="已经修好。")
    do(cast.sun, "end_supervision", matter, reached=True, content="yes")
    do(cast.chen, "close", matter)
    assert tasks(matter) == {}


@pytest.mark.parametrize("way", ["not_accepted", "handed_over"])
def test_what_stands_open_ends_with_an_order_that_ends_in_another_way(cast: Cast, way: str) -> None:
    matter = brought_to(cast, "taken")
    do(person(matter), "urge", matter)
    do(cast.sun, "supervise", matter, unit="housing", **DEMAND)
    WAY[way](cast, matter)
    assert (state(matter), tasks(matter), fresh(matter).due_at) == (way, {}, None)
