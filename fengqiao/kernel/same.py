"""The same matter again? Candidates among what the reader may see; a person decides (ruling 17, A28)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fengqiao.ground import likeness, tokens
from fengqiao.kernel import ciphers, searching, storing
from fengqiao.kernel.access import Acting, SystemPost, matters_for
from fengqiao.kernel.models import Event, Matter
from fengqiao.kernel.now import now

DAYS = 90
SHOWN = 5
LIKELY = "matter.likely"

# Of what shares rare pairs, the phone or the village, those that the reader may see (migration 0012).
CANDIDATES = "select * from likely_same(%s, %s, %s::integer[], %s, %s::bytea[], %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Likely:
    """A matter that may be the same, with the reasons for it."""

    number: str
    title: str
    score: int
    reasons: tuple[str, ...]
    matter: uuid.UUID


def candidates(
    by: Acting, matter: Matter, content: str, phones: Sequence[str], ranked: Sequence[str] = ()
) -> tuple[list[Likely], int]:
    """The likeliest, best first, and how many were looked at; the matter itself is never among them. `ranked` are the
    rarest pairs of its text, where the caller knows them.

    Whoever files through the portal is told of none: the desk looks when it reads the matter.
    """
    if matter.confidentiality in ("protected", "sealed") or _through_the_portal(by):
        return [], 0
    hashes = [ciphers.lookup_hash("phone", phone) for phone in phones]
    rare = ranked or likeness.rarest(tokens.bigrams(f"{matter.title}\n{content}"), searching.frequencies())
    rare = rare[: likeness.ASKED]
    title, text = tokens.normalise(matter.title), tokens.normalise(content)
    told = likeness.Told(
        matter.pk, title, text, matter.place_id, matter.opened_at.date(), hashes[0] if hashes else None
    )
    rows = _rows(matter, likeness.sketch(rare), hashes)
    others = {row[0]: _told(row, told) for row in rows}
    named = {pk: (number, words) for pk, number, words, *_more in rows}
    found = likeness.likenesses(told, list(others.values()), rare)[:SHOWN]
    likely = [Likely(*named[each.matter_id], each.score, each.reasons, each.matter_id) for each in found]
    return likely, rows[0][-1] if rows else 0


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


def _rows(matter: Matter, marks: list[int], hashes: Sequence[bytes]) -> storing.Rows:
    village = matter.place_id if len(matter.place_id) >= 12 else ""
    since, until = matter.opened_at - timedelta(days=DAYS), min(matter.opened_at + timedelta(days=DAYS), now())
    fewest = min(likeness.ENOUGH, len(marks))
    return storing.ask(CANDIDATES, [matter.pk, matter.kind, marks, fewest, list(hashes), village, since, until])


def _told(row: tuple[Any, ...], mine: likeness.Told) -> likeness.Told:
    """What is compared of a candidate; its searchable text begins with its title."""
    pk, _number, words, place, opened, body, by_phone, _of_all = row
    title = tokens.normalise(words)
    return likeness.Told(
        pk, title, body.removeprefix(f"{title} "), place, opened, mine.phone_hash if by_phone else None
    )
