"""The same matter again? Candidates among what the reader may see; a person decides (ruling 17, A28)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import connection

from fengqiao.kernel import ciphers, likeness, tokens
from fengqiao.kernel.access import Acting, SystemPost, matters_for
from fengqiao.kernel.models import Bigram, Matter, Person, Text

DAYS = 90
SCORED = 200
DEEP = 20
NEAR = 60
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Likely:
    """A matter that may be the same, with the reasons for it."""

    number: str
    title: str
    score: int
    reasons: tuple[str, ...]


def candidates(by: Acting, matter: Matter, content: str, phones: Sequence[str]) -> tuple[list[Likely], int]:
    """The likeliest, best first, and how many were looked at; the matter itself is never among them.

    Whoever files through the portal is told of none: the desk looks when it reads the matter.
    """
    if matter.confidentiality in ("protected", "sealed") or _through_the_portal(by):
        return [], 0
    since = matter.opened_at - timedelta(days=DAYS)
    hashes = [ciphers.lookup_hash("phone", phone) for phone in phones]
    pairs = tokens.bigrams(f"{matter.title}\n{content}")
    rare = likeness.rarest(pairs, frequencies())
    shared, of_all = _sharing(rare, since)
    by_phone = _of_phone(hashes)
    ids = (set(by_phone) | set(shared)) - {matter.pk}
    if len(matter.place_id) >= 12:
        ids |= _near(by, matter, since)
    if not ids:
        return [], 0
    rows = _rows(by, ids, by_phone, hashes[0] if hashes else None)
    told = likeness.Told(
        matter.pk,
        tokens.normalise(matter.title),
        tokens.normalise(content),
        matter.place_id,
        matter.opened_at.date(),
        hashes[0] if hashes else None,
    )
    scored = likeness.likenesses(told, [row for _number, _title, row in rows][:SCORED], rare)
    named = {row.matter_id: (number, title) for number, title, row in rows}
    found = [Likely(*named[each.matter_id], each.score, each.reasons) for each in scored[:SHOWN]]
    return found, max(of_all, len(ids))


def _through_the_portal(by: Acting) -> bool:
    return isinstance(by, SystemPost) and by.name == "portal"


def frequencies() -> dict[str, int]:
    """How often common bigrams occur; looked up every ten minutes."""
    known: dict[str, int] | None = cache.get("bigrams")
    if known is None:
        known = dict(Bigram.objects.values_list("token", "n"))
        cache.set("bigrams", known, 600)
    return known


def _sharing(words: Sequence[str], since: datetime) -> tuple[dict[uuid.UUID, int], int]:
    if not words:
        return {}, 0
    with connection.cursor() as cursor:
        cursor.execute("select * from shares_words(%s, %s, %s)", [list(words), since, DEEP])
        rows = cursor.fetchall()
    return {row[0]: row[1] for row in rows}, rows[0][2] if rows else 0


def _of_phone(hashes: Sequence[bytes]) -> dict[uuid.UUID, bool]:
    if not hashes:
        return {}
    found = Person.objects.filter(phone_hash__in=list(hashes)).order_by("-pk").values_list("matter_id", flat=True)
    return dict.fromkeys(found[:DEEP], True)


def _near(by: Acting, matter: Matter, since: datetime) -> set[uuid.UUID]:
    rows = matters_for(by, kind=matter.kind).filter(place_id=matter.place_id, opened_at__gte=since)
    return set(rows.order_by("-opened_at").values_list("pk", flat=True)[:NEAR]) - {matter.pk}


def _rows(
    by: Acting, ids: set[uuid.UUID], by_phone: dict[uuid.UUID, bool], phone: bytes | None
) -> list[tuple[str, str, likeness.Told]]:
    heads = matters_for(by).filter(pk__in=ids).values_list("pk", "number", "title", "place_id", "opened_at")
    found = Text.objects.filter(matter__in=ids, kind="content", body__isnull=False)
    bodies = dict(found.values_list("matter_id", "body"))
    return [
        (
            number,
            title,
            likeness.Told(
                pk,
                tokens.normalise(title),
                tokens.normalise(bodies[pk] or ""),
                place,
                at.date(),
                phone if pk in by_phone else None,
            ),
        )
        for pk, number, title, place, at in heads
        if pk in bodies
    ]
