"""The OpenAPI 3.1 document: ninja's own, with one body for each kind and action and every problem that may come."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe

from fengqiao.doors.api import api as doors_api
from fengqiao.doors.api import problems
from fengqiao.doors.api.schemas import ProblemDetails
from fengqiao.ground import codes
from fengqiao.kernel import domain, forms

MATTERS, ACT = "/api/v1/matters", "/api/v1/matters/{number}/actions/{action}"
PROBLEM = {"$ref": "#/components/schemas/ProblemDetails"}
ALWAYS = (405, 406, 422, 500, 503)
NUMBER = {
    "type": "string",
    "description": "The number in any spelling, such as R2026-000-0418729.",
    "maxLength": 40,
    "pattern": r"^[^/]+$",
}
REPEATABLE = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same request under the same key is done once and answered alike, for 48 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 80, "pattern": r"^[!-~]+$"},
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of the matter as it was read; 412 when somebody changed it meanwhile.",
    "schema": {"type": "string", "pattern": r'^(\*|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*)$'},
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag that is held already; 304 when nothing changed.",
    "schema": {"type": "string"},
}
WITH_ETAG = ("read_matter", "list_places")
ETAG = {"ETag": {"description": "The version of what was given.", "schema": {"type": "string"}}}
LOCATION = {"Location": {"description": "Its address.", "schema": {"type": "string"}}}
LINK = {"Link": {"description": "RFC 8288: where the list goes on.", "schema": {"type": "string"}}}
RETRY = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}}}
CHALLENGE = {"WWW-Authenticate": {"description": "Bearer.", "schema": {"type": "string"}}}


@cache
def document(language: str) -> dict[str, Any]:
    """The whole description, in a language."""
    with translation.override(language):
        described: dict[str, Any] = copy.deepcopy(dict(doors_api.api.get_openapi_schema(path_prefix="/api/v1/")))
        schemas = described["components"]["schemas"]
        schemas["ProblemDetails"] = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schemas["ProblemDetails"].pop("$defs", {}))
        _describe_intake(described)
        described["paths"] |= dict(_actions(described["paths"].pop(ACT)))
        for path, operations in described["paths"].items():
            for method, operation in operations.items():
                _complete(path, method, operation)
        described["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
        described.pop("servers", None)
    return described


def _describe_intake(described: dict[str, Any]) -> None:
    """One body for each kind: its categories, and its intake form under `data`."""
    base = described["components"]["schemas"].pop("NewMatter")
    bodies = []
    for declared in domain.every():
        body = copy.deepcopy(base)
        name = f"New_{declared.key}"
        body["title"] = str(declared.label)
        properties = body["properties"]
        properties["kind"] = {"const": declared.key, "type": "string"}
        properties["data"] = forms.schema(declared.intake)
        if declared.categories:
            properties["category"] = {"anyOf": [{"enum": list(codes.keys(declared.categories))}, {"type": "null"}]}
        if properties["data"]["required"]:
            body["required"] = [*body["required"], "data"]
        described["components"]["schemas"][name] = body
        bodies.append({"$ref": f"#/components/schemas/{name}"})
    content = {"application/json": {"schema": bodies[0] if len(bodies) == 1 else {"oneOf": bodies}}}
    described["paths"][MATTERS]["post"]["requestBody"] = {"required": True, "content": content}


def _actions(generic: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """One address for each action, in the shape of the one that serves them all."""
    keys = dict.fromkeys(move.key for declared in domain.every() for move in declared.moves)
    for key in keys:
        operation = copy.deepcopy(generic["post"])
        moves = [(each, move) for each in domain.every() for move in each.moves if move.key == key]
        operation["operationId"] = f"act_{key}"
        operation["summary"] = str(moves[0][1].label)
        operation["description"] = "\n".join(
            f"{declared.label}: {move.why}." + (f" ({move.law})" if move.law else "") for declared, move in moves
        )
        operation["parameters"] = [each for each in operation["parameters"] if each["name"] != "action"]
        bodies = [forms.schema(move.form) for _declared, move in moves]
        schema = bodies[0] if len(bodies) == 1 else {"anyOf": bodies}
        operation["requestBody"] = {
            "required": any(body.get("required") for body in bodies),
            "content": {"application/json": {"schema": schema}},
        }
        yield ACT.replace("{action}", key), {"post": operation}


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    parameters = operation.setdefault("parameters", [])
    for parameter in parameters:
        if parameter["in"] == "path" and parameter["name"] == "number":
            parameter["schema"] = NUMBER
        elif parameter["in"] == "path" and parameter["schema"].get("format") != "uuid":
            parameter["schema"] = {"type": "string", "minLength": 1, "maxLength": 40, "pattern": r"^[^/]+$"}
    parameters += _headers(path, method, operation)
    responses = operation["responses"] = {str(status): each for status, each in operation["responses"].items()}
    for status in _statuses(path, method, operation):
        responses[str(status)] = _problem(status)
    _describe_headers(operation, responses)


def _headers(path: str, method: str, operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if method == "post":
        yield REPEATABLE
    if "/actions/" in path:
        yield IF_MATCH
    if operation["operationId"] in WITH_ETAG:
        yield IF_NONE_MATCH


def _describe_headers(operation: dict[str, Any], responses: dict[str, Any]) -> None:
    name = operation["operationId"]
    if name in WITH_ETAG:
        responses["304"] = {"description": "Nothing changed.", "headers": ETAG}
        responses["200"]["headers"] = ETAG
    if name.startswith("act_") or name == "list_actions":
        responses["200"]["headers"] = ETAG
    if "201" in responses:
        responses["201"]["headers"] = LOCATION | (ETAG if name == "register" else {})
    if name in ("list_matters", "list_events", "worklist"):
        responses["200"]["headers"] = LINK


def _statuses(path: str, method: str, operation: dict[str, Any]) -> set[int]:
    found = set(ALWAYS)
    if operation["operationId"] == "progress":
        return found | {400, 404, 413, 415, 429, 507}
    found.add(401)
    if "{" in path:
        found.add(404)
    if method == "post":
        found |= {400, 403, 409, 413, 415, 507}
    if "/actions/" in path:
        found.add(412)
    if "/documents" in path or path.endswith(("/reveal", "/contact")):
        found.add(410)
    return found


def _problem(status: int) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": str(problems.title(status)),
        "content": {problems.MEDIA_TYPE: {"schema": PROBLEM}},
    }
    headers = {401: CHALLENGE, 429: RETRY, 503: RETRY, 507: RETRY}.get(status)
    return described | ({"headers": headers} if headers else {})


@require_safe
def openapi_json(request: HttpRequest) -> HttpResponse:
    """The description, in the reader's language."""
    described = document(translation.get_language() or "zh-hans")
    response = HttpResponse(orjson.dumps(described), content_type="application/json")
    response["Vary"] = "Accept-Language"
    return response


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """A page that lists every address, read from the description; no script, nothing from elsewhere."""
    described = document(translation.get_language() or "zh-hans")
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            tag = operation.get("tags", ["other"])[0]
            groups.setdefault(tag, []).append(_line(path, method, operation))
    return render(request, "api/docs.html", {"groups": groups, "staff": True})


def _line(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    bodies = operation.get("requestBody", {}).get("content", {})
    schema = next(iter(bodies.values()))["schema"] if bodies else None
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "description": operation.get("description", ""),
        "parameters": [each for each in operation["parameters"] if each["in"] != "path"],
        "body": orjson.dumps(schema, option=orjson.OPT_INDENT_2).decode() if schema else "",
        "statuses": ", ".join(sorted(operation["responses"])),
        "public": "security" not in operation,
    }
