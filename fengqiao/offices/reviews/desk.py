"""The other unit's desk: calls back where the person agreed to it, has it put right, decides appeals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from fengqiao.ground.refusals import NotNow, NotThere, Refused
from fengqiao.kernel import access, ciphers, journal
from fengqiao.kernel.models import Message, Person, Post, Unit
from fengqiao.kernel.now import now
from fengqiao.offices.reviews.give import STREAM
from fengqiao.offices.reviews.models import LOW, Appeal, MonthlyComment, Review


@dataclass(frozen=True, slots=True)
class Duty:
    """What the desk must do next for a low grade: `call_back` or `correct`, by which day."""

    review: Review
    what: str
    by: date


def duties(by: Post) -> list[Duty]:
    """Low grades that wait at this desk, the nearest day first. A unit that was reviewed sees none of its own."""
    with access.acting_as(by):
        rows = Review.objects.filter(desk=by.unit_id, grade__in=LOW, turn=1, corrected_at=None, malicious=False)
        found = [
            Duty(row, "call_back", row.call_by)
            if row.call_back and row.called_at is None
            else Duty(row, "correct", row.correct_by)
            for row in rows.select_related("matter")
        ]
    return sorted(found, key=lambda duty: (duty.by, str(duty.review.pk)))


def contact(by: Post, review: UUID) -> dict[str, str]:
    """Name and phone of a person who agreed to be called; on record, away from the matter's journal.

    Raises NotThere, Refused no_call_back.
    """
    with access.acting_as(by):
        row = _of_desk(by, review)
        if not row.call_back:
            raise Refused("no_call_back", _("The person did not agree to be called back."))
        journal.note(by, STREAM, "review.contact_shown", data={"review": str(row.pk)})
        person_id = row.source.person_id
    with access.acting_as(access.SystemPost("keeper")):
        person = Person.objects.filter(pk__in=[person_id]).first()
        told: dict[str, str] = ciphers.unseal_json(person.sealed, person.pk.bytes) if person else {}
    return {key: told.get(key, "") for key in ("name", "phone")}


def called_back(by: Post, review: UUID, *, reached: bool) -> Review:
    """The desk called. Raises NotThere, Refused no_call_back, NotNow called_already."""
    with access.acting_as(by):
        row = _of_desk(by, review)
        if not row.call_back:
            raise Refused("no_call_back", _("The person did not agree to be called back."))
        if row.called_at is not None:
            raise NotNow("called_already", _("This person has been called already."))
        row.called_at, row.reached = now(), reached
        row.save(update_fields=["called_at", "reached"])
        journal.note(by, STREAM, "review.called_back", data={"review": str(row.pk), "reached": reached})
    return row


def correct(by: Post, review: UUID, *, answer: str) -> Review:
    """What was put right, answered to the person within 15 working days (T-L13). The grade stays as it was.

    Raises NotThere, NotNow (not_low, call_first, corrected_already).
    """
    with access.acting_as(by):
        row = _of_desk(by, review)
        if not row.low or row.turn != 1:
            raise NotNow("not_low", _("Only a low grade is put right."))
        if row.corrected_at is not None:
            raise NotNow("corrected_already", _("This has been put right and answered already."))
        if row.call_back and row.called_at is None:
            raise NotNow("call_first", _("The person agreed to be called. Call first, then write what was put right."))
        row.corrected_at, row.corrected_by = now(), by
        row.answer = ciphers.seal(answer.strip().encode(), row.pk.bytes)
        row.save(update_fields=["corrected_at", "corrected_by", "answer"])
        journal.note(by, STREAM, "review.corrected", data={"review": str(row.pk), "in_time": row.corrected_in_time})
        _tell(row)
    return row


def appeal(by: Post, comment: UUID, *, reason: str) -> Appeal:
    """The unit holds a comment of its sheet to be malicious. Raises NotThere, NotNow appealed_already, Refused."""
    if len(reason.strip()) < 2:
        raise Refused("reason_needed", _("Say what is malicious in it."), pointer="/reason")
    with access.acting_as(by):
        row = MonthlyComment.objects.filter(pk=comment, unit=by.unit_id).first()
        if row is None:
            raise NotThere("not_there", _("There is no such comment on your sheet."))
        if Appeal.objects.filter(comment=row).exists():
            raise NotNow("appealed_already", _("Your unit has appealed against this comment already."))
        made = Appeal(comment=row, unit=Unit.objects.get(pk=by.unit_id), by=by, reason=reason.strip(), at=now())
        made.save(force_insert=True)
        journal.note(by, STREAM, "review.appealed", data={"appeal": str(made.pk)})
    return made


def appeals(by: Post) -> list[Appeal]:
    """Appeals that wait for this desk; never the post's own unit's."""
    with access.acting_as(by):
        rows = Appeal.objects.filter(upheld=None).exclude(unit=by.unit_id).select_related("comment", "unit")
        return list(rows.order_by("at"))


def decide_appeal(by: Post, appeal: UUID, *, upheld: bool, ruling: str) -> Appeal:
    """Another unit decides; an upheld one takes the review out of the figures, and nobody learns whose it was.

    Raises NotThere (for the appealing unit too), NotNow decided_already, Refused reason_needed.
    """
    if len(ruling.strip()) < 2:
        raise Refused("reason_needed", _("Give the grounds of the decision."), pointer="/ruling")
    with access.acting_as(by):
        row = Appeal.objects.filter(pk=appeal).select_for_update(no_key=True, of=("self",)).first()
        review = Review.objects.filter(sheet_ref=row.comment_id).first() if row else None
        if row is None or review is None or row.unit_id == by.unit_id:
            raise NotThere("not_there", _("There is no such appeal for you to decide."))
        if row.upheld is not None:
            raise NotNow("decided_already", _("This appeal has been decided."))
        row.upheld, row.decided_at, row.decided_by, row.ruling = upheld, now(), by, ruling.strip()
        row.save(update_fields=["upheld", "decided_at", "decided_by", "ruling"])
        if upheld:
            review.malicious = True
            review.save(update_fields=["malicious"])
        journal.note(
            by,
            STREAM,
            "review.appeal_decided",
            data={"appeal": str(row.pk), "review": str(review.pk), "upheld": upheld},
        )
    return row


def _of_desk(by: Post, review: UUID) -> Review:
    rows = Review.objects.select_for_update(no_key=True, of=("self",)).select_related("source")
    row = rows.filter(pk=review, desk=by.unit_id).first()
    if row is None:
        raise NotThere("not_there", _("There is no such review at your desk."))
    return row


def _tell(review: Review) -> None:
    """A message that names no matter, so that whoever reads the matter's messages does not find it."""
    person = Person.objects.filter(pk__in=[review.source.person_id]).first()
    if person is not None and not person.wishes.get("no_sms"):
        Message.objects.create(source=review.source, way="sms", template="review_answered", made_at=now())
