"""The API object. A request brings the token of a post; its reading runs in one transaction as that post."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

import orjson
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.security import HttpBearer

from fengqiao.doors.api import problems
from fengqiao.doors.api.problems import Problem
from fengqiao.doors.desk.acting import note_refused_look
from fengqiao.ground import numbers
from fengqiao.ground.refusals import NotThere
from fengqiao.kernel import access
from fengqiao.kernel.models import Post
from fengqiao.offices.accounts import tokens
from fengqiao.offices.papers import papers

P = ParamSpec("P")
JSON = "application/json"
MULTIPART = "multipart/form-data"
MOST_BYTES = 256 * 1024
MOST_FILE_BYTES = papers.LARGEST_BYTES + 64 * 1024
TOKEN_CHARACTERS = 200
KEY = re.compile(r"[!-~]{1,80}")
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


class ActingRequest(HttpRequest):
    """A request whose token belongs to a post in force."""

    auth: Post
    operation: Operation


class Reader(Parser):
    """JSON by orjson: no NaN, no lone surrogates, no second guess."""

    def parse_body(self, request: HttpRequest) -> Any:
        return orjson.loads(request.body)


def check(request: HttpRequest) -> None:
    """What can be refused before the body is read: unknown questions, other media types, too much. Raises Problem."""
    operation = cast(ActingRequest, request).operation
    known = asked_of(operation)
    unknown = [name for name in request.GET if name not in known]
    if unknown:
        errors = [{"pointer": f"/{name}", "detail": _("There is no such parameter.")} for name in unknown]
        raise Problem(422, "unknown_parameter", errors=errors)
    repeated = [name for name, values in request.GET.lists() if len(values) > 1]
    if repeated:
        errors = [{"pointer": f"/{name}", "detail": _("Say it once.")} for name in repeated]
        raise Problem(422, "repeated_parameter", errors=errors)
    if any("\0" in value for value in request.GET.values()):
        raise Problem(422, "invalid")
    if not request.accepts(JSON) and not request.accepts(problems.MEDIA_TYPE):
        raise Problem(406, "not_acceptable")
    if request.method == "POST":
        key = request.headers.get("Idempotency-Key")
        if key is not None and not KEY.fullmatch(key):
            raise Problem(422, "bad_key", _("An Idempotency-Key has 1 to 80 printable characters and no space."))
        _check_body(request, operation)


def _check_body(request: HttpRequest, operation: Operation) -> None:
    if any(model.__ninja_param_source__ == "file" for model in operation.models):
        if _length(request) > MOST_FILE_BYTES:
            raise Problem(413, "too_large")
        if request.content_type != MULTIPART:
            raise Problem(415, "not_multipart", _("Send the file as multipart/form-data."))
        return
    if _length(request) > MOST_BYTES or len(request.body) > MOST_BYTES:
        raise Problem(413, "too_large")
    if request.body and request.content_type != JSON:
        raise Problem(415, "not_json")


def _length(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdecimal() else 0


def asked_of(operation: Operation) -> frozenset[str]:
    """The names of the operation's query parameters."""
    known: frozenset[str] | None = getattr(operation, "asked", None)
    if known is None:
        known = frozenset(
            name
            for model in operation.models
            if model.__ninja_param_source__ == "query"
            for name in getattr(model, "__ninja_flatten_map__", model.model_fields)
        )
        operation.asked = known  # type: ignore[attr-defined]
    return known


class Bearer(HttpBearer):
    """The token of a post: one look-up by its hash."""

    def authenticate(self, request: HttpRequest, token: str) -> Post | None:
        post = tokens.post_of(token) if 0 < len(token) <= TOKEN_CHARACTERS else None
        if post is not None:
            check(request)
        return post


def anyone(request: HttpRequest) -> bool:
    """For the one address without a token: the same checks."""
    check(request)
    return True


def remembering(run: Callable[..., Any]) -> Callable[..., Any]:
    """Let the checks know which operation runs."""
    operation = run.__self__  # type: ignore[attr-defined]

    @wraps(run)
    def door(request: HttpRequest, **kwargs: Any) -> Any:
        request.operation = operation  # type: ignore[attr-defined]
        return run(request, **kwargs)

    return door


def reading(view: Callable[Concatenate[ActingRequest, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """Run a view in one transaction as the post of the token."""

    @wraps(view)
    def page(request: ActingRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        with access.acting_as(request.auth):
            return view(request, *args, **kwargs)

    # The parameters are named in the view's module, not in this one.
    page.__signature__ = inspect.signature(view, eval_str=True)  # type: ignore[attr-defined]
    return page


def answer(body: Any, status: int = 200, *, etag: str = "", links: Iterable[str] = ()) -> HttpResponse:
    """JSON straight from rows: no second validation on the way out."""
    response = HttpResponse(orjson.dumps(body, option=_OPTIONS), status=status, content_type=JSON)
    return _headed(response, etag, links)


def unchanged(etag: str) -> HttpResponse:
    """304: what the client has is what there is."""
    return _headed(HttpResponse(status=304), etag, ())


def has(request: HttpRequest, etag: str) -> bool:
    """Whether the client holds this representation already (If-None-Match)."""
    held = request.headers.get("If-None-Match", "")
    return held.strip() == "*" or etag in [each.strip().removeprefix("W/") for each in held.split(",")]


def _headed(response: HttpResponse, etag: str, links: Iterable[str]) -> HttpResponse:
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Authorization, Accept-Language"
    if etag:
        response["ETag"] = etag
    if joined := ", ".join(links):
        response["Link"] = joined
    return response


def refuse(request: HttpRequest, exception: Exception | type[Exception]) -> HttpResponse:
    """The problem for what was raised; a post of a role without contents that tried to look is noted (A27)."""
    if isinstance(exception, NotThere) and isinstance(getattr(request, "auth", None), Post):
        number = request.resolver_match.kwargs.get("number") if request.resolver_match else None
        if number:
            note_refused_look(cast(ActingRequest, request).auth, _stored(number))
    return problems.of_exception(cast(Exception, exception))


def _stored(number: str) -> str:
    try:
        return numbers.parse(number).display
    except ValueError:
        return ""


def etag_of(version: int) -> str:
    """The ETag of a matter: its version."""
    return f'"{version}"'


api = NinjaAPI(
    title="Fengqiao",
    version="1",
    description="One platform for grassroots governance in a county-level city, its towns and its villages.",
    auth=Bearer(),
    parser=Reader(),
    openapi_url=None,
    docs_url=None,
    urls_namespace="api",
)
api.add_decorator(remembering, mode="view")
for _handled in (Exception, ValidationError, HttpError, Http404):
    api.add_exception_handler(_handled, refuse)

__all__ = ["JSON", "ActingRequest", "answer", "api", "reading"]
