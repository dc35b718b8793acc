"""The receipt (U10): number, query code, who has it, by when, what is next, which rights. For half an hour here."""

from __future__ import annotations

import io

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from fengqiao.doors.portal import status, tickets
from fengqiao.kernel import domain, intake
from fengqiao.kernel.access import acting_as
from fengqiao.kernel.models import Source


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def done(request: HttpRequest) -> HttpResponse:
    """The receipt, or by POST “I have it”: then this browser shows it no more."""
    if request.method == "POST":
        response = HttpResponseRedirect(reverse("portal:home"))
        tickets.drop(response, tickets.RECEIPT, tickets.RECEIPT_PATH)
        return response
    with acting_as(intake.PORTAL):
        source = _source(request)
        if source is None:
            return render(request, "portal/no_receipt.html", status=404)
        return render(request, "portal/done.html", _context(source))


@never_cache
@require_GET
def picture(request: HttpRequest) -> HttpResponse:
    """The address of the progress page with the code behind the #, which no browser sends to a server."""
    with acting_as(intake.PORTAL):
        source = _source(request)
    if source is None:
        return HttpResponseNotFound()
    address = f"{origin(request)}{reverse('portal:progress')}#{intake.code_of(source)}"
    drawn = io.BytesIO()
    made = segno.make(address, error="m", micro=False)
    made.save(drawn, kind="svg", scale=5, border=4, dark="#000", light="#fff", xmldecl=False)
    return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")


def origin(request: HttpRequest) -> str:
    """The public address, without a slash at the end."""
    return settings.FENGQIAO_ORIGIN or f"{request.scheme}://{request.get_host()}"


def _source(request: HttpRequest) -> Source | None:
    ticket = tickets.receipt_of(request)
    return status.source_of(ticket.source, ticket.turn) if ticket else None


def _context(source: Source) -> dict[str, object]:
    matter = source.matter
    shown = status.status_of(source, full=False)
    order = getattr(matter, domain.get(matter.kind).record, None)
    return {
        "number": matter.number,
        "code": intake.code_of(source),
        "at": source.received_at,
        "by": shown.by,
        "proof": "phone" if source.person and source.person.phone_hash else "word",
        "protected": matter.confidentiality in status.HIDDEN_BY_CODE,
        "complaint": getattr(order, "nature", "") in ("complaint", "report"),
        "shielded": matter.subjects.exists(),
    }
