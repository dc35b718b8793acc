"""The code lists of the public contract."""

import re

import pytest

from fengqiao.ground import codes

KINDS = {
    "hotline", "dispute", "petition", "service", "legal_aid", "event", "call", "inspection", "enforcement",
    "emergency",
}  # fmt: skip
CHANNELS = {
    "web", "app", "wechat", "12345", "96345", "window", "agent", "grid", "letter", "visit",
    "national_petition", "e_net", "e_line", "pingan", "online_court", "110", "court", "police",
    "procuratorate",
}  # fmt: skip


def test_kinds_channels_and_party_roles_have_the_keys_of_the_contract():
    assert set(codes.keys("kind")) >= KINDS
    assert set(codes.keys("channel")) >= CHANNELS
    assert codes.keys("party_role") == ("applicant", "respondent", "third", "agent", "reporter")
    assert codes.keys("confidentiality") == ("public", "normal", "protected", "sealed")


@pytest.mark.parametrize("name", codes.names())
def test_every_entry_has_a_plain_key_and_words_in_both_languages(name):
    table = codes.table(name)
    assert table
    for code in table:
        assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*", code.key)
        assert code.zh.strip() == code.zh != ""
        assert code.en.strip() == code.en != ""
        assert all(value is not None for value in code.extra.values())
    assert len({code.zh for code in table}) == len(table)
    assert len({code.en for code in table}) == len(table)


def test_the_hotline_has_twelve_groups_and_five_natures():
    assert len(codes.table("hotline_category")) == 12
    assert all(code.extra["std_code"] == "" for code in codes.table("hotline_category"))
    assert [code.zh for code in codes.table("hotline_nature")] == ["咨询", "求助", "投诉", "举报", "建议"]


def test_satisfaction_has_five_grades_from_five_to_one():
    assert [code.extra["grade"] for code in codes.table("satisfaction")] == ["5", "4", "3", "2", "1"]


def test_auditors_privacy_officers_and_administrators_open_no_contents():
    closed = {code.key for code in codes.table("role") if code.extra["contents"] == "no"}
    assert closed == {"dpo", "auditor", "administrator"}


def test_every_role_names_its_code_in_the_specification():
    assert all(re.fullmatch(r"R-[A-Z]{3}", code.extra["code"]) for code in codes.table("role"))
    assert {code.extra["staff"] for code in codes.table("role")} == {"yes", "no"}


def test_an_entry_is_found_by_its_key_and_speaks_the_reader_s_language():
    code = codes.get("channel", "12345")
    assert code.label("zh-hans") == "12345热线"
    assert code.label("en") == code.label("fr") == "Hotline 12345"


def test_an_unknown_list_or_key_is_refused():
    with pytest.raises(KeyError, match="no code list"):
        codes.table("../places/zhuji")
    with pytest.raises(KeyError):
        codes.get("channel", "telegraph")


def test_entries_cannot_be_changed():
    with pytest.raises(TypeError):
        codes.by_key("channel")["12345"] = None
    with pytest.raises(TypeError):
        codes.get("role", "dpo").extra["contents"] = "yes"
