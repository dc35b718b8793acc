"""Intake: what has come, and from whom? Every door and every import comes through `receive_many` (ruling 13)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from fengqiao.ground import numbers
from fengqiao.ground.refusals import NotNow
from fengqiao.kernel import ciphers, domain, journal, keys, places, route, same, same_many, searching, storing
from fengqiao.kernel.access import Acting, SystemPost, acting_as
from fengqiao.kernel.docket import Docket, docket, local_year
from fengqiao.kernel.earlier import Earlier, fingerprint
from fengqiao.kernel.idempotency import Once
from fengqiao.kernel.models import Matter, Person, SearchRow, Source
from fengqiao.kernel.now import now

COPIES = 9
AT_ONCE = 100
CLOSE_HISTORY = "close_history"
DRAW = "select nextval(%s) from generate_series(1, %s)"


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody in the matter. Every field but the role may be empty; all empty makes no row (A10)."""

    role: str = "applicant"
    name: str = ""
    phone: str = ""
    id_no: str = ""
    address: str = ""

    @property
    def known(self) -> bool:
        """Whether anything was told of the person."""
        return bool(self.name or self.phone or self.id_no or self.address)


@dataclass(frozen=True, slots=True)
class Told:
    """Whom it complains of, or who shall not handle it: a unit, a level of the place, words, or 说不清 (`unsure`)."""

    unit: int | None = None
    level: str = ""
    words: str = ""
    why: str = "complaint"


@dataclass(slots=True)
class Receipt:
    """One telling, as it came through one door."""

    title: str
    content: str
    channel: str
    place: str = ""
    category: str = ""
    external_id: str = ""
    confidentiality: str = "normal"
    told: tuple[Told, ...] = ()
    parties: tuple[Party, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    word: str = ""
    call_back: bool = False
    no_sms: bool = False
    received_at: datetime | None = None
    history: bool = False
    reply: str = ""
    replied_at: datetime | None = None
    note: str = ""


@dataclass(slots=True)
class Received:
    """What the teller gets: number, code, and what may be the same matter.

    `how`: `created`, `joined` (added to what was here) or `unchanged` (all of it was here; there is no code).
    """

    matter: Matter
    source: Source
    query_code: str
    likely: Sequence[same.Likely] = ()
    of_all: int = 0
    fresh: bool = True
    how: str = "created"


def receive(by: Acting, kind: str, receipt: Receipt, *, once: Once | None = None) -> Received:
    """A single receipt is a list of one. Raises NotNow when channel and foreign number are here already."""
    return receive_many(by, kind, [receipt], once=once)[0]


def receive_many(
    by: Acting, kind: str, receipts: Sequence[Receipt], *, once: Once | None = None, joining: bool = False
) -> list[Received]:
    """Open a matter for each receipt, in one transaction, each with journal, clocks, task and permission.

    With `joining`, a receipt that is here already (ruling 3) adds what it brings and opens nothing; else it is refused.
    A foreign number that is taken by a matter the teller may not see is accepted under the next copy (ruling 6).
    """
    read = domain.get(kind).first_reading
    receipts = [read(receipt) for receipt in receipts] if read else receipts
    for copy in range(COPIES + 1):
        try:
            return _receive(by, kind, receipts, copy, once, joining)
        except IntegrityError as error:
            if not any(name in str(error) for name in ("source_external", "matter_number_key", "source_code_hash")):
                raise
            if len(receipts) > 1:
                return [_receive_alone(by, kind, receipt, joining) for receipt in receipts]
    raise NotNow("already_received", _("This channel has sent that number too often. Give it another number."))


def _receive_alone(by: Acting, kind: str, receipt: Receipt, joining: bool) -> Received:
    for copy in range(COPIES):
        try:
            return _receive(by, kind, [receipt], copy, None, joining)[0]
        except IntegrityError:
            continue
    return _receive(by, kind, [receipt], COPIES, None, joining)[0]


def _receive(
    by: Acting, kind: str, receipts: Sequence[Receipt], copy: int, once: Once | None, joining: bool
) -> list[Received]:
    ids = [numbers.new_id() for _receipt in receipts]
    look = _look(by, kind, receipts[0], ids[0]) if len(receipts) == 1 else None
    first = [(DRAW, [f"matter_number_{kind}", len(receipts)]), *([look.question] if look else [])]
    with docket(by, hand=ids, first=first) as book:
        if once is not None:
            once.claim(ids[0])
        sequence = _drawn(kind, book.first[0])
        here = Earlier(book.now, receipts) if joining else None
        if here is None:
            _refuse_known(receipts)
        else:
            here.lock(book, receipts)
        taking = (_take_in(book, kind, *told, copy, here) for told in zip(receipts, ids, sequence, strict=True))
        if len(receipts) > 1:
            return _take_in_many(book, receipts, taking)
        received = next(taking)
        if look is not None and received.how == "created":
            for row in (each for each in book.pending(SearchRow) if each.first):
                searching.mark(row, look.ranked)
            _note_likely(book, received, *look.judge(book.first[1]))
        return [received]


def _look(by: Acting, kind: str, receipt: Receipt, pk: uuid.UUID) -> same.Look | None:
    at, facts = receipt.received_at or now(), (pk, kind, receipt.title, receipt.content, _place(receipt))
    return same.look_for(by, receipt.confidentiality, *facts, at, _phones(receipt))


def _take_in_many(book: Docket, receipts: Sequence[Receipt], taking: Iterator[Received]) -> list[Received]:
    """While the database stores some, the next are taken in; then all are compared with one another and with it."""
    batch = same_many.Batch(receipts, book.now)
    done: list[Received] = []
    with storing.streaming():
        batch.ask()
        while some := list(enumerate(islice(taking, AT_ONCE), len(done))):
            done += [received for _i, received in some]
            batch.gather(book, some)
            book.spill()
    created = [each for each in done if each.how == "created"]
    for received, found in zip(created, batch.judge(book, [each.matter for each in created]), strict=True):
        _note_likely(book, received, *found)
    return done


def _take_in(
    book: Docket, kind: str, receipt: Receipt, pk: uuid.UUID, sequence: int, copy: int, here: Earlier | None
) -> Received:
    at = receipt.received_at
    with book.history(at) if receipt.history and at else nullcontext():
        met = here.met(receipt) if here else None
        if here is not None and met is not None:
            return _again(book, receipt, here, *met)
        received = _open(book, kind, receipt, pk, sequence, copy)
    if here is not None:
        here.add(receipt, received.source)
    return received


def _again(book: Docket, receipt: Receipt, here: Earlier, source: Source, numbered: bool) -> Received:
    """What this receipt adds to what is here: its words, its answer, or another source by the same person."""
    matter = source.matter
    if not here.changes(receipt):
        return Received(matter, source, "", fresh=False, how="unchanged")
    if matter.archived_at is not None:
        raise NotNow("archived", _("%(number)s is filed; nothing is added to it.") % {"number": matter.number})
    if not numbered:
        source, code = _source(book, matter, receipt, receipt.received_at or book.now, 0)
        here.add(receipt, source)
        return Received(matter, source, code, fresh=False, how="joined")
    if not here.knows(source, receipt.content):
        _supplement(book, matter, source, receipt.content)
        here.heard(source, receipt.content)
    if receipt.reply and not here.knows(source, receipt.reply):
        _answered(book, matter, source, receipt)
        here.heard(source, receipt.reply)
    return Received(matter, source, "", fresh=False, how="joined")


def foresee(by: Acting, here: Earlier, receipts: Sequence[Receipt]) -> list[str]:
    """What `receive_many(…, joining=True)` would do with each: `created`, `joined`, `unchanged` or `archived`."""
    with acting_as(by):
        here.ask(receipts)
        return [_foreseen(here, receipt) for receipt in receipts]


def _foreseen(here: Earlier, receipt: Receipt) -> str:
    met = here.met(receipt)
    if met is None:
        here.add(receipt, Source(received_at=receipt.received_at or now()))
        return "created"
    if not here.changes(receipt):
        return "unchanged"
    source, numbered = met
    if source.matter_id and source.matter.archived_at:
        return "archived"
    here.add(receipt, source if numbered else Source(received_at=receipt.received_at or now()))
    return "joined"


def _supplement(book: Docket, matter: Matter, source: Source, words: str) -> None:
    declared = domain.get(matter.kind)
    move = next((each for each in declared.moves if each.key == "supplement"), None)
    if move is not None and not declared.state(matter.state).final:
        move.do(book, matter, text=words, source=source)
        return
    text = book.text(matter, "supplement", words, visibility="parties", source=source)
    book.event(matter, "matter.supplemented", texts=(text,), visibility="parties", data={"source": str(source.pk)})


def _answered(book: Docket, matter: Matter, source: Source, receipt: Receipt) -> None:
    """The answer that was given elsewhere, before the matter came here: it closes what has not moved on since."""
    declared = domain.get(matter.kind)
    move = next((each for each in declared.moves if each.key == CLOSE_HISTORY), None)
    at = receipt.replied_at or book.now
    if move is not None and matter.state in move.frm and receipt.replied_at:
        move.do(book, matter, text=receipt.reply, replied_at=at, source=source)
        return
    with book.history(at):
        text = book.text(matter, "reply", receipt.reply, visibility="parties", source=source)
        book.event(
            matter, "matter.answered_elsewhere", texts=(text,), visibility="parties", data={"source": str(source.pk)}
        )


def _note_likely(book: Docket, received: Received, likely: Sequence[same.Likely], of_all: int) -> None:
    """Note on a new matter which others may be the same; a person decides (ruling 17)."""
    received.likely, received.of_all = likely, of_all
    if likely:
        book.aside(received.matter, same.LIKELY, data=same.noted(likely, of_all), visibility="sealed")


def _drawn(kind: str, rows: storing.Rows) -> list[int]:
    key = ciphers.lasting_hash("number", kind)
    return [numbers.permute(drawn % 1_000_000, key) for (drawn,) in rows]


def _refuse_known(receipts: Sequence[Receipt]) -> None:
    for receipt in receipts:
        if not receipt.external_id or receipt.history:
            continue
        known = Source.objects.filter(channel=receipt.channel, external_id=receipt.external_id)
        number = known.values_list("matter__number", flat=True).first()
        if number:
            raise NotNow(
                "already_received",
                _("This number of the other system is here already, as %(number)s. Open that one.")
                % {"number": number},
                number=number,
            )


def _open(book: Docket, kind: str, receipt: Receipt, pk: uuid.UUID, sequence: int, copy: int) -> Received:
    at = receipt.received_at or book.now
    place = _place(receipt)
    number = numbers.compose(kind, local_year(at), numbers.town_of(kind, place), sequence)
    declared = domain.get(kind)
    matter = storing.fresh(
        Matter,
        id=pk,
        number=number.display,
        kind=kind,
        state=declared.start,
        title=receipt.title if receipt.confidentiality != "sealed" else str(_("Sealed letter")),
        category=receipt.category,
        place_id=place,
        channel=receipt.channel,
        confidentiality=receipt.confidentiality,
        opened_at=at,
        opened_year=local_year(at),
        imported=receipt.history,
        last_kind="",
        last_at=at,
        version=0,
        head=journal.START,
    )
    book.open(matter)
    source, code = _source(book, matter, receipt, at, copy)
    if receipt.told:
        route.tell(book, matter, receipt.told, source)
    declared.admit(book, matter, receipt)
    if receipt.reply:
        _answered(book, matter, source, receipt)
    return Received(matter, source, code)


def _place(receipt: Receipt) -> str:
    return receipt.place or places.city()


def _source(book: Docket, matter: Matter, receipt: Receipt, at: datetime, copy: int) -> tuple[Source, str]:
    source = storing.fresh(
        Source,
        matter=matter,
        channel=receipt.channel,
        external_id=receipt.external_id or None,
        copy=copy,
        received_at=at,
        fingerprint=fingerprint(receipt.content),
    )
    texts = [book.text(matter, "note", receipt.note, source=source, at=at)] if receipt.note else []
    text = book.text(matter, "content", receipt.content, visibility="parties", source=source, at=at)
    people = [person(book, matter, party, receipt) for party in receipt.parties if party.known]
    code = _new_code(source)
    source.proof_hash = _proof(source, receipt)
    source.text_id, source.person_id = text.pk, people[0].pk if people else None
    book.add(source)
    book.event(
        matter,
        "matter.received",
        at=at,
        visibility="public",
        texts=[text, *texts],
        data={
            "kind": matter.kind,
            "channel": receipt.channel,
            "source": str(source.pk),
            "people": [str(each.pk) for each in people],
            "place": matter.place_id,
            "category": matter.category,
            "level": matter.confidentiality,
            **({"history": True} if receipt.history else {}),
            **({"copy": copy} if copy else {}),
        },
    )
    return source, code


def _new_code(source: Source) -> str:
    """The query code of a source: made from its id and the turn, so that only its hash is stored."""
    key = keys.current("hash").secret
    code = numbers.query_code(source.pk, source.code_turn, key)
    source.code_hash = numbers.query_code_hash(code, key)
    return code


def code_of(source: Source) -> str:
    """The query code that was given for a source, under whichever key it was made. Raises KeyMissing."""
    known = [key.secret for key in keys.all_of("hash")]
    for key in known:
        code = numbers.query_code(source.pk, source.code_turn, key)
        if bytes(source.code_hash) in [numbers.query_code_hash(code, each) for each in known]:
            return code
    raise keys.gone("hash", "that made a query code")


def _proof(source: Source, receipt: Receipt) -> bytes | None:
    key = keys.current("hash").secret
    phones = _phones(receipt)
    if phones:
        return numbers.tail_hash(source.pk, phones[0][-4:], key)
    return numbers.word_hash(source.pk, receipt.word, key) if receipt.word else None


def _phones(receipt: Receipt) -> list[str]:
    return [party.phone for party in receipt.parties if party.phone]


def person(book: Docket, matter: Matter, party: Party, receipt: Receipt | None = None) -> Person:
    """A person of the matter: all that was told in one ciphertext, with keyed hashes for look-up."""
    row = storing.fresh(
        Person,
        matter_id=matter.pk,
        role=party.role,
        phone_hash=ciphers.lookup_hash("phone", party.phone) if party.phone else None,
        id_hash=ciphers.lookup_hash("id", party.id_no) if party.id_no else None,
        call_back=bool(receipt and receipt.call_back),
        wishes={"no_sms": True} if receipt and receipt.no_sms else {},
    )
    told = {"name": party.name, "phone": party.phone, "id_no": party.id_no, "address": party.address}
    row.sealed = ciphers.seal_json(told, row.pk.bytes)
    book.add(row)
    return row


def renew_code(book: Docket, matter: Matter, source: Source) -> str:
    """A new query code at the window, by identity; the old one dies (domain ruling 12)."""
    source.code_turn += 1
    code = _new_code(source)
    book.change(source, code_turn=source.code_turn, code_hash=source.code_hash)
    book.event(matter, "matter.code_renewed", data={"source": str(source.pk), "turn": source.code_turn})
    return code


PORTAL = SystemPost("portal")

__all__ = ["PORTAL", "Party", "Receipt", "Received", "Told", "foresee", "receive", "receive_many"]
