"""Two kinds of matter for tests of the kernel alone: a place range opens an `event` and never a `petition`."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from fengqiao.ground import numbers
from fengqiao.kernel import archive, domain, handle, journal, places
from fengqiao.kernel.access import Acting
from fengqiao.kernel.docket import Docket, docket
from fengqiao.kernel.domain import OPEN, STAYS, Domain, Keep, Move, Opens, State, TaskKind
from fengqiao.kernel.forms import Form, Words
from fengqiao.kernel.models import Matter
from fengqiao.kernel.now import now

_serial = count(1)
MOVES_BY_PLACE = {"command_room": "place_desk", "village_member": "place_reader", "hotline_agent": "office"}


class Remark(Form):
    text = Words()


def close(book: Docket, matter: Matter) -> None:
    book.finish(matter)
    book.stop(matter, outcome="cancelled")
    handle.move(book, matter, "close")


def begin(book: Docket, matter: Matter) -> None:
    handle.move(book, matter, "begin")


def _domain(key: str, rights: dict[str, str]) -> Domain:
    return Domain(
        key=key,
        label=key,
        intake=Form,
        admit=lambda book, matter, receipt: None,
        states=(
            State("open", "open", "open", no_clock="a test", step=1),
            State("begun", "begun", "begun", no_clock="a test", step=2),
            State("done", "done", "done", step=6, final=True),
        ),
        moves=(
            Move("remark", "remark", OPEN, STAYS, ("lead", "co", "office"), handle.remark, "to write", Remark),
            Move("begin", "begin", ("open",), ("begun",), ("lead", "handler", "place_desk"), begin, "to begin"),
            Move("close", "close", ("open", "begun"), ("done",), ("lead", "handler", "system"), close, "to end"),
            Move("archive", "archive", ("done",), STAYS, ("system", "office"), archive.archive, "to keep"),
        ),
        task_kinds=(TaskKind("handle", "handle", "working"), TaskKind("take", "take", "new")),
        start="open",
        place_rights=rights,
        opens={"lead": Opens(), "co": Opens(identity=False), "office": Opens()},
        keep=Keep(2, "a test"),
    )


EVENT, PETITION = _domain("event", MOVES_BY_PLACE), _domain("petition", {})


def stand_in(monkeypatch: Any) -> None:
    """Let the two kinds be registered for one test, whatever is registered besides."""
    for each in (EVENT, PETITION):
        assert not list(domain._faults(each))
        monkeypatch.setitem(domain._DOMAINS, each.key, each)
        monkeypatch.setitem(domain._STATES, each.key, {state.key: state for state in each.states})
        monkeypatch.setitem(domain._MOVES, each.key, {move.key: move for move in each.moves})


def a_matter(
    by: Acting,
    *,
    kind: str = "event",
    content: str = "村口的路灯坏了一个星期。",
    at: datetime | None = None,
    related: dict[str, Any] | None = None,
    **fields: Any,
) -> Matter:
    """A matter with its first event and text, made in a docket as intake makes it."""
    at = at or now()
    pk = numbers.new_id()
    place = fields.pop("place", None) or places.city()
    number = numbers.compose(kind, at.year, numbers.town_of(kind, place), next(_serial) % 1_000_000)
    with docket(by, hand=[pk]) as book:
        matter = Matter(
            pk=pk,
            number=number.display,
            kind=kind,
            state="open",
            place_id=place,
            opened_at=at,
            opened_year=at.year,
            last_at=at,
            version=0,
            head=journal.START,
            **{"title": "路灯不亮", "channel": "window", **fields},
        )
        book.open(matter)
        text = book.text(matter, "content", content, visibility="parties")
        book.event(matter, "matter.received", texts=[text], at=at)
        for word, whose in (related or {}).items():
            book.relate(matter, word, **whose)
    return matter
