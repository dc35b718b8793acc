"""POST /progress: how far a resident's matter is. No token; the code and its proof travel in the body only."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from fengqiao.doors.api.api import answer, anyone, api
from fengqiao.doors.api.problems import Problem
from fengqiao.doors.api.schemas import Asked, ProgressTold
from fengqiao.kernel import progress

TAGS = ["residents"]


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
    told = progress.look(body.code, body.phone_tail or body.word or "")
    response = answer(progress.as_mapping(told))
    response["Cache-Control"] = "no-store"
    return response
