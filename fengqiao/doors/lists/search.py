"""Exact search over texts: which of the matters that the reader may see hold these words (rulings 1 and 17)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from fengqiao.ground import tokens
from fengqiao.kernel import storing

MOST = 1000
_ASK = "select matter_id, opened_at from search_hits(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What the search itself can narrow by: kind, place (code prefix), category, opened from and until."""

    kind: str | None = None
    place: str | None = None
    category: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Hit(NamedTuple):
    """A matter that holds the words, and when it was opened: the key by which pages go on."""

    id: uuid.UUID
    opened_at: datetime


EVERYWHERE = Narrowed()


def found(
    q: str, *, most: int = MOST, before: tuple[datetime, uuid.UUID] | None = None, narrowed: Narrowed = EVERYWHERE
) -> list[Hit]:
    """The newest `most` hits, newest first, that were opened before `before`. Call inside `acting_as`.

    Two and more characters are found in titles, texts and remarks; one only in titles, names of places and categories.
    Without a letter or digit nothing is found.
    """
    words = tokens.query_tokens(q)
    if not words:
        return []
    pattern = "%" if tokens.is_single(q) else tokens.like_pattern(q)
    at, after = before or (None, None)
    inside = [narrowed.kind, narrowed.place, narrowed.category, narrowed.since, narrowed.until]
    return [Hit(*row) for row in storing.ask(_ASK, [words, pattern, most, at, after, *inside])]
