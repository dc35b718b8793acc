"""Lists that are turned page by page: which page is asked for, and the way to its neighbours."""

from __future__ import annotations

from collections.abc import Callable

from django.http import QueryDict

from fengqiao.doors.face.parts import Pager

PAGE = 20
LAST_PAGE = 50


def asked(told: QueryDict) -> int:
    """The page that the address asks for, 1 to `LAST_PAGE`; what is no page is the first."""
    text = told.get("page", "1")
    return min(max(int(text) if text.isdecimal() and len(text) < 6 else 1, 1), LAST_PAGE)


def pager(found: int, number: int, to: Callable[[int], str], total: str = "") -> Pager:
    """The pager of page `number`, for which `found` rows were fetched, one more than a page if there is another."""
    return Pager(
        shown=min(found, PAGE),
        total=total,
        previous=to(number - 1) if number > 1 else "",
        following=to(number + 1) if found > PAGE and number < LAST_PAGE else "",
    )
