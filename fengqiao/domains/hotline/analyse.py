"""Analyse: the figures of the hotline, K-301 (SPEC 6). They judge units' work, never callers."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from fengqiao.kernel.analyse import Count, Measure

ORDERS = Count(("matter.received",), {"kind": "hotline"})
DISPATCHED = Count(("hotline.dispatch",))
REPLIED = Count(("hotline.reply",))
# What is done again was answered before: one order is in time once.
IN_TIME = Count(("hotline.reply",), {"in_time": True, "again": False})
# `counts`: reached, and after supervision by a unit that never handled the order (domain ruling 10b).
SAID = {"counts": True}
SOLVED = Count(("hotline.call_back",), SAID | {"solved": "yes"})
GRADED = Count(("hotline.call_back",), SAID | {"grade": ("very_good", "good", "fair", "poor", "very_poor")})
SATISFIED = Count(("hotline.call_back",), SAID | {"grade": ("very_good", "good", "fair")})
NO_MONEY = _("No unit is paid by the number of its orders, and fewer calls are no success.")
NOT_SILENCE = _("Whoever was not reached or said nothing is not counted as satisfied.")

MEASURES = (
    Measure("K-301a", _("Orders"), ORDERS, None, NO_MONEY),
    Measure("K-301b", _("Answered on the spot"), Count(("hotline.answer_now",)), ORDERS, NO_MONEY),
    Measure("K-301c", _("Answered in time"), IN_TIME, DISPATCHED, NO_MONEY),
    Measure("K-301d", _("Solved, the caller says"), SOLVED, REPLIED, NOT_SILENCE),
    Measure("K-301e", _("Satisfied"), SATISFIED, GRADED, NOT_SILENCE),
    Measure("K-301f", _("Done again"), Count(("hotline.redo",)), REPLIED, NO_MONEY),
    Measure("K-301g", _("Returned"), Count(("hotline.ask_return",)), DISPATCHED, NO_MONEY),
)  # fmt: skip
