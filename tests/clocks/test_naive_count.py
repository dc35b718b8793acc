"""An independent count, one day or hour at a time, agrees on random terms, stops and rest days."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from fengqiao.ground import calendar, limits
from fengqiao.ground.clocks import Extension, Pause, changed_by, progress, reckon
from fengqiao.ground.limits import ExtensionRule

CALENDAR = calendar.standard()
HERE = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
RESTS = {fact.date for fact in CALENDAR.facts if fact.rest}
WORKED = {fact.date for fact in CALENDAR.facts if not fact.rest}
LOADED = CALENDAR.with_year(
    2027, [calendar.Fact(date(2027, 2, day), True, "春节", "invented for a test") for day in range(5, 13)]
)
MODEL = limits.get("T-M01")


def a_limit(length, unit):
    extension = ExtensionRule("parties", None, "CD" if unit == "MONTH" else unit, None, False)
    return replace(MODEL, length=length, unit=unit, pauses=("appraisal",), extension=extension)


def works(day):
    return day in WORKED or (day.weekday() < 5 and day not in RESTS)


def naive_end(start, length, unit, stopped):
    """The last day, counted one by one."""
    day, left = start, length
    if unit in ("MONTH", "YEAR"):
        month = start.year * 12 + start.month - 1 + length * (12 if unit == "YEAR" else 1)
        number = start.day
        while True:
            try:
                corresponding = date(month // 12, month % 12 + 1, number)
                break
            except ValueError:
                number -= 1
        left = sum(1 for _ in days_of(start + DAY, corresponding))
    while left:
        day += DAY
        if day not in stopped and (unit != "WD" or works(day)):
            left -= 1
    return day


def days_of(first, last):
    while first <= last:
        yield first
        first += DAY


def naive_roll(day):
    while not works(day):
        day += DAY
    return day


starts = st.dates(date(2004, 1, 1), date(2027, 6, 30))
units = st.sampled_from(["WD", "CD", "MONTH"])
lengths = st.integers(1, 70)


@st.composite
def terms(draw):
    """A start, a limit of up to 70 days or 7 months, and up to four stops that may touch or overlap."""
    start, unit = draw(starts), draw(units)
    length = draw(st.integers(1, 7) if unit == "MONTH" else lengths)
    stops = []
    for _ in range(draw(st.integers(0, 4))):
        first = start + timedelta(days=draw(st.integers(-10, 120)))
        stops.append(Pause(first, first + timedelta(days=draw(st.integers(0, 25))), "appraisal"))
    return start, a_limit(length, unit), stops


def stopped_days(stops):
    return {day for stop in stops for day in days_of(stop.from_, stop.to)}


@given(terms())
def test_the_naive_count_ends_on_the_same_day(term):
    start, limit, stops = term
    found = reckon(limit, start, calendar=CALENDAR, pauses=stops)
    strict = naive_end(start, limit.length, limit.unit, stopped_days(stops))
    assert found.strict == strict
    assert found.legal == naive_roll(strict)
    assert found.due_at == datetime.combine(found.legal + DAY, time(), HERE)


@given(terms(), st.integers(1, 40))
def test_an_extension_is_counted_on_from_the_legal_date(term, more):
    start, limit, stops = term
    unit = limit.extension.unit
    first = reckon(limit, start, calendar=CALENDAR, pauses=stops)
    found = reckon(
        limit, start, calendar=CALENDAR, pauses=stops, extensions=[Extension(more, unit, first.legal, "parties")]
    )
    strict = naive_end(first.legal, more, unit, stopped_days(stops))
    assert (found.strict, found.legal) == (strict, naive_roll(strict))


@given(
    st.datetimes(datetime(2004, 1, 1), datetime(2027, 6, 30)).map(
        lambda moment: moment.replace(minute=0, second=0, microsecond=0, tzinfo=HERE)
    ),
    st.integers(1, 96),
    st.lists(st.tuples(st.integers(-30, 150), st.integers(1, 40)), max_size=4),
)
def test_the_naive_count_of_hours_ends_at_the_same_instant(start, length, stops):
    pauses = [
        Pause(start + timedelta(hours=first), start + timedelta(hours=first + hours), "appraisal")
        for first, hours in stops
    ]
    moment, left = start, length
    while left:
        if not any(pause.from_ <= moment < pause.to for pause in pauses):
            left -= 1
        moment += timedelta(hours=1)
    found = reckon(a_limit(length, "HOUR"), start, calendar=CALENDAR, pauses=pauses)
    assert found.due_at == moment
    assert not found.provisional


@given(starts, st.integers(0, 40), units, lengths)
def test_a_later_start_is_never_due_earlier(start, later, unit, length):
    limit = a_limit(min(length, 12) if unit == "MONTH" else length, unit)
    early = reckon(limit, start, calendar=CALENDAR)
    late = reckon(limit, start + timedelta(days=later), calendar=CALENDAR)
    assert early.strict <= late.strict
    assert early.legal <= late.legal


@given(terms(), st.integers(0, 60), st.integers(0, 20))
def test_a_stop_of_n_counted_days_moves_the_strict_date_by_n_counted_days(term, after, length):
    start, limit, _ = term
    without = reckon(limit, start, calendar=CALENDAR)
    first = start + DAY + timedelta(days=after)
    if first > without.strict:
        first = without.strict
    stop = Pause(first, first + timedelta(days=length), "appraisal")
    found = reckon(limit, start, calendar=CALENDAR, pauses=[stop])
    counted = [day for day in days_of(stop.from_, stop.to) if limit.unit != "WD" or works(day)]
    moved = [day for day in days_of(without.strict + DAY, found.strict) if limit.unit != "WD" or works(day)]
    assert len(moved) == len(counted)


@given(terms())
def test_a_date_is_provisional_exactly_when_a_day_after_2026_is_involved(term):
    start, limit, stops = term
    found = reckon(limit, start, calendar=CALENDAR, pauses=stops)
    looked_at = days_of(start if limit.unit == "WD" else found.strict, found.legal)
    assert found.provisional == any(day.year > 2026 for day in looked_at)


@given(terms())
def test_loading_a_year_changes_only_what_was_provisional(term):
    start, limit, stops = term
    changed = changed_by(CALENDAR, LOADED, limit, start, pauses=stops)
    if changed is not None:
        assert changed[0].provisional
        assert changed[1] == reckon(limit, start, calendar=LOADED, pauses=stops, decided=True)


@given(terms(), st.integers(0, 200))
def test_what_is_used_and_what_is_left_make_the_whole_term(term, later):
    start, limit, stops = term
    found = reckon(limit, start, calendar=CALENDAR, pauses=stops)
    today = start + timedelta(days=later)
    at = progress(found, datetime.combine(today, time(12), HERE), calendar=CALENDAR, pauses=stops)
    gone = stopped_days(stops)
    remaining = [
        day for day in days_of(today + DAY, found.legal) if day not in gone and (limit.unit != "WD" or works(day))
    ]
    assert at.left == len(remaining)
    assert (at.over > 0) == (today > found.legal)
    assert 0 <= at.share <= 1
