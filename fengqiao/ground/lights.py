"""The light of a clock: kind, amount and unit; the words are made by the face (EXPERIENCE 3.1). Pure.

Yellow is the last fifth of the term rounded up, at least the last 2 days of a term over 5, the last day of a
shorter one, and of an hour clock the last third; red is the due day; only `over` opens supervision (domain
ruling 22).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from fengqiao.ground.calendar import Calendar
from fengqiao.ground.clocks import Progress, Reckoning, progress
from fengqiao.ground.limits import Limit
from fengqiao.ground.stops import HERE, Pause

Kind = Literal["g", "y", "r", "over", "stop", "done"]


@dataclass(frozen=True, slots=True)
class Light:
    """What a light shows.

    `amount` in `unit` (WD, CD, HOUR), by kind: left (g, y; r: 0), past the due day (over), day of the stop
    (stop), used (done). `past`: yellow after the date of a limit past which nobody is late; `amount` is then
    what has passed. `provisional`: the date rests on a year that is not published yet.
    """

    kind: Kind
    amount: int
    unit: str
    past: bool = False
    provisional: bool = False


def light(
    limit: Limit,
    reckoning: Reckoning,
    now: datetime,
    *,
    calendar: Calendar,
    pauses: Sequence[Pause] = (),
    paused: Pause | date | None = None,
    stopped_at: datetime | None = None,
    at: Progress | None = None,
) -> Light:
    """The light at `now`; `paused`: the stop that lasts, or its first day; `stopped_at`: the clock's end; `at`: the
    progress, where the caller knows it.

    A light is about an office's duty: a citizen's own term, a guideline such as T-M01 and an office's shorter
    promise never turn to `over`; they stay yellow with `past`.
    """
    unsure = reckoning.provisional
    at = at or progress(reckoning, now, calendar=calendar, pauses=pauses, stopped_at=stopped_at)
    if stopped_at is not None:
        return Light("done", at.elapsed, reckoning.unit, provisional=unsure)
    if paused is not None:
        since = paused.from_ if isinstance(paused, Pause) else paused
        first = since.astimezone(HERE).date() if isinstance(since, datetime) else since
        return Light("stop", max((now.astimezone(HERE).date() - first).days + 1, 1), "CD", provisional=unsure)
    if limit.bound == "at_least" and at.over:
        return Light("done", reckoning.term, reckoning.unit, provisional=unsure)
    if at.over:
        nobody_late = limit.reminder or limit.side == "citizen"
        return Light("y" if nobody_late else "over", at.over, at.unit, past=nobody_late, provisional=unsure)
    if limit.bound == "at_least":
        return Light("g", at.left, at.unit, provisional=unsure)
    return Light(_running(reckoning, at), at.left, at.unit, provisional=unsure)


def _running(reckoning: Reckoning, at: Progress) -> Kind:
    term = reckoning.term
    if reckoning.unit == "HOUR":
        return "y" if at.left * 3 <= term else "g"
    if at.left == 0:
        return "r"
    window = max(-(-term // 5), 2 if term > 5 else 1)
    return "y" if at.left <= window else "g"
