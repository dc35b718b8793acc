"""我的待办: what this post has to do, least time left first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from fengqiao.doors.desk import clocks
from fengqiao.doors.desk.acting import ActingRequest, acting
from fengqiao.doors.face.parts import Light, Pager, Tab
from fengqiao.doors.lists import worklist
from fengqiao.ground import numbers
from fengqiao.kernel import domain
from fengqiao.offices.letters import outbox

PAGE = 20
DUE = ("overdue", "today", "soon")
LAST_PAGE = 50
NOTICES = 50
TASKS = {
    "dispatch": gettext_lazy("Dispatch"),
    "take": gettext_lazy("Take"),
    "handle": gettext_lazy("Work on it and answer"),
    "start": gettext_lazy("Do again"),
    "assist": gettext_lazy("Give our part"),
    "settle_return": gettext_lazy("Rule on the return"),
    "check_subject": gettext_lazy("Say who is meant"),
    "call_back": gettext_lazy("Call back"),
    "close": gettext_lazy("Close"),
    "answer_supervision": gettext_lazy("Answer the supervision"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    task: worklist.Work
    href: str
    kind: Any
    state: Any
    next: Any
    light: Light | None
    done: int
    steps: int


@require_GET
@acting
def page(request: ActingRequest) -> HttpResponse:
    """The list, 20 a page, with its tally."""
    wanted = request.GET.get("due", "")
    wanted = wanted if wanted in DUE else ""
    number = min(max(_whole(request.GET.get("page", "1")), 1), LAST_PAGE)
    tasks = worklist.page(request.post, due=wanted, limit=PAGE + 1, offset=(number - 1) * PAGE)
    tally = worklist.tally(request.post)
    return render(
        request,
        "desk/worklist.html",
        {
            "rows": rows_of(tasks[:PAGE]),
            "tally": tally,
            "tabs": _tabs(tally, wanted),
            "pager": _pager(tasks, number, wanted, tally),
        },
    )


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else 1


def rows_of(tasks: list[worklist.Work]) -> list[Row]:
    """The lines of these tasks, with the nearest limit of each matter."""
    running = worklist.clocks_of({task.matter.id for task in tasks})
    return [_row(task, clocks.light_of(running.get(task.matter.id, []))) for task in tasks]


def _row(task: worklist.Work, light: Light | None) -> Row:
    matter = task.matter
    declared = domain.get(matter.kind)
    state = declared.state(matter.state)
    return Row(
        task=task,
        href=matter_address(matter.number),
        kind=declared.label,
        state=state.label,
        next=TASKS.get(task.kind, task.kind),
        light=light,
        done=max(state.step - 1, 0),
        steps=max(each.step for each in declared.states),
    )


def _tabs(tally: dict[str, int], wanted: str) -> list[Tab]:
    labels = {
        "": (_("All tasks"), "total"),
        "overdue": (_("Overdue"), "overdue"),
        "today": (_("Due today"), "today"),
        "soon": (_("Due soon"), "soon"),
    }
    return [
        Tab(label, f"?{urlencode({'due': key})}" if key else "?", worklist.shown(tally[name]), key == wanted)
        for key, (label, name) in labels.items()
    ]


def _pager(tasks: list[worklist.Work], number: int, wanted: str, tally: dict[str, int]) -> Pager:
    def to(page: int) -> str:
        return "?" + urlencode({**({"due": wanted} if wanted else {}), "page": page})

    return Pager(
        shown=min(len(tasks), PAGE),
        total=worklist.shown(tally[wanted or "total"]),
        previous=to(number - 1) if number > 1 else "",
        following=to(number + 1) if len(tasks) > PAGE and number < LAST_PAGE else "",
    )


@require_GET
@acting
def notices(request: ActingRequest) -> HttpResponse:
    """What the platform tells this post; opening the page marks it as read."""
    rows = list(outbox.notices(request.post).select_related("matter")[:NOTICES])
    outbox.mark_read(request.post, [row.pk for row in rows if row.read_at is None])
    lines = [
        (outbox.sentence(row.template), row.made_at, matter_address(row.matter.number) if row.matter else "")
        for row in rows
    ]
    return render(request, "desk/notices.html", {"rows": lines})


def matter_address(number: str) -> str:
    """Where the page of the matter with this number is."""
    return _address().replace(_ANY, numbers.parse(number).slug)


_ANY = "R0000-000-0000000"


@cache
def _address() -> str:
    return reverse("desk:matter", args=[_ANY])
