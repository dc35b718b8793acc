"""The ladder urge, supervise, list: each step with ground, date, addressee, answer due, clock and end."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from fengqiao.kernel.now import HERE, at

pytestmark = pytest.mark.usefixtures("with_ladder")

MONDAY = datetime(2026, 9, 7, 9, tzinfo=HERE)
DEMAND = "请在本周内到现场查看，书面答复群众。"


@pytest.fixture(autouse=True)
def on_monday():
    with at(MONDAY):
        yield


@contextmanager
def later(**more):
    with at(MONDAY + timedelta(**more)):
        yield


def steps(matter, **which):
    from fengqiao.kernel import access
    from fengqiao.kernel.access import SystemPost
    from fengqiao.offices.supervision.models import Step

    with access.acting_as(SystemPost("keeper")):
        return list(Step.objects.filter(matter=matter, **which).select_related("task", "unit"))


def system(query):
    from fengqiao.kernel import access
    from fengqiao.kernel.access import SystemPost

    with access.acting_as(SystemPost("keeper")):
        return query()


def source_of(matter):
    return system(lambda: matter.sources.get())


def wang(matter):
    from fengqiao.kernel.access import SystemPost

    return SystemPost("portal", source=source_of(matter).pk)


def do(by, action, matter, **data):
    from tests.cast import do as perform

    return perform(by, f"hotline.{action}", matter, **data)


def refused(by, action, matter, **data):
    from fengqiao.ground.refusals import Refused

    with pytest.raises(Refused) as caught:
        do(by, action, matter, **data)
    return caught.value


def supervise(cast, matter, **more):
    told = {"unit": "water", "ground": "dissatisfied", "act": "visit", "demand": DEMAND, "days": 5, **more}
    return do(cast.sun, "supervise", matter, **told)


def kinds(matter):
    from fengqiao.kernel.models import Event

    return system(lambda: list(Event.objects.filter(matter=matter).order_by("seq").values_list("kind", flat=True)))


# Urging -------------------------------------------------------------------------------------------------------------


def test_the_person_urges_and_the_lead_unit_gets_a_task_with_its_own_clock_and_a_message(an_order):
    from fengqiao.kernel.models import Clock, Message

    matter = an_order()
    do(wang(matter), "urge", matter)
    (step,) = steps(matter)
    assert (step.rung, step.ground, step.unit.key, step.by) == ("urge", "person_asked", "water", None)
    assert step.source_id == source_of(matter).pk
    clock = system(lambda: Clock.objects.get(task=step.task))
    assert (clock.rule, clock.due_legal.isoformat()) == ("T-G01", "2026-09-10")
    assert step.due_at == clock.due_at
    assert system(lambda: Message.objects.filter(matter=matter, template="supervision_urged").count()) == 1
    assert "supervision.urged" in kinds(matter)


def test_the_person_urges_again_only_after_three_working_days_and_is_told_the_day(an_order):
    matter = an_order()
    do(wang(matter), "urge", matter)
    with later(days=2, hours=14):
        refusal = refused(wang(matter), "urge", matter)
    assert refusal.code == "urged_already"
    assert refusal.more["again"] == "2026-09-10"
    assert "9-10" in str(refusal)
    with later(days=3):
        do(wang(matter), "urge", matter)
    assert len(steps(matter)) == 2


def test_the_office_urges_without_waiting(cast, an_order):
    matter = an_order()
    do(cast.sun, "urge", matter)
    do(cast.sun, "urge", matter)
    assert [step.by_id for step in steps(matter)] == [cast.sun.pk] * 2


def test_a_unit_without_part_in_it_cannot_urge(cast, an_order):
    assert refused(cast.zhao, "urge", an_order()).status == 404


def test_one_answer_ends_every_open_urge_of_the_unit(cast, an_order):
    matter = an_order()
    do(wang(matter), "urge", matter)
    do(cast.sun, "urge", matter)
    do(cast.li, "answer_supervision", matter, text="明天上午换灯。")
    assert {step.end for step in steps(matter)} == {"answered"}
    assert all(step.task.done_at for step in steps(matter))
    assert refused(cast.li, "answer_supervision", matter, text="再答。").code == "not_now"


def test_the_assisting_unit_does_not_answer_what_the_lead_unit_was_asked(cast, an_order):
    matter = an_order()
    do(wang(matter), "urge", matter)
    assert refused(cast.feng, "answer_supervision", matter, text="不是问我们。").code == "not_now"


# Supervising --------------------------------------------------------------------------------------------------------


def test_supervision_carries_a_number_a_ground_an_act_and_the_day_of_the_answer(cast, an_order):
    matter = an_order()
    supervise(cast, matter)
    (step,) = steps(matter)
    assert (step.number, step.ground, step.act) == ("督〔2026〕1号", "dissatisfied", "visit")
    assert step.due_at == datetime(2026, 9, 15, tzinfo=HERE)
    other = an_order(title="水管漏水", content="示例一村水管漏水三天了。")
    supervise(cast, other, days=None, answer_by="2026-09-09")
    (step,) = steps(other)
    assert (step.number, step.due_at) == ("督〔2026〕2号", datetime(2026, 9, 10, tzinfo=HERE))


def test_a_new_calendar_moves_the_answer_day_as_the_office_set_it(cast, an_order):
    from fengqiao.ground.calendar import Fact, standard
    from fengqiao.kernel import timekeeping
    from fengqiao.kernel.models import Clock

    matter = an_order()
    supervise(cast, matter)
    clock = system(lambda: Clock.objects.get(task=steps(matter)[0].task))
    assert not timekeeping.again(clock)
    facts = [*standard().year(2026), Fact(datetime(2026, 9, 10).date(), rest=True)]
    assert timekeeping.again(clock, by=standard().with_year(2026, facts))
    assert clock.due_legal.isoformat() == "2026-09-15"


@pytest.mark.parametrize(
    "demand",
    [
        "务必让来电人满意",
        "三日内取得满意评价和好评",
        "请劝其撤回投诉",
        "确保息访",
        "请双方签订调解协议",
        "做到不再投诉",
        "让他不要再打12345",
        "做好劝返稳控",
    ],
)
def test_nobody_is_asked_for_an_agreement_a_withdrawal_or_a_satisfied_person(cast, an_order, demand):
    refusal = refused(
        cast.sun, "supervise", an_order(), unit="water", ground="dissatisfied", act="answer", demand=demand
    )
    assert (refusal.code, refusal.pointer) == ("not_its_own_act", "/demand")


@pytest.mark.parametrize(
    "demand", ["说明群众不满意的原因和改正办法", "当面听取意见，书面答复", "请说明为什么不撤回错误的决定"]
)
def test_words_that_name_a_fact_are_no_such_demand(demand):
    from fengqiao.offices.supervision import demands

    assert demands.fault(demand) == ""


def test_only_a_unit_that_leads_or_assists_is_supervised(cast, an_order):
    from fengqiao.ground.refusals import Refused
    from fengqiao.kernel.docket import docket
    from fengqiao.offices.supervision import handle

    matter = an_order()
    told = {"unit": "yi", "ground": "major", "act": "visit", "demand": DEMAND}
    assert refused(cast.sun, "supervise", matter, **told).code == "invalid"
    with docket(cast.sun) as book:
        taken = book.take("read", pk=matter.pk)
        with pytest.raises(Refused) as caught:
            handle.supervise(book, taken, unit=cast.units["yi"], ground="major", demand=DEMAND)
    assert caught.value.code == "not_its_matter"
    supervise(cast, matter, unit="housing")
    assert steps(matter)[0].unit.key == "housing"


def test_a_passed_limit_is_a_ground_only_when_one_has_passed(cast, an_order):
    matter = an_order()
    told = {"unit": "water", "ground": "red_light", "act": "explain_delay", "demand": DEMAND}
    assert refused(cast.sun, "supervise", matter, **told).code == "no_passed_limit"
    with later(days=10):
        supervise(cast, matter, ground="red_light")
    assert len(steps(matter, rung="supervise")) == 1


def test_the_same_unit_is_not_supervised_twice_at_once(cast, an_order):
    matter = an_order()
    supervise(cast, matter)
    told = {"unit": "water", "ground": "major", "act": "visit", "demand": DEMAND}
    assert refused(cast.sun, "supervise", matter, **told).code == "supervised_already"


def test_an_answer_day_that_is_over_is_refused(cast, an_order):
    told = {"unit": "water", "ground": "major", "act": "visit", "demand": DEMAND, "answer_by": "2026-09-07"}
    assert refused(cast.sun, "supervise", an_order(), **told).code == "too_short"


def test_agents_and_handlers_do_not_supervise(cast, an_order):
    matter = an_order()
    told = {"unit": "water", "ground": "major", "act": "visit", "demand": DEMAND}
    assert refused(cast.li, "supervise", matter, **told).status == 404
    assert refused(cast.zhao, "supervise", matter, **told).status == 404


# Ending -------------------------------------------------------------------------------------------------------------


def test_supervision_ends_after_the_answer_when_another_unit_has_asked_the_person(cast, an_order):
    from fengqiao.offices.supervision.steps import needs_other_unit

    matter = an_order()
    assert not system(lambda: needs_other_unit(matter))
    supervise(cast, matter)
    assert system(lambda: needs_other_unit(matter))
    assert refused(cast.sun, "end_supervision", matter, reached=True, content="yes").code == "not_answered"
    do(cast.li, "answer_supervision", matter, text="已经换好。")
    assert steps(matter)[0].ended_at is None
    do(cast.sun, "end_supervision", matter, reached=True, content="no", words="灯亮了，但是太晚。")
    (step,) = steps(matter)
    assert (step.end, step.asked_reached, step.asked_content) == ("removed", True, "no")
    assert step.asked_by_id == cast.sun.pk
    assert not system(lambda: needs_other_unit(matter))


def test_a_person_whom_nobody_reached_said_nothing(cast, an_order):
    from fengqiao.offices.supervision.steps import needs_other_unit

    matter = an_order()
    supervise(cast, matter)
    do(cast.li, "answer_supervision", matter, text="已经换好。")
    assert refused(cast.sun, "end_supervision", matter, reached=False, content="yes").code == "who_spoke"
    do(cast.sun, "end_supervision", matter, reached=False)
    assert system(lambda: needs_other_unit(matter))


def test_a_unit_that_once_handled_it_cannot_ask_the_person(cast, an_order):
    from fengqiao.kernel import route
    from fengqiao.kernel.docket import docket

    matter = an_order()
    with docket(cast.sun) as book:
        route.assist(book, book.take("read", pk=matter.pk), [cast.units["hotline"]])
        book.unrelate(book.matters[matter.pk], "co", unit=cast.units["hotline"])
    supervise(cast, matter)
    do(cast.li, "answer_supervision", matter, text="已经换好。")
    assert refused(cast.sun, "end_supervision", matter, reached=True).code == "not_now"


def test_an_extension_is_a_step_that_follows_with_the_same_number(cast, an_order):
    matter = an_order()
    supervise(cast, matter)
    with later(days=3):
        do(cast.sun, "extend_supervision", matter, days=4, why="配件在路上。")
    first, after = steps(matter)
    assert (first.end, after.follows_id, after.number) == ("extended", first.pk, first.number)
    assert after.due_at == datetime(2026, 9, 17, tzinfo=HERE)
    assert first.task.outcome == "extended"
    assert kinds(matter).count("supervision.supervised") == 1
    assert "supervision.extended" in kinds(matter)


def test_what_is_late_stays_late_when_it_is_extended(cast, an_order):
    from fengqiao.kernel.models import Clock

    matter = an_order()
    supervise(cast, matter, days=2)
    with later(days=7):
        do(cast.sun, "extend_supervision", matter, days=4, why="再给四天。")
    first, _after = steps(matter)
    assert system(lambda: Clock.objects.get(task=first.task)).outcome == "missed"


def test_a_domain_can_hold_its_close_while_supervision_stands_and_its_reply_answers_urges(cast, an_order):
    from fengqiao.kernel.docket import docket
    from fengqiao.offices.supervision import handle
    from fengqiao.offices.supervision import steps as ladder

    matter = an_order()
    do(wang(matter), "urge", matter)
    supervise(cast, matter, unit="housing")
    with docket(cast.sun) as book:
        taken = book.take("read", pk=matter.pk)
        assert ladder.stands_open(book, taken)
        handle.settle(book, taken, book.text(taken, "reply", "灯换好了。"))
        book.event(taken, "hotline.remark")
    assert [step.end for step in steps(matter)] == ["answered", ""]


def test_what_stands_open_ends_with_a_matter_that_ends_in_another_way(cast, an_order):
    from fengqiao.kernel.docket import docket
    from fengqiao.offices.supervision import handle

    matter = an_order()
    do(wang(matter), "urge", matter)
    supervise(cast, matter, unit="housing")
    with docket(cast.sun) as book:
        taken = book.take("read", pk=matter.pk)
        handle.close(book, taken)
        book.event(taken, "hotline.remark")
    assert [step.end for step in steps(matter)] == ["closed", "closed"]
    assert all(step.task.done_at for step in steps(matter))


# Listing ------------------------------------------------------------------------------------------------------------

LIST = {
    "unit": "water",
    "ground": "major",
    "act": "fulfil",
    "demand": DEMAND,
    "title": "甲镇路灯维修久拖未决",
    "level": "city",
    "leader": "housing",
}


def test_a_matter_is_listed_under_a_title_of_its_own_and_the_supervision_climbs(cast, an_order):
    matter = an_order()
    supervise(cast, matter)
    do(cast.sun, "list_publicly", matter, **LIST)
    first, listed = steps(matter)
    assert (first.end, listed.rung, listed.number) == ("climbed", "listed", "督〔2026〕2号")
    assert (listed.listed_title, listed.level, listed.leader.key) == ("甲镇路灯维修久拖未决", "city", "housing")
    assert refused(cast.sun, "list_publicly", matter, **LIST).code == "listed_already"


@pytest.mark.parametrize(
    "title",
    [
        "路灯不亮",
        "王小示反映路灯问题",
        "示例一村路灯问题",
        "路灯问题，电话10012345678",
        "身份证330681199001011237的投诉",
    ],
)
def test_a_listed_title_tells_no_person_no_number_and_nothing_below_the_town(cast, an_order, title):
    assert refused(cast.sun, "list_publicly", an_order(), **{**LIST, "title": title}).code == "title_tells_who"


def test_only_a_major_matter_is_listed_without_supervision_before(cast, an_order):
    refusal = refused(cast.sun, "list_publicly", an_order(), **{**LIST, "ground": "dissatisfied"})
    assert refusal.code == "not_supervised_yet"


def test_the_unit_asked_does_not_lead_its_own_listing(cast, an_order):
    assert refused(cast.sun, "list_publicly", an_order(), **{**LIST, "leader": "water"}).code == "leader_is_addressee"


def test_a_protected_matter_is_never_listed(cast, an_order):
    matter = an_order()
    do(cast.sun, "protect", matter, level="protected", reason="怕报复。")
    assert refused(cast.sun, "list_publicly", matter, **LIST).code == "not_for_the_list"


# What the clocks do -------------------------------------------------------------------------------------------------


def climb(**more):
    from fengqiao.offices.supervision.climb import climb as run

    return run(MONDAY + timedelta(**more))


def test_an_urge_climbs_to_supervision_when_the_limit_has_passed_and_not_before(an_order):
    matter = an_order()
    do(wang(matter), "urge", matter)
    assert climb(days=7, hours=14, minutes=59) == 0
    assert climb(days=7, hours=15) == 1
    urge, supervision = steps(matter)
    assert (urge.end, supervision.rung, supervision.ground) == ("climbed", "supervise", "red_light")
    assert (supervision.unit.key, supervision.by, supervision.act) == ("water", None, "explain_delay")
    assert supervision.cause is not None


def test_each_passed_clock_opens_supervision_once_and_nothing_is_listed_by_itself(an_order):
    matter = an_order()
    assert climb(days=8) == 1
    for days in range(9, 60, 7):
        assert climb(days=days) == 0
    assert [step.rung for step in steps(matter)] == ["supervise"]


def test_an_order_without_a_unit_a_closed_one_and_imported_history_are_left_alone(cast):
    from tests.cast import an_order as received

    received(cast.chen)
    received(cast.chen, title="旧单", history=True, received_at=MONDAY - timedelta(days=300))
    assert climb(days=30) == 0


def test_a_paused_clock_opens_nothing(an_order):
    from fengqiao.kernel.access import SystemPost
    from fengqiao.kernel.docket import docket

    matter = an_order()
    with docket(SystemPost("keeper")) as book:
        taken = book.take("read", pk=matter.pk)
        for clock in book.clocks(taken):
            book.change(clock, paused_since=MONDAY.date())
    assert climb(days=30) == 0


# Who reads the steps ------------------------------------------------------------------------------------------------


def test_steps_are_read_with_their_matter_and_by_nobody_else(cast, an_order):
    from fengqiao.kernel import access
    from fengqiao.offices.supervision.models import Step

    supervise(cast, an_order())
    for name, seen in {"li": 1, "feng": 1, "sun": 1, "zhao": 0, "shen": 0, "administrator": 0}.items():
        with access.acting_as(cast.posts[name]):
            assert Step.objects.count() == seen, name
    assert Step.objects.count() == 0


def test_a_step_is_written_only_while_its_matter_is_in_hand(cast, an_order):
    from django.db import Error, transaction

    from fengqiao.kernel import access
    from fengqiao.offices.supervision.models import Step

    supervise(cast, an_order())
    with access.acting_as(cast.li), pytest.raises(Error), transaction.atomic():
        Step.objects.update(ground="major")
