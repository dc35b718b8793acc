"""One order in every state, and what tests ask about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from fengqiao.ground.refusals import Refused
from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.kernel.models import Clock, Event, Matter, Message, Place, Source, Subject, Task, Text
from fengqiao.kernel.now import HERE, at
from fengqiao.offices.accounts import terms
from fengqiao.offices.knowledge import library
from tests import cast as players
from tests.cast import Cast

MONDAY = datetime(2026, 9, 7, 9, tzinfo=HERE)
KEEPER = SystemPost("keeper")
DEMAND = {"ground": "dissatisfied", "act": "visit", "demand": "请到现场查看，书面答复群众。", "days": 5}


def build() -> Cast:
    """The cast with the city government's desk and those who keep the knowledge base."""
    made = players.build()
    city = Place.objects.get(level="city")
    made.units["government"] = terms.open_unit(key="government", name="市政府办", kind="city_government", place=city)
    made.units["justice"] = terms.open_unit(key="justice", name="市司法局", kind="justice_bureau", place=city)
    for name, unit, role in (
        ("gu", "government", "hotline_supervisor"),
        ("lawyer", "justice", "lawyer"),
        ("justice", "justice", "justice_office"),
    ):
        made.posts[name] = players.appoint(made.units[unit], role, username=name)
    return made


@contextmanager
def later(**more: float) -> Iterator[None]:
    """So long after Monday."""
    with at(MONDAY + timedelta(**more)):
        yield


def told(cast: Cast, **more: Any) -> Matter:
    """Wang's order as Chen took it down."""
    return players.an_order(cast.chen, **more)


def do(by: Any, action: str, matter: Matter, **data: Any) -> Matter:
    return players.do(by, f"hotline.{action}", matter, **data)


def refused(by: Any, action: str, matter: Matter, **data: Any) -> Refused:
    """How the action is refused."""
    with pytest.raises(Refused) as caught:
        do(by, action, matter, **data)
    return caught.value


def kept(query: Callable[[], Any]) -> Any:
    """What the program's keeper reads."""
    with acting_as(KEEPER):
        return query()


def fresh(matter: Matter) -> Matter:
    found: Matter = kept(lambda: Matter.objects.select_related("hotline_order", "lead_unit").get(pk=matter.pk))
    return found


def state(matter: Matter) -> str:
    return fresh(matter).state


def events(matter: Matter) -> list[str]:
    """The journal of the matter, oldest first."""
    rows = Event.objects.filter(stream=str(matter.pk)).order_by("seq")
    return list(kept(lambda: list(rows.values_list("kind", flat=True))))


def event(matter: Matter, kind: str) -> Event:
    """The last line of that kind."""
    found: Event = kept(lambda: Event.objects.filter(stream=str(matter.pk), kind=kind).order_by("-seq")[0])
    return found


def tasks(matter: Matter) -> dict[str, str]:
    """Open tasks: what, and whose."""
    rows = Task.objects.filter(matter=matter, done_at=None)
    return dict(kept(lambda: list(rows.values_list("kind", "unit__key"))))


def clocks(matter: Matter, rule: str, **which: Any) -> list[Clock]:
    return list(kept(lambda: list(Clock.objects.filter(matter=matter, rule=rule, **which).order_by("started_at"))))


def messages(matter: Matter) -> list[tuple[str, str]]:
    """Ways and templates of what leaves or lies on desks."""
    rows = Message.objects.filter(matter=matter, cancelled_at=None)
    return sorted(kept(lambda: list(rows.values_list("way", "template"))))


def text(matter: Matter, kind: str) -> Text:
    found: Text = kept(lambda: Text.objects.filter(matter=matter, kind=kind).order_by("-at", "-pk")[0])
    return found


def source(matter: Matter) -> Source:
    found: Source = kept(lambda: Source.objects.filter(matter=matter).order_by("pk")[0])
    return found


def subject(matter: Matter) -> Subject:
    found: Subject = kept(lambda: Subject.objects.get(matter=matter, resolved_at=None))
    return found


def person(matter: Matter) -> SystemPost:
    """The person of the order, through the portal."""
    return SystemPost("portal", source=source(matter).pk)


def published(cast: Cast, **more: Any) -> Any:
    """The version of a published item of the knowledge base."""
    words = {"question": "新生儿医保怎么办？", "answer": "出生后九十天内到镇便民中心登记，当天生效。"}
    item = library.draft(cast.chen, **{**words, **more})
    library.check_law(cast.lawyer, item.pk)
    return library.publish(cast.justice, item.pk).pk


REACHED = {"reached": True, "solved": "yes", "grade": "good"}
WAY: dict[str, Callable[[Cast, Matter], Any]] = {
    "dispatched": lambda cast, matter: do(cast.chen, "dispatch", matter, unit="water", co_units=["housing"]),
    "return_asked": lambda cast, matter: do(cast.li, "ask_return", matter, reason="按职责清单不属我局。"),
    "taken": lambda cast, matter: do(cast.li, "take", matter),
    "in_progress": lambda cast, matter: do(cast.li, "start", matter),
    "replied": lambda cast, matter: do(cast.li, "reply", matter, text="路灯已经修好。", solved="yes"),
    "called_back": lambda cast, matter: do(cast.chen, "call_back", matter, **REACHED),
    "redo": lambda cast, matter: do(cast.chen, "redo", matter, ground="not_done", note="还是不亮。"),
    "closed": lambda cast, matter: do(cast.chen, "close", matter),
    "answered": lambda cast, matter: do(cast.chen, "answer_now", matter, version=str(published(cast))),
    "not_accepted": lambda cast, matter: do(
        cast.chen, "not_accept", matter, reason="litigation", way="已在法院审理，请向承办法官了解。"
    ),
    "handed_over": lambda cast, matter: do(cast.chen, "hand_over", matter, to="119"),
    "withdrawn": lambda cast, matter: do(person(matter), "withdraw", matter),
}
ROADS = {
    "received": (),
    "dispatched": ("dispatched",),
    "return_asked": ("dispatched", "return_asked"),
    "taken": ("dispatched", "taken"),
    "in_progress": ("dispatched", "taken", "in_progress"),
    "replied": ("dispatched", "taken", "replied"),
    "called_back": ("dispatched", "taken", "replied", "called_back"),
    "redo": ("dispatched", "taken", "replied", "redo"),
    "closed": ("dispatched", "taken", "replied", "called_back", "closed"),
    "answered": ("answered",),
    "not_accepted": ("not_accepted",),
    "handed_over": ("handed_over",),
    "withdrawn": ("withdrawn",),
}


def brought_to(cast: Cast, where: str, **more: Any) -> Matter:
    """An order that went the usual way to that state; led by the water department, housing assists, Li handles."""
    matter = told(cast, **more)
    for step in ROADS[where]:
        WAY[step](cast, matter)
    return fresh(matter)
