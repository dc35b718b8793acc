"""Names of places for lists and filters."""

from __future__ import annotations

from collections.abc import Iterable

from fengqiao.kernel import storing
from fengqiao.kernel.models import Place

TOWN_DIGITS = 9


def names(codes: Iterable[str]) -> dict[str, str]:
    """The names of these places, by code."""
    rows = storing.ask("select code, name from place where code = any(%s)", [sorted(set(codes))])
    return dict(rows)


def towns_of(codes: Iterable[str]) -> dict[str, str]:
    """The names of the towns in which these places lie, by the code of each place that is not the town itself."""
    below = {code: code[:TOWN_DIGITS] for code in codes if len(code) > TOWN_DIGITS}
    named = names(below.values()) if below else {}
    return {code: named[town] for code, town in below.items() if town in named}


def parts_of(place: Place) -> list[tuple[str, str]]:
    """The places directly under this one that are in force, as (code, name): a city's towns, a town's villages."""
    return list(Place.objects.filter(parent=place, valid_to=None).order_by("code").values_list("code", "name"))
