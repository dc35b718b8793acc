"""The dossier of a matter: what is in it, its files, and adding one."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import File, Form, Path, UploadedFile

from fengqiao.doors.api import opening
from fengqiao.doors.api.api import ActingRequest, answer, api, reading
from fengqiao.doors.api.idempotency import once
from fengqiao.doors.api.problems import Problem
from fengqiao.doors.api.schemas import DocumentList, DocumentRow, PaperAsked
from fengqiao.ground import numbers
from fengqiao.ground.refusals import NotThere
from fengqiao.kernel import access
from fengqiao.kernel.docket import docket
from fengqiao.kernel.idempotency import Once, Repeated
from fengqiao.kernel.models import Document, Matter, Post
from fengqiao.offices.papers import papers

TAGS = ["documents"]
BYTES = {"description": "The file.", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}


@api.get(
    "/matters/{number}/documents",
    tags=TAGS,
    response={200: DocumentList},
    operation_id="list_documents",
    summary="The dossier",
)
@reading
def list_documents(request: ActingRequest, number: Path[str]) -> HttpResponse:
    """The newest version of each piece that this post may see, in the order of the catalogue."""
    matter = opening.matter_of(request.auth, number)
    return answer({"items": [_row(matter, each) for each in papers.documents_of(request.auth, matter)]})


@api.get(
    "/matters/{number}/documents/{document}",
    tags=TAGS,
    operation_id="read_document",
    summary="A file of the dossier",
    openapi_extra={"responses": {200: BYTES}},
)
def read_document(request: ActingRequest, number: Path[str], document: Path[UUID]) -> HttpResponse:
    """The file itself. The look is on record."""
    with access.acting_as(request.auth):
        matter = opening.matter_of(request.auth, number)
        row, data = papers.open_document(request.auth, document)
        if row.matter_id != matter.pk:
            raise NotThere("not_there", _("There is no such paper here."))
    response = HttpResponse(data, content_type=row.media_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(row.title or 'file', safe='')}"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


@api.post(
    "/matters/{number}/documents",
    tags=TAGS,
    response={201: DocumentRow},
    operation_id="add_document",
    summary="Add a file to the dossier",
)
def add_document(
    request: ActingRequest, number: Path[str], paper: Form[PaperAsked], file: File[UploadedFile]
) -> HttpResponse:
    """Add a file of at most 20 MB: it is examined, images are made anew, and it is kept encrypted.

    Whoever works on the matter may add one: a relation that opens the staff's texts.
    """
    post = request.auth
    _refuse_unknown(request)
    with access.acting_as(post):
        _may_add(post, opening.matter_of(post, number))
    key = once(request, post, status=201)
    accepted = papers.accept(file.read(), file.content_type or "")
    try:
        matter, document = _add(post, number, paper, accepted, key)
    except Repeated:
        matter, document = _added_before(post, number, accepted, paper)
    response = answer(_row(matter, document), 201)
    response["Location"] = _href(matter, document)
    return response


def _refuse_unknown(request: ActingRequest) -> None:
    unknown = [*(set(request.POST) - set(PaperAsked.model_fields)), *(set(request.FILES) - {"file"})]
    if unknown:
        errors = [{"pointer": f"/{name}", "detail": _("There is no such field.")} for name in sorted(unknown)]
        raise Problem(422, "invalid", errors=errors)


def _may_add(post: Post, matter: Matter) -> None:
    if "staff" not in opening.texts_open(matter, access.words(post, matter)):
        raise Problem(403, "may_not_add", _("Only those who work on this matter add papers to it."))


def _add(
    post: Post, number: str, paper: PaperAsked, accepted: papers.Accepted, key: Once | None
) -> tuple[Matter, Document]:
    with docket(post) as book:
        if key is not None:
            key.claim(None)
        matter = book.take(access.READ, number=numbers.parse(number).display)
        _may_add(post, matter)
        document = papers.add_document(
            book, matter, kind=paper.kind, title=paper.title, file=accepted, visibility=paper.visibility
        )
    return matter, document


def _added_before(post: Post, number: str, accepted: papers.Accepted, paper: PaperAsked) -> tuple[Matter, Document]:
    """What the first of two equal requests added: this post's newest paper of that name and kind."""
    with access.acting_as(post):
        matter = opening.matter_of(post, number)
        title = " ".join(paper.title.split())
        own = Document.objects.filter(matter=matter, by=post, kind=paper.kind, title__in=(title, ""))
        document = own.filter(size=len(accepted.data)).order_by("-at", "-pk").first()
        if document is None:
            raise NotThere("not_there", _("There is no such paper here."))
    return matter, document


def _row(matter: Matter, document: Document) -> dict[str, Any]:
    return {
        "id": document.pk,
        "kind": document.kind,
        "title": document.title,
        "piece": document.piece,
        "version": document.version,
        "media_type": document.media_type,
        "size": document.size,
        "visibility": document.visibility,
        "at": document.at,
        "issued_at": document.issued_at,
        "href": _href(matter, document),
    }


def _href(matter: Matter, document: Document) -> str:
    return f"/api/v1/matters/{numbers.parse(matter.number).slug}/documents/{document.pk}"
