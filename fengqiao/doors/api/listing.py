"""GET /matters: the newest first, page by page, with a fixed number of queries at any size."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from ninja import Query

from fengqiao.doors.api import rows
from fengqiao.doors.api.api import ActingRequest, answer, api, reading
from fengqiao.doors.api.schemas import Filters, MatterPage
from fengqiao.doors.lists import listing

TAGS = ["matters"]
EVERYWHERE, NAMES = "title, text and remarks", "title and place names"


@api.get("/matters", tags=TAGS, response={200: MatterPage}, operation_id="list_matters", summary="List matters")
@reading
def list_matters(request: ActingRequest, filters: Query[Filters]) -> HttpResponse:
    """What this post may read, newest first. `q` finds words of two and more characters exactly.

    One character is looked for in titles and place names only, and `searched` says so.
    """
    asked = dict(filters)
    listed = listing.newest(request.auth, **{**asked, "cursor": filters.cursor or "", "q": filters.q or ""})
    body = {
        "items": [rows.of_line(line) for line in listed.rows],
        "next": listed.following or None,
        "searched": (NAMES if listed.single else EVERYWHERE) if filters.q else None,
    }
    return answer(body, links=[next_link(request, listed.following)] if listed.following else ())


def next_link(request: HttpRequest, cursor: str) -> str:
    """RFC 8288: where the list goes on."""
    asked = {**request.GET.dict(), "cursor": cursor}
    return f'<{request.path}?{urlencode(asked)}>; rel="next"'
