"""What a resident's browser carries between two pages: signed cookies without any word about the person.

None names somebody: they hold a random id of the device (for forms sent twice), or the id of one receipt, for minutes.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass

from django.core import signing
from django.http import HttpRequest, HttpResponse

from fengqiao.kernel.models import Source

DEVICE = "fengqiao_device"
DEVICE_SECONDS = 48 * 3600  # as long as a form's id is kept (engineering ruling 14)
RECEIPT, RECEIPT_PATH, RECEIPT_SECONDS = "fengqiao_receipt", "/tell/done/", 30 * 60
OPENED, OPENED_PATH, OPENED_SECONDS = "fengqiao_opened", "/progress/", 30 * 60


@dataclass(frozen=True, slots=True)
class Ticket:
    """One receipt that this browser may see. `turn` dies with the query code; `full`: the proof was given too."""

    source: uuid.UUID
    turn: int
    full: bool = True


def owner_of(request: HttpRequest) -> str:
    """The owner of what this device sends: `device:` and 32 hexadecimal digits, made now if it has none."""
    device = request.COOKIES.get(DEVICE, "")
    if len(device) != 32 or not set(device) <= set("0123456789abcdef"):
        device = request.COOKIES[DEVICE] = secrets.token_hex(16)
    return f"device:{device}"


def remember_device(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let the browser keep its random id for two days."""
    owner = owner_of(request)
    _set(request, response, DEVICE, owner.removeprefix("device:"), "/", DEVICE_SECONDS)
    return response


def give_receipt(request: HttpRequest, response: HttpResponse, source: Source) -> None:
    """The browser that told may see the receipt for half an hour."""
    _give(request, response, RECEIPT, RECEIPT_PATH, RECEIPT_SECONDS, Ticket(source.pk, source.code_turn))


def receipt_of(request: HttpRequest) -> Ticket | None:
    """Whose receipt this browser may see."""
    return _read(request, RECEIPT, RECEIPT_SECONDS)


def open_progress(request: HttpRequest, response: HttpResponse, source: Source, *, full: bool) -> None:
    """The browser that gave the code may see the progress for half an hour."""
    _give(request, response, OPENED, OPENED_PATH, OPENED_SECONDS, Ticket(source.pk, source.code_turn, full))


def opened(request: HttpRequest) -> Ticket | None:
    """Whose progress this browser may see."""
    return _read(request, OPENED, OPENED_SECONDS)


def drop(response: HttpResponse, name: str, path: str) -> None:
    """This browser sees it no more."""
    response.delete_cookie(name, path=path)


def _give(request: HttpRequest, response: HttpResponse, name: str, path: str, seconds: int, ticket: Ticket) -> None:
    value = signing.dumps([ticket.source.hex, ticket.turn, ticket.full], salt=name)
    _set(request, response, name, value, path, seconds)


def _set(request: HttpRequest, response: HttpResponse, name: str, value: str, path: str, seconds: int) -> None:
    response.set_cookie(
        name, value, max_age=seconds, path=path, secure=request.is_secure(), httponly=True, samesite="Lax"
    )


def _read(request: HttpRequest, name: str, seconds: int) -> Ticket | None:
    try:
        source, turn, full = signing.loads(request.COOKIES.get(name, ""), salt=name, max_age=seconds)
    except signing.BadSignature:
        return None
    return Ticket(uuid.UUID(source), turn, full)
