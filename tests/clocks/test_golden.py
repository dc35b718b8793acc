"""The golden cases of SPEC 3.6, and the refusals A7 and A24."""

from datetime import date

import pytest

from fengqiao.ground import calendar, limits
from fengqiao.ground.clocks import (
    ClockRefused,
    Extension,
    Pause,
    allowed_extension,
    reckon,
)

CALENDAR = calendar.standard()


def dates(rule, start, *, pauses=(), extensions=()):
    """Strict and legal date as month-day, since all cases lie in 2026."""
    found = reckon(limits.get(rule), date.fromisoformat(start), calendar=CALENDAR, pauses=pauses, extensions=extensions)
    assert found.strict.year == found.legal.year == 2026
    assert not found.provisional
    return f"{found.strict:%m-%d}", f"{found.legal:%m-%d}"


def granted(length, unit, day, by=""):
    return Extension(length, unit, date.fromisoformat(day), by, notified_on=date.fromisoformat(day))


def stop(first, last, reason):
    return Pause(date.fromisoformat(first), date.fromisoformat(last), reason)


@pytest.mark.parametrize(
    ("case", "rule", "start", "strict", "legal"),
    [
        ("C1", "T-P01", "2026-09-16", "10-01", "10-08"),
        ("C2", "T-P05", "2026-08-03", "10-02", "10-08"),
        ("C4", "T-P04", "2026-02-12", "02-26", "02-26"),
        ("C5", "T-L02", "2026-09-16", "10-20", "10-20"),
        ("C6", "T-L03", "2026-08-10", "10-16", "10-16"),
        ("C7", "T-M08", "2026-08-28", "09-27", "09-28"),
        ("C8", "T-M13", "2026-09-01", "10-19", "10-19"),
        ("C9", "T-A01", "2026-04-27", "05-04", "05-06"),
        ("C10", "T-I03", "2026-01-30", "03-05", "03-05"),
        ("C11", "T-H01", "2026-04-29", "05-09", "05-09"),
        ("C12", "T-E01", "2026-07-06", "10-04", "10-08"),
        ("C13", "T-E03", "2026-09-22", "09-30", "09-30"),
        ("C14", "T-M20", "2026-09-05", "10-05", "10-08"),
        ("C15", "T-C01", "2026-09-04", "10-04", "10-08"),
    ],
)
def test_a_golden_case_ends_on_the_day_the_specification_says(case, rule, start, strict, legal):
    assert dates(rule, start) == (strict, legal), case


def test_c3_an_extension_of_thirty_days_counts_from_the_legal_date():
    assert dates("T-P05", "2026-08-03", extensions=[granted(30, "CD", "2026-10-08")]) == ("11-07", "11-09")


def test_c5_a_licence_extended_by_ten_working_days():
    assert dates("T-L02", "2026-09-16", extensions=[granted(10, "WD", "2026-10-20")])[1] == "11-03"


def test_c8_the_time_of_an_appraisal_is_left_out():
    pauses = [stop("2026-09-10", "2026-09-24", "appraisal")]
    assert dates("T-M13", "2026-09-01", pauses=pauses)[1] == "11-04"


def test_c10_the_time_of_a_third_party_is_left_out():
    pauses = [stop("2026-02-06", "2026-03-04", "third_party")]
    assert dates("T-I03", "2026-01-30", pauses=pauses)[1] == "03-26"


def test_a8_a_hearing_of_four_days_moves_a_re_review_by_exactly_these_days():
    assert dates("T-P09", "2026-06-01") == ("07-01", "07-01")
    assert dates("T-P09", "2026-06-01", pauses=[stop("2026-06-09", "2026-06-12", "hearing")])[0] == "07-05"


def test_a7_an_extension_on_the_sixty_first_day_is_refused():
    limit, accepted = limits.get("T-P05"), date(2026, 3, 2)
    assert reckon(limit, accepted, calendar=CALENDAR).legal == date(2026, 5, 6)  # day 60 is a rest day
    accepted = date(2026, 3, 13)
    assert reckon(limit, accepted, calendar=CALENDAR).legal == date(2026, 5, 12)
    in_time = reckon(limit, accepted, calendar=CALENDAR, extensions=[granted(30, "CD", "2026-05-12")])
    assert in_time.legal == date(2026, 6, 11)
    with pytest.raises(ClockRefused) as refused:
        reckon(limit, accepted, calendar=CALENDAR, extensions=[granted(30, "CD", "2026-05-13")])
    assert refused.value.code == "extension_after_expiry"
    with pytest.raises(ClockRefused, match="ran out on 2026-05-12"):
        allowed_extension(limit, accepted, on=date(2026, 5, 13), calendar=CALENDAR)


def test_a24_the_third_extension_of_a_police_case_is_refused():
    limit, filed = limits.get("T-M20"), date(2026, 9, 5)
    first = granted(30, "CD", "2026-10-08", "superior_police")
    second = granted(30, "CD", "2026-11-09", "superior_police")
    twice = reckon(limit, filed, calendar=CALENDAR, extensions=[first, second])
    assert (twice.strict, twice.term) == (date(2026, 12, 9), 90)
    rule = allowed_extension(limit, filed, on=date(2026, 11, 9), calendar=CALENDAR, extensions=[first])
    assert (rule.length, rule.unit, rule.who) == (30, "CD", "superior_police")
    with pytest.raises(ClockRefused) as refused:
        reckon(
            limit,
            filed,
            calendar=CALENDAR,
            extensions=[first, second, granted(30, "CD", "2026-12-09", "superior_police")],
        )
    assert refused.value.code == "extension_too_often"
