"""Tokens of the exact search, held against a naive filter."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengqiao.ground import tokens

chinese = st.text(st.sampled_from("水管漏了三天没人来修，。 ａＡb12%_\\'（楼上下）\n"), max_size=40)


def matches_like(text: str, pattern: str) -> bool:
    """PostgreSQL's LIKE with the default escape, told by a regular expression."""
    told = re.sub(
        r"\\(.)|(%)|(_)|(.)",
        lambda m: ".*" if m[2] else "." if m[3] else re.escape(m[1] or m[4]),
        pattern,
        flags=re.S,
    )
    return re.fullmatch(told, text, flags=re.S) is not None


def test_width_case_and_runs_of_space_are_made_alike():
    assert tokens.normalise("  ＡＢＣ　１２３\t\n水管  漏 ") == "abc 123 水管 漏"


def test_traditional_characters_stay():
    assert tokens.normalise("樓上漏水") == "樓上漏水"


def test_invisible_characters_and_nul_are_dropped():
    assert tokens.normalise("水\u200b管\x00漏\ufeff") == "水管漏"


@given(st.text())
def test_normalising_twice_changes_nothing_and_postgres_can_store_it(text):
    once = tokens.normalise(text)
    assert "\x00" not in once
    assert tokens.normalise(once) == once


@given(st.text(alphabet=st.sampled_from("，！？：；（）。、,!?Ａa１½ﬁ한\u0301\u0338\u200b\n 路灯") | st.characters()))
def test_the_short_way_to_the_normal_form_leads_to_the_same_one(text):
    visible = tokens._INVISIBLE.sub("", text)
    assert tokens.normalise(text) == " ".join(unicodedata.normalize("NFKC", visible).lower().split())


def test_pairs_are_distinct_and_skip_punctuation():
    assert tokens.bigrams("漏水，漏水。管") == ["漏水", "水漏", "水管"]
    assert tokens.bigrams("水") == []
    assert tokens.bigrams("") == []


def test_pairs_are_bounded():
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 400)))
    assert len(tokens.bigrams(text)) == 399
    assert len(tokens.bigrams(text, limit=100)) == 100


def test_one_character_is_looked_for_in_titles_only():
    assert tokens.query_tokens("水") == ["^水"]
    assert tokens.query_tokens("（水）") == ["^水"]
    assert tokens.is_single("水")
    assert not tokens.is_single("水管")
    row = tokens.index_tokens(["甲镇漏水"], "楼上的管子坏了")
    assert "^水" in row
    assert "^管" not in row
    assert "管子" in row


def test_title_tokens_can_never_be_taken_for_pairs():
    assert not set(tokens.title_tokens(["水^^管"])) & set(tokens.bigrams("^水^管^^水"))


def test_a_word_without_letters_has_no_tokens():
    assert tokens.query_tokens("，。！ ") == []


def test_a_long_word_gives_few_tokens_with_first_and_last():
    word = "".join(map(chr, range(0x4E00, 0x4E00 + 60)))
    pairs = tokens.bigrams(word)
    chosen = tokens.query_tokens(word)
    assert len(chosen) == len(set(chosen)) == 12
    assert (chosen[0], chosen[-1]) == (pairs[0], pairs[-1])
    assert set(chosen) <= set(pairs)


@given(chinese, chinese, chinese)
def test_every_text_that_contains_the_word_has_all_its_tokens(before, word, after):
    text = tokens.normalise(before + word + after)
    needle = tokens.normalise(word)
    if needle in text and not tokens.is_single(word):
        assert set(tokens.query_tokens(word)) <= set(tokens.bigrams(text))


@given(chinese, chinese)
def test_tokens_with_like_give_the_hits_of_a_naive_filter(text, word):
    stored = tokens.normalise(text)
    naive = tokens.normalise(word) in stored
    found = matches_like(stored, tokens.like_pattern(word))
    if not tokens.is_single(word):
        found = found and set(tokens.query_tokens(word)) <= set(tokens.bigrams(text))
    assert found == naive


@pytest.mark.parametrize(("word", "pattern"), [("100%", "%100\\%%"), ("a_b", "%a\\_b%"), ("c\\d", "%c\\\\d%")])
def test_signs_of_like_are_taken_literally(word, pattern):
    assert tokens.like_pattern(word) == pattern


def test_a_tsquery_quotes_its_tokens():
    assert tokens.tsquery(["漏水", "水'", "a\\"]) == "'漏水' & '水''' & 'a\\\\'"
    assert tokens.tsquery([]) == ""
