"""The searchable form of texts: rows for the search, and rare pairs by which the same matter is found (ruling 17)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping

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
    select fq_month(r.opened_at), mark, r.opened_at, r.matter_id
    from json_to_recordset(%s::json) r (matter_id uuid, opened_at timestamptz, marks integer[]), unnest(r.marks) mark
    on conflict do nothing
"""


def row(matter: Matter, text_id: uuid.UUID, body: str, *, title: bool) -> SearchRow:
    """The searchable form of a text; a matter's first text carries its title too."""
    titles = [tokens.normalise(matter.title)] if title else []
    plain = tokens.normalise(body)
    words = tokens.index_tokens(titles, plain)
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
        body=" ".join([*titles, plain]),
    )
    made.first, made.ranked = title, []  # type: ignore[attr-defined]
    return made


def rank(made: SearchRow, often: Mapping[str, int]) -> list[str]:
    """The rarest pairs of a matter's first words, by which the row will be found; kept on the row."""
    pairs = [word for word in made.tokens if word[0] != tokens.SINGLE]
    ranked = likeness.rarest(pairs, often, likeness.KEPT)
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
