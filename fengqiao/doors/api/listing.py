"""GET /matters: the newest first, page by page, with a fixed number of queries at any size."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query

from fengqiao.doors.api import rows
from fengqiao.doors.api.api import ActingRequest, answer, api, reading
from fengqiao.doors.api.schemas import Filters, MatterPage
from fengqiao.doors.lists import listing as kernel_listing
from fengqiao.doors.lists import search
from fengqiao.ground import tokens
from fengqiao.kernel import access
from fengqiao.kernel.models import Matter, Unit

TAGS = ["matters"]
Key = tuple[datetime, uuid.UUID]
EVERYWHERE, NAMES = "title, text and remarks", "title and place names"


@api.get("/matters", tags=TAGS, response={200: MatterPage}, operation_id="list_matters", summary="List matters")
@reading
def list_matters(request: ActingRequest, filters: Query[Filters]) -> HttpResponse:
    """What this post may read, newest first. `q` finds words of two and more characters exactly.

    One character is looked for in titles and place names only, and `searched` says so.
    """
    after = kernel_listing.read_cursor(filters.cursor) if filters.cursor else None
    found = _narrowed(access.matters_for(request.auth), filters)
    if after is not None:
        found = found.filter(Q(opened_at__lt=after[0]) | Q(opened_at=after[0], pk__lt=after[1]))
    last: Key | None = None
    if filters.q:
        found, last = _searched(found, filters, after)
    page = list(found.order_by("-opened_at", "-pk").values_list("pk", *rows.COLUMNS)[: filters.limit + 1])
    if len(page) > filters.limit:
        page = page[: filters.limit]
        last = (page[-1][13], page[-1][0])
    following = kernel_listing.cursor_of(*last) if last else None
    body = {
        "items": [rows.of_columns(row[1:]) for row in page],
        "next": following,
        "searched": (NAMES if tokens.is_single(filters.q) else EVERYWHERE) if filters.q else None,
    }
    return answer(body, links=[next_link(request, following)] if following else ())


def next_link(request: HttpRequest, cursor: str) -> str:
    """RFC 8288: where the list goes on."""
    asked = {**request.GET.dict(), "cursor": cursor}
    return f'<{request.path}?{urlencode(asked)}>; rel="next"'


def _narrowed(found: QuerySet[Matter], filters: Filters) -> QuerySet[Matter]:
    wanted: dict[str, Any] = {
        name: value
        for name, value in filters
        if name not in ("cursor", "limit", "q", "lead_unit") and value is not None
    }
    found = kernel_listing.narrowed(found, **wanted)
    if filters.lead_unit:
        # A scalar sub-query keeps the index over unit, state and day in use.
        found = found.filter(lead_unit=Unit.objects.filter(key=filters.lead_unit).values("pk")[:1])
    return found


def _searched(found: QuerySet[Matter], filters: Filters, after: Key | None) -> tuple[QuerySet[Matter], Key | None]:
    """Only the hits; and where to go on when there may be more hits than were looked at."""
    later = any((filters.state, filters.channel, filters.lead_unit, filters.due_before)) or filters.open is not None
    most = search.MOST if later else filters.limit + 1
    inside = search.Narrowed(filters.kind, filters.place, filters.category, filters.opened_from, filters.opened_to)
    hits = search.found(filters.q or "", most=most, before=after, narrowed=inside)
    more = later and len(hits) == most
    return found.filter(pk__in=[hit.id for hit in hits]), (hits[-1].opened_at, hits[-1].id) if more else None
