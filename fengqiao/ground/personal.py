"""Where phones, identity numbers, bank cards and number plates stand in a free text.

Digits are read as people type them: full width, with spaces, dots, dashes or brackets between, with Chinese
around. In doubt a number counts as personal: a wrong mask can be corrected, a leak cannot.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple


class Found(NamedTuple):
    """One place, `text[start:end]`. Kinds: id paper mobile landline local card plate spoken long."""

    kind: str
    start: int
    end: int


_GAP: Final = r"[\s\-‐-―−~_.·•()/\u200b-\u200f\u2060\ufeff]{0,3}"
_PROVINCE: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_ANY = re.compile(r"[\dA-Za-z]|[〇零一二三四五六七八九幺]{7}")
_CHAIN = re.compile(rf"\d(?:{_GAP}\d)*(?:{_GAP}[Xx](?![0-9A-Za-z]))?")
_PLATE = re.compile(
    rf"[{_PROVINCE}]{_GAP}[A-HJ-NP-Za-hj-np-z](?:{_GAP}[A-HJ-NP-Za-hj-np-z0-9]){{4}}"
    rf"{_GAP}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳](?:[A-HJ-NP-Za-hj-np-z0-9])?(?![A-Za-z0-9])"
)
_PAPER = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{1,2}\d{7,8}(?![A-Za-z0-9])")
_SPOKEN = re.compile(r"[〇零一二三四五六七八九幺]{11,18}")
_ID = re.compile(r"[1-8]\d{5}(?:1[89]|2[01])\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]")
_OLD_ID = re.compile(r"[1-8]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}")
_MOBILE = re.compile(r"(?:(?:00)?86)?1(?:[3-9]\d|00)\d{8}")
_CARD = re.compile(r"[3-69]\d{15,18}")
_LANDLINE = re.compile(r"(?:(?:00)?86)?0(?:(?:10|2\d)\d{8}|[3-9]\d{9,10})|[48]00\d{7}")
_LOCAL = re.compile(r"[5-8]\d{7}")
# Longer first, so that the part of a longer number is not taken for a shorter one.
_SHAPES: Final = (
    ("id", _ID, (18,)),
    ("card", _CARD, (19, 18, 17, 16)),
    ("id", _OLD_ID, (15,)),
    ("mobile", _MOBILE, (15, 13, 11)),
    ("landline", _LANDLINE, (16, 15, 14, 13, 12, 11, 10)),
)
_LONG: Final = 11
_REST: Final = 7
_UNITS: Final = frozenset("元块万亿千吨米斤号年月日件人户%")


def fold(text: str) -> str:
    """Full-width letters, digits and signs in half width, character for character, so that positions stay."""
    return text if text.isascii() else "".join(map(_fold_one, text))


def find(text: str) -> list[Found]:
    """All places in order of appearance; they never overlap."""
    folded = fold(text)
    if not _ANY.search(folded):
        return []
    found = [Found("plate", *match.span()) for match in _PLATE.finditer(folded)]
    for chain in _CHAIN.finditer(folded):
        found += _in_chain(folded, chain.start(), chain.end())
    found += (Found("paper", *match.span()) for match in _PAPER.finditer(folded))
    found += (Found("spoken", *match.span()) for match in _SPOKEN.finditer(folded))
    found.sort(key=lambda one: (one.start, -one.end))
    kept: list[Found] = []
    for one in found:
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def _fold_one(character: str) -> str:
    if "\u4e00" <= character <= "\u9fff":
        return character
    half = unicodedata.normalize("NFKC", character)
    return half if len(half) == 1 else character


def _in_chain(text: str, start: int, end: int) -> Iterator[Found]:
    """Numbers in one chain of digits; each begins and ends where a group of digits does."""
    at = [i for i in range(start, end) if text[i].isdecimal() or text[i] in "Xx"]
    digits = "".join(text[i] for i in at)
    edges = {0, len(at), *(n for n in range(1, len(at)) if at[n] != at[n - 1] + 1)}
    n, loose = 0, len(at)
    while n < len(at):
        kind, length = _at_edge(text, at, digits, n, edges) if n in edges else ("", 0)
        if length:
            # What follows a number directly may be its end, or one that was cut wrongly.
            if n - loose >= _REST:
                yield Found("long", at[loose], at[n - 1] + 1)
            yield Found(kind, at[n], at[n + length - 1] + 1)
            loose = n + length
        n += length or 1
    if n - loose >= _REST:
        yield Found("long", at[loose], at[n - 1] + 1)


def _at_edge(text: str, at: list[int], digits: str, n: int, edges: set[int]) -> tuple[str, int]:
    """Kind and count of digits of the number that begins at the edge `n`; a count of 0 when there is none."""
    for kind, shape, lengths in _SHAPES:
        for length in lengths:
            if n + length in edges and shape.fullmatch(digits, n, n + length):
                return kind, length
    group = next(edge for edge in range(n + 1, len(at) + 1) if edge in edges) - n
    if group >= _LONG:
        return "long", group
    return ("local", 8) if _is_local(text, at, digits, n, edges) else ("", 0)


def _is_local(text: str, at: list[int], digits: str, n: int, edges: set[int]) -> bool:
    """Eight digits together or four and four, beside no letter and before no unit of measure."""
    if n + 8 not in edges or not _LOCAL.fullmatch(digits, n, n + 8):
        return False
    if any(n + k in edges for k in (1, 2, 3, 5, 6, 7)):
        return False
    before, after = text[at[n] - 1 : at[n]], text[at[n + 7] + 1 : at[n + 7] + 2]
    return not (_is_latin(before) or _is_latin(after) or after in _UNITS)


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()
