"""Messages leave after commit, at least once, each with the stable id of its row (BLUEPRINT 2).

A row is claimed by a lease, not by a lock: its `not_before` moves five minutes ahead and its attempts rise before
anything is sent, so nothing is locked while another machine is asked, two workers never hold the same row, and what
a killed worker had in hand comes round again under the same id. Sending writes into the day-stream `outbox`, never
into a matter's own journal: it would have to lock the matter. Notices of the desk are delivered by existing.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from fengqiao.kernel import access, ciphers, journal, ports, storing
from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.kernel.docket import Docket, docket
from fengqiao.kernel.models import Exclusion, Matter, Message, Post
from fengqiao.kernel.now import now

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

log = logging.getLogger(__name__)

OUTBOX = SystemPost("outbox")
# CLAIM times the longest wait for one answer (15 s) must stay below the lease.
CLAIM = 15
LEASE = timedelta(minutes=5)
BACKOFF = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 720))
MARK_EVERY_SECONDS = 1.0  # what a crash can repeat is what went out within this time
GIVE_UP_AFTER = 3  # failures in a row: the other side is away, the rest of the batch waits a minute
RELEASED = timedelta(minutes=1)

# The whole of what a short message may say (domain ruling 12).
SMS = _("You have a new message. Please look up the progress of your matter.")
MAIL = _("Something new lies on your desk")
_NOTICES: dict[str, StrOrPromise] = {
    "taken_over": _("A matter that you had opened was taken over by the city. There is nothing left for you to do."),
    "dispatched": _("A matter was given to your unit."),
    "assist": _("Your unit is asked to help in a matter."),
    "supplemented": _("What was asked for in a matter has come in."),
    "co_opinion": _("A unit that helps has given its opinion."),
    "redo": _("A matter came back to be done again."),
    "ruled": _("It was decided who is responsible for a matter."),
    "not_delivered": _("A message could not be delivered to the person. Please call, or write a letter."),
}
_OTHER = _("There is something new in a matter.")


def notice(template: str, sentence: StrOrPromise) -> None:
    """Give the notices of a template their sentence; a domain or an office calls it where it is declared."""
    _NOTICES[template] = sentence


def sentence(template: str) -> StrOrPromise:
    """What a notice says."""
    return _NOTICES.get(template, _OTHER)


@dataclass(slots=True)
class Letter:
    """A claimed row, made ready: where it goes and what it says, or why it does not go."""

    id: uuid.UUID
    way: str
    attempts: int
    matter: uuid.UUID | None
    to: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a letter: `sent`, `later`, `dead` or `refused` (a reason that needs nobody's help)."""

    letter: Letter
    how: str
    code: str = ""
    wait: float = 0.0


def send_due(limit: int = 300) -> dict[str, int]:
    """Send what is due, at most `limit`; how many were sent, put off, refused, given up, shown on desks."""
    counts: Counter[str] = Counter(desk=_deliver_to_desks())
    while (done := sum(counts.values()) - counts["desk"]) < limit:
        letters = _claim(min(CLAIM, limit - done))
        if not letters:
            break
        counts.update(_send(letters))
        if counts["released"]:
            break
    return dict(counts)


def send_waiting() -> dict[str, int]:
    """The worker's job."""
    return send_due()


def _deliver_to_desks() -> int:
    with acting_as(OUTBOX):
        due = _waiting().filter(way="desk", not_before__lte=now())
        return due.update(sent_at=now())


def _waiting() -> QuerySet[Message]:
    return Message.objects.filter(sent_at=None, cancelled_at=None, dead_at=None)


def _claim(most: int) -> list[Letter]:
    moment = now()
    with acting_as(OUTBOX):
        due = _waiting().exclude(way="desk").filter(not_before__lte=moment).order_by("not_before")
        ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:most])
        Message.objects.filter(pk__in=ids).update(not_before=moment + LEASE, attempts=F("attempts") + 1)
        rows = Message.objects.filter(pk__in=ids).select_related("source__person", "post__account").order_by("made_at")
        return [_letter(row) for row in rows]


def _letter(row: Message) -> Letter:
    letter = Letter(row.pk, row.way, row.attempts, row.matter_id)
    if row.way == "sms":
        letter.to, letter.refused = _phone(row)
    elif row.way == "mail":
        letter.to, letter.refused = _address(row)
    else:
        letter.refused = "no_such_way"
    return letter


def _phone(row: Message) -> tuple[str, str]:
    person = row.source.person if row.source else None
    if person is None:
        return "", "no_person"
    if person.wishes.get("no_sms"):
        return "", "no_sms"
    try:
        told = ciphers.unseal_json(person.sealed, person.pk.bytes)
    except ciphers.CannotOpen:
        return "", "unreadable"
    phone = str(told.get("phone") or "")
    return phone, "" if phone else "no_phone"


def _address(row: Message) -> tuple[str, str]:
    post = row.post
    if post is None or not post.holds or not post.account.is_active:
        return "", "no_post"
    if row.matter_id and Exclusion.objects.filter(matter=row.matter_id, account=post.account_id).exists():
        return "", "excluded"
    address = str(post.account.preferences.get("mail") or "")
    return address, "" if address else "no_address"


def _send(letters: Sequence[Letter]) -> Counter[str]:
    counts: Counter[str] = Counter()
    unmarked: list[Outcome] = []
    failures, marked_at = 0, time.monotonic()
    for place, letter in enumerate(letters):
        outcome = _hand_over(letter)
        unmarked.append(outcome)
        counts[outcome.how] += 1
        failures = failures + 1 if outcome.how == "later" else 0
        if failures >= GIVE_UP_AFTER:
            counts["released"] = _release(letters[place + 1 :])
            break
        if time.monotonic() - marked_at >= MARK_EVERY_SECONDS:
            _mark(unmarked)
            unmarked, marked_at = [], time.monotonic()
    _mark(unmarked)
    return counts


def _hand_over(letter: Letter) -> Outcome:
    """Send one letter; nothing is locked meanwhile."""
    if letter.refused:
        return Outcome(letter, "refused", letter.refused)
    try:
        with translation.override(settings.LANGUAGE_CODE):
            if letter.way == "sms":
                ports.sms().send(letter.to, str(SMS), letter.id)
            else:
                ports.mail().send(letter.to, str(MAIL), str(MAIL), letter.id)
    except ports.DemoRefused as refused:
        return Outcome(letter, "refused", refused.code)
    except ports.NeverSent as never:
        return Outcome(letter, "dead", never.code)
    except ports.TryLater as later:
        return _put_off(letter, later.code, later.wait)
    except Exception:
        log.exception("The adapter for %s failed on message %s.", letter.way, letter.id)
        return _put_off(letter, "fault", 0.0)
    return Outcome(letter, "sent")


def _put_off(letter: Letter, code: str, wait: float) -> Outcome:
    return Outcome(letter, "dead" if letter.attempts > len(BACKOFF) else "later", code, wait)


def _release(letters: Sequence[Letter]) -> int:
    with acting_as(OUTBOX):
        return Message.objects.filter(pk__in=[letter.id for letter in letters]).update(
            not_before=now() + RELEASED, attempts=F("attempts") - 1
        )


def _mark(outcomes: Sequence[Outcome]) -> None:
    """Store what became of the letters, with its events, in one transaction."""
    if not outcomes:
        return
    dead = [each for each in outcomes if each.how == "dead"]
    matters = {each.letter.matter for each in dead if each.letter.matter}
    with docket(OUTBOX, hand=matters) as book:
        sent = [each.letter.id for each in outcomes if each.how == "sent"]
        if sent:
            Message.objects.filter(pk__in=sent).update(sent_at=book.now, error="")
            journal.note(OUTBOX, "outbox", "messages.sent", data={"ids": [str(pk) for pk in sent]})
        for each in outcomes:
            row = Message.objects.filter(pk=each.letter.id)
            if each.how == "later":
                pause = max(BACKOFF[each.letter.attempts - 1], timedelta(seconds=each.wait))
                row.update(not_before=book.now + pause, error=each.code)
            elif each.how == "refused":
                row.update(cancelled_at=book.now, error=each.code)
        for each in dead:
            _bury(book, each)


def _bury(book: Docket, outcome: Outcome) -> None:
    """A dead letter: kept, journalled, and told to the unit that has the matter."""
    letter = outcome.letter
    Message.objects.filter(pk=letter.id).update(dead_at=book.now, error=outcome.code)
    journal.note(
        OUTBOX,
        "outbox",
        "message.dead",
        matter_id=letter.matter,
        data={"message": str(letter.id), "way": letter.way, "code": outcome.code, "attempts": letter.attempts},
    )
    matter = Matter.objects.filter(pk=letter.matter).select_related("lead_unit").first() if letter.matter else None
    if matter and matter.lead_unit:
        book.message("desk", "not_delivered", matter=matter, unit=matter.lead_unit)


# What a post sees and does ------------------------------------------------------------------------------------------


def notices(by: Post) -> QuerySet[Message]:
    """The notices on this post's desk, newest first; those of its unit belong to whoever reads them first.

    A notice of a matter that the post may no longer see is gone, and so is one that was called back.
    """
    whose = Q(post=by) | Q(unit=by.unit_id, matter__isnull=False)
    shown = Q(matter=None) | Q(matter__in=access.matters_for(by))
    return Message.objects.filter(whose, shown, way="desk", cancelled_at=None, not_before__lte=now()).order_by(
        "-made_at", "-pk"
    )


MOST_UNREAD = 100


def unread(by: Post) -> int:
    """How many of `notices` are unread, at most 100: every page of the desk shows it. Call inside `acting_as`."""
    rule, values = access.rule(by)
    asked = (
        "select count(*) from (select 1 from message g left join matter m on m.id = g.matter_id"  # noqa: S608
        " where (g.post_id = %s or g.unit_id = %s and g.matter_id is not null) and g.way = 'desk' and g.read_at is null"
        f" and g.cancelled_at is null and g.not_before <= %s and (g.matter_id is null or {rule.format(**access.RULED)})"
        " limit %s) capped"
    )
    rows = storing.ask(asked, [by.pk, by.unit_id, now(), *values, MOST_UNREAD])
    return int(rows[0][0])


def mark_read(by: Post, ids: Iterable[uuid.UUID]) -> int:
    """The post has read these notices. Call inside `acting_as`."""
    return notices(by).filter(pk__in=list(ids), read_at=None).order_by().update(read_at=now())


def call_back(book: Docket, matter: Matter, *, template: str = "") -> int:
    """撤回: cancel the messages of this matter that still wait (15 s); how many. The action writes its own event."""
    waiting = Message.objects.filter(matter=matter, sent_at=None, cancelled_at=None, attempts=0)
    if template:
        waiting = waiting.filter(template=template)
    return waiting.filter(not_before__gt=book.now).update(cancelled_at=book.now)


# What an administrator sees and does --------------------------------------------------------------------------------

STATES: dict[str, Q] = {
    "waiting": Q(sent_at=None, cancelled_at=None, dead_at=None),
    "sent": Q(sent_at__isnull=False),
    "refused": Q(cancelled_at__isnull=False, sent_at=None) & ~Q(error=""),
    "cancelled": Q(cancelled_at__isnull=False, sent_at=None, error=""),
    "dead": Q(dead_at__isnull=False, sent_at=None),
}


def rows(state: str, most: int = 50) -> list[dict[str, Any]]:
    """Rows in one of STATES, newest first, without anything of their recipients. Raises KeyError."""
    fields = ("id", "way", "template", "made_at", "not_before", "attempts", "error")
    with acting_as(OUTBOX):
        found = Message.objects.filter(STATES[state]).exclude(way="desk").order_by("-made_at")
        return list(found.values(*fields)[:most])


def counts() -> dict[str, int]:
    """How many messages to the outside there are in each state."""
    with acting_as(OUTBOX):
        outside = Message.objects.exclude(way="desk")
        return {state: outside.filter(condition).count() for state, condition in STATES.items()}


def retry(ids: Iterable[uuid.UUID] = ()) -> int:
    """Give dead letters (these, or all) another five attempts, from now; how many."""
    with acting_as(OUTBOX):
        dead = Message.objects.filter(STATES["dead"])
        chosen = list((dead.filter(pk__in=list(ids)) if ids else dead).values_list("pk", flat=True))
        count = Message.objects.filter(pk__in=chosen).update(dead_at=None, attempts=0, not_before=now(), error="")
        if count:
            journal.note(OUTBOX, "outbox", "messages.retried", data={"ids": [str(pk) for pk in chosen]})
        return count


def dead_letters() -> list[str]:
    """For `fengqiao check`: a sentence when messages were given up."""
    count = counts()["dead"]
    return [f"{count} messages could not be delivered; see `fengqiao outbox list --state dead`."] if count else []
