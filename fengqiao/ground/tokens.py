"""Tokens for exact Chinese search in plain PostgreSQL (engineering rulings 1 and 17).

A text is indexed by its character pairs; a search takes the rows that have every pair of the word and
compares the word itself by LIKE on the normalised text. Pairs skip punctuation and spaces, on both sides
alike, so they never lose a hit. A single character is answered from titles only, by its own token (`^水`).
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

MAX_BIGRAMS: Final = 20_000
MAX_QUERY_TOKENS: Final = 12
SINGLE: Final = "^"
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060\ud800-\udfff\ufeff]+"
)
# What NFKC makes of the punctuation of nearly every Chinese text. Without it most texts are in that form already, and
# to see that costs a tenth of making it.
_WIDE: Final = tuple(zip("，！？：；（）", ",!?:;()", strict=True))
_OUTSIDE_WORDS = re.compile(r"[\W_]+")


def normalise(text: str) -> str:
    """One form for text and query: NFKC, lower case, one space for any run of space, no invisible characters.

    Traditional characters stay as they are. Punctuation stays, in half width where NFKC has one.
    """
    if not text.isprintable():
        text = _INVISIBLE.sub("", text)
    for wide, narrow in _WIDE:
        text = text.replace(wide, narrow)
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def bigrams(text: str, limit: int = MAX_BIGRAMS) -> list[str]:
    """The distinct character pairs of `text` in order of appearance, at most `limit`.

    Give them to `array_to_tsvector`. 20,000 pairs stay far under the size of a tsvector (1 MB).
    """
    return bigrams_of_normalised(normalise(text), limit)


def bigrams_of_normalised(text: str, limit: int = MAX_BIGRAMS) -> list[str]:
    """`bigrams` of a text that already went through `normalise`."""
    letters = _OUTSIDE_WORDS.sub("", text)
    pairs = dict.fromkeys([letters[i : i + 2] for i in range(len(letters) - 1)])
    return list(pairs) if len(pairs) <= limit else list(pairs)[:limit]


def title_tokens(titles: Iterable[str]) -> list[str]:
    """Tokens by which one character finds a matter: of its title, place names and category."""
    letters = _OUTSIDE_WORDS.sub("", normalise(" ".join(titles)))
    return [SINGLE + letter for letter in dict.fromkeys(letters)]


def index_tokens(titles: Iterable[str], text: str) -> list[str]:
    """Everything one search row carries: pairs of titles and text, single characters of the titles."""
    names = list(titles)
    pairs = dict.fromkeys(pair for part in (*names, text) for pair in bigrams(part))
    return title_tokens(names) + list(pairs)[:MAX_BIGRAMS]


def query_tokens(word: str) -> list[str]:
    """Tokens that every hit has: pairs of two or more characters, one `^` token of a single one.

    A long word gives at most 12 of its pairs, evenly spread, always the first and the last; LIKE decides.
    Empty when the word has no letter or digit.
    """
    letters = _OUTSIDE_WORDS.sub("", normalise(word))
    if len(letters) == 1:
        return [SINGLE + letters]
    pairs = bigrams_of_normalised(letters)
    if len(pairs) <= MAX_QUERY_TOKENS:
        return pairs
    last = len(pairs) - 1
    return [pairs[i * last // (MAX_QUERY_TOKENS - 1)] for i in range(MAX_QUERY_TOKENS)]


def is_single(word: str) -> bool:
    """Whether `word` is one character, which is looked for in titles only."""
    return len(_OUTSIDE_WORDS.sub("", normalise(word))) == 1


def like_pattern(word: str) -> str:
    r"""A LIKE pattern (escape `\`) for rows whose normalised text contains the word."""
    escaped = normalise(word).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def tsquery(tokens: Iterable[str]) -> str:
    """The tokens joined by `&`, quoted for a cast to tsquery (no configuration, no stemming)."""
    return " & ".join("'" + token.replace("\\", "\\\\").replace("'", "''") + "'" for token in tokens)
