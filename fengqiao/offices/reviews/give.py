"""One review a telling (一事一评), and a second one beside it once something was put right."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from fengqiao.ground import codes
from fengqiao.ground.refusals import NotNow, NotThere, Refused
from fengqiao.kernel import access, ciphers, journal, route
from fengqiao.kernel.access import Acting
from fengqiao.kernel.docket import Docket
from fengqiao.kernel.intake import PORTAL
from fengqiao.kernel.models import ExcludedUnit, Matter, Post, Relation, Source, Text, Unit
from fengqiao.kernel.now import now
from fengqiao.offices.reviews.models import Review

STREAM = "reviews"
HANDLED = ("lead", "co", "handler")
DESKS = ("hotline_office", "city_government", "petition_office")
COMMENT = 1000


def give(
    source: Source | UUID, grade: str, comment: str = "", call_back: bool = False, *, by: Acting = PORTAL
) -> Review:
    """Keep what the person says. Without a grade nothing is kept: blank is not “satisfied”.

    By the person through the portal, or by another unit's desk for a person on the phone. Raises Refused (no_grade,
    comment_too_long, reviews_itself), NotNow (not_answered, given_already), NotThere.
    """
    _refuse_words(grade, comment)
    with access.acting_as(by):
        row = _source(source)
        if row.replied_at is None:
            raise NotNow("not_answered", _("You can say how it went once you have the answer."))
        reviewed = handled_by(row.matter)
        if isinstance(by, Post) and by.unit_id in reviewed:
            raise Refused("reviews_itself", _("A unit that handled this cannot take down what the person says of it."))
        review = Review(
            matter=row.matter, source=row, grade=grade, reviewed=sorted(reviewed), call_back=call_back, given_at=now()
        )
        review.desk = _desk(row.matter, reviewed)
        return _keep(review, comment, by, "review.given")


def second(source: Source | UUID, grade: str, comment: str = "", *, by: Acting = PORTAL) -> Review:
    """What the person says after it was put right. The first grade stays, and stays in the figures.

    Raises NotNow (no_first, not_corrected, given_already) and as `give`.
    """
    _refuse_words(grade, comment)
    with access.acting_as(by):
        row = _source(source)
        first = Review.objects.filter(source=row, turn=1).select_related("desk").first()
        if first is None:
            raise NotNow("no_first", _("There is no first review to add to."))
        if first.corrected_at is None:
            raise NotNow("not_corrected", _("We have not finished putting it right. You will hear from us."))
        review = Review(
            matter=row.matter, source=row, turn=2, grade=grade, reviewed=first.reviewed, desk=first.desk, given_at=now()
        )
        return _keep(review, comment, by, "review.second")


def of_person(source: Source | UUID) -> list[Review]:
    """A person's own reviews, for his progress page: first, second, and what was answered to him."""
    pk = source.pk if isinstance(source, Source) else source
    with access.acting_as(PORTAL):
        return list(Review.objects.filter(source=pk).order_by("turn"))


def forget(book: Docket, matter: Matter) -> int:
    """At the end of keeping: the words go, the grades stay."""
    return Review.objects.filter(matter=matter).update(comment=None, answer=None)


def handled_by(matter: Matter) -> set[int]:
    """Ids of the units that led, assisted, handled or wrote the answer: those whom the review is about."""
    rows = Relation.objects.filter(matter=matter, kind__in=HANDLED).values_list("unit", "post__unit")
    answered = Text.objects.filter(matter=matter, kind="reply").values_list("by__unit", flat=True)
    return {unit for unit in (*(each for row in rows for each in row), *answered) if unit is not None}


def _desk(matter: Matter, reviewed: set[int]) -> Unit | None:
    barred = reviewed | set(ExcludedUnit.objects.filter(matter=matter).values_list("unit", flat=True))
    try:
        return route.desk_above(matter, DESKS, barred=barred)
    except Refused:
        return None


def _keep(review: Review, comment: str, by: Acting, kind: str) -> Review:
    if comment.strip():
        review.comment = ciphers.seal(comment.strip().encode(), review.pk.bytes)
    try:
        with transaction.atomic():
            review.save(force_insert=True)
    except IntegrityError:
        raise NotNow("given_already", _("You have said how it went. Thank you.")) from None
    journal.note(
        by if not isinstance(by, access.SystemPost) else PORTAL,
        STREAM,
        kind,
        data={"review": str(review.pk), "grade": review.grade, "place": place_of(review.matter)},
    )
    return review


def place_of(matter: Matter) -> str:
    """The town for the figures; of conduct complaints and sealed matters the city alone (ruling 11)."""
    return matter.place_id[: 9 if matter.reach >= 9 and matter.confidentiality != "sealed" else 6]


def _source(source: Source | UUID) -> Source:
    pk = source.pk if isinstance(source, Source) else source
    row = Source.objects.filter(pk=pk).select_related("matter").first()
    if row is None:
        raise NotThere("not_there", _("There is no such matter here. Check the number."))
    return row


def _refuse_words(grade: str, comment: str) -> None:
    if grade not in codes.keys("satisfaction"):
        raise Refused("no_grade", _("Choose one of the five."), pointer="/grade")
    if len(comment) > COMMENT:
        raise Refused("comment_too_long", _("Use at most %(most)s characters.") % {"most": COMMENT}, pointer="/comment")
