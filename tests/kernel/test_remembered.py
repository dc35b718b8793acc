"""What each process keeps for a while: looked up once, and again when the time is over."""

from fengqiao.kernel import remembered
from fengqiao.kernel.remembered import Remembered


def looked_up(monkeypatch, *answers):
    """A remembered look-up that gives these answers in turn, and a clock that can be put on."""
    clock, left = [0.0], list(answers)
    monkeypatch.setattr(remembered.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(Remembered, "every", [])
    return Remembered(lambda: left.pop(0), 60.0), clock


def test_an_answer_is_kept_for_its_time_and_then_looked_up_anew(monkeypatch):
    desks, clock = looked_up(monkeypatch, ["a"], ["b"])
    clock[0] = 59.0
    assert desks() == ["a"]
    clock[0] = 118.0
    assert desks() == ["a"]
    clock[0] = 120.0
    assert desks() == ["b"]


def test_that_there_is_nothing_yet_is_believed_for_a_second_only(monkeypatch):
    desks, clock = looked_up(monkeypatch, [], ["a"])
    assert desks() == []
    clock[0] = 0.5
    assert desks() == []
    clock[0] = 1.5
    assert desks() == ["a"]


def test_what_is_forgotten_is_looked_up_at_the_next_question(monkeypatch):
    desks, _clock = looked_up(monkeypatch, ["a"], ["b"])
    assert desks() == ["a"]
    remembered.forget()
    assert desks() == ["b"]
