"""Intake: what the caller says, adds, takes back and takes up again."""

from __future__ import annotations

from typing import Any

import pytest

from fengqiao.doors.portal import status
from fengqiao.ground.refusals import Invalid
from fengqiao.kernel import access, intake, route
from fengqiao.kernel.access import SystemPost
from fengqiao.kernel.models import Subject
from tests.cast import VILLAGE, Cast
from tests.hotline.order import (
    DEMAND,
    brought_to,
    do,
    event,
    events,
    fresh,
    kept,
    later,
    messages,
    person,
    refused,
    source,
    state,
    subject,
    tasks,
    text,
    told,
)

pytestmark = pytest.mark.database


def reads(by: Any, matter: Any, kind: str) -> bool:
    """Whether the relations of a post open the last text of that kind."""
    from fengqiao.kernel import domain

    with access.acting_as(by):
        opens = domain.get("hotline").opens
        seen = frozenset[str]().union(*(opens[word].texts for word in access.words(by, matter) if word in opens))
    return text(matter, kind).visibility in seen


def test_a_call_lies_at_the_desk_with_a_task_and_without_a_limit(cast: Cast) -> None:
    matter = fresh(told(cast))
    assert (matter.state, matter.due_at, matter.reach) == ("received", None, route.ANY_DEPTH)
    assert tasks(matter) == {"dispatch": "hotline"}


def test_a_text_that_names_an_organ_of_its_place_is_read_by_the_city_first(cast: Cast) -> None:
    matter = told(cast, content="示例一村的村主任把路灯拆走了，没有人管这件事情。")
    assert fresh(matter).reach == route.CITY_DEPTH
    with access.acting_as(cast.he):
        assert not access.matters_for(cast.he).filter(pk=matter.pk).exists()
    with access.acting_as(cast.he):
        assert access.matters_for(cast.he).filter(pk=told(cast).pk).exists()


def test_a_report_is_protected_and_nothing_else_is(cast: Cast) -> None:
    assert fresh(told(cast, data={"nature": "report"})).confidentiality == "protected"
    assert fresh(told(cast, data={"nature": "suggestion"})).confidentiality == "normal"


@pytest.mark.parametrize("data", [{}, {"nature": "gossip"}, {"nature": "help", "urgency": "yesterday"}])
def test_an_order_without_a_known_nature_is_not_taken_in(cast: Cast, data: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        told(cast, data=data)


# Adding ---------------------------------------------------------------------------------------------------------------


def test_the_person_adds_something_through_the_portal_and_who_has_it_is_told(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    do(person(matter), "supplement", matter, text="灯杆也歪了。")
    assert text(matter, "supplement").source_id == source(matter).pk
    assert messages(matter).count(("desk", "supplemented")) == 2
    assert reads(cast.li, matter, "supplement")


def test_nobody_adds_through_another_persons_receipt(cast: Cast) -> None:
    matter, other = told(cast), told(cast, title="水管漏水")
    assert refused(SystemPost("portal", source=source(other).pk), "supplement", matter, text="x").status == 404


def test_what_is_added_about_an_organ_is_for_the_desk_alone_until_it_has_said_who_is_meant(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    do(person(matter), "supplement", matter, text="水务所所长收了施工队的钱。")
    assert fresh(matter).reach == route.CITY_DEPTH
    assert tasks(matter)["check_subject"] == "hotline"
    assert reads(cast.chen, matter, "supplement")
    assert not reads(cast.li, matter, "supplement")
    assert ("desk", "supplemented") in messages(matter)
    do(cast.chen, "resolve", matter, subject=str(subject(matter).pk), units=[], reason="只是听说。")
    assert "check_subject" not in tasks(matter)
    assert reads(cast.li, matter, "supplement")
    assert fresh(matter).reach == route.ANY_DEPTH


def test_the_unit_that_is_meant_loses_the_order_at_once_and_its_limit_runs_on(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    due = fresh(matter).due_at
    do(person(matter), "supplement", matter, text="水务所所长收了施工队的钱。")
    do(cast.chen, "resolve", matter, subject=str(subject(matter).pk), units=["water"], reason="来电人说清楚了。")
    assert (state(matter), tasks(matter)) == ("received", {"dispatch": "hotline"})
    assert fresh(matter).due_at == due
    with access.acting_as(cast.li):
        assert not access.matters_for(cast.li).filter(pk=matter.pk).exists()
    assert refused(cast.chen, "dispatch", matter, unit="water").code == "invalid"
    do(cast.chen, "dispatch", matter, unit="housing")
    assert fresh(matter).hotline_order.dispatched_at is not None


def test_what_is_added_before_a_unit_has_it_needs_no_second_look(cast: Cast) -> None:
    matter = told(cast)
    do(person(matter), "supplement", matter, text="村主任说没有钱修。")
    assert fresh(matter).reach == route.CITY_DEPTH
    assert not kept(lambda: Subject.objects.filter(matter=matter).exists())
    do(cast.chen, "dispatch", matter, unit="water")


# Taking back ----------------------------------------------------------------------------------------------------------


def test_the_person_takes_it_back_without_a_reason_and_nobody_else_can(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    for post in (cast.chen, cast.sun, cast.li):
        assert refused(post, "withdraw", matter).status == 404
    do(person(matter), "withdraw", matter)
    assert (state(matter), tasks(matter), fresh(matter).due_at) == ("withdrawn", {}, None)
    assert refused(person(matter), "withdraw", matter).code == "not_now"


def test_one_of_two_tellers_takes_back_his_own_only(cast: Cast) -> None:
    matter, other = told(cast), told(cast, title="路灯又不亮")
    do(cast.chen, "merge", matter, numbers=other.number, reason="同一盏灯。")
    do(person(matter), "withdraw", matter)
    assert (state(matter), events(matter)[-1]) == ("received", "hotline.source_withdrawn")
    assert refused(person(matter), "withdraw", matter).code == "withdrawn_already"
    do(person(other), "withdraw", other)
    assert state(other) == "withdrawn"


def test_what_was_taken_back_is_taken_up_again_for_fifteen_days(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    do(person(matter), "withdraw", matter)
    assert refused(cast.sun, "archive", matter).code == "not_now"
    with later(days=14):
        do(person(matter), "take_up_again", matter, text="还是没修。")
    again = fresh(matter)
    assert (again.state, again.closed_at, again.lead_unit_id) == ("received", None, None)
    assert tasks(matter) == {"dispatch": "hotline"}
    assert source(matter).withdrawn_at is None
    do(cast.chen, "dispatch", matter, unit="water")


def test_after_fifteen_days_it_is_filed_and_not_taken_up_again(cast: Cast) -> None:
    matter = brought_to(cast, "withdrawn")
    with later(days=15):
        assert refused(person(matter), "take_up_again", matter).code == "not_now"
        do(cast.sun, "archive", matter)


def test_after_supervision_a_withdrawal_waits_until_another_unit_has_asked(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    do(cast.sun, "supervise", matter, unit="water", **DEMAND)
    assert refused(cast.chen, "confirm_withdrawal", matter, reached=True).code == "not_now"
    do(person(matter), "withdraw", matter, text="不想说了。")
    assert (state(matter), events(matter)[-1]) == ("taken", "hotline.withdrawal_waits")
    assert tasks(matter)["confirm_withdrawal"] == "hotline"
    assert refused(person(matter), "withdraw", matter).code == "asked_already"
    assert refused(cast.li, "confirm_withdrawal", matter, reached=True, own_will=True).status == 404
    assert refused(cast.chen, "confirm_withdrawal", matter, own_will=True).code == "invalid"
    do(cast.chen, "confirm_withdrawal", matter, reached=True, own_will=True, note="是自己愿意的。")
    assert (state(matter), tasks(matter)) == ("withdrawn", {})
    assert source(matter).withdrawn_at is not None


def test_a_withdrawal_that_is_not_the_persons_own_will_changes_nothing(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    do(cast.sun, "supervise", matter, unit="water", **DEMAND)
    do(person(matter), "withdraw", matter)
    do(cast.chen, "confirm_withdrawal", matter, reached=True, note="有人上门劝的。")
    assert state(matter) == "taken"
    assert "confirm_withdrawal" not in tasks(matter)
    assert event(matter, "hotline.confirm_withdrawal").data["own_will"] is False


# Codes ----------------------------------------------------------------------------------------------------------------


def test_a_lost_code_is_renewed_by_identity_and_the_old_one_dies(cast: Cast) -> None:
    received = intake.receive(cast.chen, "hotline", intake.Receipt(
        title="路灯不亮", content="村口的路灯坏了一个星期。", channel="12345", place=VILLAGE,
        parties=(intake.Party(phone="10012345678"),), data={"nature": "help"},
    ))  # fmt: skip
    matter = received.matter
    do(cast.chen, "renew_code", matter, source=str(received.source.pk), shown="身份证")
    new = intake.code_of(source(matter))
    assert kept(lambda: status.find(received.query_code, "5678"))[0] is None
    assert kept(lambda: status.find(new, "5678"))[1] is True
    strange = refused(cast.chen, "renew_code", matter, source=str(matter.pk), shown="身份证")
    assert strange.code == "no_such_source"
