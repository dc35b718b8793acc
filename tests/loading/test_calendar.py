"""A holiday year: told first, then each clock set once, with one event a matter. The year's days are invented."""

from datetime import date, datetime, timedelta

import pytest

from fengqiao.ground import numbers
from fengqiao.ground.calendar import read_year
from fengqiao.kernel import access, journal, timekeeping
from fengqiao.kernel.docket import docket
from fengqiao.kernel.models import CalendarYear, Clock, Event, Matter
from fengqiao.kernel.now import HERE, at
from fengqiao.offices.register import calendar_loading

KEEPER = access.SystemPost("keeper")
# Not the notice of 2027, which is not published: a long rest over New Year, one Saturday worked.
INVENTED = """date,kind,name,source
2026-12-31,rest,元旦,an invented notice
2027-01-01,rest,元旦,an invented notice
2027-01-04,rest,元旦,an invented notice
2027-01-09,work,元旦,an invented notice
2027-02-08,rest,春节,an invented notice
"""
DECEMBER = datetime(2026, 12, 24, 10, 0, tzinfo=HERE)


pytestmark = pytest.mark.usefixtures("cast")


def a_matter(*rules, started=DECEMBER, stopped=(), sequence=[100]):  # noqa: B006
    """A matter with clocks of these rules that began in December."""
    sequence[0] += 1
    pk = numbers.new_id()
    number = numbers.compose("hotline", 2026, "000", sequence[0]).display
    with at(started), docket(KEEPER, hand=[pk]) as book:
        matter = Matter(
            pk=pk,
            number=number,
            kind="hotline",
            state="handling",
            title="路灯不亮",
            place_id="330681",
            channel="12345",
            opened_at=started,
            opened_year=2026,
            last_kind="",
            last_at=started,
            version=0,
            head=journal.START,
        )
        book.open(matter)
        for rule in rules:
            book.clock(matter, rule, at=started)
        book.event(matter, "matter.received")
        if stopped:
            book.stop(matter, *stopped)
    return matter


def events_of(matter, kind="clock.recomputed"):
    with access.acting_as(KEEPER):
        return list(Event.objects.filter(matter=matter, kind=kind).values_list("data", flat=True))


def clocks_of(matter):
    with access.acting_as(KEEPER):
        return {clock.rule: clock for clock in Clock.objects.filter(matter=matter)}


def year(text=INVENTED):
    return read_year(text, name="2027.csv")


def test_looking_tells_old_and_new_dates_and_changes_nothing():
    matter = a_matter("T-M13")
    before = clocks_of(matter)["T-M13"]
    assert before.provisional
    with at(DECEMBER):
        report = calendar_loading.examine(year())
    [change] = report.matters[matter.number]
    assert change.legal[0] == before.due_legal
    assert change.legal[1] > before.due_legal
    assert change.firm
    assert clocks_of(matter)["T-M13"].due_legal == before.due_legal
    assert events_of(matter) == []
    assert not CalendarYear.objects.exists()


def test_storing_does_exactly_what_looking_told():
    matters = [a_matter("T-M13"), a_matter("T-M06", "T-P04"), a_matter("T-M14")]
    with at(DECEMBER):
        told = calendar_loading.examine(year()).as_json()
        done = calendar_loading.commit(year(), name="2027.csv").as_json()
    assert done == told
    assert done["matters"]
    for matter in matters:
        for each in (entry for entry in told["matters"] if entry["number"] == matter.number):
            for clock in each["clocks"]:
                stored = clocks_of(matter)[clock["rule"]]
                assert stored.due_strict.isoformat() == clock["strict"][1]
                assert stored.due_legal.isoformat() == clock["legal"][1]
                assert not stored.provisional


def test_thirty_working_days_by_hand():
    """From 24 December: 25, 28–30 (4); 5–9 January (5) = 9; 11–15, 18–22, 25–29 = 24; 1–5 February = 29; 9 = 30."""
    matter = a_matter("T-M13")
    with at(DECEMBER):
        calendar_loading.commit(year())
    clock = clocks_of(matter)["T-M13"]
    assert clock.due_legal == date(2027, 2, 9)
    assert not clock.provisional


def test_each_changed_matter_gets_one_event_however_many_clocks():
    both, untouched = a_matter("T-M13", "T-P04"), a_matter("T-M06", started=datetime(2026, 11, 2, 9, tzinfo=HERE))
    with at(DECEMBER):
        report = calendar_loading.commit(year())
    [event] = events_of(both)
    assert {clock["rule"] for clock in event["clocks"]} == {change.rule for change in report.matters[both.number]}
    assert len(event["clocks"]) == 2
    assert events_of(untouched) == []
    assert untouched.number not in report.matters


def test_the_december_days_of_the_notice_move_clocks_of_the_old_year():
    """Five working days from 24 December: 25, 28, 29, 30, and 31 rests now, so 5 January."""
    matter = a_matter("T-P04")
    assert clocks_of(matter)["T-P04"].due_legal == date(2026, 12, 31)
    with at(DECEMBER):
        calendar_loading.commit(year())
    assert clocks_of(matter)["T-P04"].due_legal == date(2027, 1, 5)


def test_a_long_load_tells_how_far_it_is(monkeypatch):
    monkeypatch.setattr(calendar_loading, "CHUNK", 1)
    monkeypatch.setattr(calendar_loading, "BATCH", 2)
    for _n in range(3):
        a_matter("T-M13")
    told = []
    with at(DECEMBER):
        calendar_loading.commit(year(), progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 0), (2, 0), (3, 0), (2, 3), (3, 3)]


def test_a_load_that_is_cut_off_is_finished_by_the_same_file(monkeypatch):
    monkeypatch.setattr(calendar_loading, "BATCH", 1)
    matters = [a_matter("T-M13") for _n in range(3)]

    def cut_off(done, of):
        if (done, of) == (1, 3):
            raise KeyboardInterrupt

    with at(DECEMBER):
        with pytest.raises(KeyboardInterrupt):
            calendar_loading.commit(year(), progress=cut_off)
        assert sum(clocks_of(each)["T-M13"].provisional for each in matters) == 2
        assert len(calendar_loading.commit(year()).matters) == 2
    assert not any(clocks_of(each)["T-M13"].provisional for each in matters)
    assert [len(events_of(each)) for each in matters] == [1, 1, 1]


def test_ended_clocks_stay_as_they_are():
    matter = a_matter("T-M13", stopped=("T-M13",))
    before = clocks_of(matter)["T-M13"]
    with at(DECEMBER):
        calendar_loading.commit(year())
    after = clocks_of(matter)["T-M13"]
    assert (after.due_legal, after.provisional) == (before.due_legal, before.provisional)
    assert events_of(matter) == []


def test_the_matter_shows_the_new_date_of_its_next_clock():
    matter = a_matter("T-P04")
    with at(DECEMBER):
        calendar_loading.commit(year())
    with access.acting_as(KEEPER):
        assert Matter.objects.get(pk=matter.pk).due_at == clocks_of(matter)["T-P04"].due_at


def test_loading_the_same_file_again_changes_nothing():
    matter = a_matter("T-M13", "T-P04")
    with at(DECEMBER):
        calendar_loading.commit(year())
    loaded = CalendarYear.objects.get(pk=2027).loaded_at
    with at(DECEMBER + timedelta(days=3)):
        again = calendar_loading.commit(year())
    assert not again.changes
    assert CalendarYear.objects.get(pk=2027).loaded_at == loaded
    assert len(events_of(matter)) == 1


def test_a_corrected_notice_replaces_the_first():
    matter = a_matter("T-M13")
    with at(DECEMBER):
        calendar_loading.commit(year())
        calendar_loading.commit(year(INVENTED.replace("2027-02-08,rest", "2027-02-09,rest")))
    assert clocks_of(matter)["T-M13"].due_legal == date(2027, 2, 8)
    assert len(events_of(matter)) == 2


def test_a_clock_that_stands_still_is_changed_by_the_calendar_alone():
    matter = a_matter("T-M13")
    with at(DECEMBER), docket(KEEPER) as book:
        taken = book.take_many([matter.pk])[0]
        [clock] = book.clocks(taken)
        timekeeping.pause(clock, "appraisal", date(2026, 12, 25))
        book.retimed(clock)
        book.event(taken, "clock.paused")
    with at(DECEMBER + timedelta(days=2)):
        assert matter.number in calendar_loading.commit(year()).matters
    with at(DECEMBER + timedelta(days=4)):
        assert not calendar_loading.commit(year()).changes
    assert len(events_of(matter)) == 1


def test_an_interrupted_load_is_finished_by_the_next(monkeypatch):
    first, second = a_matter("T-M13"), a_matter("T-M13")
    monkeypatch.setattr(calendar_loading, "BATCH", 1)
    real, batches = calendar_loading._set, []

    def cut_off(*args):
        batches.append(args)
        if len(batches) == 2:
            raise RuntimeError("the power went")
        real(*args)

    monkeypatch.setattr(calendar_loading, "_set", cut_off)
    with at(DECEMBER), pytest.raises(RuntimeError):
        calendar_loading.commit(year())
    monkeypatch.setattr(calendar_loading, "_set", real)
    with at(DECEMBER):
        rest = calendar_loading.commit(year())
    assert len(rest.matters) == 1
    assert [len(events_of(matter)) for matter in (first, second)] == [1, 1]


def test_the_load_itself_is_journalled():
    with at(DECEMBER):
        calendar_loading.commit(year(), name="2027.csv")
        calendar_loading.commit(year(), name="2027.csv")
    with access.acting_as(KEEPER):
        lines = list(Event.objects.filter(kind="calendar.loaded").values_list("data", flat=True))
    assert lines == [{"year": 2027, "days": 5, "source": "an invented notice"}]
