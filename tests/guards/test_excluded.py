"""Whoever is excluded from a matter asks at every address for it, and finds what he finds where there is none.

The addresses come from the program's own list, so none can be forgotten: each that takes a number or an id is asked
for the hidden matter and for one that there is not; each that takes none is asked with and without the hidden matter.
Feng's unit is complained of, Pan left it a hundred days ago, Ren is kept away by name (SPEC 10.1; rulings 5, 6).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from fengqiao.domains.hotline.domain import HOTLINE
from fengqiao.ground import numbers
from fengqiao.kernel import analyse
from fengqiao.kernel.now import at
from tests import cast as players
from tests.api.caller import told
from tests.guards import asking
from tests.hotline.order import MONDAY, build

pytestmark = pytest.mark.database
EXCLUDED = ("feng", "pan", "ren")
# What differs at each drawing of a page, whoever asks for what.
DRAWN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"|name="(?:key|form)" value="[\w-]+"|data-at="[^"]+"')
CLOCKED = ("Date", "Expires", "X-Request-Id", "Content-Length")  # the length is that of the number as it was typed
# Counters of the process, the same for every reader: they tell how often it was asked, not what there is.
COUNTERS = {"metrics", "readyz"}
# A city's figure is the same for every reader, this one included (engineering ruling 11).
OF_ALL = {"desk/figures/"}
ASKED: tuple[tuple[str, dict[str, str]], ...] = (
    ("api/v1/matters", {"q": "灯笼"}), ("api/v1/matters", {"q": "笼"}), ("api/v1/matters", {"place": players.VILLAGE}),
    ("api/v1/matters", {"limit": "1"}), ("api/v1/matters", {"state": "replied"}),
    ("api/v1/matters", {"lead_unit": "water"}), ("api/v1/worklist", {"due": "today"}),
    ("api/v1/figures/<id>", {"by": "place", "place": players.JIA}),
    ("api/v1/figures/<id>", {"by": "day", "place": players.VILLAGE}), ("desk/matters/", {"q": "灯笼"}),
    ("desk/matters/", {"place": players.VILLAGE}), ("desk/", {"due": "soon"}),
)  # fmt: skip


@pytest.fixture(autouse=True)
def on_monday(settings: Any) -> Iterator[None]:
    """It is Monday, and Wang's phone, which begins with 100, is read."""
    settings.FENGQIAO_DEMO = True
    with at(MONDAY):
        yield


@pytest.fixture
def cast(db: None) -> Any:
    made = build()
    asking.add_people(made)
    return made


def seen(visitor: asking.Visitor, method: str, route: str, values: dict[str, str], **more: Any) -> tuple[Any, ...]:
    """All that an answer shows: status, headers, body and the number of queries; what was asked for is blotted out."""
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        answer = visitor.asks(method, route, values, **more)
        transaction.set_rollback(True)
    body = answer.content.decode() if not answer.streaming else ""
    headers = {name: value for name, value in answer.items() if name not in CLOCKED}
    return answer.status_code, _blotted(str(headers), values), _blotted(body, values), len(queries)


def _blotted(text: str, values: dict[str, str]) -> str:
    text = DRAWN.sub("", text)
    for value in {
        values["number"],
        *(v for name, v in values.items() if name in ("person", "document", "review", "pk")),
    }:
        text = text.replace(value, "·")
    return text


def naming() -> Iterator[str]:
    yield from (route for route in asking.every() if {"number", "review", "pk"} & asking.parameters(route))


def free_number(number: str) -> str:
    """A number of the same kind and year that nobody has."""
    sequence = (int(number[-7:-1]) + 1) % 1_000_000
    return numbers.compose("hotline", int(number[1:5]), "000", sequence).display


# Slower than five seconds: every address that can name a matter, with every action of it, is asked for twice.
@pytest.mark.parametrize("name", EXCLUDED)
def test_a_hidden_matter_answers_everywhere_like_none(cast: Any, name: str) -> None:
    hidden = asking.complaint(cast)
    there, nowhere = asking.values_of(hidden), asking.values_of(None, free_number(hidden.number))
    visitor = asking.Visitor(cast.posts[name])
    asked = 0
    for route in naming():
        actions = [move.key for move in HOTLINE.moves] if "action>" in route else ["remark"]
        for action in (*actions, *(["no_such"] if "action>" in route else [])):
            for method in ("GET", "POST"):
                first = seen(visitor, method, route, there | {"action": action})
                assert first == seen(visitor, method, route, nowhere | {"action": action}), (method, route, action)
                assert first[0] in (404, 405), (method, route, action)
                asked += 1
    assert asked > 150


@pytest.mark.parametrize("name", EXCLUDED)
def test_naming_it_in_a_form_fails_like_naming_none(cast: Any, name: str) -> None:
    """Merging and linking from a matter that he may work on; searching its number at the desk."""
    hidden = asking.complaint(cast)
    own = players.an_order(cast.chen)
    players.do(cast.chen, "hotline.dispatch", own, unit="housing" if name == "feng" else "water")
    visitor, values = asking.Visitor(cast.posts[name]), asking.values_of(own)
    for action, field in (("link", "number"), ("merge", "numbers")):
        for route in ("api/v1/matters/<number>/actions/<action>", "desk/matters/<str:number>/do/<str:action>/"):
            answers = []
            for number in (hidden.number, free_number(hidden.number)):
                found = seen(
                    visitor, "POST", route, values | {"action": action}, body={field: number, "reason": "同一件事"}
                )
                answers.append([str(part).replace(number, "·") for part in found])
            assert answers[0] == answers[1], (route, action)
    for number in (hidden.number, numbers.parse(hidden.number).slug):
        shown = seen(visitor, "GET", "desk/matters/", values, body=None)
        assert number not in shown[2]


# Slower than five seconds: every other address is asked for with the hidden matter and without it.
@pytest.mark.parametrize("name", EXCLUDED)
def test_lists_counts_searches_and_figures_do_not_know_of_it(cast: Any, name: str) -> None:
    for number in range(6):
        players.an_order(cast.chen, title=f"第 {number} 号路灯不亮", content=f"示例一村第 {number} 盏路灯不亮。")
    analyse.update_cells()
    without = everything(cast, name)
    hidden = asking.complaint(cast, title="灯笼的事", content="办事的人态度不好，灯笼的事也不管。")
    analyse.update_cells()
    there = everything(cast, name)
    assert {key for key in without if without[key] != there[key]} == set()
    assert hidden.number in str(everything(cast, "chen")), "whoever may know of it finds it at the same addresses"
    assert not any(hidden.number in str(found) or str(hidden.pk) in str(found) for found in there.values())


def everything(cast: Any, name: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    visitor, values = asking.Visitor(cast.posts[name]), {"number": "·", "id": "K-301a"}
    found = {}
    for route in asking.every():
        if not asking.parameters(route) - {"id"} and route not in COUNTERS | OF_ALL:
            filters = [query for path, query in ASKED if path == route]
            place = {"place": players.JIA}  # below the city: nothing of conduct complaints is in these cells
            for query in [{}, *filters] if "figures" not in route else [place, *filters]:
                found[route, str(query)] = visited(visitor, route, values, query)
    return found


def visited(visitor: asking.Visitor, route: str, values: dict[str, str], query: dict[str, str]) -> tuple[Any, ...]:
    address = asking.filled(route, values)
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        answer = visitor.browser.get(address, query, headers=visitor.bearer if route.startswith(asking.API) else {})
        transaction.set_rollback(True)
    body = "" if answer.streaming else _blotted(answer.content.decode(), values)
    return answer.status_code, body, len(queries)


@pytest.mark.parametrize("name", ["pan", "zhou", "he"])
def test_nobody_who_is_excluded_is_told_of_it_as_a_duplicate(cast: Any, name: str) -> None:
    """The same words once more, from one who takes matters in: the answer is that of a city without it."""
    words = {"title": "灯笼的事", "content": "办事的人态度不好，灯笼的事也不管。"}
    answers = []
    for there in (False, True):
        if there:
            asking.complaint(cast, **words)
            units = [cast.units["jia"]]  # of Zhou and He, too
            players.an_order(
                cast.chen, told=tuple(asking.Told(unit=unit.pk) for unit in [*units, cast.units["housing"]]), **words
            )
        with transaction.atomic():
            sent = asking.Visitor(cast.posts[name]).asks("POST", "api/v1/matters", {"number": ""}, told(**words))
            transaction.set_rollback(True)
        answers.append((sent.status_code, sent.json()["possible_duplicates"], sent.json()["looked_at"]))
    assert answers[0][0] == 201
    assert answers[0] == answers[1]
