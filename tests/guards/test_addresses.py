"""Who gets what at which address (BLUEPRINT 3): the table in addresses.csv, each of its cells asked for in earnest.

An address without a row fails, a role without a column fails, and so does a row or a column of what is gone.
Each wrong cell is told with what came; a change of the table is read line by line before it is kept.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from django.db import transaction

from tests.profile import DEEP

TABLE = Path(__file__).with_name("addresses.csv")
# Columns that are no post of the cast as it stands.
NOBODY = "nobody"
METHODS = ("GET", "POST")
with TABLE.open(encoding="utf-8", newline="") as _file:
    ROWS = list(csv.DictReader(_file))
COLUMNS = [name for name in ROWS[0] if name not in ("method", "address")]


@pytest.fixture(autouse=True)
def invented_people(settings: object) -> None:
    """Wang's phone begins with 100: it is read in the demo only."""
    settings.FENGQIAO_DEMO = True  # type: ignore[attr-defined]


def test_every_address_has_its_two_rows_and_none_is_gone() -> None:
    from tests.guards import asking

    listed = [(row["method"], row["address"]) for row in ROWS]
    assert len(listed) == len(set(listed))
    there = {(method, route) for route in asking.every() for method in METHODS}
    assert there - set(listed) == set(), "give each new address its rows: who gets what"
    assert set(listed) - there == set(), "these addresses are gone; take their rows away"
    assert all(row[name].isdecimal() for row in ROWS for name in COLUMNS), "a hole in the table"


def test_every_post_of_the_cast_has_its_column(db: None) -> None:
    from tests.guards import asking
    from tests.hotline.order import build

    cast = build()
    asking.add_people(cast)
    assert {NOBODY, *cast.posts} == set(COLUMNS), "a post without a column, or a column without a post"


# Slower than five seconds: some seventeen hundred answers are drawn.
def test_everybody_gets_what_the_table_says(db: None) -> None:
    from tests.guards import asking

    world = asking.world()
    wrong = []
    for name in COLUMNS:
        visitor = asking.Visitor(world.cast.posts.get(name))
        for row in ROWS:
            if row["sun"] == "405" and name not in (NOBODY, "sun") and not DEEP:
                continue  # the method is refused before anybody is asked who he is; all of them in the deep profile
            with transaction.atomic():
                got = visitor.asks(row["method"], row["address"], world.values).status_code
                transaction.set_rollback(True)
            if got != int(row[name]):
                wrong.append(f"{row['method']} {row['address']}: {name} gets {got}, the table says {row[name]}")
    assert wrong == []


def test_no_page_takes_a_form_that_another_site_sends(db: None) -> None:
    """Without the secret of its own page a form is refused, whoever sends it; the API knows no cookies."""
    from django.test import Client

    from tests.guards import asking

    world = asking.world()
    sun = asking.Visitor(world.cast.sun)
    sun.browser = asking.enter(Client(enforce_csrf_checks=True), world.cast.sun)
    sun.bearer = {}
    for row in ROWS:
        if row["method"] != "POST" or row["sun"] in ("404", "405"):
            continue
        with transaction.atomic():
            got = sun.asks("POST", row["address"], world.values)
            transaction.set_rollback(True)
        expected = {401, 404} if row["address"].startswith(asking.API) else {403}
        assert got.status_code in expected, row["address"]
