"""Refusals as RFC 9457 problem details: what happened, what to do, and a code for programs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any

import orjson
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from ninja.errors import AuthenticationError, HttpError, ValidationError

from fengqiao.doors import outages
from fengqiao.doors.outages import outage_of
from fengqiao.ground.refusals import Refused

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:fengqiao:problem:"
REALM = 'Bearer realm="fengqiao"'
log = logging.getLogger("fengqiao.api")


class Problem(Refused):
    """A refusal of this door itself, with its status."""

    def __init__(self, status: int, code: str, sentence: StrOrPromise = "", *, pointer: str = "", **more: Any) -> None:
        super().__init__(code, sentence or _details()[status], pointer=pointer, **more)
        self.status = status


def problem(
    status: int,
    code: str,
    detail: str = "",
    *,
    errors: list[dict[str, str]] | None = None,
    more: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """The answer for a refusal. `more` holds extension members."""
    body = {
        "type": TYPE + code,
        "title": _titles()[status],
        "status": status,
        "detail": detail or _details()[status],
        "code": code,
        "errors": errors or [],
        **(more or {}),
    }
    response = HttpResponse(orjson.dumps(body, default=str), status=status, content_type=MEDIA_TYPE)
    response["Cache-Control"] = "no-store"
    if status == 401:
        response["WWW-Authenticate"] = REALM
    if "retry_after" in body:
        response["Retry-After"] = str(body["retry_after"])
    return response


def of_refusal(refused: Refused) -> HttpResponse:
    """A refusal of the kernel or of this door."""
    more = dict(refused.more)
    errors = more.pop("errors", None)
    if errors is None and refused.pointer:
        errors = [{"pointer": refused.pointer, "detail": str(refused.sentence)}]
    status = refused.status if refused.status in _titles() else 422
    return problem(status, refused.code, str(refused.sentence), errors=errors, more=more)


def of_exception(exception: Exception) -> HttpResponse:
    """The answer for anything that was raised."""
    if isinstance(exception, Refused):
        return of_refusal(exception)
    if isinstance(exception, ValidationError):
        return problem(422, "invalid", errors=[_error(each) for each in exception.errors])
    if isinstance(exception, AuthenticationError):
        return problem(401, "token_needed")
    if isinstance(exception, HttpError):
        return problem(400, "unreadable")
    if isinstance(exception, RequestDataTooBig):
        return problem(413, "too_large")
    if isinstance(exception, Http404):
        return problem(404, "not_there")
    if isinstance(exception, UnreadablePostError):
        return problem(
            400, "cut_off", _("What was sent was cut off on the way; nothing of it was kept. Send it again.")
        )
    if isinstance(exception, SuspiciousOperation | MultiPartParserError):
        return problem(400, "unreadable")
    if outage := outage_of(exception):
        outages.telling.met("the API", outage)
        return of_refusal(outage)
    log.error("unexpected in the API", exc_info=exception)
    return problem(500, "broken")


def at_the_edge(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Whatever leaves an address of the API unasked-for leaves it as a problem."""

    @csrf_exempt
    @wraps(view)
    def edge(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except Exception as exception:
            return of_exception(exception)
        if response.status_code == 405:
            refused = problem(405, "method_not_allowed")
            refused["Allow"] = response["Allow"]
            return refused
        return response

    return edge


def _error(found: Mapping[str, Any]) -> dict[str, str]:
    """One of ninja's errors: the place as a JSON pointer, the sentence without what was typed."""
    where, *path = found.get("loc", ("body",))
    if where == "body":
        path = path[1:]
    return {"pointer": "".join(f"/{_escaped(part)}" for part in path), "detail": str(found.get("msg", ""))}


def _escaped(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def title(status: int) -> str:
    """The few words that stand over every problem of this status."""
    return _titles()[status]


def _titles() -> dict[int, str]:
    return {
        400: _("What was sent cannot be read"),
        401: _("A token is needed"),
        403: _("This post may not do that"),
        404: _("Not found, or not yours to see"),
        405: _("This address does not know that method"),
        406: _("This is given as JSON only"),
        409: _("Not possible now"),
        410: _("It is not kept any more"),
        412: _("Somebody changed it meanwhile"),
        413: _("What was sent is too large"),
        415: _("This is taken as JSON only"),
        422: _("Something in it is not right"),
        429: _("Too many tries"),
        500: _("It did not work, and that is our fault"),
        503: _("Not possible for a moment"),
        507: _("There is no room just now"),
    }


def _details() -> dict[int, str]:
    return {
        400: _("Send well-formed JSON in UTF-8."),
        401: _("Send “Authorization: Bearer …” with the token of a post in force."),
        403: _("Ask the administrator of your unit which post is needed."),
        404: _("Check the address or the number. What you may not see looks the same as what is not there."),
        405: _("Look at the Allow header for the methods of this address."),
        406: _("Ask for application/json."),
        409: _("Look at the matter again, then decide."),
        410: _("It was destroyed at the end of its term of keeping, or damaged."),
        412: _("Read the matter again and send its new ETag."),
        413: _("Send a smaller body."),
        415: _("Send Content-Type: application/json."),
        422: _("Some fields are not right. Look at each of them."),
        429: _("Wait, then try again."),
        500: _("What was saved before is still there. Try again in a moment."),
        503: _("Nothing was lost; try again later."),
        507: _("Nothing was lost; try again later."),
    }
