"""The published holiday notices, and files that are refused."""

import csv
import json
import os
from datetime import date
from pathlib import Path

import pytest

from fengqiao.ground import calendar, limits
from fengqiao.ground.calendar import Calendar, CalendarRefused, Fact, read_year
from fengqiao.ground.clocks import changed_by

CALENDAR = calendar.standard()
NEXT_YEAR = """date,kind,name,source
2026-12-31,rest,元旦,invented for a test
2027-01-01,rest,元旦,invented for a test
2027-01-02,rest,元旦,invented for a test
2027-01-03,work,元旦,invented for a test
"""


def test_the_year_2026_has_248_working_days():
    assert CALENDAR.working_days_of(2026) == 248


@pytest.mark.parametrize("day", ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"])
def test_a_working_weekend_of_2026_is_a_working_day(day):
    assert CALENDAR.is_working(date.fromisoformat(day))


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("01-01", "01-03"),
        ("02-15", "02-23"),
        ("04-04", "04-06"),
        ("05-01", "05-05"),
        ("06-19", "06-21"),
        ("09-25", "09-27"),
        ("10-01", "10-07"),
    ],
)
def test_a_holiday_of_2026_rests_from_its_first_to_its_last_day(first, last):
    start, end = (date.fromisoformat(f"2026-{day}") for day in (first, last))
    assert CALENDAR.working_days_between(date.fromordinal(start.toordinal() - 1), end) == 0


def test_a_new_years_day_announced_in_the_next_years_notice_belongs_to_its_own_year():
    assert CALENDAR.is_working(date(2018, 12, 29))  # a Saturday, in the notice of 2019
    assert CALENDAR.is_rest(date(2018, 12, 31))


def test_every_year_from_2004_to_2026_is_published_and_2027_is_provisional():
    assert CALENDAR.published_years == frozenset(range(2004, 2027))
    assert not CALENDAR.is_provisional(date(2026, 12, 31))
    assert CALENDAR.is_provisional(date(2027, 1, 1))
    assert CALENDAR.is_rest(date(2027, 1, 2))  # a Saturday
    assert CALENDAR.is_working(date(2027, 1, 1))  # a Friday: nobody has said otherwise yet


def test_every_fact_that_comes_with_the_program_names_its_source():
    assert all(fact.name and fact.source for fact in CALENDAR.facts)


def test_working_days_are_counted_forward_and_backward():
    friday, monday = date(2026, 2, 13), date(2026, 2, 24)
    assert CALENDAR.add_working_days(friday, 2) == monday  # Saturday 14 February is worked
    assert CALENDAR.add_working_days(monday, -2) == friday
    assert CALENDAR.add_working_days(date(2026, 2, 18), -1) == date(2026, 2, 14)
    assert CALENDAR.add_working_days(friday, 0) == friday
    assert CALENDAR.next_working_day(date(2026, 10, 1)) == date(2026, 10, 8)


def test_a_date_of_a_mistyped_year_is_refused():
    with pytest.raises(CalendarRefused, match="check the year"):
        CALENDAR.is_working(date(226, 2, 3))
    with pytest.raises(CalendarRefused, match="outside"):
        CALENDAR.add_working_days(date(2149, 12, 30), 9)


def test_a_loaded_year_is_no_longer_provisional_and_the_old_calendar_stays_as_it_was():
    read = read_year(NEXT_YEAR.encode(), name="2027.csv", year=2027)
    new = CALENDAR.with_year(read.year, read.facts)
    assert not new.is_provisional(date(2027, 1, 1))
    assert new.is_rest(date(2026, 12, 31))
    assert new.is_working(date(2027, 1, 3))
    assert CALENDAR.is_provisional(date(2027, 1, 1))
    assert CALENDAR.is_working(date(2026, 12, 31))


def test_loading_a_year_again_replaces_its_own_notice_and_no_other():
    again = CALENDAR.with_year(2018, [Fact(date(2018, 1, 1), True, "元旦")])
    assert again.is_rest(date(2018, 12, 31))  # stands in the notice of 2019
    assert again.is_working(date(2018, 10, 1))
    corrected = again.with_year(2019, [Fact(date(2019, 1, 1), True, "元旦")])
    assert corrected.is_working(date(2018, 12, 31))
    assert corrected.published_years == CALENDAR.published_years


def test_loading_2027_changes_a_provisional_date():
    read = read_year(NEXT_YEAR, year=2027)
    new = CALENDAR.with_year(read.year, read.facts)
    order = limits.get("T-H01")
    changed = changed_by(CALENDAR, new, order, date(2026, 12, 28))
    assert changed is not None
    before, after = changed
    assert (before.legal, before.provisional) == (date(2027, 1, 4), True)
    assert (after.legal, after.provisional) == (date(2027, 1, 5), False)
    assert changed_by(CALENDAR, new, order, date(2026, 11, 2)) is None


def test_loading_2027_takes_the_doubt_from_a_date_that_stays():
    read = read_year(NEXT_YEAR, year=2027)
    new = CALENDAR.with_year(read.year, read.facts)
    changed = changed_by(CALENDAR, new, limits.get("T-P05"), date(2026, 12, 1))
    assert changed is not None
    assert changed[0].legal == changed[1].legal == date(2027, 2, 1)
    assert (changed[0].provisional, changed[1].provisional) == (True, False)


@pytest.mark.parametrize(
    ("content", "code", "sentence"),
    [
        ("date,kind\n2026-01-01,rest\n", "wrong_year", "of 2026, not of 2027"),
        ("date,kind\n2027-01-01,rest\n2025-05-01,rest\n", "wrong_year", "2025-05-01 does not belong"),
        ("date,kind\n2027-01-01,rest\n2026-11-30,rest\n", "wrong_year", "2026-11-30 does not belong"),
        (
            "date,kind\n2027-01-01,rest\n2027-01-01,work\n",
            "duplicate_day",
            "2027-01-01 stands in the calendar twice",
        ),
        ("date,kind\n", "no_days", "names no day"),
        ("date,kind\n2027-01-03,work\n", "no_days", "no day of rest"),
        ("date,kind\n2027-01-01,holiday\n", "bad_kind", "Line 2: kind is “holiday”"),
        ("date,kind\n2027-1-1,rest\n", "bad_date", "Entry 2: “2027-1-1” is not a date"),
        ("day,type\n2027-01-01,rest\n", "no_columns", "the columns date and kind"),
        ('{"year": 2027, "papers": [], "days": []}', "no_days", "names no day"),
        ('{"year": 2027}', "no_columns", "year and days"),
        ('{"year": 2027, "days": [{"date": "2027-01-01"}]}', "bad_kind", "Day 1"),
        ('{"year": 2027,', "bad_json", "Line 1"),
        (b"\xff\xfe\x00", "not_utf8", "UTF-8"),
    ],
)
def test_a_file_that_is_no_calendar_of_the_year_is_refused_with_a_sentence(content, code, sentence):
    with pytest.raises(CalendarRefused, match=sentence) as refused:
        read_year(content, year=2027)
    assert refused.value.code == code


def test_a_folder_of_the_operator_adds_years_and_wins(tmp_path: Path):
    (tmp_path / "2027.csv").write_text(NEXT_YEAR, "utf-8")
    (tmp_path / "notes.txt").write_text("not a calendar", "utf-8")
    both = Calendar.load(calendar.DATA, tmp_path)
    assert both.published_years == CALENDAR.published_years | {2027}
    assert both.is_rest(date(2026, 12, 31))


def test_the_calendar_as_json_says_the_same_as_the_csv():
    days = [
        {"name": row["name"], "date": row["date"], "isOffDay": row["kind"] == "rest"}
        for row in csv.DictReader(NEXT_YEAR.splitlines())
    ]
    of_json = read_year(json.dumps({"year": 2027, "papers": ["a paper"], "days": days}))
    of_csv = read_year(NEXT_YEAR, name="2027.csv")
    assert of_json.year == of_csv.year == 2027
    assert [(f.date, f.rest, f.name) for f in of_json.facts] == [(f.date, f.rest, f.name) for f in of_csv.facts]
    assert of_json.working_days == of_csv.working_days


SAMPLES = Path(os.environ.get("FENGQIAO_SAMPLES", "/nowhere")) / "calendars"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="FENGQIAO_SAMPLES names no folder with calendars")
def test_two_independent_collections_agree_with_ours_on_every_day():
    other = json.loads((SAMPLES / "chinese-days.json").read_text("utf-8"))
    for year in range(2004, 2027):
        day = date(year, 1, 1)
        while day.year == year:
            text = day.isoformat()
            rests = text in other["holidays"] or (day.weekday() >= 5 and text not in other["workdays"])
            assert CALENDAR.is_rest(day) == rests, day
            day = date.fromordinal(day.toordinal() + 1)
    for year in range(2007, 2027):
        name = f"holiday-cn-{year}.json"
        read = read_year((SAMPLES / name).read_bytes(), name=name)
        assert all(CALENDAR.is_rest(fact.date) == fact.rest for fact in read.facts), year


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="FENGQIAO_SAMPLES names no folder with calendars")
def test_the_empty_stub_of_2027_is_refused():
    with pytest.raises(CalendarRefused, match="may not be published yet"):
        read_year((SAMPLES / "holiday-cn-2027.json").read_bytes(), name="holiday-cn-2027.json")
