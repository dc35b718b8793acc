"""The same matter again? Candidates among what the reader may see; a person decides (ruling 17, A28)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fengqiao.ground import likeness, tokens
from fengqiao.kernel import ciphers, storing
from fengqiao.kernel.access import Acting, SystemPost, matters_for
from fengqiao.kernel.models import Bigram, Event, Matter

DAYS = 90
SCORED = 200
DEEP = 20
NEAR = 40
SHOWN = 5
LIKELY = "matter.likely"
FREQUENCIES_SECONDS = 600.0

# Those that share rare pairs, those of the same phone, and the newest of the same village: what the policies show of
# them to whoever acts is the rule of `matters_for`; as a prepared statement it costs a tenth of the built query.
CANDIDATES = """
    with chosen as (
        select matter_id, of_all, false as by_phone from shares_rare(
            array_fill(0, array[cardinality(%s::integer[])]), %s::integer[], array[%s::timestamptz],
            array[%s::timestamptz], array[%s::integer], %s)
        union all
        (select matter_id, 0, true from person where phone_hash = any(%s::bytea[]) order by id desc limit %s)
        union all
        (select id, 0, false from matter where place = %s and kind = %s and opened_at >= %s
         order by opened_at desc limit %s)
    ), each as (
        select matter_id, max(of_all) as of_all, bool_or(by_phone) as by_phone from chosen group by matter_id
    )
    select m.id, m.number, m.title, m.place, m.opened_at, t.body, e.by_phone, e.of_all
    from each e join matter m on m.id = e.matter_id
    join text t on t.matter_id = m.id and t.kind = 'content' and t.body is not null
    where m.id <> %s
    order by m.opened_at desc limit 200
"""


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
    since = matter.opened_at - timedelta(days=DAYS)
    hashes = [ciphers.lookup_hash("phone", phone) for phone in phones]
    rare = (ranked or likeness.rarest(tokens.bigrams(f"{matter.title}\n{content}"), frequencies()))[: likeness.ASKED]
    rows, of_all = _rows(matter, rare, hashes, since)
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
    if _known["at"] is None or time.monotonic() - _known["at"] > FREQUENCIES_SECONDS:
        _known.update(at=time.monotonic(), n=dict(Bigram.objects.values_list("token", "n")))
    known: dict[str, int] = _known["n"]
    return known


def forget_frequencies() -> None:
    """Look them up at the next question."""
    _known["at"] = None


# Not in Django's cache: it would copy these thousands of words at each question.
_known: dict[str, Any] = {"at": None, "n": {}}


def _rows(
    matter: Matter, rare: Sequence[str], hashes: Sequence[bytes], since: datetime
) -> tuple[list[tuple[str, str, likeness.Told]], int]:
    """Number, title and what is compared of each candidate, and how many shared a rare pair."""
    near = matter.place_id if len(matter.place_id) >= 12 else ""
    marks = likeness.sketch(rare)
    words = [marks, marks, since, matter.opened_at + timedelta(days=DAYS), min(likeness.ENOUGH, len(marks)), DEEP]
    found = storing.ask(CANDIDATES, [*words, list(hashes), DEEP, near, matter.kind, since, NEAR, matter.pk])
    phone = hashes[0] if hashes else None
    rows = [
        (
            number,
            title,
            likeness.Told(
                pk,
                tokens.normalise(title),
                tokens.normalise(body),
                place,
                at.date(),
                phone if by_phone else None,
            ),
        )
        for pk, number, title, place, at, body, by_phone, _of_all in found
    ]
    return rows, max((row[7] for row in found), default=0)
