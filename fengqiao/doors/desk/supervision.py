"""督办: the steps of supervision that this post may know of, the nearest answer first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from fengqiao.doors.desk import clocks, paging
from fengqiao.doors.desk.acting import ActingRequest, acting
from fengqiao.doors.desk.paging import PAGE
from fengqiao.doors.desk.worklist import matter_address
from fengqiao.doors.face.parts import Light, Tab
from fengqiao.doors.lists import worklist
from fengqiao.ground import codes
from fengqiao.kernel import domain
from fengqiao.kernel.models import Post
from fengqiao.offices.supervision.models import URGE, Step

STATES = {
    "waiting": gettext_lazy("Waiting for the answer"),
    "answered": gettext_lazy("Answered, to be ended"),
    "ended": gettext_lazy("Ended"),
}
WHICH: dict[str, dict[str, Any]] = {
    "waiting": {"ended_at": None, "answered_at": None},
    "answered": {"ended_at": None, "answered_at__isnull": False},
    "ended": {"ended_at__isnull": False},
}


@dataclass(frozen=True, slots=True)
class Row:
    """One step: its number, matter, unit, ground in words, and the light of its answer."""

    number: str
    title: str
    matter: str
    href: str
    unit: str
    rung: str
    ground: str
    opened_at: datetime
    due_at: datetime | None
    light: Light | None
    answer: str


@require_GET
@acting
def page(request: ActingRequest) -> HttpResponse:
    """The list, 20 a page. An urge by a person is no supervision; it stands in the worklist."""
    which = request.GET.get("state", "waiting")
    which = which if which in STATES else "waiting"
    number = paging.asked(request.GET)
    known = known_to(request.post)
    order = ("-ended_at", "pk") if which == "ended" else ("task__due_at", "pk")
    begin = (number - 1) * PAGE
    steps = list(known.filter(**WHICH[which]).order_by(*order)[begin : begin + PAGE + 1])
    context = {
        "rows": rows_of(request.post, steps[:PAGE]),
        "which": which,
        "tabs": [Tab(str(words), f"?state={key}", current=key == which) for key, words in STATES.items()],
        "pager": paging.pager(len(steps), number, lambda page: f"?{urlencode({'state': which, 'page': page})}"),
    }
    return render(request, "desk/supervision.html", context)


def known_to(post: Post) -> QuerySet[Step]:
    """Steps of matters that this post may read: all of them for an office that reads what staff wrote, else its own."""
    rows = Step.objects.exclude(rung=URGE).select_related("matter", "unit", "task")
    offices = [each.key for each in domain.every() if _reads_staff(each, each.place_rights.get(post.role, ""))]
    return rows.filter(matter__kind__in=offices) if offices else rows.filter(unit=post.unit)


def _reads_staff(declared: domain.Domain, word: str) -> bool:
    return word in declared.opens and "staff" in declared.opens[word].texts


def rows_of(post: Post, steps: list[Step]) -> list[Row]:
    """The lines of these steps; those of this post's unit that wait have a way to be answered."""
    language = get_language() or "zh-hans"
    running = worklist.clocks_of({step.matter_id for step in steps})
    return [_row(post, step, running, language) for step in steps]


def _row(post: Post, step: Step, running: dict[Any, Any], language: str) -> Row:
    own = [clock for clock in running.get(step.matter_id, []) if clock.task_id == step.task_id]
    href = matter_address(step.matter.number)
    mine = step.unit_id == post.unit_id and step.answered_at is None and step.ended_at is None
    return Row(
        number=step.number,
        title=step.matter.title,
        matter=step.matter.number,
        href=href,
        unit=step.unit.name,
        rung=_("listed publicly") if step.rung == "listed" else "",
        ground=codes.get("supervision_ground", step.ground).label(language),
        opened_at=step.opened_at,
        due_at=step.due_at,
        light=clocks.light_of(own),
        answer=f"{href}do/answer_supervision/" if mine else "",
    )
