"""Reviews: what another unit's desk puts right, a unit's own comments by the month, and appeals (M17, A23)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Path, Schema
from pydantic import Field

from fengqiao.doors.api.api import ActingRequest, answer, api, reading
from fengqiao.doors.api.idempotency import once
from fengqiao.doors.api.problems import Problem
from fengqiao.doors.api.schemas import NOT_BLANK, Strict
from fengqiao.kernel import access, ciphers
from fengqiao.kernel.idempotency import Repeated
from fengqiao.offices.reviews import desk, sheet
from fengqiao.offices.reviews.models import MonthlyComment

TAGS = ["reviews"]
Said = Annotated[str, Field(min_length=2, max_length=1000, pattern=NOT_BLANK)]


class LowGrade(Schema):
    """A low grade that waits at this desk: `call_back` or `correct`, by that day. `words` are the person's own."""

    id: UUID
    matter: str
    grade: str
    words: str
    what: str
    by: date


class CommentRow(Schema):
    """A comment on the post's own unit, without grade, time or matter; `upheld` is null while an appeal waits."""

    id: UUID
    month: date
    body: str
    appealed: bool
    upheld: bool | None
    ruling: str


class AppealRow(Schema):
    """An appeal that this desk may decide."""

    id: UUID
    unit: str
    comment: str
    reason: str
    at: datetime


class Reviews(Schema):
    """All that concerns this post."""

    low: list[LowGrade]
    comments: list[CommentRow]
    appeals: list[AppealRow]


class Contact(Schema):
    """Of a person who agreed to be called."""

    name: str
    phone: str


class Done(Schema):
    """It is done and on record."""

    done: bool


class Called(Strict):
    """Whether the person was reached."""

    reached: bool


class PutRight(Strict):
    """What was put right, as the person will read it."""

    answer: Annotated[str, Field(min_length=1, max_length=2000, pattern=NOT_BLANK)]


class Appealing(Strict):
    """Why a comment is held to be malicious."""

    reason: Said


class Ruling(Strict):
    """Whether it is malicious, and the grounds."""

    upheld: bool
    ruling: Said


@api.get("/reviews", tags=TAGS, response={200: Reviews}, operation_id="list_reviews", summary="Reviews at this desk")
@reading
def list_reviews(request: ActingRequest) -> HttpResponse:
    """Low grades to put right, comments on the post's own unit, appeals to decide.

    A unit that handled the matter sees no review of it.
    """
    low = [
        {
            "id": each.review.pk,
            "matter": each.review.matter.number,
            "grade": each.review.grade,
            "words": each.review.words,
            "what": each.what,
            "by": each.by,
        }
        for each in desk.duties(request.auth)
    ]
    comments = [
        {"id": line.pk, "month": line.month, "body": line.body, **_appeal_of(line)}
        for line in sheet.comments_of(request.auth)
    ]
    appeals = [
        {"id": each.pk, "unit": each.unit.name, "comment": each.comment.body, "reason": each.reason, "at": each.at}
        for each in desk.appeals(request.auth)
    ]
    return answer({"low": low, "comments": comments, "appeals": appeals})


def _appeal_of(line: MonthlyComment) -> dict[str, object]:
    made = getattr(line, "appeal", None)
    return {
        "appealed": made is not None,
        "upheld": made.upheld if made else None,
        "ruling": made.ruling if made else "",
    }


@api.post(
    "/reviews/{review}/contact",
    tags=TAGS,
    response={200: Contact},
    operation_id="show_contact",
    summary="Name and phone of a person who agreed to be called",
)
def show_contact(request: ActingRequest, review: Path[UUID]) -> HttpResponse:
    """Each time they are given out is on record, a repeated request included."""
    try:
        response = answer(desk.contact(request.auth, review))
    except ciphers.CannotOpen:
        raise Problem(410, "forgotten", _("The data of this person were destroyed at the end of their term.")) from None
    response["Cache-Control"] = "no-store"
    return response


@api.post(
    "/reviews/{review}/call", tags=TAGS, response={200: Done}, operation_id="call_back", summary="The person was called"
)
def call_back(request: ActingRequest, review: Path[UUID], body: Called) -> HttpResponse:
    """Within one working day, only where the person agreed."""
    return _do(request, lambda: desk.called_back(request.auth, review, reached=body.reached))


@api.post(
    "/reviews/{review}/correction",
    tags=TAGS,
    response={200: Done},
    operation_id="correct_review",
    summary="What was put right, answered to the person",
)
def correct_review(request: ActingRequest, review: Path[UUID], body: PutRight) -> HttpResponse:
    """Within fifteen working days (T-L13). The grade stays as it was."""
    return _do(request, lambda: desk.correct(request.auth, review, answer=body.answer))


@api.post(
    "/reviews/comments/{comment}/appeal",
    tags=TAGS,
    response={200: Done},
    operation_id="appeal_against_comment",
    summary="Hold a comment to be malicious",
)
def appeal_against_comment(request: ActingRequest, comment: Path[UUID], body: Appealing) -> HttpResponse:
    """Of the post's own unit; another unit decides."""
    return _do(request, lambda: desk.appeal(request.auth, comment, reason=body.reason))


@api.post(
    "/reviews/appeals/{appeal}/decision",
    tags=TAGS,
    response={200: Done},
    operation_id="decide_appeal",
    summary="Decide an appeal",
)
def decide_appeal(request: ActingRequest, appeal: Path[UUID], body: Ruling) -> HttpResponse:
    """An upheld one takes the review out of the figures, and nobody learns whose it was."""
    return _do(request, lambda: desk.decide_appeal(request.auth, appeal, upheld=body.upheld, ruling=body.ruling))


def _do(request: ActingRequest, work: Callable[[], object]) -> HttpResponse:
    key = once(request, request.auth)
    try:
        with access.acting_as(request.auth):
            if key is not None:
                key.claim(None)
            work()
    except Repeated:
        pass
    return answer({"done": True})
