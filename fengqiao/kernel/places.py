"""The region tree at work: the city's code, names, and the ranges that a unit answers for."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.cache import cache

from fengqiao.kernel.models import Place, Unit

CACHE_SECONDS = 300
LOADED_SECONDS = 30  # what another process loaded is known by then


def city() -> str:
    """The code of the city (6 digits). Raises Place.DoesNotExist before places are loaded."""
    code: str | None = cache.get("city")
    if code is None:
        code = Place.objects.filter(level="city", valid_to=None).order_by("code").values_list("code", flat=True)[0]
        cache.set("city", code, CACHE_SECONDS)
    return code


def there(code: str) -> bool:
    """Whether this is the code of a place in force."""
    known: frozenset[str] | None = cache.get("places")
    if known is None:
        known = frozenset(Place.objects.filter(valid_to=None).values_list("code", flat=True))
        cache.set("places", known, LOADED_SECONDS)
    return code in known


def forget() -> None:
    """Look them up at the next question: places were loaded."""
    cache.delete_many(["city", "places"])


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
        fresh = ranges_of(unit.place)
        if fresh != unit.ranges:
            unit.ranges = fresh
            unit.save(update_fields=["ranges"])
