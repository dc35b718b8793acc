"""The same matter again? Candidates among what the reader may see; a person decides (ruling 17, A28)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fengqiao.ground import likeness, tokens
from fengqiao.kernel import ciphers, searching, storing
from fengqiao.kernel.access import Acting, SystemPost, array
from fengqiao.kernel.models import Matter
from fengqiao.kernel.now import now

DAYS = 90
SHOWN = 5
VILLAGE = 12  # digits of a village's code
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


class Look:
    """One matter compared with what was here: its `question`, and what the rows that answer it are worth.

    `ranked` are the rarest pairs of its text; the matter itself is never among the candidates.
    """

    def __init__(
        self, matter_id: uuid.UUID, kind: str, title: str, content: str, place: str, at: datetime, phones: Sequence[str]
    ) -> None:
        _text, _words, pairs = searching.words_of(title, content)
        self.ranked = likeness.rarest(pairs, searching.frequencies(), likeness.KEPT)
        self._rare = self.ranked[: likeness.ASKED]
        hashes = [each for phone in phones for each in ciphers.lookup_hashes("phone", phone)]
        words, text = tokens.normalise(title), tokens.normalise(content)
        self._mine = likeness.Told(matter_id, words, text, place, at.date(), hashes[0] if hashes else None)
        marks, known = likeness.sketch(self._rare), array(f'"\\\\x{each.hex()}"' for each in hashes)
        since, until = at - timedelta(days=DAYS), min(at + timedelta(days=DAYS), now())
        asked = [array(marks), min(likeness.ENOUGH, len(marks)), known, place if len(place) >= VILLAGE else ""]
        self.question: storing.Statement = (CANDIDATES, [matter_id, kind, *asked, since, until])

    def judge(self, rows: storing.Rows) -> tuple[list[Likely], int]:
        """The likeliest, best first, and how many were looked at."""
        others = [_told(row, self._mine) for row in rows]
        named = {pk: (number, words) for pk, number, words, *_more in rows}
        found = likeness.likenesses(self._mine, others, self._rare)[:SHOWN]
        likely = [Likely(*named[each.matter_id], each.score, each.reasons, each.matter_id) for each in found]
        return likely, rows[0][-1] if rows else 0


def look_for(by: Acting, level: str, *facts: Any) -> Look | None:
    """A `Look` of these facts. Protected matters are compared with nothing, and who files through the portal is told of
    none: the desk looks when it reads the matter.
    """
    if level in ("protected", "sealed") or (isinstance(by, SystemPost) and by.name == "portal"):
        return None
    return Look(*facts)


def candidates(by: Acting, matter: Matter, content: str, phones: Sequence[str]) -> tuple[list[Likely], int]:
    """The likeliest, best first, and how many were looked at; call inside `acting_as`."""
    facts = (matter.pk, matter.kind, matter.title, content, matter.place_id, matter.opened_at, phones)
    look = look_for(by, matter.confidentiality, *facts)
    return look.judge(storing.ask(*look.question)) if look else ([], 0)


def noted(likely: Sequence[Likely], of_all: int) -> dict[str, Any]:
    """What the event `matter.likely` holds: ids, scores and reasons, which only `hints` turns into matters."""
    rows = [{"matter": str(each.matter), "score": each.score, "reasons": list(each.reasons)} for each in likely]
    return {"likely": rows, "of_all": of_all}


def _told(row: tuple[Any, ...], mine: likeness.Told) -> likeness.Told:
    """What is compared of a candidate; its searchable text begins with its title."""
    pk, _number, words, place, opened, body, by_phone, _of_all = row
    title = tokens.normalise(words)
    return likeness.Told(
        pk, title, body.removeprefix(f"{title} "), place, opened, mine.phone_hash if by_phone else None
    )
