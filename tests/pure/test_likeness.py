"""Duplicate candidates: scores, reasons and order."""

import uuid
from datetime import date, timedelta

import pytest

from fengqiao.ground import likeness, tokens

DAY = date(2026, 11, 23)
LEAK = "三楼的下水管漏水，把二楼的天花板泡坏了，物业来看过两次，没有修好，请帮忙协调"
OTHER = "村口的路灯坏了半个月，晚上老人出门看不见，希望尽快派人来修"


def told(text=LEAK, title="", place="", opened=DAY, phone=None, person=None):
    return likeness.Told(uuid.uuid4(), tokens.normalise(title), tokens.normalise(text), place, opened, phone, person)


def rare_of(one: likeness.Told) -> list[str]:
    return likeness.rarest(tokens.bigrams(one.text), {"漏水": 500, "物业": 300})


def compare(new, *candidates):
    return likeness.likenesses(new, candidates, rare_of(new))


def test_the_same_text_is_exact_and_stands_first():
    new, twin = told(), told()
    near = told(LEAK.replace("两次", "三次").replace("请帮忙协调", "求协调"))
    found = compare(new, near, twin)
    assert [one.matter_id for one in found] == [twin.matter_id, near.matter_id]
    assert found[0].exact
    assert found[0].score >= 90
    assert found[0].reasons[0] == "same_text"
    assert not found[1].exact
    assert found[1].reasons[0] == "like_text"
    assert 50 <= found[1].score < found[0].score


def test_another_matter_is_not_shown():
    assert compare(told(), told(OTHER)) == []


def test_the_same_phone_alone_is_shown_with_its_reason():
    (found,) = compare(told(phone=b"p"), told(OTHER, phone=b"p"))
    assert found.reasons == ("same_phone",)
    assert found.score == 25


def test_nobody_s_phone_is_not_the_same_phone():
    assert compare(told(), told(OTHER)) == []
    assert compare(told(phone=b"p"), told(OTHER, phone=b"q")) == []


def test_one_person_counts_once_by_phone_and_by_card():
    (found,) = compare(told(phone=b"p", person=b"i"), told(OTHER, phone=b"p", person=b"i"))
    assert found.score == 25
    assert set(found.reasons) == {"same_phone", "same_id"}


@pytest.mark.parametrize(
    ("place", "days", "counts"),
    [
        ("330681901201", 90, True),
        ("330681901201001", 0, True),
        ("330681901201", 91, False),
        ("330681901202", 0, False),
        ("330681901", 0, False),
    ],
)
def test_the_same_village_counts_within_ninety_days(place, days, counts):
    new = told(place="330681901201", phone=b"p")
    (found,) = compare(new, told(OTHER, place=place, opened=DAY - timedelta(days), phone=b"p"))
    assert ("same_village" in found.reasons) is counts


def test_punctuation_space_and_width_make_no_difference_to_a_near_copy():
    (found,) = compare(told(), told(LEAK.replace("，", " ")))
    assert found.score >= 60


def test_a_reordered_copy_is_found():
    first, second, *rest = LEAK.split("，")
    (found,) = compare(told(), told("，".join([*rest, second, first])))
    assert "like_text" in found.reasons


def test_a_short_telling_of_the_same_is_found_in_a_long_one():
    (found,) = compare(told("三楼的下水管漏水，把二楼的天花板泡坏了"), told(LEAK + OTHER * 3))
    assert "like_text" in found.reasons


def test_the_same_title_is_a_reason():
    (found,) = compare(told(title="漏水", phone=b"p"), told(OTHER, title=" 漏水 ", phone=b"p"))
    assert "same_title" in found.reasons


def test_a_matter_is_no_duplicate_of_itself():
    new = told(phone=b"p")
    assert likeness.likenesses(new, [new], rare_of(new)) == []


def test_of_equals_the_newest_stands_first():
    old, young = told(opened=DAY - timedelta(30)), told(opened=DAY)
    assert [one.matter_id for one in compare(told(), old, young)] == [young.matter_id, old.matter_id]


def test_an_empty_text_is_like_nothing():
    assert compare(told(""), told("")) == []


def test_more_than_two_hundred_candidates_are_refused():
    with pytest.raises(ValueError, match="200"):
        compare(told(), *[told(OTHER)] * 201)


def test_the_rarest_pairs_that_recur_come_first_and_those_of_no_other_text_last():
    counted = {"甲乙": 90, "乙丙": 9, "丙丁": 1}
    assert likeness.rarest(["甲乙", "乙丙", "丙丁", "丁戊"], counted, n=4) == ["乙丙", "甲乙", "丁戊", "丙丁"]


def test_about_as_rare_pairs_are_chosen_alike_though_the_counts_went_on():
    pairs = ["甲乙", "乙丙", "丙丁", "丁戊"]
    before, after = dict.fromkeys(pairs, 12), {"甲乙": 15, "乙丙": 13, "丙丁": 8, "丁戊": 12}
    assert likeness.rarest(pairs, before, n=2) == likeness.rarest(pairs[::-1], after, n=2)


def test_fingerprints_are_equal_for_equal_texts_only_and_can_be_keyed():
    same = likeness.fingerprint("漏水 了\n三天")
    assert same == likeness.fingerprint("漏水　了 三天")
    assert same != likeness.fingerprint("漏水了三天")
    assert len(same) == 16
    assert likeness.fingerprint("漏水", b"k") != likeness.fingerprint("漏水")


def test_every_reason_has_words():
    new = told(title="漏水", place="330681901201", phone=b"p", person=b"i")
    twin = told(title="漏水", place="330681901201", phone=b"p", person=b"i")
    (found,) = compare(new, twin)
    assert found.score == 100
    assert set(found.reasons) <= set(likeness.REASONS)
    assert set(likeness.REASONS) - set(found.reasons) == {"like_text"}
