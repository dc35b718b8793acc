"""What every desk needs besides matters: its worklist, the region tree, the code lists, the figures."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from ninja import Path, Query

from fengqiao.doors.api import rows
from fengqiao.doors.api.api import ActingRequest, answer, api, has, reading, unchanged
from fengqiao.doors.api.listing import next_link
from fengqiao.doors.api.problems import Problem
from fengqiao.doors.api.schemas import (
    CodeLists,
    FigureFilters,
    FigureTable,
    PlaceFilters,
    PlaceList,
    WorkFilters,
    Worklist,
)
from fengqiao.doors.lists import worklist
from fengqiao.ground import codes
from fengqiao.ground.refusals import Refused
from fengqiao.kernel import domain
from fengqiao.kernel.models import Place
from fengqiao.kernel.now import now, today
from fengqiao.offices.figures import figures

TAGS = ["desk"]


@api.get("/worklist", tags=TAGS, response={200: Worklist}, operation_id="worklist", summary="What this post has to do")
@reading
def list_work(request: ActingRequest, filters: Query[WorkFilters]) -> HttpResponse:
    """Own tasks and the unit's queue, least time left first. A post that ended holds nothing any more."""
    post = request.auth
    after = _read_cursor(filters.cursor) if filters.cursor else None
    narrowed = worklist.Narrowed(
        due=filters.due or "", stage=filters.stage or "", kind=filters.kind or "", place=filters.place or "",
        channel=filters.channel or "", mine=bool(filters.mine),
    )  # fmt: skip
    page = worklist.page(post, narrowed, after=after, limit=filters.limit + 1)
    more, page = len(page) > filters.limit, page[: filters.limit]
    following = _cursor_of(page[-1].due_at, page[-1].id) if more else None
    moment = now()
    items = [
        {
            "id": each.id,
            "kind": each.kind,
            "post": each.post,
            "opened_at": each.opened_at,
            "due_at": each.due_at,
            "overdue": each.due_at is not None and each.due_at <= moment,
            "matter": rows.of_line(each.matter),
        }
        for each in page
    ]
    links = [next_link(request, following)] if following else ()
    return answer({"tally": _tally(worklist.tally(post, narrowed)), "items": items, "next": following}, links=links)


def _tally(counted: worklist.Tally) -> dict[str, Any]:
    due = {name: counted.shown(count) for name, count in counted.due.items()}
    stages = {name: counted.shown(count) for name, count in counted.stages.items()}
    return {"total": counted.shown(counted.total), **due, "stages": stages}


def _cursor_of(due: datetime | None, pk: UUID) -> str:
    return base64.urlsafe_b64encode(f"{due.isoformat() if due else ''}|{pk}".encode()).decode().rstrip("=")


def _read_cursor(text: str) -> worklist.Place:
    try:
        due, _bar, pk = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition("|")
        moment = datetime.fromisoformat(due) if due else None
        if moment is not None and moment.tzinfo is None:
            raise ValueError("no zone")
        return moment and moment.astimezone(UTC), UUID(pk)
    except (ValueError, OverflowError):
        raise Refused("bad_cursor", _("This cursor is none of ours. Begin the list anew."), pointer="/cursor") from None


@api.get("/places", tags=TAGS, response={200: PlaceList}, operation_id="list_places", summary="The region tree")
@reading
def list_places(request: ActingRequest, filters: Query[PlaceFilters]) -> HttpResponse:
    """Every place under a code prefix, each naming its parent; places that ended name their successor."""
    found = Place.objects.order_by("code")
    if filters.prefix:
        found = found.filter(code__gte=filters.prefix, code__lt=filters.prefix + "~")
    names = ("code", "name", "level", "parent", "valid_to", "successor")
    items = list(found.values(*names))
    marked = hashlib.sha256(repr(items).encode()).hexdigest()[:32]
    etag = f'"{marked}"'
    return unchanged(etag) if has(request, etag) else answer({"items": items}, etag=etag)


@api.get("/codes", tags=TAGS, response={200: CodeLists}, operation_id="list_codes", summary="The lists of keys")
def list_codes(request: ActingRequest) -> HttpResponse:
    """Every key of the contract with its words; states and actions by kind. Keys never change their meaning."""
    lists = {name: [_code(code.key, code.zh, code.en) for code in codes.table(name)] for name in codes.names()}
    return answer(
        {
            "lists": lists,
            "states": {each.key: [_labelled(state) for state in each.states] for each in domain.every()},
            "actions": {each.key: [_labelled(move) for move in each.moves] for each in domain.every()},
        }
    )


def _code(key: str, zh: str, en: str) -> dict[str, str]:
    return {"key": key, "zh": zh, "en": en}


def _labelled(declared: Any) -> dict[str, str]:
    with translation.override("zh-hans"):
        zh = str(declared.label)
    with translation.override("en"):
        return _code(declared.key, zh, str(declared.label))


@api.get(
    "/figures/{id}", tags=TAGS, response={200: FigureTable}, operation_id="read_figure", summary="A reported figure"
)
@reading
def read_figure(request: ActingRequest, id: Path[str], filters: Query[FigureFilters]) -> HttpResponse:
    """A figure such as K-301a, from its cells: the same for every reader, brought up to date within a minute."""
    last = filters.to or today()
    first = filters.from_ or _a_year_before(last)
    try:
        figure = figures.figure(id, first=first, last=last, by=filters.by, place=filters.place or "")
    except KeyError:
        raise Problem(
            404, "no_such_figure", _("There is no figure of that name. Look at the list of figures.")
        ) from None
    body = {
        "id": figure.measure.key,
        "label": str(figure.measure.label),
        "not_meaning": str(figure.measure.not_meaning),
        "basis": "counted",
        "by": figure.by,
        "first": figure.first,
        "last": figure.last,
        "total": _group(figure.total),
        "items": [_group(group) for group in figure.groups],
    }
    return answer(body)


def _a_year_before(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=335)).replace(day=1)


def _group(group: figures.Group) -> dict[str, Any]:
    return {
        "group": group.key,
        "shown": group.shown,
        "numerator": group.numerator,
        "denominator": group.denominator,
        "share": group.share,
        "imported": group.imported,
    }
