"""What a person is told of his matter: by the code alone one word and a date, with the proof all that concerns him.

Domain ruling 12. Nothing here names a person, and the words of the telling are never shown again (SPEC U2).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from fengqiao.doors.face.dates import day, latest, resident_moment
from fengqiao.doors.face.parts import Told
from fengqiao.ground import codes, limits, numbers
from fengqiao.kernel import access, domain, handle, intake, keys, secrecy
from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.kernel.domain import Domain, State
from fengqiao.kernel.models import Clock, Event, Matter, Source, Text
from fengqiao.kernel.now import today
from fengqiao.offices.reviews import give
from fengqiao.offices.supervision.handle import again_from

HIDDEN_BY_CODE = frozenset({"protected", "sealed"})
ANSWERS = ("reply", "explanation")
# What happens next, in the words of the person; by the state's key.
NEXT = {
    "received": gettext_lazy("The hotline reads it, day and night, and chooses the unit that handles it."),
    "dispatched": gettext_lazy("The unit has it. It names the handler, then it begins."),
    "return_asked": gettext_lazy("The hotline decides which unit handles it. You need not do anything."),
    "taken": gettext_lazy("The handler looks into it. The answer will stand on this page."),
    "in_progress": gettext_lazy("The handler is working on it. The answer will stand on this page."),
    "redo": gettext_lazy("It was not done well enough. The unit does it again."),
    "replied": gettext_lazy("The answer stands below. The hotline asks you whether it is solved."),
    "called_back": gettext_lazy("The hotline has asked you. It closes the matter."),
    "answered": gettext_lazy("The answer stands below."),
    "closed": gettext_lazy("It is finished. If it comes up again, tell us again."),
    "not_accepted": gettext_lazy("The hotline cannot take this. Below stands why, and who can."),
    "handed_over": gettext_lazy("It was passed on to the emergency services at once."),
    "withdrawn": gettext_lazy(
        "You took it back. For fifteen days you can take it up again; telling it anew is always open."
    ),
}


@dataclass(frozen=True, slots=True)
class Said:
    """A text for the person: what it is, when it came, its words."""

    label: str
    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Status:
    """What the page shows. With `full` False only `word`, `by` and `late` are filled."""

    word: str
    by: str
    late: bool
    full: bool = False
    number: str = ""
    title: str = ""
    next: str = ""
    handler: str = ""
    steps: Sequence[Told] = ()
    said: Sequence[Said] = ()
    moves: frozenset[str] = field(default_factory=frozenset)
    urge_from: str = ""
    may_rate: bool = False
    rated: Sequence[str] = ()


_WITH_ALL = Source.objects.select_related("matter__place", "matter__lead_unit", "matter__handler__unit", "person")


def find(code: str, proof: str) -> tuple[Source | None, bool]:
    """The receipt of a code if it may be shown, and whether all of it. None is the same for every miss.

    A proof that does not fit is a miss, and the code alone opens nothing of a protected matter.
    """
    with acting_as(intake.PORTAL):
        hashed = [numbers.query_code_hash(code, key.secret) for key in keys.all_of("hash")]
        source = _WITH_ALL.filter(code_hash__in=hashed).first()
        proven = source is not None and _fits(source, proof)
        if source is None or (proof and not proven):
            return None, False
        if source.matter.confidentiality in HIDDEN_BY_CODE and not proven:
            return None, False
        return source, proven


def _fits(source: Source, proof: str) -> bool:
    """Whether this is the end of the phone or the word that the receipt was given with."""
    if not proof or source.proof_hash is None:
        return False
    # Digits of other scripts are no tail of a phone; as a word they match nothing.
    tail = unicodedata.normalize("NFKC", proof)
    made = numbers.tail_hash if tail.isascii() and tail.isdecimal() and len(tail) == 4 else numbers.word_hash
    return bytes(source.proof_hash) in [made(source.pk, proof, key.secret) for key in keys.all_of("hash")]


def source_of(pk: Any, turn: int) -> Source | None:
    """The receipt of a ticket, unless its code was renewed meanwhile. Inside `acting_as`."""
    return _WITH_ALL.filter(pk=pk, code_turn=turn).first()


def status_of(source: Source, *, full: bool) -> Status:
    """The status of a receipt. Inside `acting_as(PORTAL)`."""
    own = source.matter
    matter = leading(own)
    declared = domain.get(matter.kind)
    state = declared.state("withdrawn") if source.withdrawn_at else declared.state(matter.state)
    due = None if state.final else due_of(matter, source)
    by, late = by_when(due, state)
    if not full:
        return Status(str(state.told), by, late)
    events = _events(own, matter)
    moves = _moves(source, own)
    reviews = give.of_person(source)
    return Status(
        str(state.told),
        by,
        late,
        full=True,
        number=own.number,
        title=own.title if own.confidentiality not in HIDDEN_BY_CODE else "",
        next=str(NEXT.get(state.key, "")),
        handler=handler_of(matter),
        steps=steps_of(declared, state, source, events),
        said=said_to(source, own),
        moves=moves,
        urge_from=_urge_from(own, source) if "urge" in moves else "",
        may_rate=_may_rate(source, reviews),
        rated=[codes.get("satisfaction", each.grade).label(_language()) for each in reviews],
    )


def leading(matter: Matter) -> Matter:
    """The matter through which this one is handled: itself, or the one it was merged into (A28)."""
    merge = (
        matter.merged_into.filter(undone_at=None).select_related("master__lead_unit", "master__handler__unit").first()
    )
    return merge.master if merge else matter


def due_of(matter: Matter, source: Source) -> date | None:
    """The last day of the nearest limit that runs on the matter or on this receipt; None when none runs."""
    running = Clock.objects.filter(matter__in={matter.pk, source.matter_id}, stopped_at=None, task=None)
    mine = [clock for clock in running if clock.source_id in (None, source.pk) and clock.paused_since is None]
    return min((clock.due_legal for clock in mine), default=None)


def by_when(due: date | None, state: State) -> tuple[str, bool]:
    """The latest date as a sentence, honest where there is none, and whether it has passed."""
    if due is not None and due < today():
        return _("It should have been answered by {day}. We are sorry. Urge them, or call 12345.").format(
            day=day(due)
        ), True
    if due is not None:
        return _("You get an answer {latest}.").format(latest=latest(due)), False
    return ("" if state.final or state.step > 1 else no_date_yet()), False


def no_date_yet() -> str:
    """Before a unit has it no limit runs; what will run is said as the table of limits has it."""
    limit = limits.get("T-H01")
    return _(
        "No date yet: the hotline is choosing the unit. From that day the unit has {n} working days, "
        "and the latest date stands here."
    ).format(n=limit.length)


def handler_of(matter: Matter) -> str:
    """The handler's post, never his name; before there is one, the unit."""
    if matter.handler is not None:
        role = codes.get("role", matter.handler.role).label(_language())
        return _("{unit}, {role}").format(unit=matter.handler.unit.name, role=role)
    return matter.lead_unit.name if matter.lead_unit else ""


def steps_of(declared: Domain, here: State, source: Source, events: Sequence[Event]) -> list[Told]:
    """The steps in a person's words, those to come on top. What was skipped on the way to an end is left out."""
    reached: dict[str, tuple[int, datetime]] = {}
    states = {each.key: each for each in declared.states}
    for event in events:
        if state := states.get(event.data.get("to", "")):  # other events tell other things by this word
            reached.setdefault(str(state.told), (state.step, event.happened_at))
    found: list[Told] = []
    if not here.final:
        coming = dict.fromkeys(str(state.told) for state in _road(declared) if state.step > here.step)
        found += [Told(words, state="todo") for words in reversed(coming) if words != str(here.told)]
    at = reached.pop(str(here.told), (here.step, source.received_at))[1]
    found.append(Told(str(here.told), day(at), "now"))
    earlier = [(step, moment, words) for words, (step, moment) in reached.items() if step <= here.step or here.final]
    found += [Told(words, day(moment)) for _step, moment, words in sorted(earlier, key=lambda each: each[1])[::-1]]
    found.append(Told(_("You told us"), resident_moment(source.received_at)))
    return found


def _road(declared: Domain) -> list[State]:
    """The states of the usual way, one for each step: the first that is no end, and “closed” at the end."""
    road: dict[int, State] = {}
    for state in declared.states:
        if not state.final or state.key == "closed":
            road.setdefault(state.step, state)
    return [road[step] for step in sorted(road)]


def said_to(source: Source, matter: Matter) -> list[Said]:
    """Answers and explanations for this person, and what he added himself; newest first."""
    rows = Text.objects.filter(matter=matter, visibility__in=("parties", "desk"), kind__in=(*ANSWERS, "supplement"))
    mine = [row for row in rows.order_by("-at") if row.source_id == source.pk or _for_all(row)]
    words = secrecy.words_of(mine)
    labels: Mapping[str, Any] = {
        "reply": _("Answer"),
        "explanation": _("Why it takes longer"),
        "supplement": _("You added"),
    }
    return [Said(labels[row.kind], row.at, words[row.pk]) for row in mine if words[row.pk]]


def _for_all(text: Text) -> bool:
    """An answer without a receipt is for every teller; what one of several added is his alone."""
    return text.source_id is None and text.kind in ANSWERS


def _events(*matters: Matter) -> list[Event]:
    streams = {str(matter.pk) for matter in matters}
    years = {matter.opened_year for matter in matters}
    rows = Event.objects.filter(opened_year__in=years, stream__in=streams, visibility__in=("public", "parties"))
    return list(rows.order_by("happened_at", "seq"))


def _moves(source: Source, matter: Matter) -> frozenset[str]:
    """What the person can do now. A merged matter's own moves rest; adding and taking back go on.

    What the person took back can only be taken up again.
    """
    if matter.archived_at:
        return frozenset()
    by = SystemPost("portal", source=source.pk)
    held = access.words(by, matter)
    can = {move.key for move, locked in handle.can_do(by, matter) if locked is None and held & set(move.by)}
    return frozenset(can & ({"take_up_again"} if source.withdrawn_at else {"supplement", "urge", "withdraw"}))


def _urge_from(matter: Matter, source: Source) -> str:
    again = again_from(matter, source)
    return day(again) if again else ""


def _may_rate(source: Source, reviews: Sequence[Any]) -> bool:
    if source.replied_at is None or source.withdrawn_at:
        return False
    return not reviews or (len(reviews) == 1 and reviews[0].corrected_at is not None)


def _language() -> str:
    return get_language() or "zh-hans"
