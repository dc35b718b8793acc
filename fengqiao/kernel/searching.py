"""The searchable form of texts: rows for the search, and rare pairs by which the same matter is found (ruling 17)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

import orjson

from fengqiao.ground import likeness, tokens
from fengqiao.kernel.models import Bigram, Matter, SearchRow
from fengqiao.kernel.remembered import Remembered
from fengqiao.kernel.storing import Statement, fresh

FREQUENCIES_SECONDS = 600.0

REMOVE = """
    with gone as (delete from search_row where matter_id = %s returning rare, opened_at, matter_id)
    delete from rare_pair p using gone g
    where p.month = fq_month(g.opened_at) and p.mark = any(g.rare) and p.opened_at = g.opened_at
      and p.matter_id = g.matter_id
"""
REFILE = "update search_row set place = %s, category = %s, reach = %s where matter_id = %s"
PAIRS = """
    insert into rare_pair (month, mark, opened_at, matter_id)
    select r.month, mark, r.opened_at, r.matter_id from (
        select fq_month(opened_at) as month, * from json_to_recordset(%s::json)
            t (matter_id uuid, opened_at timestamptz, marks integer[]) offset 0
    ) r, unnest(r.marks) mark
    on conflict do nothing
"""


def row(matter: Matter, text_id: uuid.UUID, body: str, *, title: bool) -> SearchRow:
    """The searchable form of a text; a matter's first text carries its title too."""
    text, words, pairs = words_of(matter.title if title else "", body)
    made = fresh(
        SearchRow,
        text_id=text_id,
        matter_id=matter.pk,
        kind=matter.kind,
        place=matter.place_id,
        category=matter.category,
        reach=matter.reach,
        opened_at=matter.opened_at,
        tokens=words,
        body=text,
    )
    made.first, made.pairs, made.ranked = title, pairs, []  # type: ignore[attr-defined]
    return made


@lru_cache(maxsize=1024)
def words_of(title: str, body: str) -> tuple[str, list[str], list[str]]:
    """The normalised text, which begins with its title if there is one, its tokens, and those of two characters.

    An import asks twice.
    """
    titles = [tokens.normalise(title)] if title else []
    plain = tokens.normalise(body)
    words = tokens.index_tokens(titles, plain)
    return " ".join([*titles, plain]), words, [word for word in words if word[0] != tokens.SINGLE]


def rank(made: SearchRow, often: Mapping[str, int]) -> list[str]:
    """The rarest pairs of a matter's first words, by which the row will be found; kept on the row."""
    return mark(made, likeness.rarest(made.pairs, often, likeness.KEPT))  # type: ignore[attr-defined]


def mark(made: SearchRow, ranked: list[str]) -> list[str]:
    """Keep these pairs on the row."""
    made.ranked, made.rare = ranked, likeness.sketch(ranked)  # type: ignore[attr-defined]
    return ranked


def pairs(rows: Iterable[SearchRow]) -> Iterator[Statement]:
    """The statement that keeps the rare pairs of these rows, if they have any."""
    found = [
        {"matter_id": each.matter_id, "opened_at": each.opened_at, "marks": each.rare} for each in rows if each.rare
    ]
    if found:
        yield PAIRS, [orjson.dumps(found).decode()]


frequencies = Remembered(lambda: dict(Bigram.objects.values_list("token", "n")), FREQUENCIES_SECONDS)
"""How often common bigrams occur."""
