"""Numbers, query codes and ids."""

import itertools
import os
import re
import threading
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengqiao.ground import codes, numbers
from fengqiao.ground.unreadable import Unreadable

KEY = bytes(range(32))
WORDS = Path(__file__).parents[2] / "docs" / "words.md"
SOURCE = uuid.UUID("01890a5d-ac96-774b-bcce-b302099a8057")
EXAMPLE = re.compile(r"^\| `(\w+)` \| (\d{4}) \| (\d{3}) \| (\d{6}) \| (\d) \| `(\S+)` \| `(\S+)` \|$", re.M)

any_number = st.builds(
    lambda kind, year, town, sequence: numbers.compose(
        kind, year, numbers.CITY_SERIES if kind in numbers.CITY_WIDE else f"{town:03d}", sequence
    ),
    st.sampled_from(sorted(numbers.LETTERS)),
    st.integers(1000, 9999),
    st.integers(0, 999),
    st.integers(0, 999_999),
)


def test_the_worked_example_of_the_ruling_has_check_digit_nine():
    number = numbers.compose("hotline", 2026, "000", 41872)
    assert number.check == "9"
    assert number.display == "热2026-000-0418729"
    assert number.slug == "R2026-000-0418729"


def test_the_three_examples_in_the_word_list_are_what_the_program_makes():
    examples = EXAMPLE.findall(WORDS.read_text(encoding="utf-8"))
    assert len(examples) == 3
    for kind, year, town, sequence, check, display, slug in examples:
        number = numbers.compose(kind, int(year), town, int(sequence))
        assert (number.check, number.display, number.slug) == (check, display, slug)
        assert numbers.parse(display) == numbers.parse(slug) == number


def test_the_check_digit_agrees_with_the_example_of_the_standard():
    assert numbers.check_digit("0794") == "5"


def test_every_kind_has_a_character_and_a_letter_of_its_own():
    marks = [mark for letters in numbers.LETTERS.values() for mark in letters]
    assert len(set(marks)) == len(marks) == 26
    assert set(numbers.LETTERS) == set(codes.keys("kind"))


@given(any_number)
def test_a_number_reads_back_from_both_its_forms(number):
    assert numbers.parse(number.display) == number
    assert numbers.parse(number.slug) == number


@pytest.mark.parametrize(
    "typed",
    [
        "r2026-000-0418729",
        " R2026 000 0418729 ",
        "热20260000418729",
        "R2026-000-0418729",
        "热 2026—000—041 8729",
        "R2026/000/0418729",
    ],
)
def test_a_number_is_read_as_people_type_it(typed):
    assert numbers.parse(typed).slug == "R2026-000-0418729"


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        ("  ", "empty", "No number was typed."),
        ("2026-000-0418729", "letter", "The letter in front is missing."),
        ("Q2026-000-0418729", "letter", "The letter in front is missing."),
        ("R2026-000-04187X9", "characters", "only digits"),
        ("R2026-000-041872", "missing", "One digit is missing. There are 14"),
        ("R2026-109-0418", "missing", "there are 14, you typed 11"),
        ("R2026-000-04187290", "too_many", "you typed 15"),
        ("R2026-000-0418720", "mistyped", "One digit was mistyped."),
        ("R2026-109-041872" + numbers.check_digit("2026109041872"), "mistyped", "One digit was mistyped."),
    ],
)
def test_a_wrong_number_gets_a_sentence_that_says_what_is_wrong(typed, code, words):
    with pytest.raises(Unreadable) as refused:
        numbers.parse(typed)
    assert refused.value.code == code
    assert words in str(refused.value)


@given(any_number, st.integers(0, 13), st.integers(1, 9))
def test_any_single_wrong_digit_is_found(number, at, by):
    digits = re.sub(r"\D", "", number.slug)
    wrong = digits[:at] + str((int(digits[at]) + by) % 10) + digits[at + 1 :]
    with pytest.raises(Unreadable):
        numbers.parse(number.slug[0] + wrong)


@pytest.mark.parametrize(
    ("kind", "year", "town", "sequence"),
    [
        ("gossip", 2026, "000", 1),
        ("dispute", 26, "109", 1),
        ("dispute", 2026, "19", 1),
        ("dispute", 2026, "１０９", 1),
        ("dispute", 2026, "109", 1_000_000),
        ("dispute", 2026, "109", -1),
        ("petition", 2026, "109", 1),
    ],
)
def test_parts_out_of_range_make_no_number(kind, year, town, sequence):
    with pytest.raises(ValueError, match=r"."):
        numbers.compose(kind, year, town, sequence)


def test_hotline_petitions_and_suggestions_carry_no_town():
    assert {numbers.town_of(kind, "330681109207") for kind in numbers.CITY_WIDE} == {"000"}
    assert numbers.town_of("dispute", "330681109207") == "109"
    assert numbers.town_of("dispute", "330681") == "000"
    assert numbers.town_of("dispute", "") == "000"


def test_the_permutation_takes_every_sequence_exactly_once():
    seen = bytearray(numbers.SEQUENCES)
    for n in range(numbers.SEQUENCES):
        seen[numbers.permute(n, KEY)] = 1
    assert sum(seen) == numbers.SEQUENCES


def test_neighbours_in_the_counter_are_no_neighbours_in_the_number():
    drawn = [numbers.permute(n, KEY) for n in range(2000)]
    steps = [abs(b - a) for a, b in itertools.pairwise(drawn)]
    assert sum(step < 1000 for step in steps) < 20
    assert 300_000 < sum(steps) / len(steps) < 370_000


def test_another_key_gives_another_order():
    same = sum(numbers.permute(n, KEY) == numbers.permute(n, KEY[::-1]) for n in range(1000))
    assert same < 5


@pytest.mark.parametrize("n", [-1, 1_000_000])
def test_a_counter_past_the_series_is_refused(n):
    with pytest.raises(ValueError, match="999999"):
        numbers.permute(n, KEY)


def test_a_query_code_is_twelve_digits_and_always_the_same_for_a_source():
    code = numbers.query_code(SOURCE, 0, KEY)
    assert re.fullmatch(r"\d{12}", code)
    assert code == numbers.query_code(SOURCE, 0, KEY)
    assert re.fullmatch(r"\d{4}-\d{4}-\d{4}", numbers.show_query_code(code))


def test_a_renewed_query_code_another_source_and_another_key_all_differ():
    other = uuid.UUID(int=SOURCE.int + 1)
    drawn = {
        numbers.query_code(SOURCE, 0, KEY),
        numbers.query_code(SOURCE, 1, KEY),
        numbers.query_code(other, 0, KEY),
        numbers.query_code(SOURCE, 0, KEY[::-1]),
    }
    assert len(drawn) == 4


@given(st.uuids(), st.integers(0, 2**32 - 1))
def test_a_query_code_reads_back_as_shown_and_as_spoken(source, turn):
    code = numbers.query_code(source, turn, KEY)
    assert numbers.parse_query_code(numbers.show_query_code(code)) == code
    assert numbers.parse_query_code(code.translate(str.maketrans("0123456789", "零幺二三四五六七八九"))) == code


@pytest.mark.parametrize("typed", ["６２２９－９８２９－３２００", " 6229 9829 3200", "6229—9829—3200", "62299829320O"])
def test_a_query_code_is_read_as_people_type_it(typed):
    assert numbers.parse_query_code(typed) == "622998293200"


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        ("", "empty", "No query code was typed."),
        ("6229-9829-32A0", "characters", "digits only"),
        ("6229-9829-320", "missing", "One digit is missing. There are 12"),
        ("6229-9829", "missing", "there are 12, you typed 8"),
        ("6229-9829-32000", "too_many", "too many digits"),
        ("6229-9829-3201", "mistyped", "One digit was mistyped."),
    ],
)
def test_a_wrong_query_code_gets_a_sentence_that_says_what_is_wrong(typed, code, words):
    with pytest.raises(Unreadable) as refused:
        numbers.parse_query_code(typed)
    assert refused.value.code == code
    assert words in str(refused.value)


def test_hashes_have_sixteen_bytes_and_need_the_key():
    code = numbers.query_code(SOURCE, 0, KEY)
    assert len(numbers.query_code_hash(code, KEY)) == 16
    assert numbers.query_code_hash(code, KEY) != numbers.query_code_hash(code, KEY[::-1])
    assert len(numbers.tail_hash(SOURCE, "2210", KEY)) == 16
    assert numbers.tail_hash(SOURCE, "2210", KEY) != numbers.tail_hash(SOURCE, "2210", KEY[::-1])


def test_the_same_tail_on_two_sources_cannot_be_joined():
    other = uuid.UUID(int=SOURCE.int + 1)
    assert numbers.tail_hash(SOURCE, "2210", KEY) != numbers.tail_hash(other, "2210", KEY)
    assert numbers.tail_hash(SOURCE, "２２１０", KEY) == numbers.tail_hash(SOURCE, "2210", KEY)


@pytest.mark.parametrize("tail", ["221", "22100", "22a0", "", "²²¹⁰x"])
def test_a_tail_that_is_not_four_digits_is_refused(tail):
    with pytest.raises(ValueError, match="four digits"):
        numbers.tail_hash(SOURCE, tail, KEY)


def test_a_chosen_word_is_taken_in_any_width_and_case():
    assert numbers.word_hash(SOURCE, "Ｍaple 红叶", KEY) == numbers.word_hash(SOURCE, "maple红叶", KEY)
    assert numbers.word_hash(SOURCE, "红叶", KEY) != numbers.word_hash(SOURCE, "绿叶", KEY)
    assert len(numbers.word_hash(SOURCE, "红叶", KEY)) == 16


def test_ids_are_version_seven_and_rise():
    drawn = [numbers.new_id() for _ in range(20_000)]
    assert all(one.version == 7 and one.variant == uuid.RFC_4122 for one in drawn)
    assert drawn == sorted(drawn)
    assert len(set(drawn)) == len(drawn)


def test_ids_carry_the_time_of_their_making():
    import time

    before = time.time_ns() // 1_000_000
    stamp = numbers.new_id().int >> 80
    assert before - 1 <= stamp <= time.time_ns() // 1_000_000 + 1000


def test_ids_rise_when_the_wall_clock_steps_back(monkeypatch):
    first = numbers.new_id()
    monkeypatch.setattr(numbers.time, "time_ns", lambda: 1_000_000_000)
    assert first < numbers.new_id() < numbers.new_id()


def test_ids_of_threads_never_repeat():
    drawn: list[uuid.UUID] = []
    threads = [threading.Thread(target=lambda: drawn.extend([numbers.new_id() for _ in range(2000)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drawn)) == 8000


def test_a_child_process_makes_ids_of_its_own_even_if_a_lock_was_held():
    reading, writing = os.pipe()
    with numbers._ids.lock:
        child = os.fork()
        if child == 0:
            os.write(writing, b"".join(numbers.new_id().bytes for _ in range(100)))
            os._exit(0)
    mine = {numbers.new_id().bytes for _ in range(100)}
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        raw = pipe.read()
    os.waitpid(child, 0)
    theirs = {raw[i : i + 16] for i in range(0, len(raw), 16)}
    assert len(theirs) == 100
    assert not mine & theirs
