"""The table of limits carries every row of the specification and keeps its own rules."""

import csv
import io
import re

import pytest

from fengqiao.ground import limits
from fengqiao.ground.limits import DATA, LimitRefused, citation, numeral, parse

LIMITS = limits.load()
TEXT = DATA.read_text("utf-8")

# SPEC 3.4.1 to 3.4.7, T-P15 of the domain's ruling 7, and our own T-G01, T-G02 for the ladder of supervision.
ROWS = re.findall(
    r"T-[A-Z]\d\d",
    """
    T-M01 T-M02 T-M03 T-M04 T-M05 T-M06 T-M07 T-M08 T-M09 T-M10 T-M11 T-M12 T-M13
    T-M14 T-M15 T-M16 T-M17 T-M18 T-M19 T-M20 T-M21 T-M22 T-M23 T-M24
    T-P01 T-P02 T-P03 T-P04 T-P05 T-P06 T-P07 T-P08 T-P09 T-P10 T-P11 T-P12 T-P13
    T-P14 T-P15
    T-H01 T-H02 T-H03 T-H04 T-H05
    T-I01 T-I02 T-I03 T-I04 T-I05 T-I06 T-I07
    T-L01 T-L02 T-L03 T-L04 T-L05 T-L06 T-L07 T-L08 T-L09 T-L10 T-L11 T-L12 T-L13
    T-E01 T-E02 T-E03 T-E04 T-E05 T-E06 T-E07 T-E08 T-E09
    T-R01 T-R02 T-R03 T-R04 T-R05
    T-A01 T-A02 T-A03 T-A04 T-A05 T-A06 T-A07 T-A08
    T-V01 T-V02 T-V03 T-V04 T-V05 T-V06 T-V07 T-V08 T-V09
    T-C01 T-C02
    T-X01 T-X02 T-X03 T-X04 T-X05
    T-O01
    T-D01 T-D02 T-D03 T-D04 T-D05 T-D06 T-D07
    T-S01 T-S02 T-S03 T-S04
    T-B01 T-B02
    T-W01
    T-G01 T-G02
    """,
)


@pytest.mark.parametrize("row", ROWS)
def test_a_row_of_the_specification_is_in_the_table(row):
    assert LIMITS.parts(row)


def test_the_table_has_no_row_that_the_specification_lacks():
    assert {limit.row for limit in LIMITS.values()} == set(ROWS)
    assert len(ROWS) == len(set(ROWS)) == 119


@pytest.mark.parametrize("rule", list(LIMITS))
def test_a_row_names_its_matter_its_mark_and_its_ground(rule):
    limit = LIMITS[rule]
    assert limit.rule == rule
    assert limit.matter
    assert limit.mark in "VSMD"
    assert (limit.length is None) == (limit.unit == "NONE")
    assert limit.start or limit.length is None
    if limit.mark == "V":
        assert limit.citation.startswith("《")
        assert "第" in limit.citation


@pytest.mark.parametrize(
    ("rule", "length", "unit"),
    [
        ("T-M01", 1, "MONTH"),
        ("T-M02", 30, "CD"),
        ("T-M03b", 7, "CD"),
        ("T-M08", 30, "CD"),
        ("T-M10", 30, "CD"),
        ("T-M13", 30, "WD"),
        ("T-M15b", 45, "CD"),
        ("T-M22", 24, "HOUR"),
        ("T-P04", 5, "WD"),
        ("T-P15a", 5, "WD"),
        ("T-P15b", 30, "CD"),
        ("T-H02", 1, "WD"),
        ("T-H04", 7, "WD"),
        ("T-L03", 45, "WD"),
        ("T-L08", 30, "CD"),
        ("T-E07", 2, "YEAR"),
        ("T-R02e", 10, "WD"),
        ("T-R04b", 6, "MONTH"),
        ("T-A01", 7, "CD"),
        ("T-A08b", 24, "HOUR"),
        ("T-V09c", 20, "CD"),
        ("T-C02", 30, "CD"),
        ("T-O01a", 5, "HOUR"),
        ("T-D01b", 10, "WD"),
    ],
)
def test_a_limit_is_as_long_as_the_specification_says(rule, length, unit):
    assert (limits.get(rule).length, limits.get(rule).unit) == (length, unit)


@pytest.mark.parametrize(
    ("rule", "who", "length", "times", "notice"),
    [
        ("T-M02", "parties", None, None, False),
        ("T-M20", "superior_police", 30, 2, False),
        ("T-P05", "unit_head", 30, 1, True),
        ("T-L02", "agency_head", 10, 1, True),
        ("T-L03", "government_head", 15, 1, True),
        ("T-I03", "disclosure_head", 20, 1, True),
        ("T-R03", "review_head", 30, 1, True),
    ],
)
def test_an_extension_names_who_how_much_how_often_and_whether_the_person_is_told(rule, who, length, times, notice):
    extension = limits.get(rule).extension
    assert (extension.who, extension.length, extension.times, extension.notice) == (who, length, times, notice)


def test_rows_without_a_day_count_are_there_without_a_number():
    for rule in ("T-M23", "T-P13", "T-P14", "T-H03", "T-I06", "T-R05", "T-V02", "T-X01", "T-D07", "T-B01"):
        assert limits.get(rule).unit == "NONE"


def test_a_row_of_several_limits_says_which_there_are():
    with pytest.raises(LimitRefused, match=r"T-M18a .*T-M18b .*T-M18c") as refused:
        limits.get("T-M18")
    assert refused.value.code == "several_parts"
    assert refused.value.parts == ("T-M18a", "T-M18b", "T-M18c")


def test_a_plain_id_means_the_part_that_is_the_rule():
    assert limits.get("T-E03").rule == "T-E03a"
    assert limits.get("T-C01").rule == "T-C01a"
    assert limits.get("T-R03").length == 60


def test_an_unknown_rule_is_refused():
    with pytest.raises(LimitRefused, match="There is no limit T-Z99"):
        limits.get("T-Z99")


def test_grounds_of_a_stop_are_those_of_the_rule_and_are_counted_in_its_unit():
    assert limits.get("T-P09").pauses == ("hearing",)
    assert limits.get("T-P09").pause_counted == "calendar_days"
    assert limits.get("T-M13").pause_counted == "working_days"
    assert limits.get("T-P05").pauses == ()
    assert limits.get("T-P05").pause_counted == ""


def test_the_shorter_promise_of_the_province_reminds_while_the_national_limit_decides():
    petition = limits.get("T-P05")
    promise = petition.promised()
    assert (petition.length, petition.extension.length) == (60, 30)
    assert (promise.length, promise.unit, promise.extension, promise.reminder) == (30, "CD", None, True)
    assert petition.promise_from == "T-P15b"
    assert limits.get("T-P15b").extension is None  # the province's longer extension is never offered
    assert limits.get("T-P07").promised() is None


def test_people_s_mediation_only_reminds():
    assert [limit.rule for limit in LIMITS.values() if limit.reminder] == ["T-M01", "T-P15a", "T-P15b"]


def test_an_administrator_changes_what_no_text_fixes_and_nothing_else():
    changed = LIMITS.changed("T-H01", length=3, unit="WD")
    assert changed["T-H01"].length == 3
    assert limits.get("T-H01").length == 5
    with pytest.raises(LimitRefused, match="《信访工作条例》第三十四条") as refused:
        LIMITS.changed("T-P05", length=90, unit="CD")
    assert refused.value.code == "fixed_by_law"
    with pytest.raises(LimitRefused, match="is none of"):
        LIMITS.changed("T-H01", length=3, unit="weeks")


def test_an_article_is_cited_in_the_words_of_the_law():
    assert limits.get("T-P05").citation == "《信访工作条例》第三十四条"
    assert limits.get("T-P04").citation == "《信访工作条例》第二十三条第三款"
    assert limits.get("T-M08").citation == "《人民调解法》第三十三条、《民事诉讼法》第二百零五条"
    assert limits.get("T-L01").citation == "《行政许可法》第三十二条第一款第四项"
    assert limits.get("T-H02").citation == ""
    assert citation("行政处罚法", "67、72") == "《行政处罚法》第六十七条、第七十二条"


@pytest.mark.parametrize(
    ("number", "words"), [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (101, "一百零一"), (118, "一百一十八")]
)
def test_a_number_is_written_as_articles_are(number, words):
    assert numeral(number) == words


def with_row(changed, columns):
    """The table with some columns of one row changed."""
    out = io.StringIO()
    rows = list(csv.DictReader(io.StringIO(TEXT)))
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows({**row, **columns} if row["rule"] == changed else row for row in rows)
    return out.getvalue()


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"unit": "DAYS"}, "“DAYS” is none of WD, CD"),
        ({"length": ""}, "a unit and a length"),
        ({"length": "0"}, "a unit and a length"),
        ({"length": "five"}, "“five” is not a whole number"),
        ({"unit": "NONE"}, "a unit and a length"),
        ({"mark": "X"}, "“X” is none of V, S, M, D"),
        ({"side": "court"}, "“court” is none of"),
        ({"bound": "after"}, "“after” is none of"),
        ({"article": ""}, "names its law, article"),
        ({"text_date": "last year"}, "neither a date nor a year"),
        ({"pauses": "holiday"}, "unknown ground of a stop: holiday"),
        ({"ext_who": "anybody"}, "names who grants it"),
        ({"ext_who": "unit_head", "ext_times": "0"}, "names who grants it"),
        ({"bound": "before", "pauses": "hearing"}, "can stop or be extended"),
        ({"promise": "soon"}, "not a term such as 5 WD"),
        ({"label": ""}, "label and matter are missing"),
        ({"rule": "T-X1"}, "an id is T-"),
        ({"rule": "T-P03"}, "T-P03 stands in the table twice"),
        ({"rule": "T-M18"}, "both a limit and a row of parts"),
    ],
)
def test_a_faulty_row_is_refused_with_a_sentence(columns, sentence):
    with pytest.raises(LimitRefused, match=sentence):
        parse(with_row("T-P01", columns))


def test_a_table_with_other_columns_is_refused():
    with pytest.raises(LimitRefused, match="exactly these columns"):
        parse("rule,length\nT-P01,15\n")
