"""The clocks of real matters: the pure arithmetic of `clocks`, kept in rows (SPEC 3; BLUEPRINT 2)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from fengqiao.ground import clocks, limits
from fengqiao.ground.calendar import Calendar, Fact, standard
from fengqiao.kernel import storing
from fengqiao.kernel.models import CalendarYear, Clock, Matter, Source, Task
from fengqiao.kernel.now import HERE, now

REFRESH_SECONDS = 60.0
_cache: dict[str, Any] = {"at": 0.0, "years": (), "calendar": None}


def calendar() -> Calendar:
    """The calendar in force: the years of the program and those loaded since, looked up at most once a minute."""
    if _cache["calendar"] is None or time.monotonic() - _cache["at"] > REFRESH_SECONDS:
        years = tuple(CalendarYear.objects.order_by("year").values_list("year", "loaded_at"))
        if _cache["calendar"] is None or years != _cache["years"]:
            known = standard()
            for row in CalendarYear.objects.order_by("year"):
                known = known.with_year(row.year, facts_of(row))
            _cache.update(calendar=known, years=years)
        _cache["at"] = time.monotonic()
    found: Calendar = _cache["calendar"]
    return found


def forget_calendar() -> None:
    """Look the years up again at the next question."""
    _cache.update(at=0.0, calendar=None)


def facts_of(row: CalendarYear) -> list[Fact]:
    """The dated facts of a stored year."""
    return [Fact(date.fromisoformat(day), kind, name, row.source) for day, kind, name in row.facts]


def start(
    matter: Matter,
    rule: str,
    started_at: datetime,
    *,
    source: Source | None = None,
    task: Task | None = None,
) -> Clock:
    """A new running clock, not yet stored. Raises LimitRefused, ClockRefused."""
    limit = limits.get(rule)
    reckoned = clocks.reckon(limit, _from(limit, started_at), calendar=calendar())
    clock = storing.fresh(Clock, matter=matter, source=source, task=task, rule=limit.rule, started_at=started_at)
    return _set(clock, reckoned)


def reckon(
    clock: Clock, *, decided: bool = True, by: Calendar | None = None, as_of: date | None = None
) -> clocks.Reckoning:
    """What the arithmetic says of a stored clock. Raises ClockRefused."""
    limit = limits.get(clock.rule)
    return clocks.reckon(
        limit,
        _from(limit, clock.started_at),
        calendar=by or calendar(),
        pauses=pauses_of(clock),
        extensions=extensions_of(clock),
        as_of=as_of or now().astimezone(HERE).date(),
        decided=decided,
    )


def again(clock: Clock, *, by: Calendar | None = None) -> bool:
    """Recompute the dates of a clock in place; whether any of them changed."""
    before = (clock.due_strict, clock.due_legal, clock.due_at, clock.provisional)
    _set(clock, reckon(clock, by=by))
    return before != (clock.due_strict, clock.due_legal, clock.due_at, clock.provisional)


def pause(clock: Clock, reason: str, on: date) -> None:
    """Stop the clock for a reason that its rule lists. Raises ClockRefused: pause_not_allowed, paused_already."""
    if clock.paused_since:
        raise clocks.ClockRefused("paused_already", "This clock already stands still.")
    clock.pauses = [*clock.pauses, {"from": on.isoformat(), "to": None, "reason": reason}]
    clock.paused_since = on
    _set(clock, reckon(clock, as_of=on))


def resume(clock: Clock, on: date) -> None:
    """Let the clock run on; `on` is the last day that is not counted. Raises ClockRefused: not_paused."""
    if not clock.paused_since:
        raise clocks.ClockRefused("not_paused", "This clock is running.")
    last = {**clock.pauses[-1], "to": on.isoformat()}
    clock.pauses = [*clock.pauses[:-1], last]
    clock.paused_since = None
    _set(clock, reckon(clock))


def extend(clock: Clock, length: int, unit: str, *, on: date, by: str, told_on: date | None) -> None:
    """Grant an extension within the rule (A7, A24, G14). Raises ClockRefused."""
    grant = {
        "length": length,
        "unit": unit,
        "on": on.isoformat(),
        "by": by,
        "told": told_on.isoformat() if told_on else None,
    }
    before = clock.extensions
    clock.extensions = [*before, grant]
    try:
        _set(clock, reckon(clock, decided=False, as_of=on))
    except clocks.ClockRefused:
        clock.extensions = before
        raise


def stop(clock: Clock, at: datetime, outcome: str = "") -> None:
    """End the clock: met or missed by `due_at`, or cancelled."""
    clock.stopped_at = at
    clock.outcome = outcome or ("met" if at < clock.due_at else "missed")


def pauses_of(clock: Clock) -> Sequence[clocks.Pause]:
    """The stops of a stored clock."""
    return [
        clocks.Pause(
            date.fromisoformat(each["from"]),
            date.fromisoformat(each["to"]) if each["to"] else None,
            each["reason"],
        )
        for each in clock.pauses
    ]


def extensions_of(clock: Clock) -> Sequence[clocks.Extension]:
    """The extensions of a stored clock."""
    return [
        clocks.Extension(
            each["length"],
            each["unit"],
            date.fromisoformat(each["on"]),
            each["by"],
            date.fromisoformat(each["told"]) if each["told"] else None,
        )
        for each in clock.extensions
    ]


def _from(limit: limits.Limit, started_at: datetime) -> date:
    local = started_at.astimezone(HERE)
    return local if limit.unit == "HOUR" else local.date()


def _set(clock: Clock, reckoned: clocks.Reckoning) -> Clock:
    clock.due_strict, clock.due_legal = reckoned.strict, reckoned.legal
    clock.due_at, clock.provisional = reckoned.due_at, reckoned.provisional
    return clock
