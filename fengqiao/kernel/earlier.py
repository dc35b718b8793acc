"""What of a list of receipts is here already? Asked once for all, among what the reader may see (ruling 3)."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from fengqiao.ground import tokens
from fengqiao.kernel import ciphers, secrecy
from fengqiao.kernel.docket import Docket
from fengqiao.kernel.models import Source, Text

if TYPE_CHECKING:
    from fengqiao.kernel.intake import Receipt

SAME_TEXT = timedelta(days=30)
WORDS = ("content", "supplement", "reply")


class Earlier:
    """Sources that receipts of a list have met: by channel and foreign number, or by person and same text.

    The list's own receipts are added as they are taken in, so that a repeat inside the list is met too.
    """

    def __init__(self, now: datetime, receipts: Sequence[Receipt] = ()) -> None:
        self._now = now
        self._numbered: dict[tuple[str, str], Source] = {}
        self._told: dict[tuple[bytes, bytes], list[Source]] = defaultdict(list)
        self._said: dict[uuid.UUID, set[bytes]] = defaultdict(set)
        self.ask(receipts)

    def ask(self, receipts: Sequence[Receipt]) -> None:
        """Look these receipts up, in at most three questions."""
        found = [*self._find_numbers(receipts), *self._find_people(receipts)]
        self._read_words(found)

    def met(self, receipt: Receipt) -> tuple[Source, bool] | None:
        """The source met, and whether by its foreign number (else by person and text)."""
        if receipt.external_id:
            source = self._numbered.get((receipt.channel, receipt.external_id))
            if source is not None:
                return source, True
        at = receipt.received_at or self._now
        for told in _told(receipt):
            for source in self._told[told]:
                if abs(source.received_at - at) <= SAME_TEXT:
                    return source, False
        return None

    def add(self, receipt: Receipt, source: Source) -> None:
        """This receipt is taken in now as this source."""
        if receipt.external_id:
            self._numbered.setdefault((receipt.channel, receipt.external_id), source)
        for told in _told(receipt):
            self._told[told].append(source)
        self.heard(source, receipt.content)
        if receipt.reply:
            self.heard(source, receipt.reply)

    def heard(self, source: Source, words: str) -> None:
        """These words stand with the source now."""
        self._said[source.pk].add(_plain(words))

    def knows(self, source: Source, words: str) -> bool:
        """Whether these words stand with the source already."""
        return _plain(words) in self._said[source.pk]

    def changes(self, receipt: Receipt) -> bool:
        """Whether this receipt would add anything to what it met. False when it met nothing."""
        met = self.met(receipt)
        if met is None:
            return False
        source, numbered = met
        told = [words for words in (receipt.content, receipt.reply) if words]
        return not numbered or not all(self.knows(source, words) for words in told)

    def lock(self, book: Docket, receipts: Iterable[Receipt]) -> None:
        """Lock the matters that these receipts add to, by ascending id, and put them in hand."""
        sources = [met[0] for receipt in receipts if self.changes(receipt) and (met := self.met(receipt))]
        if not sources:
            return
        locked = {matter.pk: matter for matter in book.take_many({source.matter_id for source in sources})}
        for source in self._sources():
            if source.matter_id in locked:
                source.matter = locked[source.matter_id]

    def _sources(self) -> Iterator[Source]:
        yield from self._numbered.values()
        for sources in self._told.values():
            yield from sources

    def _find_numbers(self, receipts: Sequence[Receipt]) -> Iterator[Source]:
        wanted: dict[str, set[str]] = defaultdict(set)
        for receipt in receipts:
            if receipt.external_id:
                wanted[receipt.channel].add(receipt.external_id)
        for channel, numbers in wanted.items():
            rows = Source.objects.filter(channel=channel, external_id__in=numbers).select_related("matter")
            for source in rows.order_by("-copy"):
                self._numbered[channel, source.external_id or ""] = source
                yield source

    def _find_people(self, receipts: Sequence[Receipt]) -> Iterator[Source]:
        told = {pair for each in receipts for pair in _told(each)}
        if not told:
            return
        rows = Source.objects.filter(
            fingerprint__in={mark for _phone, mark in told}, person__phone_hash__in={phone for phone, _mark in told}
        )
        for source in rows.select_related("matter", "person"):
            if source.person and source.person.phone_hash and source.fingerprint:
                self._told[bytes(source.person.phone_hash), bytes(source.fingerprint)].append(source)
                yield source

    def _read_words(self, sources: Iterable[Source]) -> None:
        ids = {source.pk for source in sources}
        if not ids:
            return
        texts = list(Text.objects.filter(source__in=ids, kind__in=WORDS))
        words = secrecy.words_of(texts)
        for text in texts:
            self._said[text.source_id or text.pk].add(_plain(words[text.pk]))


def fingerprint(words: str) -> bytes:
    """Sixteen bytes, equal for texts that are equal but for width, case and spaces."""
    return ciphers.lookup_hash("text", _normal(words))


def fingerprints(words: str) -> list[bytes]:
    """What a stored text like this one may carry, the present fingerprint first."""
    return ciphers.lookup_hashes("text", _normal(words))


_normal = lru_cache(maxsize=256)(tokens.normalise)


def _plain(words: str) -> bytes:
    """For comparing in memory, whatever keys come and go meanwhile."""
    return ciphers.sha256(_normal(words).encode())


def _told(receipt: Receipt) -> Iterator[tuple[bytes, bytes]]:
    """Who told what: a phone and the text, both under the same key."""
    phones = [ciphers.lookup_hashes("phone", party.phone) for party in receipt.parties if party.phone]
    marks = fingerprints(receipt.content) if phones else []
    return ((phone, mark) for each in phones for phone, mark in zip(each, marks, strict=True))
