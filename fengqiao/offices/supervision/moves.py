"""The ladder as actions of a domain: `moves=(*own, *supervision.moves(...))` in its declaration."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from fengqiao.kernel.access import SystemPost
from fengqiao.kernel.docket import Docket
from fengqiao.kernel.domain import OPEN, STAYS, Move
from fengqiao.kernel.forms import Code, Form, Id, OneUnit, Words
from fengqiao.kernel.models import Matter, Relation, Source, Unit
from fengqiao.offices.supervision import handle, steps
from fengqiao.offices.supervision.models import URGE, Step

CONTENT = (("", _("not said")), ("yes", _("is content")), ("no", _("is not content")))
OFFICE_GROUNDS = ("red_light", "returned_twice", "dissatisfied", "major")


class Urge(Form):
    words = Words(required=False, max_length=500, label=_("What you want to say with it"))


class Supervise(Form):
    unit = OneUnit(label=_("Unit"), help_text=_("A unit that leads or assists."))
    ground = Code("supervision_ground", only=OFFICE_GROUNDS, label=_("Ground"))
    act = Code("supervision_demand", label=_("What the unit is to do"))
    demand = Words(max_length=1000, label=_("In your words"), help_text=_("Its own acts only."))
    days = forms.IntegerField(
        min_value=1, max_value=steps.MOST_DAYS, required=False, label=_("Working days for the answer")
    )
    answer_by = forms.DateField(required=False, label=_("Or: answer by"))

    def narrow(self) -> None:
        if self.matter is not None:
            rows = Relation.objects.filter(matter=self.matter, kind__in=("lead", "co"), until=None)
            field = self.fields["unit"]
            field.queryset = Unit.objects.filter(pk__in=rows.values("unit"))  # type: ignore[attr-defined]


class ListPublicly(Supervise):
    title = forms.CharField(max_length=60, label=_("Public title"), help_text=_("No person, nothing below the town."))
    level = Code("supervision_level", label=_("Level"))
    leader = OneUnit(label=_("Unit that takes the lead"))


class Answer(Form):
    step = Id(required=False, label=_("What is answered"))
    text = Words(max_length=3000, label=_("What was done, what is missing, when it will be done"))


class End(Form):
    step = Id(required=False, label=_("Which supervision"))
    reached = forms.BooleanField(required=False, label=_("The person was reached"))
    content = forms.ChoiceField(choices=CONTENT, required=False, label=_("The person is"))
    words = Words(required=False, max_length=1000, label=_("What the person said"))


class Extend(Form):
    step = Id(required=False, label=_("Which supervision"))
    days = forms.IntegerField(min_value=1, max_value=steps.MOST_DAYS, label=_("Working days more"))
    why = Words(max_length=1000, label=_("Why"))


def _urge(book: Docket, matter: Matter, *, words: str = "") -> None:
    """By the person through the portal, by the person of its receipt; else by the office."""
    source = None
    if isinstance(book.by, SystemPost) and book.by.source is not None:
        source = Source.objects.filter(matter=matter, pk=book.by.source).first()
    handle.urge(book, matter, source=source, words=words)


def _supervise(book: Docket, matter: Matter, **told: Any) -> None:
    handle.supervise(book, matter, **told)


def _list_publicly(book: Docket, matter: Matter, **told: Any) -> None:
    handle.list_publicly(book, matter, **told)


def _answer(book: Docket, matter: Matter, *, text: str, step: UUID | None = None) -> None:
    unit = book.post.unit_id if book.post else None
    handle.answer(book, matter, step=steps.step_of(matter, step, unit, unanswered=True), text=text)


def _remove(
    book: Docket, matter: Matter, *, reached: bool, content: str = "", words: str = "", step: UUID | None = None
) -> None:
    handle.remove(book, matter, step=steps.step_of(matter, step), reached=reached, content=content, words=words)


def _extend(book: Docket, matter: Matter, *, days: int, why: str, step: UUID | None = None) -> None:
    handle.extend(book, matter, step=steps.step_of(matter, step), days=days, why=why)


def _asked_of_me(book: Docket, matter: Matter) -> Any:
    unit = book.post.unit_id if book.post else None
    if not Step.objects.filter(matter=matter, ended_at=None, answered_at=None, unit=unit).exists():
        return _("Your unit has not been asked anything here.")
    return None


def _supervised(book: Docket, matter: Matter) -> Any:
    if not Step.objects.filter(matter=matter, ended_at=None).exclude(rung=URGE).exists():
        return _("There is no supervision here.")
    if book.post is not None and book.post.unit_id in steps.handled_by(matter):
        return _("A unit that has never handled this matter must ask the person.")
    return None


def _has_unit(book: Docket, matter: Matter) -> Any:
    return None if matter.lead_unit_id else _("No unit has this matter yet.")


def moves(
    *, office: tuple[str, ...], lead: tuple[str, ...] = ("lead", "handler"), party: tuple[str, ...] = ("party",)
) -> tuple[Move, ...]:
    """The six actions of the ladder, for the relation words of a domain; an assisting unit answers too.

    `office` must not be a word of a handling unit.
    """
    answers = tuple(dict.fromkeys((*lead, "co")))
    return (
        Move("urge", _("Urge"), OPEN, STAYS, (*party, *office), _urge,
             "the person may press once in three working days; the unit gets a reminder",
             Urge, law="SPEC U8", rank=6),
        Move("supervise", _("Supervise"), OPEN, STAYS, (*office, "system"), _supervise,
             "a unit is asked for its own acts, with a ground and a day; the clocks do it when a limit has passed",
             Supervise, law="SPEC M17", guard=_has_unit, rank=7),
        Move("list_publicly", _("List publicly"), OPEN, STAYS, office, _list_publicly,
             "what supervision did not move is listed under a title without persons; only a human does it",
             ListPublicly, law="SPEC M17", guard=_has_unit, rank=9),
        Move("answer_supervision", _("Answer the supervision"), OPEN, STAYS, answers, _answer,
             "the unit says what it did and what is missing",
             Answer, law="SPEC M17", guard=_asked_of_me, rank=2),
        Move("end_supervision", _("End the supervision"), OPEN, STAYS, office, _remove,
             "it ends after a unit that never handled the matter has asked the person",
             End, law="SPEC M17", guard=_supervised, rank=6),
        Move("extend_supervision", _("Extend the supervision"), OPEN, STAYS, office, _extend,
             "an answer that is not enough, or a good reason for more time",
             Extend, law="SPEC M17", guard=_supervised, rank=8),
    )  # fmt: skip
