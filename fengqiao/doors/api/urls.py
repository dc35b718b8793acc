"""Every address of the API. What is no address is a problem too, never a page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path

# Importing the modules registers their addresses.
from fengqiao.doors.api import (  # noqa: F401
    actions,
    description,
    desk,
    documents,
    intake,
    listing,
    matters,
    progress,
    reviews,
)
from fengqiao.doors.api.api import api
from fengqiao.doors.api.problems import at_the_edge, problem


def no_address(request: HttpRequest) -> HttpResponse:
    """There is nothing here."""
    return problem(404, "no_such_address")


def _edged(pattern: URLPattern) -> URLPattern:
    pattern.callback = at_the_edge(pattern.callback)
    return pattern


app_name = "api"
urlpatterns = [
    path("openapi.json", at_the_edge(description.openapi_json), name="openapi"),
    path("docs", at_the_edge(description.docs), name="docs"),
    *(_edged(each) for each in api.urls[0] if isinstance(each, URLPattern) and each.name != "api-root"),
    re_path(r"^.*$", at_the_edge(no_address)),
]
