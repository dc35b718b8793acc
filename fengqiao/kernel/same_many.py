"""The same matter again, asked for a whole batch: few questions to the database, however many receipts (ruling 13).

Candidates of each new matter are those of the batch before it and of the database, within 90 days before or after:
the same text, the same phone, or several of the text's rarest pairs in common. A person decides (ruling 17, A28).
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fengqiao.ground import likeness, tokens
from fengqiao.kernel import ciphers, same, searching, storing
from fengqiao.kernel.access import matters_for
from fengqiao.kernel.docket import Docket
from fengqiao.kernel.earlier import fingerprints
from fengqiao.kernel.models import Matter, Person, SearchRow, Source, Text
from fengqiao.kernel.same import Likely

if TYPE_CHECKING:
    from fengqiao.kernel.intake import Receipt, Received

SCORED = 5
PENDING_KIB = 65_536
WINDOW = timedelta(days=same.DAYS)


@dataclass(slots=True)
class _New:
    """One new matter of the batch: what is compared of it, and its candidates by the number of pairs they share."""

    item: int
    matter: Matter
    told: likeness.Told
    mark: bytes
    pairs: list[str]
    rare: list[str]
    shares: Counter[uuid.UUID] = field(default_factory=Counter)
    sure: set[uuid.UUID] = field(default_factory=set)


class Batch:
    """The new matters of a list of receipts; each search row is ranked when it is gathered, before it is stored."""

    def __init__(self, receipts: Sequence[Receipt], at: datetime) -> None:
        # What is stored now waits beside the index of all words until the worker folds it in.
        storing.run([("select set_config('gin_pending_list_limit', %s, true)", [str(PENDING_KIB)])])
        # Pairs are rare by the counted texts and by the batch itself: an empty database knows no frequencies yet.
        often: Counter[str] = Counter(searching.frequencies())
        told = [searching.words_of(receipt.title, receipt.content) for receipt in receipts]
        for _text, _words, pairs in told:
            often.update(pairs)
        self._ranked = [likeness.rarest(pairs, often, likeness.KEPT) for _text, _words, pairs in told]
        self._opened = [receipt.received_at or at for receipt in receipts]
        self._present = _present(receipts)
        self._news: dict[uuid.UUID, _New] = {}

    def ask(self) -> None:
        """Ask what was here before shares rare pairs with each receipt; in `streaming`, before anything is stored."""
        rare = [ranked[: likeness.ASKED] for ranked in self._ranked]
        marks = [(i, mark) for i, each in enumerate(rare) for mark in likeness.sketch(each)]
        self._sharing = storing.ask_later(
            "select item, matter_id, shared from shares_rare(%s, %s, %s, %s, %s, %s)",
            [
                [i for i, _mark in marks],
                [mark for _i, mark in marks],
                [opened - WINDOW for opened in self._opened],
                [opened + WINDOW for opened in self._opened],
                [min(likeness.ENOUGH, len(each)) for each in rare],
                SCORED,
            ],
        )

    def gather(self, book: Docket, some: Iterable[tuple[int, Received]]) -> None:
        """Take in the new matters of these receipts, which the docket has not stored yet."""
        created = {received.matter.pk: i for i, received in some if received.how == "created"}
        marks: dict[uuid.UUID, bytes] = {row.matter_id: bytes(row.fingerprint or b"") for row in book.pending(Source)}
        phones: dict[uuid.UUID, bytes | None] = {row.matter_id: row.phone_hash for row in book.pending(Person)}
        for row in book.pending(SearchRow):
            if row.first and row.matter_id in created and row.matter_id not in self._news:
                matter, i = book.matters[row.matter_id], created[row.matter_id]
                phone = phones.get(matter.pk)
                told = _told(matter.pk, matter.title, row.body, matter.place_id, matter.opened_at, phone)
                rare = searching.mark(row, self._ranked[i])[: likeness.ASKED]
                self._news[matter.pk] = _New(i, matter, told, marks[matter.pk], row.pairs, rare)

    def judge(self, book: Docket, matters: Sequence[Matter]) -> list[tuple[list[Likely], int]]:
        """For each of these matters the likeliest others, best first, and how many were looked at."""
        news = list(self._news.values())
        _in_batch(news)
        _in_database(news, self._present)
        by_item = {new.item: new for new in news}
        for item, pk, shared in self._sharing():
            if item in by_item:
                by_item[item].shares[pk] += shared
        own = self._news
        others = _others(book, {pk for new in news for pk in _best(new)} - own.keys(), self._present)
        return [_judge(own[pk], own, others) if (pk := matter.pk) in own else ([], 0) for matter in matters]


def _present(receipts: Sequence[Receipt]) -> dict[bytes, bytes]:
    """The hash of today for each hash that a stored row with one of these phones or texts may carry."""
    each = [ciphers.lookup_hashes("phone", party.phone) for one in receipts for party in one.parties if party.phone]
    each += [fingerprints(receipt.content) for receipt in receipts]
    return {stored: hashes[0] for hashes in each for stored in hashes}


def _told(pk: uuid.UUID, title: str, body: str, place: str, opened: object, phone: bytes | None) -> likeness.Told:
    return likeness.Told(pk, tokens.normalise(title), body, place, opened.date(), phone)  # type: ignore[attr-defined]


def _in_batch(news: Sequence[_New]) -> None:
    """Earlier ones of the batch: the same text, the same phone, or rare pairs in common."""
    having: dict[str, list[_New]] = defaultdict(list)
    known: dict[bytes, list[_New]] = defaultdict(list)
    asked = {pair for new in news for pair in new.rare}
    for new in news:
        facts = [new.mark] + ([new.told.phone_hash] if new.told.phone_hash else [])
        for fact in facts:
            new.sure.update(other.matter.pk for other in known[fact] if _near(new, other))
            known[fact].append(new)
        for pair in new.rare:
            new.shares.update(other.matter.pk for other in having[pair] if _near(new, other))
        for pair in asked.intersection(new.pairs):
            having[pair].append(new)


def _near(new: _New, other: _New) -> bool:
    return abs(new.matter.opened_at - other.matter.opened_at) <= WINDOW


def _in_database(news: Sequence[_New], present: Mapping[bytes, bytes]) -> None:
    own = {new.matter.pk for new in news}
    by_mark: dict[bytes, list[_New]] = defaultdict(list)
    by_phone: dict[bytes, list[_New]] = defaultdict(list)
    for new in news:
        by_mark[new.mark].append(new)
        if new.told.phone_hash:
            by_phone[new.told.phone_hash].append(new)
    stored = present.keys()
    alike = Source.objects.filter(fingerprint__in=stored).values_list("fingerprint", "matter", "received_at")
    for mark, pk, at in alike:
        for new in by_mark[present[bytes(mark or b"")]]:
            if pk not in own and abs(at - new.matter.opened_at) <= WINDOW:
                new.sure.add(pk)
    if by_phone:
        people = Person.objects.filter(phone_hash__in=stored).values_list("phone_hash", "matter")
        for phone, pk in people:
            if pk not in own:
                for new in by_phone[present[bytes(phone or b"")]]:
                    new.sure.add(pk)


def _best(new: _New) -> list[uuid.UUID]:
    """The few to compare: those with the same text or phone first, then those that share most."""
    new.shares.pop(new.matter.pk, None)
    enough = min(likeness.ENOUGH, len(new.rare))
    sharing = [pk for pk, shared in new.shares.most_common(SCORED) if shared >= enough and pk not in new.sure]
    return [*sorted(new.sure - {new.matter.pk}, reverse=True), *sharing][:SCORED]


def _others(
    book: Docket, ids: set[uuid.UUID], present: Mapping[bytes, bytes]
) -> dict[uuid.UUID, tuple[str, str, likeness.Told]]:
    if not ids:
        return {}
    heads = matters_for(book.by).filter(pk__in=ids).values_list("pk", "number", "title", "place_id", "opened_at")
    bodies = dict(
        Text.objects.filter(matter__in=ids, kind="content", body__isnull=False).values_list("matter_id", "body")
    )
    people = dict(
        Person.objects.filter(matter__in=ids, phone_hash__isnull=False).values_list("matter_id", "phone_hash")
    )
    return {
        pk: (
            number,
            title,
            _told(
                pk,
                title,
                tokens.normalise(f"{title}\n{bodies[pk]}"),
                place,
                opened,
                present.get(bytes(people[pk] or b"")) if pk in people else None,
            ),
        )
        for pk, number, title, place, opened in heads
        if pk in bodies
    }


def _judge(
    new: _New, own: dict[uuid.UUID, _New], others: dict[uuid.UUID, tuple[str, str, likeness.Told]]
) -> tuple[list[Likely], int]:
    looked = _best(new)
    named = {pk: others[pk] for pk in looked if pk in others}
    named |= {pk: (own[pk].matter.number, own[pk].matter.title, own[pk].told) for pk in looked if pk in own}
    scored = likeness.likenesses(new.told, [told for _number, _title, told in named.values()], new.rare, new.pairs)
    found = [
        Likely(*named[each.matter_id][:2], each.score, each.reasons, each.matter_id) for each in scored[: same.SHOWN]
    ]
    return found, len(looked)
