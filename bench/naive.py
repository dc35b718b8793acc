"""The plain answers, by the shortest way that cannot be wrong: read as the owner, filtered in Python.

The program's answers are held against these before anything is measured.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from bench.seed import SEED, texts_of
from bench.words import Vocabulary
from fengqiao.config import roles
from fengqiao.config.server import EmbeddedServer
from fengqiao.ground import tokens
from fengqiao.kernel import access
from fengqiao.kernel.models import Matter, Post

RARE, COMMON = (5, 50), 0.05
RARE_AMONG = 100_000  # in a larger city the same words stand in more texts
RARE_WORDS, COMMON_WORDS = 8, 4


@dataclass
class Plain:
    """Words with the matters that hold them, and what each post may read, newest first."""

    rare: list[str] = field(default_factory=list)
    common: list[str] = field(default_factory=list)
    holding: dict[str, set[str]] = field(default_factory=dict)
    readable: dict[int, list[tuple[str, str]]] = field(default_factory=dict)

    def numbers(self, post: Post, word: str) -> list[str]:
        """The numbers that a search for `word` must find for this post, newest first."""
        held = self.holding[word]
        return [number for pk, number in self.readable[post.pk] if pk in held]


def look(server: EmbeddedServer, count: int, posts: Sequence[Post]) -> Plain:
    """Count candidates for rare and common words in every text that may be searched; choose those that fit."""
    plain = Plain()
    rare, common = _candidates(count)
    held: dict[str, set[str]] = defaultdict(set)
    for matter, body in texts_of(server):
        normal = tokens.normalise(body)
        for word in rare + common:
            if word in normal:
                held[word].add(matter)
    for post in posts:
        with access.acting_as(post):
            rows = access.matters_for(post).order_by("-opened_at", "-pk").values_list("pk", "number")
            plain.readable[post.pk] = [(str(pk), number) for pk, number in rows]
    grown = max(1.0, count / RARE_AMONG)
    plain.rare = [word for word in rare if RARE[0] * grown <= len(held[word]) <= RARE[1] * grown][:RARE_WORDS]
    plain.common = [word for word in common if len(held[word]) >= COMMON * count][:COMMON_WORDS]
    if not plain.rare or not plain.common:
        raise SystemExit("The texts hold no words that are rare or common enough; the seed is wrong.")
    plain.holding = {word: held[word] for word in plain.rare + plain.common}
    return plain


def _candidates(count: int) -> tuple[list[str], list[str]]:
    """Words around the ranks where Zipf's law puts 20 texts, and around those where it puts a tenth of all."""
    chance = random.Random(SEED + 9)
    words = Vocabulary(SEED).words
    at = min(int(count * 0.35), int(len(words) * 0.85))
    rare = chance.sample(words[int(at * 0.8) : int(at * 1.15) + 60], 60)
    return rare, chance.sample([word for word in words[20:120] if len(word) > 1], 20)


def asked(server: EmbeddedServer, question: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows as the owner reads them, past every policy."""
    with psycopg.connect(server.url(roles.OWNER)) as connection:
        return connection.execute(question, values).fetchall()


def newest(server: EmbeddedServer, unit: int, state: str) -> list[str]:
    """The newest 20 of a unit and state."""
    question = (
        "select number from matter where lead_unit_id = %s and state = %s order by opened_at desc, id desc limit 20"
    )
    return [row[0] for row in asked(server, question, unit, state)]


def tasks(server: EmbeddedServer, post: Post) -> list[str]:
    """The numbers on the first page of a post's worklist."""
    question = (
        "select m.number from task t join matter m on m.id = t.matter_id where t.unit_id = %s and t.done_at is null"
        " and not t.resting and (t.post_id is null or t.post_id = %s) order by t.due_at nulls last, t.id limit 20"
    )
    return [row[0] for row in asked(server, question, post.unit_id, post.pk)]


def matters() -> int:
    """How many there are."""
    with access.acting_as(access.SystemPost("keeper")):
        return Matter.objects.count()
