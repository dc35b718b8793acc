"""Lists of matters: newest first, page by page behind a cursor, always by the rule of `matters_for` (ruling 6)."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from fengqiao.doors.lists import search
from fengqiao.ground import tokens
from fengqiao.ground.refusals import Refused
from fengqiao.kernel import access, storing
from fengqiao.kernel.access import Acting

MOST = 100
Cursor = tuple[datetime, uuid.UUID]


class Line(NamedTuple):
    """A matter as lists show it; `place` is a code, `unit_key` and `unit_name` are the lead unit's."""

    id: uuid.UUID
    number: str
    kind: str
    state: str
    title: str
    category: str
    place: str
    place_name: str
    channel: str
    confidentiality: str
    unit_key: str | None
    unit_name: str | None
    handler: int | None
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    archived_at: datetime | None
    last_kind: str
    last_at: datetime
    version: int


COLUMNS = (
    "m.id, m.number, m.kind, m.state, m.title, m.category, m.place, p.name, m.channel, m.confidentiality,"
    " u.key, u.name, m.handler_id, m.opened_at, m.due_at, m.closed_at, m.archived_at, m.last_kind, m.last_at, m.version"
)
NAMED = "join place p on p.code = m.place left join unit u on u.id = m.lead_unit_id"
# What each filter asks of `m`; a range compares with leakproof operators only (ruling 1).
ASKED = {
    "kind": "m.kind = %s",
    "state": "m.state = %s",
    "category": "m.category = %s",
    "channel": "m.channel = %s",
    "number": "m.number = %s",
    # A scalar sub-query keeps the index over unit, state and day in use.
    "lead_unit": "m.lead_unit_id = (select id from unit where key = %s)",
    "due_before": "m.due_at < %s",
    "opened_from": "m.opened_at >= %s",
    "opened_to": "m.opened_at < %s",
    "place": "m.place >= %s and m.place < %s",
    "open": "(m.closed_at is null) = %s",
}
# The search itself narrows by these; the others narrow up to 1,000 hits.
IN_SEARCH = frozenset({"kind", "place", "category", "opened_from", "opened_to"})


@dataclass(frozen=True, slots=True)
class Listed:
    """One page: rows, the cursor of the next page (empty at the end), and whether a single character was searched."""

    rows: list[Line]
    following: str
    single: bool = False


def newest(by: Acting, *, cursor: str = "", limit: int = 20, q: str = "", **wanted: Any) -> Listed:
    """A page of the newest. `wanted`: what `ASKED` names; None and "" ask nothing. Call inside `acting_as(by)`.

    Raises Refused for a cursor that is none.
    """
    after = read_cursor(cursor) if cursor else None
    limit = max(1, min(limit, MOST))
    wanted = {name: value for name, value in wanted.items() if value not in (None, "")}
    last: Cursor | None = None
    ids: list[uuid.UUID] | None = None
    if q:
        ids, last = _searched(q, limit, after, wanted)
    page = [] if ids == [] else _page(by, wanted, after, ids, limit + 1)
    if len(page) > limit:
        page = page[:limit]
        last = page[-1].opened_at, page[-1].id
    return Listed(page, cursor_of(*last) if last else "", bool(q) and tokens.is_single(q))


def _searched(
    q: str, limit: int, after: Cursor | None, wanted: dict[str, Any]
) -> tuple[list[uuid.UUID], Cursor | None]:
    """The hits; and where to go on when there may be more hits than were looked at."""
    later = not wanted.keys() <= IN_SEARCH
    inside = search.Narrowed(
        wanted.get("kind"), wanted.get("place"), wanted.get("category"), wanted.get("opened_from"),
        wanted.get("opened_to"),
    )  # fmt: skip
    most = search.MOST if later else limit + 1
    hits = search.found(q, most=most, before=after, narrowed=inside)
    return [hit.id for hit in hits], (hits[-1].opened_at, hits[-1].id) if later and len(hits) == most else None


def _page(
    by: Acting, wanted: dict[str, Any], after: Cursor | None, ids: list[uuid.UUID] | None, most: int
) -> list[Line]:
    rule, values = access.rule(by)
    where = [rule.format(**access.RULED)]
    for name, value in wanted.items():
        where.append(ASKED[name])
        values += [value, value + "~"] if name == "place" else [value]
    if after is not None:
        where.append("(m.opened_at, m.id) < (%s, %s)")
        values += after
    if ids is not None:
        where.append("m.id = any(%s)")
        values.append(ids)
    sql = (
        f"select {COLUMNS} from matter m {NAMED} where {' and '.join(where)} "  # noqa: S608 - words of this module
        "order by m.opened_at desc, m.id desc limit %s"
    )
    return [Line(*row) for row in storing.ask(sql, [*values, most])]


def by_number(by: Acting, number: str) -> Line | None:
    """The matter of this number (its stored form), if the post may read it."""
    found = _page(by, {"number": number}, None, None, 1)
    return found[0] if found else None


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
        return at.astimezone(UTC), uuid.UUID(pk)
    except (ValueError, OverflowError):
        raise Refused("bad_cursor", _("This cursor is none of ours. Begin the list anew."), pointer="/cursor") from None
