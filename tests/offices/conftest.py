"""The cast with a second desk at the city, and the ladder as actions of the hotline order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from fengqiao.kernel.models import Matter
    from tests.cast import Cast


@pytest.fixture
def cast(db: None) -> Cast:
    """The cast; Gu sits at the city government's office, which handles nothing."""
    from fengqiao.kernel.models import Place
    from fengqiao.offices.accounts import terms
    from tests.cast import appoint, build

    made = build()
    city = Place.objects.get(level="city")
    made.units["government"] = terms.open_unit(key="government", name="市政府办", kind="city_government", place=city)
    made.posts["gu"] = appoint(made.units["government"], "unit_handler", username="gu")
    made.units["justice"] = terms.open_unit(key="justice", name="市司法局", kind="justice_bureau", place=city)
    made.posts["lawyer"] = appoint(made.units["justice"], "lawyer", username="lawyer")
    made.posts["justice"] = appoint(made.units["justice"], "justice_office", username="justice")
    made.posts["mediator"] = appoint(made.units["village"], "mediator", username="mediator")
    return made


@pytest.fixture
def with_ladder(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ladder is declared for hotline orders, if the declaration has not taken it in itself."""
    from dataclasses import replace

    from fengqiao.kernel import domain
    from fengqiao.offices.supervision.moves import moves

    declared = domain.get("hotline")
    if any(each.key == "urge" for each in declared.moves):
        return
    more = moves(office=("office_head", "desk"), lead=("lead", "handler"))
    widened = replace(declared, moves=(*declared.moves, *more))
    monkeypatch.setitem(domain._DOMAINS, "hotline", widened)
    monkeypatch.setitem(domain._MOVES, "hotline", {each.key: each for each in widened.moves})


@pytest.fixture
def an_order(cast: Cast) -> Callable[..., Matter]:
    """An order that the water department leads and Li handles, with Feng's housing department assisting."""
    from tests.cast import an_order as received
    from tests.cast import do

    def make(**more: Any) -> Matter:
        matter = received(cast.chen, **more)
        do(cast.chen, "hotline.dispatch", matter, unit="water", co_units=["housing"])
        return do(cast.li, "hotline.take", matter)

    return make
