"""The lights of domain ruling 22 and EXPERIENCE 3.1."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from fengqiao.ground import calendar, limits
from fengqiao.ground.clocks import Pause, progress, reckon, used
from fengqiao.ground.lights import Light, light

CALENDAR = calendar.standard()
HERE = ZoneInfo("Asia/Shanghai")


def shown(rule, start, now, **more):
    limit = limits.get(rule) if isinstance(rule, str) else rule
    reckoning = reckon(limit, start, calendar=CALENDAR, pauses=more.get("pauses", ()), as_of=now.date(), decided=True)
    return light(limit, reckoning, now, calendar=CALENDAR, **more)


def noon(month, day, hour=12, minute=0):
    return datetime(2026, month, day, hour, minute, tzinfo=HERE)


ACCEPTED = date(2026, 3, 13)  # T-P05, 60 calendar days, due on 12 May


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (noon(3, 13), Light("g", 60, "CD")),
        (noon(4, 29), Light("g", 13, "CD")),
        (noon(4, 30), Light("y", 12, "CD")),  # the last fifth of 60
        (noon(5, 11), Light("y", 1, "CD")),
        (noon(5, 12), Light("r", 0, "CD")),
        (noon(5, 12, 23, 59), Light("r", 0, "CD")),
        (noon(5, 13, 0, 0), Light("over", 1, "CD")),
        (noon(5, 20), Light("over", 8, "CD")),
    ],
)
def test_a_petition_turns_yellow_in_its_last_fifth_red_on_its_day_and_solid_after_it(now, expected):
    assert shown("T-P05", ACCEPTED, now) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (noon(4, 29), Light("g", 5, "WD")),
        (noon(5, 7), Light("g", 2, "WD")),
        (noon(5, 8), Light("y", 1, "WD")),  # the last day of a term of 5
        (noon(5, 9), Light("r", 0, "WD")),
        (noon(5, 10), Light("over", 1, "CD")),  # a Sunday: no working day has passed yet
        (noon(5, 11), Light("over", 1, "WD")),
        (noon(5, 12), Light("over", 2, "WD")),
    ],
)
def test_a_hotline_order_counts_in_working_days(now, expected):
    assert shown("T-H01", date(2026, 4, 29), now) == expected


def test_a_term_over_five_days_is_yellow_for_at_least_its_last_two():
    seven = limits.get("T-H04")  # 7 working days from 1 June: due on 10 June
    assert [shown(seven, date(2026, 6, 1), noon(6, day)).kind for day in (5, 8, 9, 10)] == ["g", "y", "y", "r"]


def test_an_hour_clock_is_yellow_in_its_last_third():
    start = noon(9, 5, 8)
    assert shown("T-A04", start, noon(9, 5, 20)) == Light("g", 12, "HOUR")
    assert shown("T-A04", start, noon(9, 6, 0)) == Light("y", 8, "HOUR")
    assert shown("T-A04", start, noon(9, 6, 7, 30)) == Light("y", 1, "HOUR")
    assert shown("T-A04", start, noon(9, 6, 8)) == Light("over", 1, "HOUR")
    assert shown("T-A04", start, noon(9, 6, 9, 30)) == Light("over", 2, "HOUR")


def test_a_lawful_stop_shows_its_day_and_no_time_left():
    stop = Pause(date(2026, 6, 9), None, "hearing")
    assert shown("T-P09", date(2026, 6, 1), noon(6, 12), pauses=[stop], paused=stop) == Light("stop", 4, "CD")
    assert shown("T-P09", date(2026, 6, 1), noon(6, 9), paused=date(2026, 6, 9)) == Light("stop", 1, "CD")


def test_a_closed_clock_shows_the_time_used_without_its_stops():
    stop = Pause(date(2026, 9, 10), date(2026, 9, 24), "appraisal")
    closed = noon(9, 28)
    found = shown("T-M13", date(2026, 9, 1), noon(12, 1), pauses=[stop], stopped_at=closed)
    assert found == Light("done", 7, "WD")  # 2–4, 7–9 and 28 September


def test_people_s_mediation_never_turns_solid():
    found = shown("T-M01", date(2026, 3, 13), noon(4, 20))
    assert found == Light("y", 7, "CD", past=True)


def test_a_citizen_s_own_term_and_an_office_s_promise_never_turn_solid():
    assert shown("T-P06", date(2026, 3, 2), noon(4, 20)).kind == "y"
    promise = limits.get("T-P05").promised()
    assert shown(promise, ACCEPTED, noon(4, 20)) == Light("y", 7, "CD", past=True)
    assert shown("T-P05", ACCEPTED, noon(4, 20)).kind == "g"


def test_a_posting_that_has_hung_long_enough_is_done():
    assert shown("T-V05", date(2026, 6, 1), noon(6, 11)) == Light("g", 5, "CD")
    assert shown("T-V05", date(2026, 6, 1), noon(6, 17)) == Light("done", 15, "CD")


def test_a_light_says_that_its_date_is_provisional():
    assert shown("T-P05", date(2026, 12, 1), noon(12, 2)).provisional
    assert not shown("T-P05", date(2026, 6, 1), noon(6, 2)).provisional


def test_the_share_used_grows_from_nothing_to_the_whole():
    limit = limits.get("T-P05")
    reckoning = reckon(limit, ACCEPTED, calendar=CALENDAR)
    shares = [used(reckoning, noon(3, 13) + timedelta(days=day), calendar=CALENDAR) for day in (0, 30, 60, 90)]
    assert shares == [Fraction(0), Fraction(1, 2), Fraction(1), Fraction(1)]


def test_the_share_of_an_hour_clock_stands_still_while_it_is_stopped():
    limit = replace(limits.get("T-A04"), pauses=("force_majeure",))
    start = noon(9, 5, 8)
    stop = Pause(noon(9, 5, 14), noon(9, 5, 20), "force_majeure")
    reckoning = reckon(limit, start, calendar=CALENDAR, pauses=[stop])
    assert reckoning.due_at == noon(9, 6, 14)
    at = [progress(reckoning, noon(9, 5, hour), calendar=CALENDAR, pauses=[stop]) for hour in (14, 17, 20)]
    assert [each.left for each in at] == [18, 18, 18]
    assert {each.share for each in at} == {Fraction(1, 4)}
