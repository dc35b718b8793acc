"""The ladder: each step has its ground, date, addressee, answer due, clock and end (SPEC M17; domain ruling 10)."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from fengqiao.ground.masking import mask_text
from fengqiao.ground.refusals import NotNow, Refused
from fengqiao.kernel import ciphers, timekeeping
from fengqiao.kernel.docket import Docket
from fengqiao.kernel.models import Matter, Person, Place, Relation, Source, Text, Unit
from fengqiao.kernel.now import HERE, now
from fengqiao.offices.supervision import demands, steps
from fengqiao.offices.supervision.models import LISTED, SUPERVISE, URGE, Step
from fengqiao.offices.supervision.steps import LAW

URGE_AGAIN = 3  # working days (SPEC U8)


# Steps ----------------------------------------------------------------------------------------------------------------


def urge(
    book: Docket, matter: Matter, *, source: Source | None = None, ground: str = "person_asked", words: str = ""
) -> Step:
    """Remind the unit: by the person at most once in three working days, or by the office (SPEC U8).

    Raises NotNow urged_already (with the day from which it works again) and nobody_has_it.
    """
    day = again_from(matter, source) if source is not None else None
    if day is not None:
        sentence = _("The unit has been reminded. You can urge again from %(month)s-%(day)s.")
        raise NotNow("urged_already", sentence % {"month": day.month, "day": day.day}, again=day.isoformat())
    unit = steps.addressee(book, matter)
    if unit is None:
        raise NotNow("nobody_has_it", _("The hotline is still choosing the unit. It will be done without urging."))
    return steps.open_step(book, matter, URGE, unit, ground, source=source, words=words, days=0)


def again_from(matter: Matter, source: Source) -> date | None:
    """The first day on which this person may urge again; None: now."""
    last = Step.objects.filter(matter=matter, rung=URGE, source=source).order_by("-opened_at").first()
    if last is None:
        return None
    day = timekeeping.calendar().add_working_days(last.opened_at.astimezone(HERE).date(), URGE_AGAIN)
    return day if now().astimezone(HERE).date() < day else None


def supervise(
    book: Docket,
    matter: Matter,
    *,
    unit: Unit,
    ground: str,
    demand: str,
    act: str = "report",
    answer_by: date | None = None,
    days: int | None = None,
    cause: UUID | None = None,
) -> Step:
    """Ask a unit that leads or assists for one of its own acts, with a day for the answer.

    Raises Refused (not_its_matter, not_its_own_act, supervises_itself, no_passed_limit, too_short) and NotNow
    supervised_already.
    """
    _refuse_addressee(book, matter, unit)
    _refuse_demand(demand)
    if ground == "red_light" and not steps.passed(book, matter):
        raise Refused(
            "no_passed_limit", _("No limit of this matter has passed. Choose another ground."), pointer="/ground"
        )
    if any(step.unit_id == unit.pk and step.rung == SUPERVISE for step in steps.open_steps(matter)):
        raise NotNow("supervised_already", _("This unit is under supervision already. End that first, or extend it."))
    for step in steps.open_steps(matter):
        if step.rung == URGE and step.unit_id == unit.pk:
            steps.end(book, matter, step, "climbed")
    return steps.open_step(
        book,
        matter,
        SUPERVISE,
        unit,
        ground,
        words=demand,
        act=act,
        days=steps.days_for(book, answer_by, days),
        cause=cause,
    )


def list_publicly(
    book: Docket,
    matter: Matter,
    *,
    unit: Unit,
    ground: str,
    demand: str,
    title: str,
    level: str,
    leader: Unit,
    act: str = "report",
    answer_by: date | None = None,
    days: int | None = None,
) -> Step:
    """Put a supervised matter on the public list: a title of its own, without persons and nothing below the town.

    Raises Refused (as `supervise`; title_tells_who, not_for_the_list, leader_is_addressee) and NotNow
    not_supervised_yet, listed_already.
    """
    if matter.confidentiality in ("protected", "sealed") or matter.subjects.exists():
        raise Refused("not_for_the_list", _("A matter that is kept secret is never listed."))
    _refuse_addressee(book, matter, unit)
    _refuse_demand(demand)
    if leader.pk == unit.pk:
        raise Refused(
            "leader_is_addressee", _("Another unit must take the lead of a listed matter."), pointer="/leader"
        )
    before = list(Step.objects.filter(matter=matter, rung__in=[SUPERVISE, LISTED]))
    if any(step.rung == LISTED and step.ended_at is None for step in before):
        raise NotNow("listed_already", _("This matter is listed already."))
    if ground != "major" and not before:
        raise NotNow("not_supervised_yet", _("Supervise the unit first; only a major matter is listed at once."))
    _refuse_title(matter, title)
    for step in before:
        if step.ended_at is None and step.unit_id == unit.pk:
            steps.end(book, matter, step, "climbed")
    step = steps.open_step(
        book, matter, LISTED, unit, ground, words=demand, act=act, days=steps.days_for(book, answer_by, days)
    )
    step.listed_title, step.level, step.leader = title.strip(), level, leader
    return step


def answer(book: Docket, matter: Matter, *, step: Step, text: str) -> None:
    """The unit answers: an urge ends with it, a supervision waits for the office. Raises Refused, NotNow."""
    if book.post is None or book.post.unit_id != step.unit_id:
        raise Refused("not_yours", _("Only the unit that was asked can answer."))
    if step.answered_at is not None or step.ended_at is not None:
        raise NotNow("answered_already", _("This has been answered already."))
    words = book.text(matter, "supervision", text)
    for each in [step, *steps.other_urges(matter, step)]:
        _answered(book, matter, each, words)
    book.event(matter, "supervision.answered", data={"step": str(step.pk), "rung": step.rung}, law=LAW, texts=(words,))
    if step.by is not None:
        book.message("desk", "supervision_answered", matter=matter, post=step.by)


def settle(book: Docket, matter: Matter, reply: Text) -> None:
    """The unit's answer to the person answers the urges too. A domain calls it in its reply."""
    for step in steps.open_steps(matter):
        if step.rung == URGE:
            _answered(book, matter, step, reply)


def close(book: Docket, matter: Matter) -> None:
    """The matter ends in another way (taken back by the person, handed over): what stands open ends with it."""
    for step in steps.open_steps(matter):
        steps.end(book, matter, step, "closed")


def _answered(book: Docket, matter: Matter, step: Step, words: Text) -> None:
    steps.finish(book, matter, step, "done")
    book.change(step, answer=words, answered_at=book.now)
    if step.rung == URGE:
        steps.end(book, matter, step, "answered")


def remove(book: Docket, matter: Matter, *, step: Step, reached: bool, content: str = "", words: str = "") -> None:
    """End supervision or take a matter off the list, after another unit has asked the person.

    `reached` and `content` (yes, no, or not said) are what the person said; who was not reached said nothing. A person
    who is not content does not hold the unit: what counts is that it did its own act, and his words stay.
    Raises Refused (other_unit_asks, who_spoke) and NotNow (not_answered, ended_already).
    """
    _refuse_end(book, matter, step)
    if step.answered_at is None:
        raise NotNow("not_answered", _("The unit has not answered yet."))
    if content and not reached:
        raise Refused("who_spoke", _("Nobody was reached, so nobody said this."), pointer="/content")
    texts = (book.text(matter, "asked", words),) if words else ()
    book.change(step, asked_at=book.now, asked_by=book.post, asked_reached=reached, asked_content=content)
    steps.end(book, matter, step, "removed")
    book.event(
        matter,
        "supervision.removed",
        data={"step": str(step.pk), "rung": step.rung, "reached": reached, "content": content},
        visibility="parties",
        law=LAW,
        texts=texts,
    )
    book.message("desk", "supervision_ended", matter=matter, unit=step.unit)


def extend(book: Docket, matter: Matter, *, step: Step, why: str, days: int) -> Step:
    """Give the unit longer, or ask again after an answer that is not enough: a step that follows, same number."""
    _refuse_end(book, matter, step)
    reason = book.text(matter, "supervision", why)
    steps.finish(book, matter, step, "extended")
    steps.end(book, matter, step, "extended")
    after = steps.open_step(
        book, matter, step.rung, step.unit, step.ground, demand=step.demand, act=step.act, days=days, follows=step
    )
    after.listed_title, after.level, after.leader = step.listed_title, step.level, step.leader
    book.event(
        matter,
        "supervision.extended",
        data={"step": str(step.pk), "next": str(after.pk), "days": days},
        visibility="parties",
        law=LAW,
        texts=(reason,),
    )
    return after


# Refusals ----------------------------------------------------------------------------------------------------


def _refuse_addressee(book: Docket, matter: Matter, unit: Unit) -> None:
    theirs = Relation.objects.filter(matter=matter, kind__in=("lead", "co"), unit=unit, until=None).exists()
    if not theirs:
        raise Refused(
            "not_its_matter", _("This unit neither leads nor assists here. Choose one that does."), pointer="/unit"
        )
    if book.post is not None and book.post.unit_id == unit.pk:
        raise Refused("supervises_itself", _("A unit does not supervise itself."), pointer="/unit")


def _refuse_demand(words: str) -> None:
    fault = demands.fault(words)
    if fault:
        raise Refused(
            "not_its_own_act",
            _(
                "Ask the unit for what it does itself: to look, decide, answer, explain, put right. "
                "An agreement, a withdrawal or a satisfied person cannot be demanded."
            ),
            pointer="/demand",
            fault=fault,
        )


def _refuse_end(book: Docket, matter: Matter, step: Step) -> None:
    if step.ended_at is not None or step.rung == URGE:
        raise NotNow("ended_already", _("There is no supervision here that could be ended."))
    if book.post is None or book.post.unit_id in steps.handled_by(matter):
        raise Refused("other_unit_asks", _("A unit that has never handled this matter must ask the person."))


def _refuse_title(matter: Matter, title: str) -> None:
    plain = "".join(title.split())
    below_town = Place.objects.filter(
        code__in=[matter.place_id[:length] for length in (12, 15) if len(matter.place_id) >= length]
    )
    names = [place.name for place in below_town]
    for person in Person.objects.filter(matter=matter):
        told = ciphers.unseal_json(person.sealed, person.pk.bytes)
        names += [told[key] for key in ("name", "address") if told.get(key)]
    tells = plain == "".join(matter.title.split()) or mask_text(title) != title or any(name in plain for name in names)
    if tells:
        raise Refused(
            "title_tells_who",
            _("The listed title must be written anew: no person, no number, no place below the town."),
            pointer="/title",
        )
