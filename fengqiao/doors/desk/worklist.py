"""我的待办: what this post has to do, least time left first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from fengqiao.doors.desk import clocks, narrowing, paging, sayings, views
from fengqiao.doors.desk.acting import ActingRequest, acting
from fengqiao.doors.desk.paging import PAGE
from fengqiao.doors.face import dates
from fengqiao.doors.face.parts import Light, Pager
from fengqiao.doors.lists import places, worklist
from fengqiao.doors.lists.worklist import Narrowed, Tally
from fengqiao.ground import numbers
from fengqiao.kernel import domain
from fengqiao.kernel.now import today
from fengqiao.offices.letters import outbox

NOTICES = 50
SUPERVISION = frozenset({"T-G01", "T-G02"})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list. `next` is a verb, `next_href` where it is done; `last` is the last event in words."""

    task: worklist.Work
    slug: str
    href: str
    kind: Any
    state: Any
    town: str
    next: Any
    next_href: str
    last: str
    light: Light | None
    supervised: bool
    done: int
    steps: int


@require_GET
@acting
def page(request: ActingRequest) -> HttpResponse:
    """The list, 20 a page, with its tally, its saved views and its filters."""
    narrowed = narrowing.read(request.GET)
    number = paging.asked(request.GET)
    tasks = worklist.page(request.post, narrowed, limit=PAGE + 1, offset=(number - 1) * PAGE)
    tally = worklist.tally(request.post, narrowed)
    saved = views.of(request.post, narrowed)
    context = {
        "rows": rows_of(tasks[:PAGE]),
        "today": dates.day(today(), weekday=True),
        "due_today": tally.shown(tally.due["today"]),
        "overdue": tally.shown(tally.due["overdue"]),
        "tally": narrowing.tallied(narrowed, tally),
        "tabs": narrowing.tabs(narrowed, tally),
        "selects": narrowing.selects(narrowed, request.post),
        "hidden": list(narrowing.hidden(narrowed)),
        "narrowed": narrowed,
        "plain": narrowing.nothing_asked(narrowed),
        "views": saved,
        "here": narrowing.written(narrowed),
        "proposed": "" if any(view.current for view in saved) else narrowing.words(narrowed)[: views.LONGEST],
        "pager": _pager(tasks, number, narrowed, tally),
    }
    return render(request, "desk/worklist.html", context)


def rows_of(tasks: list[worklist.Work]) -> list[Row]:
    """The lines of these tasks, with the nearest limit of each matter."""
    running = worklist.clocks_of({task.matter.id for task in tasks})
    towns = places.towns_of({task.matter.place for task in tasks})
    return [_row(task, running.get(task.matter.id, []), towns) for task in tasks]


def _row(task: worklist.Work, running: list[Any], towns: dict[str, str]) -> Row:
    matter = task.matter
    declared = domain.get(matter.kind)
    state = declared.state(matter.state)
    href = matter_address(matter.number)
    return Row(
        task=task,
        slug=numbers.parse(matter.number).slug,
        href=href,
        kind=declared.label,
        state=state.label,
        town=towns.get(matter.place, ""),
        next=declared.task_kind(task.kind).label,
        next_href=f"{href}do/{task.kind}/" if _is_move(matter.kind, task.kind) else href,
        last=sayings.named(matter.last_kind),
        light=clocks.light_of(running),
        supervised=any(clock.rule in SUPERVISION for clock in running),
        done=max(state.step - 1, 0),
        steps=max(each.step for each in declared.states),
    )


@cache
def _is_move(kind: str, task: str) -> bool:
    return any(move.key == task for move in domain.get(kind).moves)


def _pager(tasks: list[worklist.Work], number: int, narrowed: Narrowed, tally: Tally) -> Pager:
    count = tally.due.get(narrowed.due, tally.stages.get(narrowed.stage, tally.total))
    if narrowed.due and narrowed.stage:  # counted apart, never together
        count = -1
    total = tally.shown(count) if count >= 0 else ""
    return paging.pager(len(tasks), number, lambda page: narrowing.written(narrowed, page=page), total)


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
