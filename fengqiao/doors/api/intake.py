"""POST /matters: what has come, from whom. A village or a window may register for a caller."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _

from fengqiao.doors.api.api import ActingRequest, answer, api, etag_of
from fengqiao.doors.api.idempotency import once
from fengqiao.doors.api.problems import Problem
from fengqiao.doors.api.schemas import NewlyReceived, NewMatter, Party
from fengqiao.doors.registering import may_register
from fengqiao.ground import codes, identity, numbers
from fengqiao.ground.refusals import Invalid
from fengqiao.ground.unreadable import Unreadable
from fengqiao.kernel import access, domain, intake, keys, places, same
from fengqiao.kernel.idempotency import Repeated
from fengqiao.kernel.models import Matter, Post, Source, Unit
from fengqiao.kernel.now import today

TAGS = ["matters"]
KEEPER = access.SystemPost("keeper")


@api.post("/matters", tags=TAGS, response={201: NewlyReceived}, operation_id="register", summary="Register a matter")
def register(request: ActingRequest, body: NewMatter) -> HttpResponse:
    """Take in what was told. Answers with number and query code, and with matters that may be the same.

    Whoever registered sees the matter later only if he has a part in it.
    """
    post = request.auth
    if not may_register(post):
        raise Problem(403, "may_not_register", _("Your post does not take matters in. A window, a desk or 12345 does."))
    receipt = receipt_of(body)
    try:
        received = intake.receive(post, body.kind, receipt, once=once(request, post, status=201))
    except Repeated as repeated:
        return _again(post, repeated, receipt)
    except Invalid as invalid:
        raise _of_data(invalid) from None
    return _answer(received.matter, received.query_code, received.likely, received.of_all)


def receipt_of(body: NewMatter) -> intake.Receipt:
    """The receipt of a body. Raises Invalid with a pointer for each fault."""
    faults: list[dict[str, str]] = []
    declared = _kind(body.kind, faults)
    if declared and body.category and body.category not in _categories(declared):
        faults.append(_fault("/category", _("There is no such category in this kind.")))
    if body.channel not in codes.by_key("channel"):
        faults.append(_fault("/channel", _("There is no such channel.")))
    if body.place and body.place not in places.codes():
        faults.append(_fault("/place", _("There is no such place. Choose one from the list.")))
    receipt = intake.Receipt(
        title=body.title.strip(),
        content=body.content,
        channel=body.channel,
        place=body.place or "",
        category=body.category or "",
        external_id=body.external_id or "",
        confidentiality=body.confidentiality,
        told=_told(body, faults),
        parties=tuple(_party(party, at, faults) for at, party in enumerate(body.parties)),
        data=body.data,
        word=body.word or "",
        call_back=body.call_back,
        no_sms=body.no_sms,
    )
    if faults:
        raise Invalid(faults, _("Some fields are not right. Look at each of them."))
    return receipt


def _kind(key: str, faults: list[dict[str, str]]) -> domain.Domain | None:
    try:
        return domain.get(key)
    except KeyError:
        faults.append(_fault("/kind", _("There is no such kind of matter.")))
        return None


def _categories(declared: domain.Domain) -> tuple[str, ...]:
    return codes.keys(declared.categories) if declared.categories else ()


def _told(body: NewMatter, faults: list[dict[str, str]]) -> tuple[intake.Told, ...]:
    told = []
    for at, subject in enumerate(body.subjects_complained_of):
        unit = None
        if subject.unit:
            unit = Unit.objects.filter(key=subject.unit).values_list("pk", flat=True).first()
            if unit is None:
                faults.append(_fault(f"/subjects_complained_of/{at}/unit", _("There is no such unit.")))
        told.append(intake.Told(unit=unit, level=subject.level or "", words=subject.words or ""))
    return tuple(told)


def _party(party: Party, at: int, faults: list[dict[str, str]]) -> intake.Party:
    if party.role not in codes.by_key("party_role"):
        faults.append(_fault(f"/parties/{at}/role", _("There is no such role.")))
    phone, id_no = party.phone.strip(), party.id_no.strip()
    try:
        phone = identity.parse_phone(phone, demo=settings.FENGQIAO_DEMO).digits if phone else ""
    except Unreadable as error:
        faults.append(_fault(f"/parties/{at}/phone", _(error.msgid) % error.params))
    try:
        read = identity.parse_id_number(id_no, today=today(), test_mode=settings.FENGQIAO_DEMO) if id_no else None
        id_no = read.number if read else ""
    except Unreadable as error:
        faults.append(_fault(f"/parties/{at}/id_no", _(error.msgid) % error.params))
    return intake.Party(party.role, party.name.strip(), phone, id_no, party.address.strip())


def _fault(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "detail": detail}


def _of_data(invalid: Invalid) -> Invalid:
    """The intake form's own pointers lie under `/data`."""
    inside = [_fault(f"/data{each['pointer']}", each["detail"]) for each in invalid.errors]
    return Invalid(inside, invalid.sentence)


def _again(post: Post, repeated: Repeated, receipt: intake.Receipt) -> HttpResponse:
    """The same answer, made anew. Of a matter that the post may not see nothing is told that it did not know."""
    with access.acting_as(KEEPER):
        matter = Matter.objects.get(pk=str(repeated.matter))
        source = Source.objects.filter(matter=matter).order_by("pk")[0]
    # One that was renewed since is dead under any key, and the new one is not told to who may have lost the first.
    dead = source.code_turn and numbers.query_code(source.pk, 0, keys.current("hash").secret)
    code = dead or intake.code_of(source)
    with access.acting_as(post):
        if not access.may(post, access.READ, matter):
            matter.state, matter.due_at, matter.version = domain.get(matter.kind).start, None, 0
        phones = [party.phone for party in receipt.parties if party.phone]
        likely, of_all = same.candidates(post, matter, receipt.content, phones)
    return _answer(matter, code, likely, of_all)


def _answer(matter: Matter, code: str, likely: Any, of_all: int) -> HttpResponse:
    number = numbers.parse(matter.number)
    body = {
        "number": number.display,
        "kind": matter.kind,
        "query_code": numbers.show_query_code(code),
        "query_code_plain": code,
        "state": matter.state,
        "due_at": matter.due_at,
        "possible_duplicates": [
            {"number": each.number, "title": each.title, "score": each.score, "reasons": list(each.reasons)}
            for each in likely
        ],
        "looked_at": of_all,
    }
    response = answer(body, 201, etag=etag_of(matter.version) if matter.version else "")
    response["Location"] = f"/api/v1/matters/{number.slug}"
    response["Cache-Control"] = "no-store"
    return response
