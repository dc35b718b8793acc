"""What no clock allows, and the terms that do not run forward."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from fengqiao.ground import calendar, limits
from fengqiao.ground.clocks import ClockRefused, Extension, Pause, allowed_extension, reckon

CALENDAR = calendar.standard()
HERE = ZoneInfo("Asia/Shanghai")
ACCEPTED = date(2026, 3, 13)  # T-P05 is then due on 2026-05-12


def refusal(rule, start=ACCEPTED, **more):
    with pytest.raises(ClockRefused) as refused:
        reckon(limits.get(rule), start, calendar=CALENDAR, **more)
    assert str(refused.value).endswith(".")
    return refused.value.code


def an_extension(length=30, unit="CD", on="2026-05-11", by="", told="2026-05-11"):
    return Extension(length, unit, date.fromisoformat(on), by, date.fromisoformat(told) if told else None)


def test_a_ground_that_the_rule_does_not_list_stops_nothing():
    stop = Pause(date(2026, 3, 20), date(2026, 3, 24), "appraisal")
    assert refusal("T-P05", pauses=[stop]) == "pause_not_allowed"
    assert refusal("T-P09", pauses=[stop]) == "pause_not_allowed"


def test_a_stop_that_still_lasts_is_counted_through_the_day_named_or_refused():
    limit, open_stop = limits.get("T-P09"), Pause(date(2026, 3, 20), None, "hearing")
    assert refusal("T-P09", pauses=[open_stop]) == "open_pause"
    plain = reckon(limit, ACCEPTED, calendar=CALENDAR)
    after = reckon(limit, ACCEPTED, calendar=CALENDAR, pauses=[open_stop], as_of=date(2026, 3, 22))
    assert after.strict == plain.strict + timedelta(days=3)


def test_a_stop_that_ends_before_it_begins_is_refused():
    assert refusal("T-P09", pauses=[Pause(date(2026, 3, 20), date(2026, 3, 19), "hearing")]) == "bad_pause"


def test_an_extension_is_refused_where_the_law_knows_none():
    assert refusal("T-P07", extensions=[an_extension()]) == "extension_not_allowed"
    with pytest.raises(ClockRefused, match="knows no extension"):
        allowed_extension(limits.get("T-M08"), ACCEPTED, on=ACCEPTED, calendar=CALENDAR)


def test_an_extension_longer_or_in_another_unit_than_the_law_says_is_refused():
    assert refusal("T-P05", extensions=[an_extension(31)]) == "extension_too_long"
    assert refusal("T-P05", extensions=[an_extension(0)]) == "extension_too_long"
    assert refusal("T-P05", extensions=[an_extension(20, "WD")]) == "extension_too_long"


def test_an_extension_by_somebody_the_law_does_not_name_is_refused():
    assert refusal("T-P05", extensions=[an_extension(by="superior_police")]) == "extension_by_another"


def test_an_extension_is_refused_when_the_person_is_not_told_before_the_old_date_passes():
    assert refusal("T-P05", extensions=[an_extension(told=None)]) == "extension_notice_missing"
    assert refusal("T-P05", extensions=[an_extension(told="2026-05-13")]) == "extension_notice_missing"


def test_a_petition_is_extended_once_only():
    twice = [an_extension(), an_extension(on="2026-06-10", told="2026-06-10")]
    assert refusal("T-P05", extensions=twice) == "extension_too_often"


def test_court_mediation_may_be_extended_as_long_as_the_parties_agree():
    grants = [an_extension(45, on="2026-04-10", told=None), an_extension(60, on="2026-05-10", told=None)]
    found = reckon(limits.get("T-M02"), ACCEPTED, calendar=CALENDAR, extensions=grants)
    assert found.term == 30 + 45 + 60


def test_an_extension_already_decided_stands_when_a_new_calendar_moves_the_old_date():
    late = [an_extension(on="2026-05-13", told="2026-05-13")]
    assert refusal("T-P05", extensions=late) == "extension_after_expiry"
    found = reckon(limits.get("T-P05"), ACCEPTED, calendar=CALENDAR, extensions=late, decided=True)
    assert found.legal == date(2026, 6, 11)


def test_a_rule_without_a_number_cannot_be_reckoned_but_its_promise_can():
    limit = limits.get("T-P10")
    assert refusal("T-P10", datetime(2026, 3, 13, 23, 30, tzinfo=HERE)) == "no_length"
    promise = reckon(limit.promised(), datetime(2026, 3, 13, 23, 30, tzinfo=HERE), calendar=CALENDAR)
    assert promise.due_at == datetime(2026, 3, 14, 0, 30, tzinfo=HERE)


def test_hours_need_an_instant_and_run_through_nights_and_holidays():
    assert refusal("T-A04") == "needs_instant"
    assert refusal("T-A04", datetime(2026, 9, 30, 17)) == "needs_instant"
    found = reckon(limits.get("T-A04"), datetime(2026, 9, 30, 17, tzinfo=HERE), calendar=CALENDAR)
    assert found.due_at == datetime(2026, 10, 1, 17, tzinfo=HERE)
    assert found.legal == date(2026, 10, 1)


def test_an_instant_counts_as_its_day_in_shanghai():
    limit = limits.get("T-P04")
    evening = datetime(2026, 3, 13, 16, 30, tzinfo=ZoneInfo("UTC"))  # already the 14th in Shanghai
    assert reckon(limit, evening, calendar=CALENDAR) == reckon(limit, date(2026, 3, 14), calendar=CALENDAR)
    assert refusal("T-P04", datetime(2026, 3, 13, 9)) == "needs_instant"


def test_a_month_ends_on_the_corresponding_day_or_the_last_of_the_month():
    limit = limits.get("T-R04b")
    assert reckon(limit, date(2026, 3, 20), calendar=CALENDAR).strict == date(2026, 9, 20)
    assert reckon(limit, date(2025, 8, 31), calendar=CALENDAR).strict == date(2026, 2, 28)
    assert reckon(limits.get("T-M11"), date(2024, 2, 29), calendar=CALENDAR).strict == date(2026, 2, 28)


def test_a_notice_before_a_hearing_leaves_whole_days_between():
    found = reckon(limits.get("T-E03b"), date(2026, 10, 15), calendar=CALENDAR)
    assert CALENDAR.working_days_between(found.legal, date(2026, 10, 14)) == 7
    assert found.legal == date(2026, 9, 29)  # the holiday and the working Saturday lie between
    assert refusal("T-E03b", extensions=[an_extension()]) == "extension_not_allowed"


def test_a_citizens_term_before_an_event_is_read_in_his_favour():
    found = reckon(limits.get("T-L08"), date(2026, 12, 1), calendar=CALENDAR)
    assert found.legal == date(2026, 11, 2)  # 1 November is a Sunday
    assert found.strict == date(2026, 10, 31)


def test_a_notice_that_must_stay_up_is_not_shortened_or_moved():
    found = reckon(limits.get("T-V05"), date(2026, 9, 17), calendar=CALENDAR)
    assert found.strict == found.legal == date(2026, 10, 2)
