"""Intake: what has come, and from whom? Every door and every import comes through `receive_many` (ruling 13)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection
from django.utils.translation import gettext_lazy as _

from fengqiao.kernel import ciphers, domain, journal, keys, numbers, places, route, same, tokens
from fengqiao.kernel.access import Acting, SystemPost
from fengqiao.kernel.docket import Docket, docket, local_year
from fengqiao.kernel.idempotency import Once
from fengqiao.kernel.models import Matter, Person, Source
from fengqiao.kernel.refusals import NotNow

COPIES = 9
SAME_TEXT_DAYS = 30


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


@dataclass(slots=True)
class Received:
    """What the teller gets: number, code, and what may be the same matter."""

    matter: Matter
    source: Source
    query_code: str
    likely: Sequence[same.Likely] = ()
    of_all: int = 0
    fresh: bool = True


def receive(by: Acting, kind: str, receipt: Receipt, *, once: Once | None = None) -> Received:
    """A single receipt is a list of one. Raises NotNow when channel and foreign number are here already."""
    return receive_many(by, kind, [receipt], once=once)[0]


def receive_many(by: Acting, kind: str, receipts: Sequence[Receipt], *, once: Once | None = None) -> list[Received]:
    """Open a matter for each receipt, in one transaction, each with journal, clocks, task and permission.

    A foreign number that is taken by a matter the teller may not see is accepted under the next copy (ruling 6).
    """
    read = domain.get(kind).first_reading
    receipts = [read(receipt) for receipt in receipts] if read else receipts
    for copy in range(COPIES + 1):
        try:
            return _receive(by, kind, receipts, copy, once)
        except IntegrityError as error:
            if not any(name in str(error) for name in ("source_external", "matter_number_key", "source_code_hash")):
                raise
            if len(receipts) > 1:
                return [_receive_alone(by, kind, receipt) for receipt in receipts]
    raise NotNow("already_received", _("This channel has sent that number too often. Give it another number."))


def _receive_alone(by: Acting, kind: str, receipt: Receipt) -> Received:
    for copy in range(COPIES):
        try:
            return _receive(by, kind, [receipt], copy, None)[0]
        except IntegrityError:
            continue
    return _receive(by, kind, [receipt], COPIES, None)[0]


def _receive(by: Acting, kind: str, receipts: Sequence[Receipt], copy: int, once: Once | None) -> list[Received]:
    ids = [numbers.new_id() for _receipt in receipts]
    with docket(by, hand=ids) as book:
        if once is not None:
            once.claim(ids[0])
        sequence = _draw(kind, len(receipts))
        _refuse_known(receipts)
        done = [_open(book, kind, receipt, ids[i], sequence[i], copy) for i, receipt in enumerate(receipts)]
        for received, receipt in zip(done, receipts, strict=True):
            if not receipt.history:
                received.likely, received.of_all = same.candidates(
                    by, received.matter, receipt.content, _phones(receipt)
                )
        return done


def _draw(kind: str, count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("select nextval(%s) from generate_series(1, %s)", [f"matter_number_{kind}", count])
        drawn = [row[0] for row in cursor.fetchall()]
    key = ciphers.lookup_hash("number", kind)
    return [numbers.permute(each % 1_000_000, key) for each in drawn]


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
    place = receipt.place or places.city()
    number = numbers.compose(kind, local_year(at), numbers.town_of(kind, place), sequence)
    declared = domain.get(kind)
    matter = Matter(
        pk=pk,
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
    return Received(matter, source, code)


def _source(book: Docket, matter: Matter, receipt: Receipt, at: datetime, copy: int) -> tuple[Source, str]:
    source = Source(
        matter=matter,
        channel=receipt.channel,
        external_id=receipt.external_id or None,
        copy=copy,
        received_at=at,
        fingerprint=ciphers.lookup_hash("text", tokens.normalise(receipt.content)),
    )
    text = book.text(matter, "content", receipt.content, visibility="parties", source=source, at=at)
    people = [person(book, matter, party, receipt) for party in receipt.parties if party.known]
    code = code_of(source)
    source.code_hash = numbers.query_code_hash(code, keys.current("hash").secret)
    source.proof_hash = _proof(source, receipt)
    source.text, source.person = text, people[0] if people else None
    book.add(source)
    book.event(
        matter,
        "matter.received",
        at=at,
        visibility="public",
        texts=[text],
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


def code_of(source: Source) -> str:
    """The query code of a source: made from its id and the turn, so that only its hash is stored."""
    return numbers.query_code(source.pk, source.code_turn, keys.current("hash").secret)


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
    row = Person(
        matter=matter,
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


def join(book: Docket, matter: Matter, receipt: Receipt) -> tuple[Source, str]:
    """Another telling of the same matter by the same known person: a source more, with its own code and clock."""
    return _source(book, matter, receipt, receipt.received_at or book.now, 0)


def same_before(receipt: Receipt) -> Source | None:
    """Byte-identical text of the same known person within 30 days, among what the reader may see (ruling 3)."""
    phones = [ciphers.lookup_hash("phone", phone) for phone in _phones(receipt)]
    if not phones:
        return None
    at = receipt.received_at
    found = Source.objects.filter(
        fingerprint=ciphers.lookup_hash("text", tokens.normalise(receipt.content)),
        person__phone_hash__in=phones,
    )
    if at:
        found = found.filter(
            received_at__range=(at - timedelta(days=SAME_TEXT_DAYS), at + timedelta(days=SAME_TEXT_DAYS))
        )
    return found.select_related("matter").first()


def renew_code(book: Docket, matter: Matter, source: Source) -> str:
    """A new query code at the window, by identity; the old one dies (domain ruling 12)."""
    source.code_turn += 1
    code = code_of(source)
    book.change(
        source,
        code_turn=source.code_turn,
        code_hash=numbers.query_code_hash(code, keys.current("hash").secret),
    )
    book.event(matter, "matter.code_renewed", data={"source": str(source.pk), "turn": source.code_turn})
    return code


def find_source(code: str, proof: str) -> tuple[Source | None, bool]:
    """The source of a query code, and whether the proof (phone tail or word) opens more than one status word."""
    key = keys.current("hash").secret
    source = (
        Source.objects.select_related("matter", "matter__place", "matter__lead_unit", "matter__handler__unit")
        .filter(code_hash=numbers.query_code_hash(code, key))
        .first()
    )
    if source is None or not proof or source.proof_hash is None:
        return source, False
    made = numbers.tail_hash if proof.isdecimal() and len(proof) == 4 else numbers.word_hash
    return source, made(source.pk, proof, key) == bytes(source.proof_hash)


PORTAL = SystemPost("portal")

__all__ = ["PORTAL", "Party", "Receipt", "Received", "Told", "find_source", "join", "receive", "receive_many"]
