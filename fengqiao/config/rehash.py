"""After the hash key was rotated: every look-up hash that can be made anew is made with the new key.

Until a row's turn comes it is found by its old hash, because look-ups ask under every key (`ciphers.lookup_hashes`).
The walk goes by ascending ids and can be cut off at any time; the worker goes on with it each hour. What only its
teller knows is not here to be hashed anew (chosen words, recovery codes): it is compared under every key.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress

from django.db import transaction

from fengqiao.ground import numbers
from fengqiao.kernel import ciphers, intake, journal, keys, secrecy
from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.kernel.docket import Docket, docket
from fengqiao.kernel.earlier import fingerprint
from fengqiao.kernel.models import Bookmark, Matter, Person, Source, Text

KEEPER = SystemPost("keeper")
BATCH = 200
MARK = "hash_key"
PURPOSES = (("phone", "phone"), ("id", "id_no"))


def note_rotation(name: str, key_id: str) -> None:
    """The event that a secret has a new key."""
    with acting_as(KEEPER), transaction.atomic():
        journal.note(KEEPER, "config", "key.rotated", data={"name": name, "key": key_id})


def go_on(progress: Callable[[int], None] | None = None) -> int:
    """Hash the matters' look-up columns anew that still wait for it; how many matters. Repeatable at any point.

    `progress` is told after each transaction how many matters are done.
    """
    count = 0
    while ids := _next():
        with docket(KEEPER) as book:
            _rehash(book, [matter.pk for matter in book.take_many(ids)])
            _mark(ids[-1])
        count += len(ids)
        if progress:
            progress(count)
    if len(keys.all_of("hash")) > 1:
        _mark(None)
    return count


def waiting() -> list[str]:
    """For `fengqiao check`: a sentence while rows are still found by an older key's hash."""
    with acting_as(KEEPER):
        left = bool(_next())
    return ["Look-up hashes of an older key are left; the worker's hourly job goes on with them."] if left else []


def _next() -> list[uuid.UUID]:
    """The next matters, by ascending id; none when all are done, or when there never was another key."""
    if len(keys.all_of("hash")) == 1:
        return []
    with acting_as(KEEPER):
        mark = Bookmark.objects.filter(name=MARK, data__key=keys.current("hash").id).first()
        matters = Matter.objects.order_by("pk")
        if mark and mark.data["until"] is None:
            return []  # walked to the end; what came since was hashed with the new key
        if mark:
            matters = matters.filter(pk__gt=mark.data["until"])
        return list(matters.values_list("pk", flat=True)[:BATCH])


def _mark(until: uuid.UUID | None) -> None:
    """All are done up to this matter; None for all of them."""
    data = {"key": keys.current("hash").id, "until": until and str(until)}
    Bookmark.objects.update_or_create(name=MARK, defaults={"data": data})


def _rehash(book: Docket, ids: list[uuid.UUID]) -> None:
    phones: dict[uuid.UUID, str] = {}
    for person in Person.objects.filter(matter__in=ids):
        told = ciphers.unseal_json(person.sealed, person.pk.bytes)
        phones[person.pk] = told["phone"]
        hashes = [told[name] and ciphers.lookup_hash(purpose, told[name]) for purpose, name in PURPOSES]
        book.change(person, phone_hash=hashes[0] or None, id_hash=hashes[1] or None)
    sources = list(Source.objects.filter(matter__in=ids))
    words = secrecy.words_of(Text.objects.filter(pk__in=[each.text_id for each in sources if each.text_id]))
    for source in sources:
        changed = {"code_hash": numbers.query_code_hash(intake.code_of(source), keys.current("hash").secret)}
        if source.fingerprint and source.text_id and words[source.text_id]:
            changed["fingerprint"] = fingerprint(words[source.text_id])
        if source.proof_hash and source.person_id and (phone := phones[source.person_id]):
            changed |= _proof(source, phone[-4:])
        book.change(source, **changed)


def _proof(source: Source, tail: str) -> dict[str, bytes]:
    """The proof anew, if it is the end of this phone; a chosen word is known to its teller only."""
    with suppress(ValueError):
        made = [numbers.tail_hash(source.pk, tail, key.secret) for key in keys.all_of("hash")]
        if bytes(source.proof_hash or b"") in made:
            return {"proof_hash": made[0]}
    return {}
