"""What the worklist is narrowed by, as the address says it: read, written, and offered as filters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from fengqiao.doors.face.parts import Choice, Tab, Tallied
from fengqiao.doors.lists import places, worklist
from fengqiao.doors.lists.worklist import DUE, Narrowed, Tally
from fengqiao.ground import codes
from fengqiao.kernel import domain
from fengqiao.kernel.models import Post

STAGES = {
    "new": gettext_lazy("To take up"),
    "working": gettext_lazy("Being handled"),
    "answer": gettext_lazy("To answer"),
    "calling": gettext_lazy("To call back"),
    "closing": gettext_lazy("To close"),
}
DUE_WORDS = {
    "overdue": gettext_lazy("overdue"),
    "today": gettext_lazy("due today"),
    "soon": gettext_lazy("due soon"),
    "paused": gettext_lazy("stopped"),
}
# A tally is dressed like the light it counts.
DRESS = {"overdue": "is-over", "today": "is-today", "soon": "is-soon", "paused": ""}
WORDS = frozenset(field.name for field in fields(Narrowed)) - {"mine"}
LONGEST = 20


def read(told: QueryDict) -> Narrowed:
    """What the address asks for. What it does not know, it leaves out."""
    found = {name: value for name in WORDS if (value := told.get(name, "")) and _known(name, value)}
    return Narrowed(**found, mine=told.get("mine") == "1")


def _known(name: str, value: str) -> bool:
    if name == "place":
        return value.isascii() and value.isdigit() and len(value) <= LONGEST
    known: dict[str, Any] = {"due": DUE, "stage": STAGES, "kind": {each.key for each in domain.every()}}
    return value in known[name] if name in known else value in {code.key for code in codes.table(name)}


def written(narrowed: Narrowed, **more: Any) -> str:
    """The address of that view: `?…`, with `more` behind it."""
    told = {name: value for name, value in asdict(narrowed).items() if value and name != "mine"}
    asked = urlencode({**told, **({"mine": 1} if narrowed.mine else {}), **more})
    return f"?{asked}"


def tabs(narrowed: Narrowed, tally: Tally) -> list[Tab]:
    """All tasks, then one tab a stage."""
    first = Tab(
        pgettext("tasks", "All"), written(replace(narrowed, stage="")), tally.shown(tally.total), not narrowed.stage
    )
    rest = (
        Tab(str(STAGES[stage]), written(replace(narrowed, stage=stage)), tally.shown(count), stage == narrowed.stage)
        for stage, count in tally.stages.items()
    )
    return [first, *rest]


def tallied(narrowed: Narrowed, tally: Tally) -> list[Tallied]:
    """What is due, each a filter; pressing the one that is on takes it off."""
    return [
        Tallied(
            tally.shown(count),
            str(DUE_WORDS[due]),
            written(replace(narrowed, due="" if due == narrowed.due else due)),
            DRESS[due] if count else "",
            due == narrowed.due,
        )
        for due, count in tally.due.items()
    ]


def selects(narrowed: Narrowed, post: Post) -> list[Choice]:
    """The filters that can make a difference to this post."""
    language = get_language() or "zh-hans"
    kinds = [(each.key, str(each.label)) for each in domain.every()]
    channels = [(code.key, code.label(language)) for code in codes.table("channel")]
    found = (
        Choice("kind", _("Kind"), _("every kind"), kinds, narrowed.kind),
        Choice("place", _("Place"), _("every place"), places.parts_of(post.unit.place), narrowed.place),
        Choice("channel", _("Channel"), _("every channel"), channels, narrowed.channel),
    )
    return [choice for choice in found if len(choice.options) > 1]


def hidden(narrowed: Narrowed) -> Iterator[tuple[str, str]]:
    """What the form of filters carries along because it does not ask for it."""
    for name in ("due", "stage"):
        if value := getattr(narrowed, name):
            yield name, value


def words(narrowed: Narrowed) -> str:
    """The view in words, for the name that is proposed when it is saved."""
    language = get_language() or "zh-hans"
    found = [
        DUE_WORDS.get(narrowed.due),
        STAGES.get(narrowed.stage),
        codes.get("channel", narrowed.channel).label(language) if narrowed.channel else None,
        _("mine") if narrowed.mine else None,
    ]
    return " · ".join(str(word) for word in found if word)


def nothing_asked(narrowed: Narrowed) -> bool:
    """Whether this is the whole list."""
    return narrowed == worklist.Narrowed()
