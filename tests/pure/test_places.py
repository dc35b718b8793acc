"""The register of places: what is shipped, what is refused, what a new file changes."""

import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from fengqiao.ground.unreadable import Unreadable
from fengqiao.offices.register import places_file as places
from fengqiao.offices.register.places_plan import is_demo_place, plan

DAY = date(2027, 1, 1)
HEAD = "code,name\n"
SMALL = places.parse(
    b"code,name\n330999,S\n330999101,A\n330999102,B\n330999101201,a1\n330999101202,a2\n330999102201,b1\n", "csv"
)


def codes_of(rows):
    return [row.code for row in rows]


def without(rows, *codes):
    return [row for row in rows if row.code not in codes]


def test_zhuji_has_its_city_its_23_towns_and_515_villages_in_force():
    rows = places.shipped("zhuji")
    in_force = [row for row in rows if row.valid_to is None]
    levels = [row.level for row in in_force]
    assert (levels.count("city"), levels.count("town"), levels.count("village")) == (1, 23, 515)
    assert places.validate(rows) == places.lost_successors(rows) == []
    assert not any(is_demo_place(row.code) for row in rows)


def test_a_former_town_names_its_successor_and_is_still_found_by_its_name():
    rows = {row.name: row for row in places.shipped("zhuji")}
    assert rows["江藻镇"].valid_to is not None
    assert rows["江藻镇"].successor == rows["姚江镇"].code
    assert "江藻镇" in rows["姚江镇"].aliases


def test_villages_bear_the_name_people_use_and_keep_the_listed_one():
    rows = {row.code: row for row in places.shipped("zhuji")}
    assert rows["330681124230"].name == "斯宅村"
    assert rows["330681124230"].aliases == ("斯宅村委会",)


def test_the_invented_places_lie_in_their_own_range():
    rows = places.shipped("demo")
    zhuji = codes_of(places.shipped("zhuji"))
    assert places.validate(rows, zhuji) == []
    assert all(is_demo_place(row.code) for row in rows)
    assert not set(codes_of(rows)) & set(zhuji)
    assert [row.name for row in rows if row.level == "town"] == ["甲镇", "乙镇", "丙街道", "丁镇"]
    assert {row.level for row in rows} == {"town", "village", "grid"}


def test_a_file_with_code_and_name_alone_is_enough():
    rows = places.parse("代码,名称\n330999,示例市\n330999101,甲镇\n".encode("gb18030"), "register.CSV")
    assert [(row.level, row.parent) for row in rows] == [("city", ""), ("town", "330999")]


def test_json_is_read_as_a_list_or_under_places():
    table = [{"code": "330999", "name": "示例市", "aliases": "老示例|旧示例", "valid_to": "2026-01-01"}]
    for data in (table, {"places": table}):
        (row,) = places.parse(json.dumps(data).encode(), "json")
        assert row.aliases == ("老示例", "旧示例")
        assert row.valid_to == date(2026, 1, 1)


def test_a_list_of_villages_brings_its_towns_and_cities():
    head = "code,name,town_code,town,area_code,area\n"
    rows = places.parse((head + "330999101201,甲一村委会,330999101,甲镇,330999,示例市\n").encode(), "csv")
    assert sorted(codes_of(rows)) == ["330999", "330999101", "330999101201"]
    assert places.validate(rows) == []


@pytest.mark.parametrize(
    ("data", "kind", "code"),
    [
        (b"", "csv", "empty"),
        (b"code,name\n,\n", "csv", "empty"),
        (b"code\n330999\n", "csv", "headings"),
        (b"code,name,valid_to\n330999,A,yesterday\n", "csv", "date"),
        (b"{", "json", "json"),
        (b'{"places": 3}', "json", "json"),
        (b"[1]", "json", "json"),
        (b"PK", "places.docx", "format"),
        (b"\xff\xff\xff", "csv", "encoding"),
    ],
)
def test_a_file_of_another_shape_gets_a_sentence(data, kind, code):
    with pytest.raises(Unreadable) as refused:
        places.parse(data, kind)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("330999,A\n330999,B\n", "stands 2 times"),
        ("33099,A\n", "6, 9, 12 or 15 digits"),
        ("33O999,A\n", "6, 9, 12 or 15 digits"),
        ("330999101,A\n", "The place above"),
        ("330999,\n", "The name is missing"),
        ("330999,S\n330999101,A\n330999102,A\n", "Please tell them apart"),
    ],
)
def test_a_wrong_row_is_a_problem_with_a_sentence(lines, words):
    problems = places.validate(places.parse((HEAD + lines).encode(), "csv"))
    assert any(words in str(problem) for problem in problems)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"level": "village"}, "by its code it is"),
        ({"parent": "330998"}, "The place above"),
        ({"valid_from": DAY, "valid_to": DAY}, "ends before it begins"),
        ({"successor": "330999101"}, "The successor"),
    ],
)
def test_a_row_at_odds_with_itself_is_a_problem(change, words):
    rows = [SMALL[0], replace(SMALL[1], **change)]
    assert any(words in str(problem) for problem in places.validate(rows))


def test_loading_the_same_file_again_changes_nothing():
    rows = places.shipped("zhuji")
    again = plan(rows, rows, on=DAY)
    assert again.counts() == {
        "added": 0, "renamed": 0, "ended": 0, "moved": 0, "changed": 0, "unchanged": 540, "problems": 0,
    }  # fmt: skip
    assert list(again.rows) == sorted(rows, key=lambda row: row.code)


def test_a_first_load_adds_everything():
    first = plan([], SMALL, on=DAY)
    assert len(first.added) == len(first.rows) == 6
    assert first.problems == ()


def test_a_renamed_place_keeps_its_old_name_as_an_alias():
    new = [replace(row, name="A new") if row.name == "A" else row for row in SMALL]
    told = plan(SMALL, new, on=DAY)
    ((before, after),) = told.renamed
    assert (before.name, after.name, after.aliases) == ("A", "A new", ("A",))
    assert told.changed == ()


def test_a_place_left_out_ends_and_is_kept():
    told = plan(SMALL, without(SMALL, "330999101202"), on=DAY)
    (ended,) = told.ended
    assert (ended.code, ended.valid_to) == ("330999101202", DAY)
    assert ended in told.rows
    assert told.problems == ()


def test_with_a_town_all_its_villages_end():
    told = plan(SMALL, without(SMALL, "330999102", "330999102201"), on=DAY)
    assert codes_of(told.ended) == ["330999102", "330999102201"]


def test_a_village_under_a_new_code_has_moved_and_names_its_successor():
    moved = replace(SMALL[5], code="330999101203", parent="330999101")
    told = plan(SMALL, [*without(SMALL, "330999102", "330999102201"), moved], on=DAY)
    assert [(a.code, b.code) for a, b in told.moved] == [("330999102201", "330999101203")]
    assert told.added == ()
    assert codes_of(told.ended) == ["330999102"]
    rows = {row.code: row for row in told.rows}
    assert rows["330999102201"].successor == "330999101203"
    assert rows["330999102201"].valid_to == DAY


def test_two_places_of_one_name_are_not_guessed_to_have_moved():
    twins = [replace(row, name="x") if row.code in ("330999101201", "330999102201") else row for row in SMALL]
    new = [
        *without(twins, "330999101201", "330999102201", "330999102"),
        replace(SMALL[3], code="330999101209", name="x"),
    ]
    told = plan(twins, new, on=DAY)
    assert told.moved == ()
    assert codes_of(told.added) == ["330999101209"]


def test_a_successor_once_known_is_kept_when_a_file_is_silent():
    old = [replace(SMALL[1], valid_to=DAY, successor="330999102") if row.name == "A" else row for row in SMALL]
    silent = [replace(row, successor="") for row in old]
    told = plan(old, silent, on=DAY)
    assert {row.code: row.successor for row in told.rows}["330999101"] == "330999102"


def test_a_former_place_missing_from_the_file_stays_former():
    zhuji = places.shipped("zhuji")
    told = plan(zhuji, without(zhuji, "330681107"), on=DAY)
    assert told.ended == ()
    assert {row.code: row for row in told.rows}["330681107"].valid_to == date(2023, 1, 1)


def test_a_file_that_closes_a_place_ends_it():
    new = [replace(row, valid_to=DAY, successor="330999101202") if row.name == "a1" else row for row in SMALL]
    told = plan(SMALL, new, on=DAY)
    assert codes_of(told.ended) == ["330999101201"]
    assert told.changed == told.renamed == ()


def test_a_successor_that_is_nowhere_is_a_problem():
    new = [replace(row, valid_to=DAY, successor="330999777") if row.name == "a1" else row for row in SMALL]
    assert any("The successor" in str(problem) for problem in plan(SMALL, new, on=DAY).problems)


def test_a_list_of_one_town_ends_nothing_elsewhere():
    told = plan(SMALL, without(SMALL, "330999", "330999102", "330999102201"), on=DAY)
    assert codes_of(told.ended) == ["330999102", "330999102201"]
    told = plan(SMALL, [row for row in SMALL if row.parent == "330999101"], on=DAY)
    assert told.ended == ()


def test_a_real_register_ends_no_invented_place_and_the_other_way_round():
    zhuji, demo = places.shipped("zhuji"), places.shipped("demo")
    assert plan(zhuji + demo, zhuji, on=DAY).ended == ()
    assert plan(zhuji + demo, demo, on=DAY).ended == ()
    assert len(plan(zhuji + demo, demo[:3], on=DAY).ended) == 1 + 4 + 12


@pytest.mark.skipif("FENGQIAO_SAMPLES" not in os.environ, reason="needs the sample data")
def test_the_statistical_codes_of_2023_agree_with_what_is_shipped():
    folder = Path(os.environ["FENGQIAO_SAMPLES"]) / "places"
    told = plan(places.shipped("zhuji"), places.parse((folder / "zhuji_villages.csv").read_bytes(), "csv"), on=DAY)
    assert told.counts()["unchanged"] == 538
    assert len(told.rows) == 540
    wider = places.parse((folder / "shaoxing_villages.csv").read_bytes(), "csv")
    assert plan(places.shipped("zhuji"), wider, on=DAY).problems == ()
