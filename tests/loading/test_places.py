"""A register of places: told first, stored whole, nothing deleted."""

from dataclasses import replace
from datetime import date

import pytest

from fengqiao.config import named
from fengqiao.config.commands import load_places
from fengqiao.ground.refusals import Invalid, Refused
from fengqiao.kernel import access, people, places
from fengqiao.kernel.models import Event, Place, Unit
from fengqiao.offices.accounts import terms
from fengqiao.offices.register import loading
from fengqiao.offices.register.places_file import PlaceRow, shipped
from tests.cast import an_order

DAY = date(2026, 11, 24)
pytestmark = pytest.mark.django_db


def row(code, name, **more):
    level = {6: "city", 9: "town", 12: "village"}[len(code)]
    return PlaceRow(code, name, level, code[:-3] if len(code) > 6 else "", **more)


# An invented city far from ours.
OTHER = [
    row("990101", "云溪市"),
    row("990101101", "东溪镇"),
    row("990101102", "西溪镇"),
    row("990101101201", "上湾村"),
    row("990101101202", "下湾村"),
    row("990101102201", "石桥村"),
]


def a_unit(key, code, kind="town_government"):
    return terms.open_unit(key=key, name=key, kind=kind, place=Place.objects.get(pk=code))


def without(register, *codes):
    return [each for each in register if not each.code.startswith(codes)]


def test_a_new_database_has_the_towns_and_villages_of_the_city():
    towns = Place.objects.filter(level="town", valid_to=None, demo=False)
    villages = Place.objects.filter(level="village", valid_to=None, demo=False)
    assert (towns.count(), villages.count()) == (23, 515)
    assert Place.objects.get(name="江藻镇").successor.name == "姚江镇"
    assert places.city() == "330681"


def test_the_reference_is_put_into_an_empty_database_only():
    before = Place.objects.count()
    loading.load_reference()
    assert Place.objects.count() == before


def test_the_register_that_is_here_already_changes_nothing():
    report = loading.commit(shipped("zhuji"))
    assert not report.changes
    assert report.plan.counts()["unchanged"] == 1 + 24 + 515


def test_the_invented_towns_come_beside_the_real_ones():
    report = loading.commit(shipped("demo"))
    assert report.plan.counts()["ended"] == 0
    assert Place.objects.get(pk="330681901").demo
    assert not loading.commit(shipped("demo")).changes


def test_looking_changes_nothing():
    before = set(Place.objects.values_list("pk", "name", "valid_to"))
    report = loading.examine(without(shipped("zhuji"), "330681102"))
    assert report.changes
    assert set(Place.objects.values_list("pk", "name", "valid_to")) == before


def test_of_a_city_that_ends_what_lies_in_it_is_only_counted():
    a_unit("ying", "330681102")
    told = load_places.show({"ok": True, "committed": False, **loading.examine(OTHER).as_json()}).splitlines()
    ended = [line for line in told if ": ended" in line]
    assert ended == [
        "  330681 诸暨市: ended, 537 places below with it",
        "  330681102 应店街镇: ended (units there: 1, open matters: 0)",
    ]
    assert len(loading.examine(OTHER).plan.ended) == 2 + 537


def test_a_renamed_place_keeps_its_old_name_among_the_others():
    rows = [replace(each, name="应店镇") if each.code == "330681102" else each for each in shipped("zhuji")]
    report = loading.commit(rows, on=DAY)
    assert [(old.name, new.name) for old, new in report.plan.renamed] == [("应店街镇", "应店镇")]
    assert named.place("应店街镇").pk == "330681102"


def merged(*more):
    """应店街镇 goes into 次坞镇; of its villages only those in `more` are listed there."""
    rest = without(shipped("zhuji"), "330681102")
    town = next(each for each in shipped("zhuji") if each.code == "330681102")
    return [*rest, replace(town, valid_to=DAY, successor="330681103"), *more]


def test_a_merged_town_ends_and_its_successor_answers_for_its_codes():
    heir = a_unit("heir", "330681103")
    report = loading.commit(merged(), on=DAY)
    gone = Place.objects.get(pk="330681102")
    assert (gone.valid_to, gone.successor_id) == (DAY, "330681103")
    assert Place.objects.filter(parent=gone, valid_to=None).count() == 0
    heir.refresh_from_db()
    assert heir.ranges == ["330681103", "330681102"]
    assert report.retied == ("heir",)
    assert not loading.commit(merged(), on=DAY).changes


def test_a_village_of_a_merged_town_goes_on_where_its_name_is_listed():
    village = Place.objects.filter(parent="330681102", name__endswith="村").first()
    terms.open_unit(key="v", name="v", kind="village_committee", place=village)
    report = loading.commit(merged(row("330681103999", village.name)), on=DAY)
    assert [(old.code, new.code) for old, new in report.plan.moved] == [(village.pk, "330681103999")]
    unit = Unit.objects.get(key="v")
    assert (unit.place_id, unit.ranges) == ("330681103999", ["330681103999", village.pk])


def test_a_place_under_another_code_takes_its_units_along_and_keeps_the_old_range():
    first = Place.objects.filter(level="village", demo=False).order_by("code").first()
    a_unit("village", first.pk)
    unit = Unit.objects.get(key="village")
    old = unit.place
    new_code = old.code[:9] + "999"
    rows = [replace(each, code=new_code) if each.code == old.code else each for each in shipped("zhuji")]
    report = loading.commit(rows, on=DAY)
    assert [(before.code, after.code) for before, after in report.plan.moved] == [(old.code, new_code)]
    unit.refresh_from_db()
    assert unit.place_id == new_code
    assert unit.ranges == [new_code, old.code]
    assert report.units == {old.code: 1}


def test_the_report_counts_open_matters_where_places_end(cast):
    an_order(cast.chen)
    rows = [each for each in shipped("demo") if each.code != "330681901201"]
    report = loading.examine(rows, on=DAY)
    assert report.matters == {"330681901201": 1}
    assert report.units == {"330681901201": 1}


def test_matters_of_an_ended_place_stay_where_they_are(cast):
    order = an_order(cast.chen)
    loading.commit([each for each in shipped("demo") if each.code != "330681901201"], on=DAY)
    with access.acting_as(cast.sun):
        assert access.matters_for(cast.sun).get().place_id == order.place_id


def test_another_city_takes_the_place_of_the_first():
    report = loading.commit(OTHER, on=DAY)
    assert report.plan.counts()["added"] == 6
    assert places.city() == "990101"
    assert not Place.objects.filter(valid_to=None, code__startswith="330681").exists()
    assert Place.objects.filter(code__startswith="330681").count() == 1 + 24 + 515
    assert not loading.commit(OTHER, on=DAY).changes
    assert terms.open_unit(
        key="xi", name="西溪镇人民政府", kind="town_government", place=named.place("西溪镇")
    ).ranges == ["990101102"]


def test_and_back_again():
    loading.commit(OTHER, on=DAY)
    loading.commit(shipped("zhuji"), on=date(2026, 11, 25))
    assert places.city() == "330681"
    assert Place.objects.filter(level="village", valid_to=None, code__startswith="330681").count() == 515
    assert not Place.objects.filter(valid_to=None, code__startswith="990101").exists()


def test_another_city_is_refused_where_there_are_matters(cast):
    an_order(cast.chen)
    with pytest.raises(Refused, match="another city") as refusal:
        loading.commit(OTHER, on=DAY)
    assert refusal.value.code == "other_city"
    assert not Place.objects.filter(pk="990101").exists()


def test_a_register_that_contradicts_itself_is_refused_whole():
    rows = [*OTHER[:2], row("990101102201", "石桥村"), row("990101101201", "上湾村"), row("990101101201", "上湾村")]
    with pytest.raises(Invalid) as refusal:
        loading.commit(rows, on=DAY)
    assert {each["pointer"] for each in refusal.value.errors} >= {"/990101102201", "/990101101201"}
    assert not Place.objects.filter(pk="990101").exists()


def test_a_load_writes_one_line_into_the_journal():
    loading.commit(OTHER, on=DAY, name="云溪.csv")
    loading.commit(OTHER, on=DAY, name="云溪.csv")
    with access.acting_as(people.KEEPER):
        written = list(Event.objects.filter(kind="places.loaded").values_list("data__file", "data__added"))
    assert written == [("云溪.csv", 6)]
