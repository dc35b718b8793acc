"""What a query code opens: one status word and a date; with the proof also who handles it and the answers.

Domain ruling 12 and A9. Every miss has one wording, and protected matters are a miss: nothing of them is told by code.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from fengqiao.ground import codes, numbers
from fengqiao.ground.refusals import NotThere, Refused
from fengqiao.kernel import domain, guessing, intake, secrecy
from fengqiao.kernel.access import acting_as
from fengqiao.kernel.intake import PORTAL
from fengqiao.kernel.models import Clock, Matter, Merge, Source, Text
from fengqiao.kernel.now import HERE

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PURPOSE = "query code"
CALL = "12345"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer that the person was given."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What the proof opens besides: who handles it, what comes next and until when, the answers, what he may do."""

    number: str
    title: str
    received_at: datetime
    unit: str
    role: str
    next_step: StrOrPromise
    replies: tuple[Reply, ...]
    may: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """`status` is one word for people; `latest` the last day of the limit at work, if one is."""

    status: StrOrPromise
    latest: date | None
    closed: bool
    opened: Opened | None = None


class TooMany(Refused):
    """Too many wrong tries at this code; `seconds` to wait."""

    status = 429


def look(code: str, proof: str = "") -> Progress:
    """What this code opens, with the proof (the last four digits of the phone, or the word chosen) or without.

    Raises NotThere for every kind of miss, in the same words, and TooMany after five of them.
    """
    tried, proof = _read(code), _proof(proof)
    seconds = guessing.seconds_to_wait(PURPOSE, tried)
    if seconds:
        raise TooMany(
            "too_many_tries",
            _("Too many wrong tries with this code. Wait a quarter of an hour, or call 12345."),
            retry_after=seconds,
        )
    with acting_as(PORTAL):
        source, proven = intake.find_source(tried, proof)
        told = _told(source, proven) if source and (proven or not proof) else None
    if told is None:
        guessing.wrong(PURPOSE, tried)
        raise NotThere("no_progress", _("Nothing was found with this. Compare it with your receipt, or call 12345."))
    if proven:
        guessing.right(PURPOSE, tried)
    return told


def _read(code: str) -> str:
    try:
        return numbers.parse_query_code(code)
    except ValueError:
        # What is no code at all is looked up like any other: it just never exists.
        return unicodedata.normalize("NFKC", code).encode("ascii", "replace").decode().strip()


def _proof(typed: str) -> str:
    proof = unicodedata.normalize("NFKC", typed).strip()
    # Four digits of another script are no tail of a phone; as a word they match nothing.
    return proof if proof.isascii() or not proof.isdecimal() else f"{proof} "


def _told(source: Source, proven: bool) -> Progress | None:
    master = Merge.objects.filter(member=source.matter_id, undone_at=None).select_related("master").first()
    matter = master.master if master else source.matter
    if "protected" in (matter.confidentiality, source.matter.confidentiality) or _sealed(matter, source):
        return None
    state = domain.get(matter.kind).state(matter.state)
    if source.withdrawn_at:
        return Progress(_("Taken back"), None, True, _opened(matter, source) if proven else None)
    return Progress(state.told, _latest(matter, source), state.final, _opened(matter, source) if proven else None)


def _sealed(matter: Matter, source: Source) -> bool:
    return "sealed" in (matter.confidentiality, source.matter.confidentiality)


def _latest(matter: Matter, source: Source) -> date | None:
    """The last day, this day included: the earliest limit of the matter or of the person's own source."""
    running = Clock.objects.filter(matter__in={matter.pk, source.matter_id}, stopped_at=None, task=None)
    due = running.filter(resting=False, paused_since=None).order_by("due_at").values_list("due_at", flat=True).first()
    return (due - timedelta(microseconds=1)).astimezone(HERE).date() if due else None


def _opened(matter: Matter, source: Source) -> Opened:
    handler = matter.handler if matter.handler_id else None
    unit = handler.unit if handler else matter.lead_unit
    role = codes.get("role", handler.role).label(get_language() or "zh-hans") if handler else ""
    texts = list(Text.objects.filter(matter=source.matter, kind="reply", visibility__in=("public", "parties")))
    words = secrecy.words_of(texts)
    return Opened(
        number=source.matter.number,
        title=source.matter.title,
        received_at=source.received_at,
        unit=unit.name if unit else "",
        role=role,
        next_step=_next(matter),
        replies=tuple(Reply(text.at, words[text.pk]) for text in sorted(texts, key=lambda each: each.at)),
        may=_may(source),
    )


def _next(matter: Matter) -> StrOrPromise:
    """The label of the usual next move: the best ranked one that leads on and is not the person's own."""
    leading = [
        move
        for move in domain.get(matter.kind).leaving(matter.state)
        if move.to and matter.state not in move.to and set(move.by) - {"party", "system"}
    ]
    return min(leading, key=lambda move: move.rank).label if leading else ""


def _may(source: Source) -> tuple[str, ...]:
    if source.withdrawn_at or source.matter.archived_at:
        return ()
    return tuple(move.key for move in domain.get(source.matter.kind).leaving(source.matter.state) if "party" in move.by)


def as_mapping(progress: Progress) -> Mapping[str, Any]:
    """The progress as plain values, for the API."""
    opened = progress.opened
    return {
        "status": str(progress.status),
        "latest_date": progress.latest,
        "closed": progress.closed,
        "call": CALL,
        "more": {
            "number": opened.number,
            "title": opened.title,
            "received_at": opened.received_at,
            "handled_by": {"unit": opened.unit, "role": opened.role} if opened.unit else None,
            "next_step": str(opened.next_step) or None,
            "replies": [{"at": reply.at, "text": reply.text} for reply in opened.replies],
            "may": list(opened.may),
        }
        if opened
        else None,
    }
