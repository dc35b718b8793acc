"""A stored clock stands still and runs on; meanwhile nothing is due (SPEC 3.1)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from fengqiao.ground.clocks import ClockRefused
from fengqiao.kernel import timekeeping
from fengqiao.kernel.access import SystemPost
from fengqiao.kernel.docket import Docket, docket
from fengqiao.kernel.models import Clock, Matter
from fengqiao.kernel.now import HERE, at
from tests.cast import Cast
from tests.kernel.sample import a_matter, stand_in

KEEPER = SystemPost("keeper")
BEGUN = datetime(2026, 6, 1, 10, tzinfo=HERE)
pytestmark = pytest.mark.database


@pytest.fixture
def matter(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Matter:
    """A petition under a limit of working days (T-M13)."""
    stand_in(monkeypatch)
    with at(BEGUN):
        made = a_matter(KEEPER, kind="petition")
        with docket(KEEPER) as book:
            book.clock(book.take_many([made.pk])[0], "T-M13")
            book.event(book.matters[made.pk], "clock.started")
    return made


def the_clock(book: Docket, matter: Matter) -> tuple[Matter, Clock]:
    taken = book.take_many([matter.pk])[0]
    [clock] = book.clocks(taken)
    return taken, clock


def change(matter: Matter, what: str, *how: object) -> Clock:
    """Pause or resume the stored clock."""
    with docket(KEEPER) as book:
        taken, clock = the_clock(book, matter)
        getattr(timekeeping, what)(clock, *how)
        book.retimed(clock)
        book.event(taken, f"clock.{what}")
    return clock


def test_days_that_are_not_counted_are_added_and_meanwhile_nothing_is_due(matter: Matter) -> None:
    with docket(KEEPER) as book:
        taken, clock = the_clock(book, matter)
        assert taken.due_at == clock.due_at
        due = clock.due_legal
    with at(BEGUN + timedelta(days=4)):
        change(matter, "pause", "appraisal", date(2026, 6, 5))
        with docket(KEEPER) as book:
            taken, clock = the_clock(book, matter)
            assert (taken.due_at, clock.paused_since) == (None, date(2026, 6, 5))
    with at(BEGUN + timedelta(days=14)):
        change(matter, "resume", date(2026, 6, 14))
        with docket(KEEPER) as book:
            taken, clock = the_clock(book, matter)
    # The 5th and the 8th to the 12th of June are six working days; with the weekend after it that is eight days more.
    assert (clock.due_legal - due, clock.paused_since, taken.due_at) == (timedelta(days=8), None, clock.due_at)
    assert [pause.reason for pause in timekeeping.pauses_of(clock)] == ["appraisal"]


def test_a_clock_stands_still_once_for_a_reason_of_its_rule(matter: Matter) -> None:
    with at(BEGUN + timedelta(days=4)):
        for what, how in (("resume", (date(2026, 6, 5),)), ("pause", ("holidays of the handler", date(2026, 6, 5)))):
            with pytest.raises(ClockRefused):
                change(matter, what, *how)
        change(matter, "pause", "appraisal", date(2026, 6, 5))
        with pytest.raises(ClockRefused, match="already"):
            change(matter, "pause", "appraisal", date(2026, 6, 5))
