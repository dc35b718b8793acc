"""Texts without meaning and with the statistics of a language: a generated vocabulary under Zipf's law.

Nothing in it was said by anybody; what matters is that a few words stand in many texts and most words in few.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import accumulate

SIZE = 30_000
EXPONENT = 1.0
STOPS = ("，", "，", "，", "。", "。", "；")


def characters() -> list[str]:
    """The 3,755 common characters of GB 2312, level one."""
    rows = (bytes((high, low)) for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF))
    return [found for row in rows if (found := row.decode("gb2312", "ignore"))]


class Vocabulary:
    """`SIZE` words of one to three characters by rank; the first are the commonest."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        letters = characters()
        chance.shuffle(letters)
        weights = list(accumulate(1 / (rank + 20) ** 0.7 for rank in range(len(letters))))
        found: dict[str, None] = {}
        while len(found) < SIZE:
            lengths = (45, 50, 5) if len(found) < 300 else (0, 85, 15)
            length = chance.choices((1, 2, 3), lengths)[0]
            found["".join(chance.choices(letters, cum_weights=weights, k=length))] = None
        self.words = list(found)
        self._weights = list(accumulate(1 / (rank + 2.7) ** EXPONENT for rank in range(SIZE)))

    def draw(self, chance: random.Random, count: int) -> list[str]:
        """`count` words by their frequency."""
        return chance.choices(self.words, cum_weights=self._weights, k=count)

    def text(self, chance: random.Random, count: int) -> str:
        """A text of `count` words with punctuation every four to nine words."""
        return "".join(self._punctuated(chance, self.draw(chance, count)))

    @staticmethod
    def _punctuated(chance: random.Random, words: list[str]) -> Iterator[str]:
        left = chance.randint(4, 9)
        for word in words[:-1]:
            yield word
            left -= 1
            if not left:
                yield chance.choice(STOPS)
                left = chance.randint(4, 9)
        yield f"{words[-1]}。"
