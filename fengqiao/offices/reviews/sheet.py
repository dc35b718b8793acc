"""What reaches the reviewed unit: its comments by the month, five or more together, shuffled, without traces (A23)."""

from __future__ import annotations

import re
from datetime import date

from fengqiao.ground.masking import mask_text
from fengqiao.kernel import access, journal
from fengqiao.kernel.access import Acting, SystemPost
from fengqiao.kernel.models import Post, Unit
from fengqiao.kernel.now import HERE, now
from fengqiao.offices.reviews.give import STREAM
from fengqiao.offices.reviews.models import MonthlyComment, Review, months_before

FIGURES = SystemPost("figures")
TOGETHER = 5
# Numbers of matters and dates would lead back to one matter; the words do not need them.
_TRACES = re.compile(
    r"[热调信办援事呼查罚急助][A-Z]?\s*[\d-]{4,}[\d-]*|(?<![A-Za-z])[A-Za-z]\d{4}-[\d-]+|\d{4}[ -]?\d{4}[ -]?\d{4}"
    r"|\d{1,4}年\d{1,2}月\d{0,2}[日号]?|\d{1,2}月\d{1,2}[日号]?|\d{1,2}[点:：]\d{0,2}分?"
)


def make_sheets(month: date) -> int:
    """Bring out the sheets of units that have five comments or more up to the end of `month`; run when it is over.

    Fewer wait for the next month. Runs as `system:figures`; a comment comes out once. Returns how many sheets.
    """
    with access.acting_as(FIGURES):
        waiting: dict[int, list[Review]] = {}
        until = _after(month)
        rows = Review.objects.filter(comment__isnull=False, sheet_ref=None).select_related("source")
        for row in rows:
            if row.given_at.astimezone(HERE).date() < until and row.reviewed:
                waiting.setdefault(row.reviewed[0] if len(row.reviewed) == 1 else _lead(row), []).append(row)
        ready = {unit: found for unit, found in waiting.items() if len(found) >= TOGETHER}
        for unit, found in ready.items():
            _bring_out(unit, month.replace(day=1), found)
        if ready:
            journal.note(FIGURES, STREAM, "review.sheets", data={"month": f"{month:%Y-%m}", "sheets": len(ready)})
    return len(ready)


def _bring_out(unit: int, month: date, rows: list[Review]) -> None:
    lines = []
    for row in rows:
        line = MonthlyComment(unit_id=unit, month=month, body=without_traces(row.words))
        row.sheet_ref = line.pk
        lines.append(line)
    # The order of random ids is the order of writing too, so that not even the place on the disk tells.
    MonthlyComment.objects.bulk_create(sorted(lines, key=lambda line: line.pk.bytes))
    for row in rows:
        row.save(update_fields=["sheet_ref"])


def monthly_comments(unit: Unit, month: date, *, by: Acting) -> list[MonthlyComment]:
    """The sheet of a unit and month as `by` may read it: five comments or more, in random order, or none."""
    with access.acting_as(by):
        return list(MonthlyComment.objects.filter(unit=unit, month=month.replace(day=1)))


def comments_of(by: Post) -> list[MonthlyComment]:
    """The comments on the post's own unit, the newest month first, each with its appeal if there is one."""
    with access.acting_as(by):
        rows = MonthlyComment.objects.filter(unit=by.unit_id).select_related("appeal")
        return list(rows.order_by("-month", "id"))


def make_last_months_sheets() -> int:
    """The worker's job on the first of each month."""
    return make_sheets(months_before(now().astimezone(HERE).date(), 1))


def without_traces(words: str) -> str:
    """The comment without phones, cards, plates, matter numbers, dates and hours."""
    return mask_text(_TRACES.sub("…", words))


def _lead(row: Review) -> int:
    lead = row.matter.lead_unit_id
    return lead if lead in row.reviewed else row.reviewed[0]


def _after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
