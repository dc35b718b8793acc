"""How a matter stands: its procedure with days, its nearest limit as a bar, its supervision, and who looked at it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from fengqiao.doors.desk import clocks
from fengqiao.doors.face import dates
from fengqiao.doors.face.parts import Light, Step
from fengqiao.ground import limits, masking, numbers
from fengqiao.kernel import domain, storing
from fengqiao.kernel.models import Clock, Event, Matter, Post
from fengqiao.kernel.now import HERE
from fengqiao.offices.supervision.models import Step as Rung

LOOKS = 200
_LOOKS = """
    select kind, post_id, recorded_at from event
    where matter_id = %s and kind like 'access.%%' and post_id is not null
    order by recorded_at desc limit %s
"""


@dataclass(frozen=True, slots=True)
class Supervised:
    """A step of supervision that is not ended; `answer` is where this post answers it, empty where it does not."""

    number: str
    at: datetime
    unit: str
    due_at: datetime | None
    answered: bool
    light: Light | None
    answer: str


@dataclass(frozen=True, slots=True)
class Look:
    """A post that opened the matter: how often, when last, and whether it saw full names."""

    who: str
    last: datetime
    times: int
    revealed: bool


def steps_of(matter: Matter, events: Iterable[Event], running: Sequence[Clock]) -> list[Step]:
    """The stepper, from the declaration: one stop a step number, with the day it was reached or is due."""
    declared = domain.get(matter.kind)
    here = declared.state(matter.state)
    by_step = {state.step: state for state in reversed(declared.states) if not state.final}
    last = max(state.step for state in declared.states)
    by_step[last] = here if here.final else declared.state("closed")
    reached = _reached(declared, matter, events)
    found = []
    for step, state in sorted(by_step.items()):
        over = step < here.step or (here.final and step == last)
        now = step == here.step and not over
        notes = [dates.day(reached[step])] if (over or now) and step in reached else []
        if now and running:
            notes.append(_("latest %(day)s") % {"day": dates.day(_last_day(running[0]))})
        found.append(Step(str(state.told), "done" if over else "now" if now else "todo", notes))
    return found


def _reached(declared: domain.Domain, matter: Matter, events: Iterable[Event]) -> dict[int, datetime]:
    """When each step was reached, the last time it was."""
    reached = {declared.state(declared.start).step: matter.opened_at.astimezone(HERE)}
    step_of = {state.key: state.step for state in declared.states}
    for event in events:
        if (to := event.data.get("to")) in step_of:  # it may also be the day up to which a limit was extended
            reached[step_of[to]] = event.happened_at.astimezone(HERE)
    return reached


def _last_day(clock: Clock) -> datetime:
    return clock.due_at.astimezone(HERE) - timedelta(microseconds=1)


def bar_of(light: Light | None, running: Sequence[Clock]) -> str:
    """What the bar of the nearest limit says beside it; empty where no limit runs."""
    if light is None or not running:
        return ""
    told = {"limit": clocks.named(limits.get(running[0].rule)), "day": dates.day(_last_day(running[0]), weekday=True)}
    return _("%(limit)s, latest %(day)s") % told


def supervision_of(post: Post, matter: Matter, running: Sequence[Clock]) -> list[Supervised]:
    """The steps that are not ended, those by the persons themselves left out: an urge is a line of the history."""
    rows = Rung.objects.filter(matter=matter, ended_at=None).exclude(rung="urge").select_related("unit", "task")
    slug = numbers.parse(matter.number).slug
    answer = reverse("desk:do", args=[slug, "answer_supervision"])
    found = []
    for row in rows:
        own = [clock for clock in running if clock.task_id == row.task_id]
        asked = row.answered_at is None and row.unit_id == post.unit_id
        found.append(
            Supervised(
                row.number,
                row.opened_at,
                row.unit.name,
                row.due_at,
                row.answered_at is not None,
                clocks.light_of(own),
                answer if asked else "",
            )
        )
    return found


def looks_of(matter: Matter) -> list[Look]:
    """Who opened it, one line a post, the last look first (SPEC 10.5)."""
    rows = storing.ask(_LOOKS, [matter.pk, LOOKS])
    posts = Post.objects.filter(pk__in={row[1] for row in rows}).select_related("account", "unit")
    named = {post.pk: f"{post.unit.name} {masking.mask_name(post.account.name)}" for post in posts}
    found: dict[int, list[Any]] = {}
    for kind, post, at in rows:
        line = found.setdefault(post, [at, 0, False])
        line[1] += kind == "access.opened"
        line[2] = line[2] or kind == "access.revealed"
    return [Look(named.get(post, ""), at, times, revealed) for post, (at, times, revealed) in found.items()]
