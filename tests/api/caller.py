"""A program that calls the API with the token of a post."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from fengqiao.ground.numbers import parse
from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.kernel.models import Matter, Post
from fengqiao.offices.accounts import tokens

ROOT = "/api/v1"
TOLD: dict[str, Any] = {
    "kind": "hotline",
    "title": "路灯不亮",
    "content": "示例一村村口的路灯坏了一个星期，晚上老人走路看不见。",
    "place": "330681901201",
    "channel": "12345",
    "parties": [{"role": "applicant", "name": "王小示", "phone": "10012345678"}],
    "data": {"nature": "help"},
}


class Caller:
    """`get` and `post` below `/api/v1`, with what every answer must keep."""

    def __init__(self, post: Post | None, token: str = "") -> None:
        self.client = Client(raise_request_exception=False)
        self.token = tokens.make(post) if post else token

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> HttpResponse:
        return self._checked(self.client.get(ROOT + path, query or {}, headers=self._headers(headers)))

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        data = body if isinstance(body, bytes | str) else json.dumps(body if body is not None else {})
        kind = headers.pop("Content_Type", "application/json")
        return self._checked(
            self.client.post(ROOT + path, data=data, content_type=kind, headers=self._headers(headers))
        )

    def send(self, path: str, fields: dict[str, Any], **headers: str) -> HttpResponse:
        """A form with files."""
        return self._checked(self.client.post(ROOT + path, data=fields, headers=self._headers(headers)))

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        own = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return own | {name.replace("_", "-"): value for name, value in more.items()}

    def _checked(self, answer: Any) -> HttpResponse:
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/problem+json", answer.content[:300]
            problem = answer.json()
            assert {"type", "title", "status", "detail", "code", "errors"} <= set(problem)
            assert problem["status"] == answer.status_code
        found: HttpResponse = answer
        return found


def told(**more: Any) -> dict[str, Any]:
    """Wang's call about the street lamp as a body, unless said otherwise."""
    return {**TOLD, **more}


def path_of(matter: Matter, rest: str = "") -> str:
    """`/matters/R…` and what follows."""
    return f"/matters/{parse(matter.number).slug}{rest}"


def pointers(answer: Any) -> list[str]:
    """The places that a problem names."""
    return [error["pointer"] for error in answer.json()["errors"]]


def how_many() -> int:
    """All matters that there are."""
    with acting_as(SystemPost("keeper")):
        return Matter.objects.count()
