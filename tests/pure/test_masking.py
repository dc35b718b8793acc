"""Masks: what stays, and that nothing gets through in free text."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fengqiao.ground import identity, masking, personal
from tests.profile import examples

GAPS = ["", " ", "-", " - ", "　", "－", "—", "·", ".", "\u200b", "  "]
BEFORE = ["", "电话", "打", "，", "：", "手机号是", "身份证号码", "卡号 ", "（", "Tel:", "他的车", "2026年11月3日"]
AFTER = ["", "找我", "。", "，谢谢", "）", "\n", " 就是他的", "的人", "号", "、"]
PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def widened(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@st.composite
def typed(draw, number: str, groups: list[tuple[int, ...]]) -> str:
    """The number as somebody types it: grouped somehow, with one kind of gap, in either width."""
    cut = draw(st.sampled_from([*groups, (1,) * len(number), (len(number),)]))
    gap = draw(st.sampled_from(GAPS))
    parts, at = [], 0
    for size in cut:
        parts.append(number[at : at + size])
        at += size
    parts.append(number[at:])
    text = gap.join(part for part in parts if part)
    return widened(text) if draw(st.booleans()) else text


@st.composite
def mobiles(draw) -> tuple[str, str]:
    number = draw(st.from_regex(r"(1[3-9][0-9]|100)[0-9]{8}", fullmatch=True))
    country = draw(st.sampled_from(["", "+86 ", "86-", "0086"]))
    return number, country + draw(typed(number, [(3, 4), (3, 4, 4), (4, 4, 3), (3, 3, 5)]))


@st.composite
def landlines(draw) -> tuple[str, str]:
    area = draw(st.sampled_from(["0575", "0571", "021", "010"]))
    length = 8 if len(area) == 3 else draw(st.sampled_from([7, 8]))
    rest = draw(st.from_regex(rf"[2-8][0-9]{{{length - 1}}}", fullmatch=True))
    shape = draw(st.sampled_from(["{a}-{r}", "{a}{r}", "({a}){r}", "{a} {l} {e}", "（{a}）{l}-{e}"]))
    shown = shape.format(a=area, r=rest, l=rest[:4], e=rest[4:])
    return area + rest, widened(shown) if draw(st.booleans()) else shown


@st.composite
def ids(draw) -> tuple[str, str]:
    first = (
        draw(st.sampled_from(["330681", "440524", "110105"]))
        + f"{draw(st.integers(1900, 2099))}{draw(st.integers(1, 12)):02d}{draw(st.integers(1, 28)):02d}"
        + f"{draw(st.integers(0, 999)):03d}"
    )
    number = first + identity.id_check(first)
    if draw(st.booleans()):
        number = number.lower()
    return number, draw(typed(number, [(6, 8, 4), (6, 4, 4, 4), (3, 3, 4, 4, 4), (4, 4, 4, 4, 2), (17, 1)]))


@st.composite
def cards(draw) -> tuple[str, str]:
    number = draw(st.from_regex(r"(62|4[0-9]|5[1-5])[0-9]{14,17}", fullmatch=True))
    return number, draw(typed(number, [(4, 4, 4, 4), (6, 10), (4, 4, 4, 4, 3)]))


@st.composite
def plates(draw) -> tuple[str, str]:
    letter = draw(st.sampled_from(PLATE_LETTERS))
    tail = draw(st.text(st.sampled_from(PLATE_LETTERS + "0123456789"), min_size=5, max_size=6))
    gap = draw(st.sampled_from(["", "·", " ", "-"]))
    shown = draw(st.sampled_from(["浙", "沪", "皖"])) + letter + gap + tail
    if draw(st.booleans()):
        shown = shown.lower()
    return tail, widened(shown) if draw(st.booleans()) else shown


def leaked(number: str, masked: str) -> bool:
    """Whether a reader could still put together the first eight or the last six of the number."""
    left = re.sub(r"[^0-9A-Za-z\u4e00-\u9fff*]", "", personal.fold(masked)).upper()
    return number.upper()[:8] in left or number.upper()[-6:] in left


@settings(max_examples=examples(400))
@given(
    st.one_of(mobiles(), landlines(), ids(), cards(), plates()),
    st.sampled_from(BEFORE),
    st.sampled_from(AFTER),
)
def test_no_number_gets_through_however_it_was_typed(number, before, after):
    whole, shown = number
    masked = masking.mask_text(before + shown + after)
    assert "*" in masked
    assert not leaked(whole, masked)
    assert before.rstrip("+ （") in masked


@settings(max_examples=examples(200))
@given(st.lists(st.one_of(mobiles(), ids(), cards()), min_size=2, max_size=3), st.sampled_from(["，", "和", "、"]))
def test_of_several_numbers_none_gets_through(numbers, between):
    masked = masking.mask_text(between.join(shown for _, shown in numbers))
    assert not [whole for whole, _ in numbers if leaked(whole, masked)]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("电话１３８ １２３４－２２１０找我", "电话138****2210找我"),
        ("身份证33068120990101001７，在家", "身份证3306**********0017，在家"),
        ("卡号6222 0212 3456 7890 123", "卡号6222****0123"),
        ("浙D·F12345停在门口", "浙D***45停在门口"),
        ("家里0575-87012345", "家里0575****2345"),
        ("打87012345", "打****2345"),
        ("手机一三八一二三四二二一零", "手机****"),
        ("电话138123422102楼", "电话****楼"),
        ("13812342210/13912342211", "138****2210/139****2211"),
        ("2025-11-24 10:30 13812342210", "2025-11-24 10:30 138****2210"),
    ],
)
def test_masked_texts_read_well(text, masked):
    assert masking.mask_text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "楼上漏水三天了",
        "编号热2026-000-0418729",
        "2026年11月24日9:30，第3网格",
        "2025.11.24-2025.12.01",
        "欠50000000元，已还12,500.00元",
        "统一代码91330681MA00000076",
        "打12345或110",
        "《信访工作条例》第34条",
    ],
)
def test_ordinary_figures_stay(text):
    assert masking.mask_text(text) == text


@given(st.text())
def test_any_text_can_be_masked_and_its_places_never_overlap(text):
    found = personal.find(text)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert len(personal.fold(text)) == len(text)
    masking.mask_text(text)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("周明", "周*"),
        ("楼大华", "楼*华"),
        ("欧阳小华", "欧**华"),
        ("阿依古丽·买买提", "阿**提"),
        ("周女士", "周女士"),
        ("周", "*"),
        ("", ""),
        ("John Smith", "J** S**"),
    ],
)
def test_names_keep_the_surname(name, masked):
    assert masking.mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812342210", "138****2210"),
        ("+86 138 1234 2210", "138****2210"),
        ("057587012345", "0575****2345"),
        ("021-61234567", "021****4567"),
        ("4001234567", "400****4567"),
        ("unknown", "****"),
        ("1234", "****"),
    ],
)
def test_phones_keep_the_head_and_the_last_four(phone, masked):
    assert masking.mask_phone(phone) == masked


def test_papers_cards_and_plates_keep_little():
    assert masking.mask_id("330681209901010012") == "3306**********0012"
    assert masking.mask_id("E12345678") == "E*******8"
    assert masking.mask_id("12") == "**"
    assert masking.mask_card("6222021234567890123") == "6222****0123"
    assert masking.mask_card("12") == "****"
    assert masking.mask_plate("浙D·12345") == "浙D***45"
    assert masking.mask_plate("浙") == "***"


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("示例市甲镇示例一村12号", "示例市甲镇示例一村***"),
        ("丙街道示例一社区3幢2单元", "丙街道示例一社区***"),
        ("甲镇人民路5号", "甲镇***"),
        ("示例市城西路12号", "示例市***"),
        ("某路5号", "***"),
        ("甲镇示例一村", "甲镇示例一村"),
    ],
)
def test_addresses_are_kept_to_the_village(address, masked):
    assert masking.mask_address(address) == masked


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("示例市枫叶水暖有限公司", "示例市枫**有限公司"),
        ("枫叶饭店", "枫**饭店"),
        ("某某物业", "某**"),
        ("甲镇人民政府", "甲镇人民政府"),
        ("示例市公安局", "示例市公安局"),
    ],
)
def test_firms_are_masked_and_offices_are_not(name, masked):
    assert masking.mask_organisation(name) == masked
