"""The pages for what went wrong: what happened, what to do. One wording for a missing and a hidden thing."""

import logging
import secrets
import sys
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fengqiao.doors.face.context import TAGS
from fengqiao.doors.face.dates import moment
from fengqiao.doors.outages import outage_of, telling
from fengqiao.ground.refusals import Outage
from fengqiao.kernel.now import now

log = logging.getLogger("fengqiao.face")
LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Trouble:
    """What happened and what to do about it, in whole sentences."""

    happened: str
    why: str
    ways: tuple[str, ...]


def trouble(status: int) -> Trouble:
    """The words for a status; an unknown one gets those of 500."""
    return _TROUBLES.get(status, _broken)()


def error_page(request: HttpRequest, status: int, *, why: str = "") -> HttpResponse:
    """The page for `status`. `why` replaces the usual sentence where the caller knows better."""
    # Hidden and missing must look alike to the byte, so their page carries no number and no time.
    reference = "" if status == 404 else f"E{status}-" + "".join(secrets.choice(LETTERS) for _i in range(4))
    if reference:
        log.info("page %s %s %s", status, reference, request.path)
    words = trouble(status)
    context = {
        "status": status,
        "trouble": words,
        "why": why or words.why,
        "reference": reference,
        "when": moment(now()),
        "staff": request.path.startswith("/desk/"),
    }
    return render(request, "face/error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    if getattr(request, "cut_off", False):
        return error_page(request, 400)
    why = _("The page had been open too long, so we could not tell that the form came from you.")
    return error_page(request, 403, why=why)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 404)


def conflict(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 409)


def too_large(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 413)


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 429)


def server_error(request: HttpRequest) -> HttpResponse:
    """Drawn without asking the database or the session: they may be what broke."""
    problem = sys.exc_info()[1]
    if outage := outage_of(problem) if problem else None:
        return out_of_order(request, outage)
    reference = "E500-" + "".join(secrets.choice(LETTERS) for _i in range(4))
    log.error("page 500 %s %s", reference, request.path)
    words = trouble(500)
    context = {
        "status": 500,
        "trouble": words,
        "why": words.why,
        "reference": reference,
        "when": moment(now()),
        "staff": request.path.startswith("/desk/"),
        "language_tag": "zh-CN",
    }
    return HttpResponse(render_to_string("face/error.html", context), status=500)


def out_of_order(request: HttpRequest, outage: Outage) -> HttpResponse:
    """The page of a full disk or of a database that is away; what was typed is in it and can be sent again."""
    telling.met("The pages", outage)
    response = later(request, 503, _pausing(), why=str(outage), seconds=outage.retry_after)
    response._has_been_logged = True  # type: ignore[attr-defined]  # told once, not with a traceback for each request
    return response


def later(request: HttpRequest, status: int, words: Trouble, *, why: str, seconds: int) -> HttpResponse:
    """A page that asks to wait and keeps what was typed. Drawn without database and session."""
    if request.headers.get("HX-Request"):
        response = HttpResponse(render_to_string("face/later_part.html", {"why": why}), status=status)
    else:
        language = get_language() or settings.LANGUAGE_CODE
        context = {
            "status": status,
            "trouble": words,
            "why": why,
            "typed": typed(request),
            "here": request.path,
            "staff": request.path.startswith("/desk/"),
            "language_tag": TAGS.get(language, language),
            "csrf_token": get_token(request),
        }
        response = HttpResponse(render_to_string("face/later.html", context), status=status)
    response["Retry-After"] = str(seconds)
    response["Cache-Control"] = "no-store"
    return response


def typed(request: HttpRequest) -> list[tuple[str, str]]:
    """What a form brought, to be sent again: not passwords and codes, not files, not the form's own token."""
    secret = getattr(request, "sensitive_post_parameters", ())
    if request.method != "POST" or secret == "__ALL__":  # noqa: S105 - Django's word for all of them
        return []
    try:
        told = [(name, value) for name, values in request.POST.lists() for value in values]
    except (OSError, BadRequest, SuspiciousOperation, MultiPartParserError):
        return []  # it could not be read to its end
    return [(name, str(value)) for name, value in told if name != "csrfmiddlewaretoken" and name not in secret]


def _unclear() -> Trouble:
    return Trouble(
        _("We could not read what was sent"),
        _("Part of it was missing or cut off on the way."),
        (_("Go back one page and send it once more. What you wrote is still there."),),
    )


def _closed() -> Trouble:
    return Trouble(
        _("This page is open to others only"),
        _("Your post does not include it."),
        (_("If your work needs it, ask the administrator of your unit and give the reason."),),
    )


def _missing() -> Trouble:
    return Trouble(
        _("Not found, or not yours to see"),
        _("The number may be mistyped, or it may lie outside what you can see."),
        (_("Check the number and look again. If your work needs it, ask the administrator of your unit."),),
    )


def _changed() -> Trouble:
    return Trouble(
        _("Somebody changed it just now"),
        _("Nothing of yours was saved over it."),
        (_("Go back, look at the newest state, and do it again if it is still needed."),),
    )


def _heavy() -> Trouble:
    return Trouble(
        _("What you sent is too large"),
        _("It was not taken in. What you wrote is still in the form."),
        (_("Go back, choose fewer or smaller files, and send it again."),),
    )


def _often() -> Trouble:
    return Trouble(
        _("Too many tries in a short time"),
        _("We pause for a moment so that nobody can guess other people's codes."),
        (_("Wait a minute, then try again. Nothing is lost."),),
    )


def _pausing() -> Trouble:
    return Trouble(
        _("It cannot be done for a moment"),
        _("What was saved before is still there."),
        (_("Wait a little, then try again. You need not type it a second time."),),
    )


def _broken() -> Trouble:
    return Trouble(
        _("It did not work, and that is our fault"),
        _("What was saved before is still there."),
        (_("Wait a moment and try again. If it happens again, tell the administrator the number below."),),
    )


_TROUBLES = {
    400: _unclear,
    403: _closed,
    404: _missing,
    409: _changed,
    413: _heavy,
    429: _often,
    500: _broken,
}
