"""The region tree at work: the city's code, names, and the ranges that a unit answers for."""

from __future__ import annotations

from collections.abc import Iterable

from fengqiao.kernel.models import Place, Unit
from fengqiao.kernel.remembered import Remembered

LOADED_SECONDS = 30  # what another process loaded is known by then


_CITY = Place.objects.filter(level="city", valid_to=None).order_by("code").values_list("code", flat=True)
city = Remembered(lambda: str(_CITY.all()[0]), LOADED_SECONDS)
"""The code of the city (6 digits). Raises IndexError before places are loaded."""

codes = Remembered(
    lambda: frozenset(Place.objects.filter(valid_to=None).values_list("code", flat=True)), LOADED_SECONDS
)
"""The codes of the places in force."""


def ranges_of(place: Place) -> list[str]:
    """The code prefixes that a place answers for: its own and those of its predecessors, own first."""
    found, waiting = [place.code], [place]
    while waiting:
        earlier = list(Place.objects.filter(successor=waiting.pop()))
        found += [each.code for each in earlier if each.code not in found]
        waiting += earlier
    return [code for code in found if len(code) == len(place.code)]


def retie(units: Iterable[Unit]) -> None:
    """Recompute the ranges of units after places changed."""
    for unit in units:
        if (fresh := ranges_of(unit.place)) != unit.ranges:
            unit.ranges = fresh
            unit.save(update_fields=["ranges"])
