"""The word list agrees with the program."""

import re
from pathlib import Path

from fengqiao.ground import codes
from fengqiao.ground.numbers import LETTERS

WORDS = (Path(__file__).parents[2] / "docs" / "words.md").read_text(encoding="utf-8")
KIND = re.compile(r"^\| `(\w+)` \| ([^|]+) \| (.) \| ([A-Z]) \|$", re.M)


def test_every_kind_stands_in_the_word_list_with_its_mark_and_letter():
    told = {kind: (mark, letter) for kind, _, mark, letter in KIND.findall(WORDS)}
    assert told == {kind: tuple(letters) for kind, letters in LETTERS.items()}


def test_party_roles_and_levels_of_secrecy_have_the_words_of_the_lists():
    for code in codes.table("party_role"):
        assert f"{code.key} {code.zh}" in WORDS
    for code in codes.table("confidentiality"):
        assert re.search(rf"\| {code.zh} \| `{code.key}` \|", WORDS)
