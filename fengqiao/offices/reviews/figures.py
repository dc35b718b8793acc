"""K-511 from the day-stream of reviews (engineering ruling 11): what the journal says is the figure.

`k511` counts a span at once; `MEASURES` are the same four as cells of days and towns, beside the domains' own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.utils.translation import gettext_lazy as _

from fengqiao.ground import codes
from fengqiao.kernel import access, storing
from fengqiao.kernel.access import SystemPost
from fengqiao.kernel.analyse import Cell, Cells, Count, Measure
from fengqiao.kernel.models import Event, Source
from fengqiao.kernel.now import HERE, today
from fengqiao.offices.reviews.give import STREAM
from fengqiao.offices.reviews.models import LOW, Review

EVER = date(2000, 1, 1)
# Counted where they lie: as objects a year's answers took 60 MB of the worker. The place is that of `give.place_of`.
ANSWERS = """
    select (s.replied_at at time zone 'Asia/Shanghai')::date,
           left(m.place, case when m.confidentiality = 'sealed' or m.reach < 9 then 6 else 9 end), count(*)
    from source s join matter m on m.id = s.matter_id
    where s.replied_at >= %s and s.replied_at < %s and not m.imported
      and (s.replied_at at time zone 'Asia/Shanghai')::date = any(%s)
    group by 1, 2
"""


@dataclass(frozen=True, slots=True)
class K511:
    """Of the first reviews given from `first` to `last`: a five grades, b responses of answers, c low grades put
    right in time of low grades, d appeals upheld of those decided. a and c leave out reviews found malicious."""

    grades: dict[str, int]
    responses: tuple[int, int]
    corrected: tuple[int, int]
    appeals: tuple[int, int]


def k511(first: date, last: date, *, place: str = "") -> K511:
    """K-511 a–d for the days from `first` to `last`, of a city or town (`place`, a prefix of its code).

    Second reviews change nothing here: the first grade stays in the figures.
    """
    with access.acting_as(SystemPost("figures")):
        given = [each for each in _events("review.given", first, last) if each["place"].startswith(place)]
        decided = list(_events("review.appeal_decided", first, None))
        out = {each["review"] for each in decided if each["upheld"]}
        kept = [each for each in given if each["review"] not in out]
        low = {each["review"] for each in kept if each["grade"] in LOW}
        in_time = {each["review"] for each in _events("review.corrected", first, None) if each["in_time"]}
        count = Counter(each["grade"] for each in kept)
        begun, over = _span(first, last)
        answered = _answered(begun, over)
        if place:
            answered = answered.filter(matter__place__gte=place, matter__place__lt=place + "~")
        ruled = [each for each in decided if _inside(each["at"], first, last)]
        return K511(
            {key: count[key] for key in codes.keys("satisfaction")},
            (len(given), answered.count()),
            (len(low & in_time), len(low)),
            (sum(each["upheld"] for each in ruled), len(ruled)),
        )


def recount(first: date, last: date) -> dict[str, int]:
    """Figure a from the rows instead of the journal; `fengqiao check` holds the two equal."""
    begun, over = _span(first, last)
    with access.acting_as(SystemPost("figures")):
        rows = Review.objects.filter(turn=1, malicious=False, given_at__gte=begun, given_at__lt=over)
        count = Counter(rows.values_list("grade", flat=True))
    return {key: count[key] for key in codes.keys("satisfaction")}


# Cells ----------------------------------------------------------------------------------------------------------------


def _concerned(days: Sequence[date]) -> tuple[list[date], list[dict[str, Any]], dict[str, bool], set[str]]:
    """The days, with those of earlier reviews that were put right or found malicious on them; the reviews given on
    all of them; and what was found of reviews by their ids: put right in time or late, malicious."""
    new = [*_on(days, "review.corrected"), *_on(days, "review.appeal_decided")]
    earlier = _events("review.given", EVER, max(days), reviews=[each["review"] for each in new])
    found = sorted({*days, *(_day(each["at"]) for each in earlier)})
    put_right = {each["review"]: each["in_time"] for each in _events("review.corrected", found[0], None)}
    malicious = {each["review"] for each in _events("review.appeal_decided", found[0], None) if each["upheld"]}
    return found, _on(found, "review.given"), put_right, malicious


def _on(days: Sequence[date], kind: str) -> list[dict[str, Any]]:
    wanted = set(days)
    return [each for each in _events(kind, min(days), max(days)) if _day(each["at"]) in wanted]


def _grades(days: Sequence[date]) -> tuple[Sequence[date], Sequence[Cell]]:
    found, given, _put_right, malicious = _concerned(days)
    rows = ((_day(each["at"]), each["place"], each["grade"], 1, 0) for each in given if each["review"] not in malicious)
    return found, _summed(rows)


def _responses(days: Sequence[date]) -> tuple[Sequence[date], Sequence[Cell]]:
    begun, over = _span(min(days), max(days))
    rows = [(_day(each["at"]), each["place"], "", 1, 0) for each in _on(days, "review.given")]
    answers = storing.ask(ANSWERS, [begun, over, list(days)])
    return days, _summed([*rows, *((day, place, "", 0, count) for day, place, count in answers)])


def _corrected(days: Sequence[date]) -> tuple[Sequence[date], Sequence[Cell]]:
    found, given, put_right, malicious = _concerned(days)
    low = [each for each in given if each["grade"] in LOW and each["review"] not in malicious]
    rows = ((_day(each["at"]), each["place"], "", int(put_right.get(each["review"], False)), 1) for each in low)
    return found, _summed(rows)


def _upheld(days: Sequence[date]) -> tuple[Sequence[date], Sequence[Cell]]:
    ruled = _on(days, "review.appeal_decided")
    given = _events("review.given", EVER, max(days), reviews=[each["review"] for each in ruled])
    places = {each["review"]: each["place"] for each in given}
    rows = ((_day(each["at"]), places.get(each["review"], ""), "", int(each["upheld"]), 1) for each in ruled)
    return days, _summed(rows)


def _summed(rows: Iterable[tuple[date, str, str, int, int]]) -> list[Cell]:
    over: Counter[tuple[date, str, str]] = Counter()
    under: Counter[tuple[date, str, str]] = Counter()
    for day, place, category, one, of in rows:
        over[day, place, category] += one
        under[day, place, category] += of
    return [(*key, over[key], under[key], 0) for key in sorted(over)]


def _day(moment: datetime) -> date:
    return moment.astimezone(HERE).date()


def _answered(begun: datetime, over: datetime) -> Any:
    """The receipts that were answered here; what was answered elsewhere, nobody could review."""
    return Source.objects.filter(replied_at__gte=begun, replied_at__lt=over, matter__imported=False)


_BEGGING = _("Nobody may ask for a good grade; saying nothing is not a good grade.")


def _measure(key: str, label: Any, cells: Cells) -> Measure:
    return Measure(key, label, Count(()), None if cells is _grades else Count(()), _BEGGING, cells=cells)


MEASURES = (
    _measure("K-511a", _("Reviews by grade"), _grades),
    _measure("K-511b", _("Answers that were reviewed"), _responses),
    _measure("K-511c", _("Low grades put right in time"), _corrected),
    _measure("K-511d", _("Appeals upheld"), _upheld),
)


# The day-stream -------------------------------------------------------------------------------------------------------


def _events(kind: str, first: date, last: date | None, *, reviews: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """By year and stream, as the journal is stored: by time alone, all that happened in the city would be read."""
    begun, over = _span(first, last or date.max)
    years = range(first.year, (last or today()).year + 1)
    rows = Event.objects.filter(
        opened_year__in=years,
        stream__gte=f"{STREAM}:",
        stream__lt=f"{STREAM};",
        kind=kind,
        happened_at__gte=begun,
        happened_at__lt=over,
    )
    if reviews is not None:
        rows = rows.filter(data__review__in=list(reviews))
    return [{**data, "at": at} for data, at in rows.values_list("data", "happened_at")]


def _span(first: date, last: date) -> tuple[datetime, datetime]:
    begun = datetime.combine(first, time(), HERE)
    over = datetime.combine(last, time.max, HERE) if last != date.max else datetime(9000, 1, 1, tzinfo=HERE)
    return begun, over


def _inside(moment: datetime, first: date, last: date) -> bool:
    begun, over = _span(first, last)
    return begun <= moment < over
