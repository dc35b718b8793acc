"""`fengqiao clock`, which needs no database."""

import json
from pathlib import Path

import pytest

from fengqiao.config.command import main


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENGQIAO_DATA", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@localhost:1/none")


def answer(capsys, *words):
    assert main(["clock", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refusal(capsys, *words):
    assert main(["clock", *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


def test_it_says_when_a_petition_must_be_finished(capsys):
    found = answer(capsys, "T-P05", "2026-08-03")
    assert (found["strict"], found["legal"], found["provisional"]) == ("2026-10-02", "2026-10-08", False)
    assert found["article"] == "《信访工作条例》第三十四条"


def test_it_extends_as_often_as_asked_and_allowed(capsys):
    assert answer(capsys, "T-P05", "2026-08-03", "--extend")["legal"] == "2026-11-09"
    assert answer(capsys, "T-L02", "2026-09-16", "--extend")["legal"] == "2026-11-03"
    assert answer(capsys, "T-M20", "2026-09-05", "--extend", "--extend")["strict"] == "2026-12-09"
    assert "no more: 2" in refusal(capsys, "T-M20", "2026-09-05", *["--extend"] * 3)


def test_it_leaves_out_the_stops(capsys):
    found = answer(capsys, "T-I03", "2026-01-30", "--pause", "2026-02-06..2026-03-04:third_party")
    assert found["legal"] == "2026-03-26"
    assert answer(capsys, "T-M13", "2026-09-01", "--pause", "2026-09-10..2026-09-24")["legal"] == "2026-11-04"


def test_it_answers_hours_with_an_instant(capsys):
    assert answer(capsys, "T-A04", "2026-09-05T08:00")["due_at"] == "2026-09-06T08:00:00+08:00"


def test_it_marks_a_date_provisional_until_the_year_lies_in_the_data_folder(capsys, tmp_path):
    assert answer(capsys, "T-H01", "2026-12-28")["provisional"]
    (tmp_path / "calendar").mkdir()
    (tmp_path / "calendar" / "2027.csv").write_text("date,kind\n2027-01-01,rest\n2027-01-04,rest\n", "utf-8")
    found = answer(capsys, "T-H01", "2026-12-28")
    assert (found["legal"], found["provisional"]) == ("2027-01-06", False)


def test_it_shows_people_the_date_and_its_ground(capsys):
    assert main(["clock", "T-P01", "2026-12-30"]) == 0
    shown = capsys.readouterr().out
    assert "legal 2027-01-14 (that day included)" in shown
    assert "provisional" in shown
    assert "《信访工作条例》第二十二条 [V]" in shown


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["T-Z99", "2026-08-03"], "There is no limit T-Z99."),
        (["T-M18", "2026-08-03"], "say which: T-M18a"),
        (["T-P05", "3 August"], "is not a date"),
        (["T-P05", "0026-08-03"], "check the year"),
        (["T-A04", "2026-09-05"], "starts at a time of day"),
        (["T-P05", "2026-08-03", "--pause", "2026-09-10..2026-09-12"], "does not stop T-P05"),
        (["T-P09", "2026-08-03", "--pause", "yesterday"], "is not a stop"),
        (["T-P05", "2026-08-03", "--extend", "--by", "31"], "at most 30 days"),
        (["T-M02", "2026-08-03", "--extend"], "--by 10"),
        (["T-P07", "2026-08-03", "--extend"], "knows no extension"),
        (["T-P07", "2026-08-03", "--promise"], "no promise"),
        (["T-P13", "2026-08-03"], "sets no number"),
    ],
)
def test_it_refuses_with_one_sentence(capsys, words, sentence):
    assert sentence in refusal(capsys, *words)
