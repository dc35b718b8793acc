"""Numbers of matters, query codes and ids (engineering rulings 2 and 15, domain rulings 12 and 24).

A number is `热2026-000-0418729`, in addresses `R2026-000-0418729`: the kind, the year of opening, the last
three digits of the town (000: city-wide series), a sequence of six digits and one check digit (ISO 7064
MOD 11,10 over the thirteen digits before it). The sequence is a keyed permutation of a counter, so that two
numbers do not tell how many matters lie between them.

A query code is twelve digits, shown 4-4-4, the last a check digit. It is computed from the source's id, so
that the database keeps only its keyed hash and a repeated request can show it again.
"""

import hashlib
import hmac
import os
import re
import threading
import time
import unicodedata
import uuid
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from fengqiao.ground.unreadable import Unreadable, gettext_noop


class Letters(NamedTuple):
    """The mark of a kind: one Chinese character on paper, one Latin letter in addresses."""

    hanzi: str
    latin: str


LETTERS: Final = MappingProxyType(
    {
        "dispute": Letters("调", "J"),
        "petition": Letters("信", "X"),
        "hotline": Letters("热", "R"),
        "event": Letters("事", "S"),
        "call": Letters("助", "B"),
        "service": Letters("办", "L"),
        "legal_aid": Letters("援", "Y"),
        "inspection": Letters("查", "C"),
        "enforcement": Letters("罚", "Z"),
        "emergency": Letters("急", "E"),
        "suggestion": Letters("议", "G"),
        "village": Letters("村", "V"),
        "party": Letters("党", "P"),
    }
)
KIND_BY_LETTER: Final = MappingProxyType({mark: kind for kind, letters in LETTERS.items() for mark in letters})
CITY_WIDE: Final = frozenset({"hotline", "petition", "suggestion"})
CITY_SERIES: Final = "000"
SEQUENCES: Final = 1_000_000
QUERY_CODE_DIGITS: Final = 12
NUMBER_DIGITS: Final = 14
_EXAMPLE = "R2026-000-0418729"
_SEPARATORS = re.compile(r"[\s\-‐-―−_.·,、/()]+")


@dataclass(frozen=True, slots=True)
class Number:
    """The number of a matter. `town` has three digits, `sequence` is 0..999999."""

    kind: str
    year: int
    town: str
    sequence: int

    @property
    def check(self) -> str:
        return check_digit(f"{self.year:04d}{self.town}{self.sequence:06d}")

    @property
    def display(self) -> str:
        """As printed: `热2026-000-0418729`."""
        return LETTERS[self.kind].hanzi + self._tail()

    @property
    def slug(self) -> str:
        """As in addresses and file names: `R2026-000-0418729`."""
        return LETTERS[self.kind].latin + self._tail()

    def _tail(self) -> str:
        return f"{self.year:04d}-{self.town}-{self.sequence:06d}{self.check}"

    def __str__(self) -> str:
        return self.display


def check_digit(digits: str) -> str:
    """ISO 7064 MOD 11,10: finds every single wrong digit and nearly every pair of neighbours swapped."""
    product = 10
    for digit in digits:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def compose(kind: str, year: int, town: str, sequence: int) -> Number:
    """The number of these parts; `sequence` comes from `permute`.

    Raises ValueError when a part is out of its range, or a city-wide kind carries a town.
    """
    if kind not in LETTERS:
        raise ValueError(f"unknown kind {kind!r}; known: {', '.join(LETTERS)}")
    if not 1000 <= year <= 9999:
        raise ValueError(f"a year has four digits, not {year}")
    if not (len(town) == 3 and town.isascii() and town.isdigit()):
        raise ValueError(f"a town has three digits, not {town!r}")
    if kind in CITY_WIDE and town != CITY_SERIES:
        raise ValueError(f"{kind} is numbered city-wide: the town is {CITY_SERIES}, not {town}")
    if not 0 <= sequence < SEQUENCES:
        raise ValueError(f"a sequence is 0..{SEQUENCES - 1}, not {sequence}")
    return Number(kind, year, town, sequence)


def town_of(kind: str, place: str) -> str:
    """The three digits a matter of `kind` at the place code `place` carries; 000 above the town."""
    return CITY_SERIES if kind in CITY_WIDE or len(place) < 9 else place[6:9]


def parse(text: str) -> Number:
    """Read a number as people write it: either letter, any width or case, stray spaces and dashes.

    Raises Unreadable (a ValueError) with a sentence that says what is wrong.
    """
    compact = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()
    if not compact:
        raise Unreadable("empty", _TYPE_NUMBER, {"example": _EXAMPLE})
    kind = KIND_BY_LETTER.get(compact[0])
    if kind is None:
        raise Unreadable("letter", _NO_LETTER, {"example": _EXAMPLE})
    digits = compact[1:]
    if digits and not (digits.isascii() and digits.isdigit()):
        raise Unreadable("characters", _NUMBER_CHARACTERS, {"example": _EXAMPLE})
    _require_length(digits, NUMBER_DIGITS)
    if check_digit(digits[:-1]) != digits[-1]:
        raise Unreadable("mistyped", _MISTYPED)
    try:
        return compose(kind, int(digits[:4]), digits[4:7], int(digits[7:13]))
    except ValueError:
        raise Unreadable("mistyped", _MISTYPED) from None


def permute(n: int, key: bytes) -> int:
    """A keyed one-to-one mapping of 0..999999 onto itself (Feistel network with cycle walking).

    Use one key for each kind and year. Raises ValueError when `n` is outside 0..999999.
    """
    if not 0 <= n < SEQUENCES:
        raise ValueError(f"n is 0..{SEQUENCES - 1}, not {n}")
    tables = _round_tables(key)
    while True:
        left, right = n >> 10, n & 1023
        for table in tables:
            left, right = right, left ^ table[right]
        n = left << 10 | right
        if n < SEQUENCES:
            return n


@lru_cache(maxsize=64)
def _round_tables(key: bytes) -> tuple[tuple[int, ...], ...]:
    """Eight round functions of ten bits each, as tables: sixteen values to one HMAC."""
    return tuple(
        tuple(
            int.from_bytes(block[i : i + 2], "big") & 1023
            for part in range(64)
            for block in (_keyed(key, b"number", bytes((round_, part))),)
            for i in range(0, 32, 2)
        )
        for round_ in range(8)
    )


def query_code(source_id: uuid.UUID, turn: int, key: bytes) -> str:
    """The twelve digits given to the person; `turn` rises when a lost code is renewed at a window."""
    mac = _keyed(key, b"query code", source_id.bytes + turn.to_bytes(4, "big"))
    digits = f"{int.from_bytes(mac[:16], 'big') % 10**11:011d}"
    return digits + check_digit(digits)


def show_query_code(code: str) -> str:
    """`123456789012` as `1234-5678-9012`."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def query_code_hash(code: str, key: bytes) -> bytes:
    """Sixteen bytes for look-up; `code` as returned by `query_code` or `parse_query_code`."""
    return _keyed(key, b"query code hash", code.encode("ascii"))[:16]


def parse_query_code(text: str) -> str:
    """Twelve digits from what was typed or spoken: spaces, dashes, full width, 一二三, O for 0, l for 1.

    Raises Unreadable when digits are missing, too many, of another kind, or do not fit together.
    """
    digits = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).translate(_SPOKEN_DIGITS)
    if not digits:
        raise Unreadable("empty", _TYPE_CODE)
    if not (digits.isascii() and digits.isdigit()):
        raise Unreadable("characters", _CODE_CHARACTERS)
    _require_length(digits, QUERY_CODE_DIGITS)
    if check_digit(digits[:-1]) != digits[-1]:
        raise Unreadable("mistyped", _MISTYPED)
    return digits


def tail_hash(source_id: uuid.UUID, tail4: str, key: bytes) -> bytes:
    """Sixteen bytes that prove the last four digits of the phone; ValueError unless four digits."""
    digits = unicodedata.normalize("NFKC", tail4).strip()
    if not (len(digits) == 4 and digits.isascii() and digits.isdigit()):
        raise ValueError("the last four digits of a phone are four digits")
    return _keyed(key, b"phone tail", source_id.bytes + digits.encode("ascii"))[:16]


def word_hash(source_id: uuid.UUID, word: str, key: bytes) -> bytes:
    """Sixteen bytes that prove an anonymous person's chosen word (domain ruling 12); any width or case."""
    plain = "".join(unicodedata.normalize("NFKC", word).casefold().split())
    return _keyed(key, b"chosen word", source_id.bytes + plain.encode())[:16]


def _keyed(key: bytes, purpose: bytes, message: bytes) -> bytes:
    return hmac.digest(key, b"fengqiao " + purpose + b"\0" + message, hashlib.sha256)


def _require_length(digits: str, length: int) -> None:
    params = {"length": length, "count": len(digits)}
    if len(digits) == length - 1:
        raise Unreadable("missing", _ONE_MISSING, params)
    if len(digits) < length:
        raise Unreadable("missing", _SOME_MISSING, params)
    if len(digits) > length:
        raise Unreadable("too_many", _TOO_MANY, params)


class _Ids:
    """Version 7 ids that rise within a process, also when the wall clock steps back."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        # A child may inherit a lock held by a thread that it has not.
        self.lock = threading.Lock()
        self.stamp = 0

    def next(self) -> uuid.UUID:
        random = int.from_bytes(os.urandom(8), "big") & (1 << 62) - 1
        # 48 bits of milliseconds and 12 of their fraction (RFC 9562, method 3), as one rising number.
        stamp = (time.time_ns() << 12) // 1_000_000
        with self.lock:
            if stamp <= self.stamp:
                stamp = self.stamp + 1
            self.stamp = stamp
        value = (stamp >> 12) << 80 | 7 << 76 | (stamp & 0xFFF) << 64 | 2 << 62 | random
        return uuid.UUID(int=value)


_ids = _Ids()
os.register_at_fork(after_in_child=_ids.reset)


def new_id() -> uuid.UUID:
    """A new time-ordered id (RFC 9562 version 7); safe across threads and forks."""
    return _ids.next()


_SPOKEN_DIGITS = str.maketrans("〇零洞一幺二两三四五六七八九OoIl|", "00011223456789" + "00111")
_TYPE_NUMBER = gettext_noop("No number was typed. It looks like %(example)s and stands on your receipt.")
_NO_LETTER = gettext_noop("The letter in front is missing. A number looks like %(example)s.")
_NUMBER_CHARACTERS = gettext_noop("After the letter there are only digits. A number looks like %(example)s.")
_TYPE_CODE = gettext_noop("No query code was typed. It has 12 digits and stands on your receipt.")
_CODE_CHARACTERS = gettext_noop("A query code has digits only. Please leave out the other characters.")
_ONE_MISSING = gettext_noop("One digit is missing. There are %(length)s; please compare with your receipt.")
_SOME_MISSING = gettext_noop(
    "Some digits are missing: there are %(length)s, you typed %(count)s. Please add the others."
)
_TOO_MANY = gettext_noop(
    "There are too many digits: there are %(length)s, you typed %(count)s. Please compare with your receipt."
)
_MISTYPED = gettext_noop("One digit was mistyped. Please compare each digit with your receipt.")
