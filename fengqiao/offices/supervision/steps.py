"""One step of the ladder: opened with its task and clock, finished and ended with them."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from fengqiao.ground import limits
from fengqiao.ground.refusals import NotNow, Refused
from fengqiao.kernel import timekeeping
from fengqiao.kernel.docket import Docket
from fengqiao.kernel.domain import TaskKind
from fengqiao.kernel.models import Clock, Matter, Relation, Source, Task, Text, Unit
from fengqiao.kernel.now import HERE
from fengqiao.offices.supervision.models import LISTED, SUPERVISE, URGE, Step

TASKS = {URGE: "answer_urge", SUPERVISE: "answer_supervision", LISTED: "answer_listed"}
TASK_KINDS = (
    TaskKind(TASKS[URGE], _("Answer the person who urges"), "answer"),
    TaskKind(TASKS[SUPERVISE], _("Answer the supervision"), "answer"),
    TaskKind(TASKS[LISTED], _("Answer the public supervision"), "answer"),
)
RULES = {URGE: "T-G01", SUPERVISE: "T-G02", LISTED: "T-G02"}
EVENTS = {URGE: "supervision.urged", SUPERVISE: "supervision.supervised", LISTED: "supervision.listed"}
DAYS = 5
MOST_DAYS = 30
HANDLED = ("lead", "co", "handler")
LAW = "SPEC M17"
NEXT_NUMBER = """
    insert into supervision_register as r (year, last) values (%s, 1)
    on conflict (year) do update set last = r.last + 1 returning last
"""


def open_step(
    book: Docket,
    matter: Matter,
    rung: str,
    unit: Unit,
    ground: str,
    *,
    days: int,
    words: str = "",
    demand: Text | None = None,
    act: str = "",
    source: Source | None = None,
    cause: UUID | None = None,
    follows: Step | None = None,
) -> Step:
    """Put a step on the docket with its task, clock, message and, unless it follows another, its event."""
    said, visibility = demand, "parties" if source else "staff"
    if words:
        said = book.text(matter, "supervision", words, visibility=visibility, source=source)
    handler = matter.handler if matter.handler and matter.handler.unit_id == unit.pk and matter.handler.holds else None
    task = book.task(matter, TASKS[rung], unit, post=handler)
    clock = _clock(book, matter, rung, task, days)
    step = Step(
        matter=matter,
        rung=rung,
        ground=ground,
        number=follows.number if follows else _number(book) if rung != URGE else "",
        opened_at=book.now,
        by=book.post,
        source=source,
        unit=unit,
        act=act,
        demand=said,
        task=task,
        cause=cause,
        follows=follows,
    )
    book.add(step)
    if follows is None:
        book.event(
            matter,
            EVENTS[rung],
            data={
                "step": str(step.pk),
                "unit": unit.pk,
                "ground": ground,
                "act": act,
                "number": step.number,
                "due": clock.due_legal.isoformat(),
            },
            visibility="parties",
            law=LAW if rung != URGE else "SPEC U8",
            texts=(said,) if said and words else (),
        )
    book.message(
        "desk", EVENTS[rung].replace(".", "_"), matter=matter, unit=unit, post=handler, data={"number": step.number}
    )
    return step


def _clock(book: Docket, matter: Matter, rung: str, task: Task, days: int) -> Clock:
    """The step's own clock; days beyond the rule's one are an extension, so that a new calendar finds them."""
    clock = book.clock(matter, RULES[rung], task=task)
    if days > 1:
        today = book.now.astimezone(HERE).date().isoformat()
        clock.extensions = [{"length": days - 1, "unit": "WD", "on": today, "by": "approver", "told": today}]
        timekeeping.again(clock)
        book.change(task, due_at=clock.due_at)
    return clock


def days_for(book: Docket, answer_by: date | None, days: int | None) -> int:
    """Working days for the answer, from a day or a number; five if none is given.

    Raises Refused too_short, too_long.
    """
    if answer_by is not None:
        today = book.now.astimezone(HERE).date()
        # Four times as many days hold more working days than may be given, and lie within every calendar.
        until = min(answer_by, today + timedelta(days=4 * MOST_DAYS))
        days = timekeeping.calendar().working_days_between(today, until)
    days = DAYS if days is None else days
    if days < 1:
        raise Refused("too_short", _("Leave at least one working day for the answer."), pointer="/answer_by")
    if days > MOST_DAYS:
        sentence = _("An answer is asked for within %(most)d working days. Choose an earlier day.")
        raise Refused("too_long", sentence % {"most": MOST_DAYS}, pointer="/answer_by")
    return days


def _number(book: Docket) -> str:
    year = book.now.astimezone(HERE).year
    with connection.cursor() as cursor:
        cursor.execute(NEXT_NUMBER, [year])
        (last,) = cursor.fetchone()
    return f"督〔{year}〕{last}号"


def finish(book: Docket, matter: Matter, step: Step, outcome: str) -> None:
    """Close the step's task and stop its clock: met or missed, or cancelled before its day."""
    for task in book.tasks(matter):
        if task.pk == step.task_id:
            book.change(task, done_at=book.now, done_by=book.post, outcome=outcome)
    for clock in book.clocks(matter):
        if clock.task_id == step.task_id:
            late = clock.due_at <= book.now
            timekeeping.stop(clock, book.now, "cancelled" if outcome != "done" and not late else "")
            book.change(clock, stopped_at=clock.stopped_at, outcome=clock.outcome)


def end(book: Docket, matter: Matter, step: Step, how: str) -> None:
    """End the step: answered, climbed to the next rung, removed, extended by one that follows, or closed."""
    finish(book, matter, step, "done" if how == "answered" else how)
    book.change(step, ended_at=book.now, end=how)


def other_urges(matter: Matter, step: Step) -> list[Step]:
    """The open urges of the same unit: one answer serves them all."""
    return [
        each for each in open_steps(matter) if each.rung == URGE and each.unit_id == step.unit_id and each.pk != step.pk
    ]


def open_steps(matter: Matter) -> list[Step]:
    """Steps without an end, oldest first."""
    return list(Step.objects.filter(matter=matter, ended_at=None).select_related("task", "unit", "demand", "by"))


def stands_open(book: Docket, matter: Matter) -> Any:
    """Guard for a domain's close: a supervised matter is closed after the supervision."""
    if Step.objects.filter(matter=matter, ended_at=None).exclude(rung=URGE).exists():
        return _("This matter is under supervision. End the supervision first.")
    return None


def needs_other_unit(matter: Matter) -> bool:
    """Whether a withdrawal or a “satisfied” counts only once a unit that never handled the matter has asked."""
    steps = Step.objects.filter(matter=matter).exclude(rung=URGE)
    last = steps.order_by("-opened_at").first()
    return last is not None and not steps.filter(asked_at__gte=last.opened_at, asked_reached=True).exists()


def handled_by(matter: Matter) -> set[int]:
    """Ids of the units that ever led or assisted, or whose post handled."""
    rows = Relation.objects.filter(matter=matter, kind__in=HANDLED).values_list("unit", "post__unit")
    return {unit for row in rows for unit in row if unit is not None}


def passed(book: Docket, matter: Matter) -> list[Clock]:
    """The office's clocks that are solid red: running, and past the legal end (domain ruling 22)."""
    running = [clock for clock in book.clocks(matter) if clock.paused_since is None and not clock.resting]
    return [clock for clock in running if clock.rule in duties() and clock.due_at <= book.now]


@cache
def duties() -> frozenset[str]:
    """The limits past which an office is late: no citizen's own term, no reminder, not the ladder's own."""
    return frozenset(
        rule
        for rule, limit in limits.load().items()
        if limit.side == "authority" and limit.bound == "within" and not limit.reminder and rule not in RULES.values()
    )


def addressee(book: Docket, matter: Matter) -> Unit | None:
    """The unit that must act now: the lead, else the one in whose queue the oldest task lies."""
    if matter.lead_unit is not None:
        return matter.lead_unit
    waiting = sorted(book.tasks(matter), key=lambda task: task.opened_at)
    return waiting[0].unit if waiting else None


def step_of(matter: Matter, pk: UUID | None, unit: int | None = None, *, unanswered: bool = False) -> Step:
    """The step named, or the one open step there is (of a unit). The highest rung first.

    Raises NotNow no_step.
    """
    rows = [step for step in open_steps(matter) if unit is None or step.unit_id == unit]
    rows = [step for step in rows if (pk is None or step.pk == pk) and not (unanswered and step.answered_at)]
    if not rows:
        raise NotNow("no_step", _("There is nothing of the kind open here."))
    return max(rows, key=lambda step: ((URGE, SUPERVISE, LISTED).index(step.rung), step.opened_at))
