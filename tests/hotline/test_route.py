"""Route: one lead unit, returns in time, the office's ruling, conflict of interest (G1, G4, A1, A25, A31, A32)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fengqiao.domains.hotline.forms import Dispatch
from fengqiao.kernel import access, handle, route
from fengqiao.kernel.docket import docket
from fengqiao.kernel.intake import Told
from fengqiao.kernel.models import Clock, Event, Matter, Relation, Task, Unit
from fengqiao.kernel.now import now
from fengqiao.offices.accounts import terms
from tests.cast import FAR_VILLAGE, JIA, VILLAGE, Cast, appoint
from tests.hotline.order import (
    DEMAND,
    brought_to,
    clocks,
    do,
    event,
    events,
    fresh,
    kept,
    later,
    person,
    refused,
    state,
    subject,
    tasks,
    told,
)

pytestmark = pytest.mark.database


def sees(by: object, matter: object) -> bool:
    with access.acting_as(by):  # type: ignore[arg-type]
        return access.matters_for(by).filter(pk=matter.pk).exists()  # type: ignore[arg-type, attr-defined]


# Dispatch -------------------------------------------------------------------------------------------------------------


def test_the_lead_unit_gets_five_working_days_and_one_to_say_that_it_is_wrong(cast: Cast) -> None:
    matter = brought_to(cast, "dispatched")
    assert [clock.due_legal.isoformat() for clock in clocks(matter, "T-H01")] == ["2026-09-14"]
    assert [clock.due_legal.isoformat() for clock in clocks(matter, "T-H02")] == ["2026-09-08"]
    assert fresh(matter).hotline_order.dispatched_at is not None


def test_a_consumers_complaint_has_the_seven_days_of_the_law(cast: Cast) -> None:
    matter = told(cast, category="consumer", data={"nature": "complaint"})
    do(cast.chen, "dispatch", matter, unit="water")
    assert [clock.due_legal.isoformat() for clock in clocks(matter, "T-H04")] == ["2026-09-16"]
    assert clocks(matter, "T-H01") == []
    asked = told(cast, category="consumer", data={"nature": "help"})
    do(cast.chen, "dispatch", asked, unit="water")
    assert clocks(asked, "T-H04") == []


def running(matter: Matter) -> dict[str, str]:
    """The limits at work on the order itself, by rule."""
    found = {rule: clocks(matter, rule, stopped_at=None) for rule in ("T-H01", "T-H04")}
    return {rule: each[0].due_legal.isoformat() for rule, each in found.items() if each}


def test_another_category_brings_the_stricter_limit_from_the_same_beginning(cast: Cast) -> None:
    matter = told(cast, category="consumer", data={"nature": "complaint"})
    do(cast.chen, "dispatch", matter, unit="water")
    do(cast.li, "take", matter)
    with later(days=2):
        do(cast.chen, "locate", matter, place=VILLAGE, category="environment")
    assert running(matter) == {"T-H01": "2026-09-14"}
    assert clocks(matter, "T-H04")[0].outcome == "cancelled"
    assert kept(lambda: Task.objects.get(matter=matter, kind="handle").due_at) == fresh(matter).due_at


def test_another_category_moves_no_day_that_the_caller_was_told(cast: Cast) -> None:
    matter = told(cast, category="environment", data={"nature": "complaint"})
    do(cast.chen, "dispatch", matter, unit="water")
    do(cast.chen, "locate", matter, place=VILLAGE, category="consumer")
    assert running(matter) == {"T-H01": "2026-09-14"}


def test_another_category_makes_no_unit_late(cast: Cast) -> None:
    matter = told(cast, category="consumer", data={"nature": "complaint"})
    do(cast.chen, "dispatch", matter, unit="water")
    with later(days=8):  # behind the five working days, within the seven
        do(cast.chen, "locate", matter, place=VILLAGE, category="environment")
    assert running(matter) == {"T-H04": "2026-09-16"}


def test_the_desk_has_no_limit_because_it_never_closes(cast: Cast) -> None:
    assert clocks(told(cast), "T-H03") == []
    assert fresh(told(cast)).due_at is None


def test_who_was_complained_of_is_not_offered_and_not_accepted(cast: Cast) -> None:
    matter = told(cast, told=(Told(unit=cast.units["water"].pk),))
    wrong = refused(cast.chen, "dispatch", matter, unit="water")
    assert (wrong.code, wrong.errors[0]["pointer"]) == ("invalid", "/unit")  # type: ignore[attr-defined]
    assert refused(cast.chen, "dispatch", matter, unit="housing", co_units=["water"]).code == "invalid"
    with docket(cast.chen) as book, pytest.raises(Exception, match="cannot handle"):
        route.lead(book, book.take("dispatch", kind="hotline", pk=matter.pk), cast.units["water"])
    do(cast.chen, "dispatch", matter, unit="housing")


def test_a_complaint_in_words_is_not_dispatched_before_it_is_known_who_is_meant(cast: Cast) -> None:
    matter = told(cast, told=(Told(words="修灯的那个人"),))
    assert refused(cast.chen, "dispatch", matter, unit="water").code == "not_now"
    do(cast.chen, "resolve", matter, subject=str(subject(matter).pk), units=["housing"], reason="电话里问的。")
    do(cast.chen, "dispatch", matter, unit="water")
    assert refused(cast.chen, "resolve", matter, subject=str(matter.pk), units=[], reason="再问。").code == (
        "no_such_subject"
    )


@pytest.mark.parametrize("why", ["nobody was appointed", "the only term is over", "the only one is kept away"])
def test_an_order_is_not_sent_to_a_unit_where_nobody_could_take_it(cast: Cast, why: str) -> None:
    matter, unit = told(cast), "jia_roads"
    if why == "the only term is over":
        terms.end_post(appoint(cast.units[unit], "unit_handler", since=now() - timedelta(days=30)))
    if why == "the only one is kept away":
        unit = "jia"
        with docket(cast.sun) as book:
            route.exclude(book, book.take(access.READ, pk=matter.pk), [], [cast.qian.account_id])
    refusal = refused(cast.chen, "dispatch", matter, unit=unit)
    assert (refusal.code, refusal.status, refusal.errors[0]["pointer"]) == ("invalid", 422, "/unit")  # type: ignore[attr-defined]
    assert "Nobody at this unit" in refusal.errors[0]["detail"]  # type: ignore[attr-defined]
    assert unit not in [each.key for each in offered(cast, matter)]
    assert (state(matter), tasks(matter)) == ("received", {"dispatch": "hotline"})
    appoint(cast.units[unit], "unit_handler")
    assert unit in [each.key for each in offered(cast, matter)]
    do(cast.chen, "dispatch", matter, unit=unit)
    assert tasks(matter) == {"take": unit}


def offered(cast: Cast, matter: Matter) -> list[Unit]:
    """The units that the page offers whoever dispatches."""
    with access.acting_as(cast.chen):
        return list(Dispatch(by=cast.chen, matter=matter).fields["unit"].queryset)


def test_only_the_office_dispatches(cast: Cast) -> None:
    matter = told(cast)
    for post in (cast.li, cast.zhou, cast.auditor, cast.administrator):
        assert refused(post, "dispatch", matter, unit="water").status == 404


# Assisting units ------------------------------------------------------------------------------------------------------


def test_more_units_assist_and_one_leads(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    do(cast.li, "add_co", matter, co_units=["government", "water"], note="请协助。")
    assert tasks(matter)["assist"] in ("housing", "government")
    leads = kept(lambda: list(Relation.objects.filter(matter=matter, kind="lead", until=None).values_list("unit__key")))
    assert leads == [("water",)]
    assert sees(cast.gu, matter)


def test_a_department_does_not_pass_its_work_down_to_a_town_and_the_office_may_ask_it(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    assert refused(cast.li, "add_co", matter, co_units=["jia_roads"]).code == "pushed_down"
    do(cast.chen, "add_co", matter, co_units=["jia_roads"])
    assert sees(cast.qian, matter) is False
    kinds = kept(lambda: Relation.objects.filter(matter=matter, kind="co", unit=cast.units["jia_roads"]).exists())
    assert kinds


def test_an_assisting_unit_gives_its_part_and_does_not_answer(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    do(cast.feng, "co_opinion", matter, text="线路正常。")
    assert "assist" not in tasks(matter)
    assert refused(cast.feng, "reply", matter, text="修好了。", solved="yes").status == 404


# Return ---------------------------------------------------------------------------------------------------------------


def test_a_wrong_order_goes_back_within_one_working_day(cast: Cast) -> None:
    matter = brought_to(cast, "dispatched")
    with later(days=1):
        do(cast.li, "ask_return", matter, reason="按职责清单属住建局。", suggested="housing")
    order = fresh(matter).hotline_order
    assert (order.returns, order.late_returns) == (1, 0)
    assert event(matter, "hotline.ask_return").data["late"] is False
    assert clocks(matter, "T-H02")[0].outcome == "met"
    assert tasks(matter)["settle_return"] == "hotline"


def test_a_return_after_two_working_days_counts_as_late_and_is_still_settled(cast: Cast) -> None:
    matter = brought_to(cast, "dispatched")
    with later(days=2):
        do(cast.li, "ask_return", matter, reason="按职责清单属住建局。")
        order = fresh(matter).hotline_order
        assert (order.returns, order.late_returns, clocks(matter, "T-H02")[0].outcome) == (1, 1, "missed")
        do(cast.chen, "settle_return", matter, upheld=True, unit="housing", note="职责清单第三条。")
    assert fresh(matter).lead_unit_id == cast.units["housing"].pk
    assert [clock.outcome for clock in clocks(matter, "T-H01")] == ["cancelled", ""]
    assert tasks(matter) == {"take": "housing"}
    with later(days=2):
        assert not sees(cast.li, matter)


def test_the_ruling_of_the_office_binds(cast: Cast) -> None:
    matter = brought_to(cast, "return_asked")
    do(cast.chen, "settle_return", matter, upheld=False, note="职责清单第一条。")
    assert (state(matter), tasks(matter)["take"]) == ("dispatched", "water")
    assert refused(cast.li, "ask_return", matter, reason="还是不属我局。").code == "not_now"
    assert clocks(matter, "T-H01", stopped_at=None)
    do(cast.li, "take", matter)


@pytest.mark.parametrize("data", [{"upheld": True}, {"upheld": True, "unit": "water"}, {"upheld": False, "unit": "yi"}])
def test_a_ruling_says_clearly_who_has_it(cast: Cast, data: dict[str, object]) -> None:
    assert refused(cast.chen, "settle_return", brought_to(cast, "return_asked"), note="x", **data).code == "invalid"


def test_a_missed_limit_stays_missed_when_another_unit_gets_the_order(cast: Cast) -> None:
    matter = brought_to(cast, "dispatched")
    with later(days=10):
        do(cast.li, "ask_return", matter, reason="不属我局。")
        do(cast.chen, "settle_return", matter, upheld=True, unit="housing", note="是。")
    assert [clock.outcome for clock in clocks(matter, "T-H01")] == ["missed", ""]


def test_the_unit_does_not_settle_its_own_return(cast: Cast) -> None:
    matter = brought_to(cast, "return_asked")
    assert refused(cast.li, "settle_return", matter, upheld=False, note="x").status == 404


# Taking back ----------------------------------------------------------------------------------------------------------


def test_the_office_takes_an_order_back_and_the_callers_day_stays(cast: Cast) -> None:
    matter = brought_to(cast, "in_progress")
    do(cast.sun, "supervise", matter, unit="water", **DEMAND)
    due = clocks(matter, "T-H01")[0].due_at
    with later(days=1):
        do(cast.sun, "take_back", matter, reason="派错了。")
        assert (state(matter), tasks(matter), fresh(matter).due_at) == ("received", {"dispatch": "hotline"}, due)
        assert not sees(cast.li, matter)
        do(cast.chen, "dispatch", matter, unit="housing")
    assert [clock.due_at for clock in clocks(matter, "T-H01")] == [due]
    unfinished = kept(lambda: list(Clock.objects.filter(matter=matter, stopped_at=None).values_list("rule", flat=True)))
    assert sorted(unfinished) == ["T-H01", "T-H02"]


def test_a_unit_does_not_take_its_order_back_and_after_the_answer_nobody_does(cast: Cast) -> None:
    assert refused(cast.li, "take_back", brought_to(cast, "taken"), reason="x").status == 404
    assert refused(cast.sun, "take_back", brought_to(cast, "replied"), reason="x").code == "not_now"


# Exclusion ------------------------------------------------------------------------------------------------------------


def test_a_complaint_about_a_town_never_reaches_the_town(cast: Cast) -> None:
    matter = told(cast, told=(Told(level="town"),))
    assert not any(sees(post, matter) for post in (cast.qian, cast.he, cast.zhou))
    assert refused(cast.chen, "dispatch", matter, unit="jia").code == "invalid"
    assert refused(cast.he, "remark", matter, text="x").status == 404


def test_while_nobody_knows_who_is_meant_no_post_of_the_town_ever_has_a_row(cast: Cast) -> None:
    matter = told(cast, told=(Told(),))
    assert not any(sees(post, matter) for post in (cast.qian, cast.he, cast.zhou))
    do(cast.chen, "resolve", matter, subject=str(subject(matter).pk), units=[], reason="没有指谁。")
    assert sees(cast.he, matter)


def test_a_name_on_day_nine_takes_the_order_away_in_the_same_act_and_lists_who_had_looked(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    with access.acting_as(cast.li):
        handle.looked(cast.li, matter)
    due = clocks(matter, "T-H01")[0].due_at
    with later(days=9):
        do(cast.chen, "exclude", matter, units=["water"], reason="补充材料里写的。")
        assert not sees(cast.li, matter)
        assert refused(cast.li, "reply", matter, text="x", solved="yes").status == 404
    assert event(matter, "matter.excluded").data["looked"] == [cast.li.account_id]
    assert event(matter, "matter.excluded").visibility == "sealed"
    assert (state(matter), tasks(matter)) == ("received", {"dispatch": "hotline"})
    assert [(clock.due_at, clock.outcome) for clock in clocks(matter, "T-H01")] == [(due, "")]


def test_an_assisting_unit_that_is_excluded_leaves_and_the_order_goes_on(cast: Cast) -> None:
    matter = brought_to(cast, "taken")
    do(cast.sun, "supervise", matter, unit="housing", **DEMAND)
    do(cast.chen, "exclude", matter, units=["housing"], reason="来电人说的。")
    assert (state(matter), tasks(matter)) == ("taken", {"handle": "water"})
    assert not sees(cast.feng, matter)
    open_clocks = kept(
        lambda: list(Clock.objects.filter(matter=matter, stopped_at=None).values_list("rule", flat=True))
    )
    assert open_clocks == ["T-H01"]


def test_when_the_hotline_itself_is_meant_the_next_desk_goes_on_with_its_tasks(cast: Cast) -> None:
    matter = brought_to(cast, "replied")
    do(cast.chen, "exclude", matter, units=["hotline"], reason="投诉话务员。")
    assert not sees(cast.chen, matter)
    assert tasks(matter) == {"call_back": "government"}
    do(cast.gu, "call_back", matter, reached=True, solved="yes", grade="fair")
    do(cast.gu, "close", matter)


# Place and handler ----------------------------------------------------------------------------------------------------


def test_the_desk_says_where_it_is_and_who_answers_for_that_place_sees_it(cast: Cast) -> None:
    matter = told(cast)
    assert (sees(cast.he, matter), sees(cast.shen, matter)) == (True, False)
    do(cast.chen, "locate", matter, place=FAR_VILLAGE, category="consumer")
    assert (sees(cast.he, matter), sees(cast.shen, matter)) == (False, True)
    assert event(matter, "hotline.locate").data == {"place": FAR_VILLAGE, "category": "consumer"}
    assert refused(cast.chen, "locate", matter, place="330681999").code == "no_such_place"
    assert fresh(matter).place_id != JIA


def test_the_unit_names_its_handler_and_nobody_elses(cast: Cast) -> None:
    matter = brought_to(cast, "dispatched")
    do(cast.lin, "assign", matter, post=cast.li.pk)
    assert fresh(matter).handler_id == cast.li.pk
    assert refused(cast.lin, "assign", matter, post=cast.feng.pk).code == "invalid"
    assert refused(cast.feng, "assign", matter, post=cast.feng.pk).status == 404


def test_the_order_says_in_its_journal_who_had_it_and_when(cast: Cast) -> None:
    matter = brought_to(cast, "return_asked")
    do(cast.chen, "settle_return", matter, upheld=True, unit="housing", note="是。")
    do(cast.feng, "take", matter)
    do(person(matter), "supplement", matter, text="灯杆也歪了。")
    assert events(matter) == [
        "matter.received",
        "hotline.dispatch",
        "hotline.ask_return",
        "hotline.settle_return",
        "hotline.take",
        "hotline.supplement",
    ]
    units = kept(
        lambda: Event.objects.filter(stream=str(matter.pk)).order_by("seq").values_list("unit_id", flat=True)[4]
    )
    assert units == cast.units["housing"].pk
