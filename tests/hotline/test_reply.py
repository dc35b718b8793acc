"""Reply: on the spot, by the unit, another way, emergency; the call back (K-301, G11, M09, domain ruling 10)."""

from __future__ import annotations

import pytest

from fengqiao.ground import numbers
from fengqiao.kernel.access import acting_as
from fengqiao.kernel.models import Source
from fengqiao.kernel.now import today
from fengqiao.offices.accounts import terms
from fengqiao.offices.knowledge import library
from fengqiao.offices.letters import outbox
from tests.cast import Cast
from tests.hotline.order import (
    DEMAND,
    KEEPER,
    brought_to,
    clocks,
    do,
    event,
    events,
    fresh,
    kept,
    later,
    messages,
    person,
    published,
    refused,
    source,
    state,
    tasks,
    text,
    told,
)

pytestmark = pytest.mark.database


# On the spot ----------------------------------------------------------------------------------------------------------


def test_a_call_is_answered_from_the_knowledge_base_and_keeps_the_version_that_was_read_out(cast: Cast) -> None:
    version = published(cast)
    matter = told(cast)
    do(cast.chen, "answer_now", matter, version=str(version), text="窗口周六也开。")
    assert (state(matter), tasks(matter)) == ("answered", {})
    assert fresh(matter).hotline_order.knowledge_version == version
    said = text(matter, "reply").body or ""
    assert said.startswith("出生后九十天内")
    assert said.endswith("窗口周六也开。")
    assert event(matter, "hotline.answer_now").data["expired"] is False
    shown = library.as_read_out(version)
    assert shown is not None
    assert shown.answer in said


def test_an_answer_that_has_expired_warns_and_the_journal_says_that_it_had(cast: Cast) -> None:
    version = published(cast, valid_to=today())
    with later(days=1):
        shown = library.version_to_answer_with(version)
        assert shown is not None
        assert "expired" in str(shown.warning)
        matter = told(cast)
        do(cast.chen, "answer_now", matter, version=str(version))
    assert event(matter, "hotline.answer_now").data["expired"] is True


def test_what_is_not_published_is_not_read_out(cast: Cast) -> None:
    draft = library.draft(cast.chen, question="怎么办？", answer="这样办。")
    assert draft.next is not None
    wrong = refused(cast.chen, "answer_now", told(cast), version=str(draft.next.pk))
    assert (wrong.code, wrong.pointer) == ("no_such_item", "/version")
    assert refused(cast.chen, "answer_now", told(cast), version=str(numbers.new_id())).code == "no_such_item"


def test_an_order_that_a_unit_has_is_not_answered_on_the_spot(cast: Cast) -> None:
    matter = brought_to(cast, "dispatched")
    assert refused(cast.chen, "answer_now", matter, version=str(published(cast))).code == "not_now"


# By the unit ----------------------------------------------------------------------------------------------------------


def test_the_answer_reaches_every_teller_of_a_merged_order(cast: Cast) -> None:
    matter, other = told(cast), told(cast, title="路灯又不亮")
    do(cast.chen, "merge", matter, numbers=other.number, reason="同一盏灯。")
    do(cast.chen, "dispatch", matter, unit="water")
    do(cast.li, "take", matter)
    do(cast.li, "reply", matter, text="路灯已经修好。", solved="yes")
    sources = kept(lambda: list(Source.objects.filter(matter__in=[matter, other]).select_related("reply")))
    assert [each.reply.body for each in sources] == ["路灯已经修好。"] * 2
    assert all(each.replied_at for each in sources)
    assert [messages(each).count(("sms", "answered")) for each in (matter, other)] == [1, 1]
    assert "matter.answered_by_master" in events(other)


def test_who_took_his_own_back_gets_no_answer(cast: Cast) -> None:
    matter, other = told(cast), told(cast, title="路灯又不亮")
    do(cast.chen, "merge", matter, numbers=other.number, reason="同一盏灯。")
    do(person(other), "withdraw", other)
    do(cast.chen, "dispatch", matter, unit="water")
    do(cast.li, "take", matter)
    do(cast.li, "reply", matter, text="路灯已经修好。", solved="yes")
    assert source(other).replied_at is None


def test_a_late_answer_is_late(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    with later(days=9):
        do(cast.li, "reply", matter, text="对不起，晚了。", solved="partly")
    assert clocks(matter, "T-H01")[0].outcome == "missed"
    assert event(matter, "hotline.reply").data["in_time"] is False


@pytest.mark.parametrize(
    "data", [{"text": "", "solved": "yes"}, {"text": "好了。"}, {"text": "好了。", "solved": "sure"}]
)
def test_an_answer_has_words_and_says_whether_it_is_solved(cast: Cast, data: dict[str, str]) -> None:
    assert refused(cast.li, "reply", brought_to(cast, "taken"), **data).code == "invalid"


def test_nobody_answers_for_the_unit(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    for post in (cast.chen, cast.feng, cast.zhao):
        assert refused(post, "reply", matter, text="好了。", solved="yes").status == 404


# The call back --------------------------------------------------------------------------------------------------------


def test_whoever_was_not_reached_said_nothing(cast: Cast) -> None:
    matter = brought_to(cast, "replied")
    assert refused(cast.chen, "call_back", matter, reached=False, grade="good").code == "invalid"
    do(cast.chen, "call_back", matter, reached=False, note="三次没人接。")
    line = event(matter, "hotline.call_back").data
    assert (line["counts"], line["grade"], fresh(matter).hotline_order.grade) == (False, "", "")
    do(cast.chen, "close", matter)


def test_the_caller_says_whether_it_is_solved_not_the_unit(cast: Cast) -> None:
    matter = brought_to(cast, "replied")
    assert refused(cast.li, "call_back", matter, reached=True, solved="yes").status == 404
    do(cast.chen, "call_back", matter, reached=True, solved="no", grade="poor")
    order = fresh(matter).hotline_order
    assert (order.solved, order.grade) == ("no", "poor")


def test_after_supervision_a_satisfied_counts_only_when_a_unit_that_never_handled_it_has_asked(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    do(cast.chen, "add_co", matter, co_units=["hotline"])
    do(cast.sun, "supervise", matter, unit="water", **DEMAND)
    do(cast.li, "reply", matter, text="修好了。", solved="yes")
    do(cast.chen, "call_back", matter, reached=True, solved="yes", grade="very_good")
    line = event(matter, "hotline.call_back").data
    assert (line["grade"], line["counts"], fresh(matter).hotline_order.grade) == ("very_good", False, "")
    other = brought_to(cast, "taken")
    do(cast.sun, "supervise", other, unit="water", **DEMAND)
    do(cast.li, "reply", other, text="修好了。", solved="yes")
    do(cast.chen, "call_back", other, reached=True, solved="yes", grade="very_good")
    assert event(other, "hotline.call_back").data["counts"] is True


# Another way, and emergency -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["received", "dispatched", "return_asked", "taken", "in_progress", "redo"])
def test_what_belongs_elsewhere_is_told_so_with_the_way_at_any_time_before_the_answer(cast: Cast, where: str) -> None:
    matter = brought_to(cast, where)
    do(cast.chen, "not_accept", matter, reason="arbitration", way="请向市劳动人事争议仲裁院申请，电话 12333。")
    assert (state(matter), tasks(matter), fresh(matter).due_at) == ("not_accepted", {}, None)
    assert (text(matter, "reply").body or "").startswith("请向市劳动人事争议仲裁院")
    assert source(matter).replied_at is not None
    assert ("sms", "not_accepted") in messages(matter)
    assert fresh(matter).hotline_order.reason == "arbitration"


def test_nothing_is_refused_without_a_reason_of_the_list_and_a_way(cast: Cast) -> None:
    matter = told(cast)
    assert refused(cast.chen, "not_accept", matter, reason="litigation", way="").code == "invalid"
    assert refused(cast.chen, "not_accept", matter, reason="busy", way="改天再打。").code == "invalid"
    assert refused(cast.li, "not_accept", brought_to(cast, "taken"), reason="litigation", way="x").status == 404
    assert refused(cast.chen, "not_accept", brought_to(cast, "replied"), reason="secret", way="x").code == "not_now"


def test_danger_is_handed_over_at_once_and_the_second_is_on_record(cast: Cast) -> None:
    matter = told(cast)
    with later(seconds=40):
        do(cast.chen, "hand_over", matter, to="119", note="冒烟了。")
    assert event(matter, "hotline.hand_over").data["seconds"] == 40
    assert fresh(matter).hotline_order.handed_to == "119"
    assert (state(matter), tasks(matter)) == ("handed_over", {})
    at_the_unit = brought_to(cast, "in_progress")
    do(cast.li, "hand_over", at_the_unit, to="110")
    assert refused(cast.chen, "hand_over", told(cast), to="12306").code == "invalid"
    assert refused(cast.zhao, "hand_over", told(cast), to="110").status == 404


# What desks are told --------------------------------------------------------------------------------------------------


def test_notices_of_the_offices_have_their_sentence(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    do(cast.sun, "supervise", matter, unit="water", **DEMAND)
    with acting_as(KEEPER):
        outbox.send_due()
    with acting_as(cast.lin):
        said = [str(outbox.sentence(notice.template)) for notice in outbox.notices(cast.lin)]
    assert any("supervised" in sentence for sentence in said)
    assert all(sentence != str(outbox.sentence("no_such_notice")) for sentence in said)


def test_a_handler_whose_post_has_ended_leaves_the_order_in_his_units_queue(cast: Cast) -> None:
    matter = brought_to(cast, "called_back")
    with later(days=1):
        terms.end_post(cast.li)
        do(cast.chen, "redo", matter, ground="not_done", note="还是不亮。")
        assert tasks(matter) == {"start": "water"}
        do(cast.lin, "start", matter)
        do(cast.lin, "reply", matter, text="修好了。", solved="yes")
