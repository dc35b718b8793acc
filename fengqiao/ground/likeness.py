"""How like an incoming matter is to earlier ones, with the reasons (engineering ruling 17, EXPERIENCE 4).

The score only sorts; a person decides. The caller gives at most 200 candidates, those the post may see:
same phone or id hash, same village within 90 days, or texts that share the rarest character pairs.
"""

import hashlib
import heapq
import hmac
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from fengqiao.ground.tokens import bigrams_of_normalised, normalise
from fengqiao.ground.unreadable import gettext_noop

MAX_SCORED: Final = 200
ASKED: Final = 8  # rarest pairs of a new text that are looked for (engineering ruling 17)
KEPT: Final = 12  # rarest pairs of each text by which it is found
ENOUGH: Final = 2  # shared pairs that make a candidate; one of a text that has no more
RECURS: Final = 2
ALONE: Final = 64  # after every rarity of pairs that recur
VILLAGE_DAYS: Final = 90
SHOWN_FROM: Final = 20
COMPARED_WHOLE: Final = 30
_TEXT_SAID: Final = 24.0
_RARITY_SAID: Final = 7.0
REASONS: Final[Mapping[str, str]] = {
    "same_text": gettext_noop("the text is the same, word for word"),
    "same_phone": gettext_noop("the same phone"),
    "same_id": gettext_noop("the same person"),
    "same_title": gettext_noop("the same title"),
    "like_text": gettext_noop("much of the text is alike"),
    "rare_words": gettext_noop("rare words in common"),
    "same_village": gettext_noop("the same village within 90 days"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What can be compared of one matter. `text` and `title` went through `tokens.normalise`.

    `place` is a code of 6 to 15 digits or empty; hashes are the keyed ones of the person, or None.
    """

    matter_id: UUID
    title: str
    text: str
    place: str
    opened: date
    phone_hash: bytes | None = None
    id_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class Likeness:
    """A candidate worth showing: `score` 20..100, reasons (keys of REASONS), the weightiest first."""

    matter_id: UUID
    score: int
    reasons: tuple[str, ...]
    exact: bool


def fingerprint(text: str, key: bytes | None = None) -> bytes:
    """Sixteen bytes, equal for texts equal after `normalise`; keyed for texts that leave no other trace."""
    plain = normalise(text).encode()
    digest = hmac.digest(key, plain, hashlib.sha256) if key is not None else hashlib.sha256(plain).digest()
    return digest[:16]


def rarest(bigrams: Iterable[str], frequency: Mapping[str, int], n: int = ASKED) -> list[str]:
    """The `n` rarest pairs that recur, the rarest first, then those that stood in no other text yet.

    Most of the rarest pairs of a text stand in it alone and find nothing; names of places and things recur. About as
    rare ones are in the order of their marks, so that two texts about the same thing choose the same pairs though the
    counts went on between them.
    """
    by_rarity: dict[int, list[str]] = {}
    for pair in bigrams:
        counted = frequency.get(pair, 0)
        by_rarity.setdefault(counted.bit_length() if counted >= RECURS else ALONE + counted, []).append(pair)
    found: list[str] = []
    for rarity in sorted(by_rarity):
        found += sorted(by_rarity[rarity], key=mark)
        if len(found) >= n:
            break
    return found[:n]


def mark(pair: str) -> int:
    """A pair as a number of 32 bits with a sign."""
    return zlib.crc32(pair.encode("utf-8", "surrogatepass")) - 0x8000_0000


def sketch(ranked: Sequence[str]) -> list[int]:
    """The marks of a text's rarest pairs, by which it is found again: few enough to be asked for every new one."""
    return [mark(pair) for pair in ranked[:KEPT]]


def likenesses(new: Told, candidates: Sequence[Told], rare: Sequence[str], pairs: Sequence[str] = ()) -> list[Likeness]:
    """The candidates worth showing, the most alike first, then the newest.

    `rare` are the rarest pairs of the new text (see `rarest`), `pairs` all of them where the caller knows them. Raises
    ValueError above 200 candidates.
    """
    if len(candidates) > MAX_SCORED:
        raise ValueError(f"at most {MAX_SCORED} candidates are scored, not {len(candidates)}")
    pairs = pairs or bigrams_of_normalised(new.text)
    rares = [_shared(rare, other.text) for other in candidates]
    # Texts that share no rare pair are not alike; only the best of the others are compared whole.
    promising = heapq.nlargest(COMPARED_WHOLE, filter(rares.__getitem__, range(len(rares))), rares.__getitem__)
    alike = [0.0] * len(rares)
    for i in promising:
        alike[i] = _alike(pairs, candidates[i].text)
    shown = []
    for other, rare_shared, text_alike in zip(candidates, rares, alike, strict=True):
        text, rarity = 60 * text_alike, 15 * rare_shared / (len(rare) or 1)
        enough = text + rarity >= SHOWN_FROM or text + rarity + _of_facts(new, other) >= SHOWN_FROM
        if enough and other.matter_id != new.matter_id:
            shown.append((other.opened, _judge(new, other, text, rarity)))
    shown.sort(key=lambda one: (-one[1].score, -one[0].toordinal(), one[1].matter_id))
    return [like for _, like in shown]


def _of_facts(new: Told, other: Told) -> float:
    """Points for the person 25, the title 10, the village 10."""
    points = 25.0 if _same_person(new, other) else 0.0
    if new.title and new.title == other.title:
        points += 10
    if _same_village(new, other):
        points += 10
    return points


def _same_person(new: Told, other: Told) -> bool:
    return _same(new.phone_hash, other.phone_hash) or _same(new.id_hash, other.id_hash)


def _judge(new: Told, other: Told, text: float, rarity: float) -> Likeness:
    """Points up to 100: text 60, rare pairs 15 and the facts; the same text at least 90."""
    exact = bool(new.text) and new.text == other.text
    score = min(100, round((60.0 if exact else text) + rarity + _of_facts(new, other)))
    said = (
        ("same_text", exact),
        ("like_text", not exact and text >= _TEXT_SAID),
        ("same_phone", _same(new.phone_hash, other.phone_hash)),
        ("same_id", _same(new.id_hash, other.id_hash)),
        ("rare_words", rarity >= _RARITY_SAID),
        ("same_title", bool(new.title) and new.title == other.title),
        ("same_village", _same_village(new, other)),
    )
    reasons = tuple(reason for reason, holds in said if holds)
    return Likeness(other.matter_id, max(score, 90) if exact else score, reasons, exact)


def _same(mine: bytes | None, theirs: bytes | None) -> bool:
    return mine is not None and mine == theirs


def _same_village(new: Told, other: Told) -> bool:
    return (
        len(new.place) >= 12
        and other.place.startswith(new.place[:12])
        and abs((new.opened - other.opened).days) <= VILLAGE_DAYS
    )


def _shared(pairs: Sequence[str], text: str) -> int:
    return sum(map(text.__contains__, pairs))


def _alike(pairs: Sequence[str], text: str) -> float:
    """Dice's coefficient of the pairs, or most of the containment when the shorter text is long enough."""
    theirs = max(len(text) - 1, 1)
    shared = _shared(pairs, text)
    dice = min(1.0, 2 * shared / (len(pairs) + theirs))
    shorter = min(len(pairs), theirs)
    contained = min(1.0, shared / shorter) if shorter >= 12 else 0.0
    return max(dice, 0.8 * contained)
