"""Refusals of the pure modules are translated when they are shown, not when they are made."""

from datetime import date

import pytest

from fengqiao.ground import calendar, limits, sentences
from fengqiao.ground.clocks import ClockRefused, Extension, reckon
from fengqiao.ground.refusals import Refused
from fengqiao.ground.sentences import Sentence

CHINESE = {
    "{rule} may be extended by at most {most}.": "{rule} 最多延长 {most}。",
    "{count} days": "{count} 日",
}


@pytest.fixture
def _in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "_translator", [])
    sentences.spoken_by(lambda text: CHINESE.get(text, text))


def too_long():
    with pytest.raises(ClockRefused) as refused:
        reckon(
            limits.get("T-P05"),
            date(2026, 3, 13),
            calendar=calendar.standard(),
            extensions=[Extension(31, "CD", date(2026, 3, 20))],
        )
    return refused.value


@pytest.mark.usefixtures("_in_chinese")
def test_a_refusal_is_shown_in_the_readers_language_with_its_values():
    refused = too_long()
    assert isinstance(refused, Refused)
    assert str(refused) == f"{refused.sentence}" == "T-P05 最多延长 30 日。"


def test_without_a_translator_it_stays_english(monkeypatch):
    monkeypatch.setattr(sentences, "_translator", [])
    assert str(too_long()) == "T-P05 may be extended by at most 30 days."


@pytest.mark.usefixtures("_in_chinese")
def test_a_pattern_without_a_translation_stays_english():
    assert str(Sentence("{day} stands in the calendar twice.", day=date(2027, 1, 1))).startswith("2027-01-01 stands")


def test_every_ground_of_a_stop_has_a_name():
    used = {ground for limit in limits.load().values() for ground in limit.pauses}
    assert used <= set(limits.PAUSES)
    assert all(str(name) for name in limits.PAUSES.values())
