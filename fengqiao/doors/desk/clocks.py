"""The clocks of matters as lights, with what they rest on (EXPERIENCE 3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fengqiao.doors.face import dates
from fengqiao.doors.face.parts import Light, LimitFacts, Unit
from fengqiao.ground import clocks, lights, limits
from fengqiao.kernel import timekeeping
from fengqiao.kernel.models import Clock
from fengqiao.kernel.now import HERE, now

_UNITS: dict[str, Unit] = {"WD": "working_day", "CD": "day", "MONTH": "day", "YEAR": "day"}


def light_of(running: Sequence[Clock]) -> Light | None:
    """The nearest clock's light; its tooltip lists them all. None where no limit runs."""
    if not running:
        return None
    nearest, moment = running[0], now()
    limit = limits.get(nearest.rule)
    reckoning = timekeeping.reckon(nearest)
    pauses, calendar, ended = timekeeping.pauses_of(nearest), timekeeping.calendar(), nearest.stopped_at
    at = clocks.progress(reckoning, moment, calendar=calendar, pauses=pauses, stopped_at=ended)
    shown = lights.light(
        limit,
        reckoning,
        moment,
        calendar=calendar,
        pauses=pauses,
        paused=nearest.paused_since,
        stopped_at=ended,
        at=at,
    )
    hours = reckoning.unit == "HOUR" and shown.kind in ("g", "y", "over")
    return Light(
        kind=shown.kind,
        amount=shown.amount,
        unit=_UNITS.get(shown.unit, "day"),
        limits=[facts_of(clock) for clock in running],
        at=reckoning.due_at.astimezone(HERE) if hours else None,
        used=float(at.share),
    )


def named(limit: limits.Limit) -> str:
    """What a limit is for, in the reader's language; the table of limits has both."""
    return limit.matter if (get_language() or "zh-hans").startswith("zh") else limit.label


def facts_of(clock: Clock) -> LimitFacts:
    """Three lines: what the limit is; from, to; the rule with its article, or that it is the city's own."""
    limit = limits.get(clock.rule)
    last = clock.due_at.astimezone(HERE) - timedelta(microseconds=1)
    facts = _("from %(start)s, latest %(due)s") % {
        "start": dates.day(clock.started_at.astimezone(HERE)),
        "due": dates.day(last),
    }
    if clock.extensions:
        facts += _("; extended")
    if clock.provisional:
        facts += _("; provisional until that year's holidays are published")
    source = limit.citation or _("Platform rule %(rule)s (set by this city)") % {"rule": clock.rule}
    mark = {"V": "", "S": _(" (to be confirmed)"), "M": _(" (to be confirmed)"), "D": ""}[limit.mark]
    return LimitFacts(what=named(limit), facts=facts, source=f"{source}{mark}")
