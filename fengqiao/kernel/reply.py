"""Reply: what do we tell them? One answer on the matter answers each of its sources, and their merged fellows'."""

from __future__ import annotations

from fengqiao.kernel import timekeeping
from fengqiao.kernel.docket import Docket
from fengqiao.kernel.models import Matter, Source, Text


def answer(book: Docket, matter: Matter, body: str, *, template: str = "answered") -> Text:
    """Write the answer for every source that was not withdrawn, stop its clock, and send word (ruling 3).

    A merged member's sources get a text of their own, so that each person's file holds his answer.
    """
    text = book.text(matter, "reply", body, visibility="parties")
    for source in matter.sources.filter(withdrawn_at=None):
        _give(book, matter, source, text, template)
    for member in book.take_many(matter.members.filter(undone_at=None).values_list("member_id", flat=True)):
        own = book.text(member, "reply", body, visibility="parties")
        for source in member.sources.filter(withdrawn_at=None):
            _give(book, member, source, own, template)
        book.event(
            member,
            "matter.answered_by_master",
            data={"master": str(matter.pk)},
            texts=(own,),
            visibility="parties",
        )
    return text


def _give(book: Docket, matter: Matter, source: Source, text: Text, template: str) -> None:
    book.change(source, reply=text, replied_at=book.now)
    for clock in book.clocks(matter):
        if clock.source_id == source.pk:
            timekeeping.stop(clock, book.now)
            book.change(clock, stopped_at=clock.stopped_at, outcome=clock.outcome)
    notify(book, matter, source, template)


def notify(book: Docket, matter: Matter, source: Source, template: str) -> None:
    """Tell the person that something is new; the message says no more than that (domain ruling 12)."""
    if source.person_id and source.person and not source.person.wishes.get("no_sms"):
        book.message("sms", template, matter=matter, source=source)
