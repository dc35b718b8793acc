"""K-511 from the day-stream of reviews (engineering ruling 11): what the journal says is the figure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from fengqiao.ground import codes
from fengqiao.kernel import access
from fengqiao.kernel.access import SystemPost
from fengqiao.kernel.models import Event, Source
from fengqiao.kernel.now import HERE
from fengqiao.offices.reviews.give import STREAM
from fengqiao.offices.reviews.models import LOW, Review


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
        answered = Source.objects.filter(replied_at__gte=begun, replied_at__lt=over)
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


def _events(kind: str, first: date, last: date | None) -> list[dict[str, Any]]:
    begun, over = _span(first, last or date.max)
    rows = Event.objects.filter(
        stream__startswith=f"{STREAM}:", kind=kind, happened_at__gte=begun, happened_at__lt=over
    )
    return [{**data, "at": at} for data, at in rows.values_list("data", "happened_at")]


def _span(first: date, last: date) -> tuple[datetime, datetime]:
    begun = datetime.combine(first, time(), HERE)
    over = datetime.combine(last, time.max, HERE) if last != date.max else datetime(9000, 1, 1, tzinfo=HERE)
    return begun, over


def _inside(moment: datetime, first: date, last: date) -> bool:
    begun, over = _span(first, last)
    return begun <= moment < over
