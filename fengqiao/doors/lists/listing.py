"""Lists of matters: newest first, page by page behind a cursor, always through `matters_for` (ruling 6)."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from fengqiao.doors.lists import search
from fengqiao.ground import tokens
from fengqiao.ground.refusals import Refused
from fengqiao.kernel.access import Acting, matters_for
from fengqiao.kernel.models import Matter

MOST = 100
NARROWED_LATER = ("state", "open", "channel", "due_before", "lead_unit")
Cursor = tuple[datetime, uuid.UUID]


@dataclass(frozen=True, slots=True)
class Listed:
    """One page: rows, the cursor of the next page (empty at the end), and whether a single character was searched."""

    rows: list[Matter]
    following: str
    single: bool = False


def readable(by: Acting) -> QuerySet[Matter]:
    """What the post may read, with what lists show of it."""
    return matters_for(by).select_related("place", "lead_unit")


def newest(by: Acting, *, cursor: str = "", limit: int = 20, q: str = "", **wanted: Any) -> Listed:
    """A page of the newest. `wanted`: kind, state, open, place (prefix), category, channel, due_before, opened_from,
    opened_to, lead_unit (key). Raises Refused for a cursor that is none.
    """
    after = read_cursor(cursor) if cursor else None
    limit = max(1, min(limit, MOST))
    rows = narrowed(readable(by), **wanted)
    if after is not None:
        rows = rows.filter(Q(opened_at__lt=after[0]) | Q(opened_at=after[0], pk__lt=after[1]))
    if q:
        rows = rows.filter(pk__in=_hits(q, limit + 1, after, wanted))
    page = list(rows.order_by("-opened_at", "-pk")[: limit + 1])
    more = len(page) > limit
    page = page[:limit]
    return Listed(page, cursor_of(page[-1].opened_at, page[-1].pk) if more else "", bool(q) and tokens.is_single(q))


def _hits(q: str, most: int, after: Cursor | None, wanted: dict[str, Any]) -> list[uuid.UUID]:
    """What the search rows carry narrows the search itself; the rest narrows up to 1,000 hits."""
    later = any(wanted.get(name) not in (None, "") for name in NARROWED_LATER)
    inside = search.Narrowed(
        kind=wanted.get("kind") or None,
        place=wanted.get("place") or None,
        category=wanted.get("category") or None,
        since=wanted.get("opened_from") or None,
        until=wanted.get("opened_to") or None,
    )
    return search.hits(q, most=search.MOST if later else most, before=after, filters=inside)


def narrowed(rows: QuerySet[Matter], **wanted: Any) -> QuerySet[Matter]:
    """The rows with these properties; a range compares with leakproof operators only (ruling 1)."""
    plain = {name: name for name in ("kind", "state", "category", "channel")} | {"lead_unit": "lead_unit__key"}
    ranges = {"due_before": "due_at__lt", "opened_from": "opened_at__gte", "opened_to": "opened_at__lt"}
    for name, column in (plain | ranges).items():
        if wanted.get(name):
            rows = rows.filter(**{column: wanted[name]})
    if wanted.get("place"):
        rows = rows.filter(place__gte=wanted["place"], place__lt=wanted["place"] + "~")
    if wanted.get("open") is not None and wanted.get("open") != "":
        rows = rows.filter(closed_at__isnull=bool(wanted["open"]))
    return rows


def cursor_of(opened_at: datetime, pk: uuid.UUID) -> str:
    """Where a page ended, opaque to the reader."""
    return base64.urlsafe_b64encode(f"{opened_at.isoformat()}|{pk}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    """The place of a cursor. Raises Refused (422)."""
    try:
        moment, _bar, pk = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition("|")
        at = datetime.fromisoformat(moment)
        if at.tzinfo is None:
            raise ValueError("no zone")
        return at, uuid.UUID(pk)
    except ValueError:
        raise Refused("bad_cursor", _("This cursor is none of ours. Begin the list anew."), pointer="/cursor") from None
