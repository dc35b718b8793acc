"""The same matter again? Candidates among what the reader may see; a person decides (ruling 17, A28)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.db.models import Q

from fengqiao.ground import likeness, tokens
from fengqiao.kernel import ciphers
from fengqiao.kernel.access import Acting, SystemPost, matters_for
from fengqiao.kernel.models import Bigram, Event, Matter, Person

DAYS = 90
SCORED = 200
DEEP = 20
NEAR = 60
SHOWN = 5
LIKELY = "matter.likely"


@dataclass(frozen=True, slots=True)
class Likely:
    """A matter that may be the same, with the reasons for it."""

    number: str
    title: str
    score: int
    reasons: tuple[str, ...]
    matter: uuid.UUID


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
    rows = _rows(by, matter, set(by_phone) | set(shared), since, by_phone, hashes[0] if hashes else None)
    if not rows:
        return [], 0
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
    found = [Likely(*named[each.matter_id], each.score, each.reasons, each.matter_id) for each in scored[:SHOWN]]
    return found, max(of_all, len(rows))


def _through_the_portal(by: Acting) -> bool:
    return isinstance(by, SystemPost) and by.name == "portal"


def noted(likely: Sequence[Likely], of_all: int) -> dict[str, Any]:
    """What the event `matter.likely` holds: ids, scores and reasons, which only `hints` turns into matters."""
    rows = [{"matter": str(each.matter), "score": each.score, "reasons": list(each.reasons)} for each in likely]
    return {"likely": rows, "of_all": of_all}


def hints(by: Acting, matter: Matter) -> tuple[list[Likely], int]:
    """What intake noted as likely the same, as far as the reader may see it; call inside `acting_as`."""
    event = Event.objects.filter(matter=matter, opened_year=matter.opened_year, kind=LIKELY).order_by("-seq").first()
    if event is None:
        return [], 0
    rows = {uuid.UUID(row["matter"]): row for row in event.data["likely"]}
    heads = matters_for(by).filter(pk__in=rows).values_list("pk", "number", "title")
    found = [Likely(number, title, rows[pk]["score"], tuple(rows[pk]["reasons"]), pk) for pk, number, title in heads]
    return sorted(found, key=lambda each: (-each.score, each.number)), len(found)


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


def _rows(
    by: Acting,
    matter: Matter,
    ids: set[uuid.UUID],
    since: datetime,
    by_phone: dict[uuid.UUID, bool],
    phone: bytes | None,
) -> list[tuple[str, str, likeness.Told]]:
    """Number, title and what is compared of the candidates and, for a village, of its newest matters."""
    wanted = Q(pk__in=ids)
    if len(matter.place_id) >= 12:
        wanted |= Q(place=matter.place_id, opened_at__gte=since, kind=matter.kind)
    heads = matters_for(by).filter(wanted, texts__kind="content", texts__body__isnull=False).exclude(pk=matter.pk)
    columns = ("pk", "number", "title", "place_id", "opened_at", "texts__body")
    return [
        (
            number,
            title,
            likeness.Told(
                pk,
                tokens.normalise(title),
                tokens.normalise(body),
                place,
                at.date(),
                phone if pk in by_phone else None,
            ),
        )
        for pk, number, title, place, at, body in heads.order_by("-opened_at").values_list(*columns)[: NEAR + 2 * DEEP]
    ]
