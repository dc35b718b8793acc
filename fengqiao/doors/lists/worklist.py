"""What a post has to do: its own tasks and its unit's queue, least time left first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet

from fengqiao.kernel.models import Clock, Post, Task
from fengqiao.kernel.now import HERE, end_of, now

MOST = 1000
SOON = timedelta(days=2)


def tasks_for(post: Post) -> QuerySet[Task]:
    """Open tasks of this post, and those of its unit that nobody holds: a post that ended holds none (ruling 16).

    Call inside `acting_as(post)`: excluded matters are not there.
    """
    moment = now()
    held = Q(post=None) | Q(post=post.pk) | Q(post__until__lte=moment)
    open_tasks = Task.objects.filter(held, unit=post.unit_id, done_at=None, resting=False)
    return open_tasks.order_by(F("due_at").asc(nulls_last=True), "pk")


def tally(post: Post, *, moment: datetime | None = None) -> dict[str, int]:
    """How many tasks there are, are overdue, due today, due within two days; each stops at 1,000 (ruling 11)."""
    at = moment or now()
    today = end_of(at.astimezone(HERE).date())
    capped = tasks_for(post).order_by().values("pk", "due_at")[: MOST + 1]
    counted: dict[str, int] = capped.aggregate(
        total=Count("pk"),
        overdue=Count("pk", filter=Q(due_at__lte=at)),
        today=Count("pk", filter=Q(due_at__gt=at, due_at__lte=today)),
        soon=Count("pk", filter=Q(due_at__gt=today, due_at__lte=today + SOON)),
    )
    return counted


def within(tasks: QuerySet[Task], due: str) -> QuerySet[Task]:
    """Those that are `overdue`, due `today` or `soon`; all for any other word."""
    at = now()
    today = end_of(at.astimezone(HERE).date())
    if due == "overdue":
        return tasks.filter(due_at__lte=at)
    if due == "today":
        return tasks.filter(due_at__gt=at, due_at__lte=today)
    return tasks.filter(due_at__gt=today, due_at__lte=today + SOON) if due == "soon" else tasks


def shown(count: int) -> str:
    """A count as it is shown: it stops at 1,000+."""
    return f"{MOST:,}+" if count > MOST else f"{count:,}"


def clocks_of(matters: Iterable[UUID]) -> dict[UUID, list[Clock]]:
    """The clocks that have not ended, by matter, the nearest first."""
    found: dict[UUID, list[Clock]] = {}
    running = Clock.objects.filter(matter__in=list(matters), stopped_at=None, resting=False).order_by("due_at")
    for clock in running:
        found.setdefault(clock.matter_id, []).append(clock)
    return found
