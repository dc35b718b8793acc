"""Every address of the program, walked from its own list, and a world in which each of them has something to show."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from fengqiao.doors.api import urls
from fengqiao.ground import numbers
from fengqiao.kernel.intake import Told
from fengqiao.kernel.models import Document, Matter, Person, Source
from fengqiao.kernel.now import now
from fengqiao.offices.accounts import terms, tokens
from fengqiao.offices.reviews import give
from tests import cast as players
from tests.accounts.entering import enter
from tests.api.caller import told
from tests.hotline.order import build, kept

assert urls.urlpatterns, "the addresses are registered when they are imported"
NOBODYS = UUID("00000000-0000-7000-8000-000000000000")
# Besides what the list of addresses says: what no address takes, and a file that the web server gives.
MORE = ("nowhere/at/all/", "static/face/app.css")
API = "api/v1/"
PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
TEXT = "路灯已修好，现场照片另附。".encode()
# What each address is told; the others get an empty form.
BODIES: dict[str, dict[str, Any]] = {
    "matters": told(),
    "matters/<number>/actions/<action>": {"text": "记一笔。"},
    "matters/<number>/people/<person>/reveal": {"reason": "回电核实"},
    "progress": {"code": "000000000000", "phone_tail": "5678"},
    "reviews/<review>/call": {"reached": True},
    "reviews/<review>/correction": {"answer": "已经上门道歉。"},
    "reviews/comments/<comment>/appeal": {"reason": "是假的。"},
    "reviews/appeals/<appeal>/decision": {"upheld": True, "ruling": "是的。"},
    "desk/matters/<str:number>/do/<str:action>/": {"text": "记一笔。"},
    "desk/matters/<str:number>/people/<str:person>/": {"reason": "回电核实"},
    "desk/views/": {"name": "今日到期", "query": "?due=today"},
    "desk/reviews/<uuid:pk>/<str:what>/": {"answer": "已经上门道歉。"},
}


def every() -> Iterator[str]:
    """The routes as they are declared, such as `desk/matters/<str:number>/`."""
    yield from dict.fromkeys([*_routes(get_resolver().url_patterns), *MORE])


def _routes(patterns: Any, before: str = "") -> Iterator[str]:
    for each in patterns:
        route = before + str(each.pattern).replace("^.*$", "nothing-of-the-kind")
        if isinstance(each, URLResolver):
            yield from _routes(each.url_patterns, route)
        elif isinstance(each, URLPattern):
            yield route


def parameters(route: str) -> set[str]:
    """The names of its parameters."""
    return {name for _converter, name in PARAMETER.findall(route)}


def filled(route: str, values: dict[str, str]) -> str:
    """The address of a route. A parameter that has no value here is a hole: KeyError names it."""
    # A number is that of a passkey; nobody here has one.
    return "/" + PARAMETER.sub(lambda found: "0" if found[1] == "int" else values[found[2]], route)


@dataclass
class World:
    """The cast with some more, and an order of which Feng's unit is complained of: all that an address can name."""

    cast: Any
    order: Matter
    values: dict[str, str] = field(default_factory=dict)


def world() -> World:
    """An order at Wang's village, led by the water department and answered; Feng, Pan and Ren may not know of it.

    Pan, at the hotline now, left the housing department a hundred days ago; Ren is kept away by name. Gone's post is
    over. Nobody else is new.
    """
    cast = build()
    add_people(cast)
    order = complaint(cast)
    return World(cast, order, values_of(order))


def add_people(cast: Any) -> None:
    account = players.an_account("pan")
    longer, left = now() - timedelta(days=200), now() - timedelta(days=100)
    players.appoint(cast.units["housing"], "unit_handler", account=account, since=longer, until=left)
    cast.posts["pan"] = players.appoint(cast.units["hotline"], "hotline_agent", account=account)
    cast.posts["ren"] = players.appoint(cast.units["water"], "unit_handler", username="ren")
    cast.posts["gone"] = players.appoint(cast.units["hotline"], "hotline_supervisor", username="gone", since=longer)
    terms.end_post(cast.posts["gone"])
    cast.posts["gone"].refresh_from_db()


def complaint(cast: Any, **more: Any) -> Matter:
    """Complains of the housing department and, found out later, of Ren."""
    from fengqiao.kernel import route
    from fengqiao.kernel.access import READ
    from fengqiao.kernel.docket import docket

    order = players.an_order(cast.chen, told=(Told(unit=cast.units["housing"].pk),), **more)
    players.do(cast.chen, "hotline.dispatch", order, unit="water")
    with docket(cast.sun) as book:
        route.exclude(book, book.take(READ, pk=order.pk), [], [cast.ren.account_id])
    players.do(cast.li, "hotline.take", order)
    slug = numbers.parse(order.number).slug
    sent = {"title": "处理记录", "file": SimpleUploadedFile("记录.txt", TEXT, content_type="text/plain")}
    added = Client().post(f"/api/v1/matters/{slug}/documents", sent, headers=_bearer(cast.li))
    assert added.status_code == 201, added.content
    players.do(cast.li, "hotline.reply", order, text="已经换好，请放心。", solved="yes")
    give.give(kept(lambda: Source.objects.get(matter=order)), "poor", "等了三天没人来。", call_back=True)
    return order


def values_of(order: Matter | None, number: str = "") -> dict[str, str]:
    """What the parameters of addresses stand for: an order's own, or a number and ids that there are not."""
    from fengqiao.offices.reviews.models import Review

    def first(model: Any, **which: Any) -> str:
        found = kept(lambda: model.objects.filter(**which).values_list("pk", flat=True).first()) if order else None
        return str(found or NOBODYS)

    review = first(Review, matter=order)
    return {
        "number": numbers.parse(order.number if order else number).slug,
        "person": first(Person, matter=order),
        "document": first(Document, matter=order),
        "review": review,
        "pk": review,
        "comment": str(NOBODYS),
        "appeal": str(NOBODYS),
        "action": "remark",
        "what": "right",
        "id": "K-301a",
    }


@dataclass
class Visitor:
    """Somebody with a browser at his desk and a program with his token; nobody has neither."""

    post: Any = None
    browser: Any = None

    def __post_init__(self) -> None:
        self.browser = Client(raise_request_exception=False, HTTP_ACCEPT_LANGUAGE="en")
        if self.post is not None:
            enter(self.browser, self.post)
        self.bearer = _bearer(self.post) if self.post is not None else {}

    def asks(self, method: str, route: str, values: dict[str, str], body: dict[str, Any] | None = None) -> Any:
        """The answer of an address, told what stands in BODIES unless another body is given. He stays signed in."""
        before = copy(self.browser.cookies)
        try:
            return self._asks(method, route, values, body)
        finally:
            self.browser.cookies = before

    def _asks(self, method: str, route: str, values: dict[str, str], body: dict[str, Any] | None) -> Any:
        address, ask = filled(route, values), getattr(self.browser, method.lower())
        inside = route.removeprefix(API)
        body = BODIES.get(inside, {}) if body is None else body
        if not route.startswith(API):
            return ask(address, body if method == "POST" else {})
        if method == "GET":
            return ask(address, headers=self.bearer)
        if inside == "matters/<number>/documents":
            sent = {"title": "照片", "file": SimpleUploadedFile("a.txt", TEXT, content_type="text/plain")}
            return ask(address, sent, headers=self.bearer)
        return ask(address, json.dumps(body), content_type="application/json", headers=self.bearer)


def _bearer(post: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.make(post)}"}
