"""Analyse: K-301 a–g and K-511 from the journal; cells equal a recount; no leak below the city (rulings 5, 11)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from fengqiao.kernel import analyse, intake
from fengqiao.kernel.access import SystemPost
from fengqiao.kernel.intake import Told
from fengqiao.kernel.models import FigureCell
from fengqiao.offices.figures.figures import figure
from fengqiao.offices.figures.recount import recount
from fengqiao.offices.reviews import desk, figures, give
from tests.cast import JIA, YI, Cast, a_receipt
from tests.hotline.order import MONDAY, brought_to, build, do, later, published, source, told

pytestmark = [pytest.mark.database, pytest.mark.commits]
FIRST, LAST = date(2024, 1, 1), date(2026, 12, 31)
MONTH = {"first": date(2026, 9, 1), "last": date(2026, 9, 30)}


@pytest.fixture
def cast(own_database: Any) -> Cast:
    """The cells follow what was committed, so the cast is."""
    return build()


def total(key: str, days: dict[str, date] = MONTH, **more: Any) -> tuple[int, int]:
    """Numerator and denominator of all cells of the days, small ones too."""
    cells = FigureCell.objects.filter(measure=key, day__range=(days["first"], days["last"]), **more)
    rows = list(cells.values_list("numerator", "denominator"))
    return sum(row[0] for row in rows), sum(row[1] for row in rows)


def test_each_figure_of_the_hotline_counts_what_it_says_and_equals_a_recount(cast: Cast) -> None:
    done = [brought_to(cast, "closed") for _n in range(5)]
    assert done
    brought_to(cast, "return_asked")
    with later(days=9):
        late = brought_to(cast, "taken")
    with later(days=29):
        do(cast.li, "reply", late, text="对不起，晚了。", solved="yes")
        do(cast.chen, "call_back", late, reached=True, solved="no", grade="poor")
        do(cast.chen, "redo", late, ground="dissatisfied", note="没修好。")
    silent = brought_to(cast, "replied")
    do(cast.chen, "call_back", silent, reached=False)
    version = str(published(cast))
    do(cast.chen, "answer_now", told(cast), version=version)
    assert analyse.update_cells() >= 1
    assert recount(FIRST, LAST) == []
    assert total("K-301a")[0] == 9
    assert total("K-301b") == (1, 9)
    assert total("K-301c") == (6, 8)
    assert total("K-301d")[0] == 5
    assert total("K-301e") == (5, 5)
    assert total("K-301g") == (1, 8)
    october = {"first": date(2026, 10, 1), "last": date(2026, 10, 31)}
    assert [total(f"K-301{part}", october) for part in "cdf"] == [(0, 0), (0, 1), (1, 1)]
    reached = figure("K-301c", **MONTH).total
    assert (reached.numerator, reached.denominator, reached.shown) == (6, 8, "6")
    before = sorted(FigureCell.objects.values_list())
    analyse.update_cells()
    assert sorted(FigureCell.objects.values_list()) == before


def test_fewer_than_five_are_shown_alike_and_conduct_is_in_no_cell_below_the_city(cast: Cast) -> None:
    for _n in range(2):
        told(cast)
    told(cast, told=(Told(level="town"),))
    told(cast, confidentiality="sealed", content="信里说的事情只给一个人看。")
    receipt = a_receipt(
        history=True, received_at=MONDAY.replace(day=1), replied_at=MONDAY.replace(day=2), reply="已经办理。",
        external_id="2026-1",
    )  # fmt: skip
    intake.receive(SystemPost("import"), "hotline", receipt)
    analyse.update_cells()
    assert total("K-301a", place=JIA)[0] == 3
    assert total("K-301a", place="330681")[0] == 2
    assert sum(FigureCell.objects.filter(measure="K-301a").values_list("imported", flat=True)) == 1
    by_place = figure("K-301a", **MONTH, by="place")
    assert {group.shown for group in by_place.groups} == {"<5"}
    assert [group.numerator for group in by_place.groups] == [None, None]
    assert by_place.total.shown == "5"
    # What moves afterwards moves its cells too.
    moved = told(cast)
    do(cast.chen, "locate", moved, place=YI)
    analyse.update_cells()
    assert (total("K-301a", place=YI)[0], recount(FIRST, LAST)) == (1, [])


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 9, 1), date(2026, 10, 31)),
        (date(2026, 8, 15), date(2026, 11, 10)),
        (date(2026, 9, 7), date(2026, 10, 30)),
        (date(2026, 9, 8), date(2026, 10, 6)),
        (date(2026, 9, 1), date(2026, 9, 30)),
        (date(2026, 9, 2), date(2026, 9, 20)),
        (date(2025, 12, 31), date(2026, 12, 31)),
    ],
)
def test_whole_months_and_the_days_at_the_ends_add_up_to_the_days(cast: Cast, first: date, last: date) -> None:
    for days in (0, 1, 23, 24, 29, 53, 54):
        with later(days=days):
            for _n in range(2):
                told(cast)
    analyse.update_cells()
    with later(days=24):
        told(cast, category="transport")
    analyse.update_cells()
    expected = total("K-301a", {"first": first, "last": last})[0]
    for by in ("month", "day", "place", "category", "month,category"):
        assert (figure("K-301a", first=first, last=last, by=by).total.numerator or 0) == (
            expected if expected > 4 else 0
        )
        assert figure("K-301a", first=first, last=last, by=by, place=YI).total.numerator is None


def test_k511_stands_beside_them_and_says_what_k511_says(cast: Cast) -> None:
    orders = [brought_to(cast, "replied") for _n in range(3)]
    for order, grade in zip(orders, ("good", "poor", "very_poor"), strict=True):
        give.give(source(order), grade, "太慢。" if grade != "good" else "")
    analyse.update_cells()
    assert total("K-511b") == (3, 3)
    assert total("K-511c") == (0, 2)
    assert total("K-511a", category="poor")[0] == 1
    with later(days=3):
        duty = desk.duties(cast.chen)[0]
        desk.correct(cast.chen, duty.review.pk, answer="已经改正。")
    # Put right on Thursday, counted on the Monday on which it was given.
    analyse.update_cells()
    assert total("K-511c") == (1, 2)
    assert recount(FIRST, LAST) == []
    counted = figures.k511(MONTH["first"], MONTH["last"])
    assert (counted.responses, counted.corrected) == (total("K-511b"), total("K-511c"))
    assert {measure.key for measure in analyse.measures()} >= {"K-301a", "K-511a", "K-511b", "K-511c", "K-511d"}
