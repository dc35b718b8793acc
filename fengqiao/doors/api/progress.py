"""POST /progress: how far a resident's matter is. No token; the code and its proof travel in the body only.

What a code opens, and how long guessing takes, is the portal's rule: one rule and one count for both doors.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from fengqiao.doors.api.api import answer, anyone, api
from fengqiao.doors.api.problems import Problem
from fengqiao.doors.api.schemas import Asked, ProgressTold
from fengqiao.doors.portal import status, throttle
from fengqiao.ground.numbers import parse_query_code
from fengqiao.kernel import domain
from fengqiao.kernel.access import acting_as
from fengqiao.kernel.intake import PORTAL
from fengqiao.kernel.models import Source

TAGS = ["residents"]
CALL = "12345"


@api.post(
    "/progress",
    tags=TAGS,
    auth=anyone,
    response={200: ProgressTold},
    operation_id="progress",
    summary="How far a matter is",
)
def read_progress(request: HttpRequest, body: Asked) -> HttpResponse:
    """The code alone opens one status word and a date; with its proof also who handles it and the answers.

    Every miss has the same words; after five of them with one code there is a quarter of an hour to wait.
    """
    if body.phone_tail and body.word:
        raise Problem(422, "two_proofs", _("Send the last digits of the phone or the word, not both."), pointer="/word")
    code = _code(body.code)
    if minutes := throttle.count(code):
        raise Problem(
            429,
            "too_many_tries",
            _("Too many wrong tries with this code. Wait a quarter of an hour, or call 12345."),
            retry_after=minutes * 60,
        )
    source, proven = status.find(code, "".join((body.phone_tail or body.word or "").split()))
    if source is None:
        raise Problem(
            404, "no_progress", _("Nothing was found with this. Compare it with your receipt, or call 12345.")
        )
    (throttle.clear if proven else throttle.give_back)(code)
    with acting_as(PORTAL):
        response = answer(_told(source, proven))
    response["Cache-Control"] = "no-store"
    return response


def _code(typed: str) -> str:
    try:
        return parse_query_code(typed)
    except ValueError:
        # What is no code at all is looked up like any other: it just never exists.
        return unicodedata.normalize("NFKC", typed).encode("ascii", "replace").decode().strip()


def _told(source: Source, proven: bool) -> dict[str, Any]:
    matter = status.leading(source.matter)
    shown = status.status_of(source, full=proven)
    closed = source.withdrawn_at is not None or domain.get(matter.kind).state(matter.state).final
    more = {
        "number": shown.number,
        "title": shown.title,
        "received_at": source.received_at,
        "handled_by": shown.handler or None,
        "next_step": shown.next,
        "replies": [{"label": each.label, "at": each.at, "text": each.words} for each in shown.said],
        "may": sorted(shown.moves),
    }
    return {
        "status": shown.word,
        "latest_date": None if closed else status.due_of(matter, source),
        "closed": closed,
        "call": CALL,
        "more": more if proven else None,
    }
