"""What may be done with a matter now, and doing it: the one door `handle.perform`."""

from __future__ import annotations

import re
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Path

from fengqiao.doors.api import opening, rows
from fengqiao.doors.api.api import ActingRequest, answer, api, etag_of, reading
from fengqiao.doors.api.idempotency import once
from fengqiao.doors.api.problems import Problem
from fengqiao.doors.api.schemas import ActionList, MatterRow
from fengqiao.ground import numbers
from fengqiao.ground.refusals import NotThere
from fengqiao.kernel import access, domain, forms, handle
from fengqiao.kernel.idempotency import Repeated
from fengqiao.kernel.models import Matter

ETAGS = re.compile(r'\s*(W/)?"[!#-~]*"(\s*,\s*(W/)?"[!#-~]*")*\s*')
OURS = re.compile(r'"([0-9]{1,9})"')
TAGS = ["actions"]


@api.get(
    "/matters/{number}/actions",
    tags=TAGS,
    response={200: ActionList},
    operation_id="list_actions",
    summary="What may be done",
)
@reading
def list_actions(request: ActingRequest, number: Path[str]) -> HttpResponse:
    """What this post may do, best first; `locked` says what stands in the way now, `form` is the body's JSON Schema."""
    matter = opening.matter_of(request.auth, number)
    slug = numbers.parse(matter.number).slug
    items = [
        {
            "key": move.key,
            "label": str(move.label),
            "law": move.law,
            "why": move.why,
            "locked": str(reason) if reason is not None else None,
            "href": f"/api/v1/matters/{slug}/actions/{move.key}",
            "form": forms.schema(move.form),
        }
        for move, reason in handle.can_do(request.auth, matter)
    ]
    return answer({"items": items}, etag=etag_of(matter.version))


@api.post(
    "/matters/{number}/actions/{action}",
    tags=TAGS,
    response={200: MatterRow},
    operation_id="act",
    summary="Do something with a matter",
)
def act(request: ActingRequest, number: Path[str], action: Path[str]) -> HttpResponse:
    """Make one move. `If-Match` with the ETag read before refuses what somebody changed meanwhile."""
    post = request.auth
    stored = handle.find_number(number)
    name = _action(stored, action)
    data = _body(request)
    try:
        matter = handle.perform(
            name, number=stored, data=data, by=post, version=version_of(request), once=once(request, post)
        )
    except Repeated:
        with access.acting_as(post):
            matter = opening.matter_of(post, stored)
    return changed(matter)


def changed(matter: Matter) -> HttpResponse:
    """The matter after the change, with its new ETag."""
    return answer(rows.of_matter(matter), etag=etag_of(matter.version))


def _action(stored: str, key: str) -> str:
    """`kind.action`. An action that the kind does not have looks like a matter that is not there."""
    kind = numbers.parse(stored).kind
    try:
        domain.get(kind).move(key)
    except KeyError:
        raise NotThere("not_there", _("There is no such matter here. Check the number.")) from None
    return f"{kind}.{key}"


def _body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of a body; nothing at all is an empty one. Raises Problem."""
    if not request.body:
        return {}
    try:
        data = orjson.loads(request.body)
    except ValueError:
        raise Problem(400, "unreadable") from None
    if not isinstance(data, dict):
        raise Problem(422, "invalid", _("Send a JSON object."))
    return data


def version_of(request: HttpRequest) -> int | None:
    """The version that `If-Match` names; None without it or for `*`. Raises Problem for what is no ETag of ours."""
    named = request.headers.get("If-Match")
    if named is None or named.strip() == "*":
        return None
    if not ETAGS.fullmatch(named):
        raise Problem(400, "no_etag", _("If-Match holds the ETag of the matter in its quotation marks."))
    ours = OURS.fullmatch(named)
    if ours is None:
        raise Problem(412, "no_such_version", _("If-Match must be the ETag of the matter, as it was read."))
    return int(ours[1])
