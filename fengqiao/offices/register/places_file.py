"""A register of places from a file, read and checked (SPEC 7.1, M01 region tree).

A code is its own path: 6 digits city, 9 town, 12 village, 15 grid. Columns: code, name and, where there are
any, level, parent, valid_from, valid_to, successor, aliases (with `|` between) and source, in English or
Chinese. A list of villages with columns town_code, town, area_code and area brings towns and cities too.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from pathlib import PurePath
from types import MappingProxyType
from typing import Final

from fengqiao.ground.unreadable import Unreadable, gettext_noop

LEVELS: Final = MappingProxyType({6: "city", 9: "town", 12: "village", 15: "grid"})
_HEADINGS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "code": ("code", "代码", "编码", "区划代码", "统计用区划代码"),
        "name": ("name", "名称", "地名"),
        "level": ("level", "级别"),
        "parent": ("parent", "上级", "上级代码"),
        "valid_from": ("valid_from", "生效日期", "启用日期"),
        "valid_to": ("valid_to", "失效日期", "停用日期"),
        "successor": ("successor", "继任", "并入"),
        "aliases": ("aliases", "别名", "曾用名"),
        "source": ("source", "来源"),
        "town_code": ("town_code", "乡镇代码"),
        "town": ("town", "乡镇"),
        "area_code": ("area_code", "县级代码"),
        "area": ("area", "县级"),
    }
)


# Statistical codes name the committee; people name the village or the community.
_COMMITTEE = re.compile(r"(?<=村)(?:民委员会|委会)$|(?<=社区)(?:居民委员会|居委会)$")


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One place. In force on a day d when `valid_from <= d < valid_to`; None means open on that side."""

    code: str
    name: str
    level: str
    parent: str
    valid_from: date | None = None
    valid_to: date | None = None
    successor: str = ""
    aliases: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps a file out: the row's code (or line), and a sentence with its parameters."""

    code: str
    msgid: str
    params: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code}: {self.msgid % self.params}"


def shipped(name: str) -> list[PlaceRow]:
    """The register that comes with the program: `zhuji` or `demo`."""
    return parse((resources.files("fengqiao.offices.register") / "data" / "places" / f"{name}.csv").read_bytes(), "csv")


def parse(data: bytes, kind: str) -> list[PlaceRow]:
    """Rows of a file of `kind` csv or json (a name with that ending will do); UTF-8 or GB 18030.

    Raises Unreadable when the file has another shape; single wrong rows are left to `validate`.
    """
    ending = PurePath(kind).suffix.lstrip(".").lower() or kind.lower()
    text = _decode(data)
    if ending == "csv":
        return from_table(csv.DictReader(text.splitlines()))
    if ending != "json":
        raise Unreadable("format", _OTHER_FORMAT, {"kind": ending})
    try:
        table = json.loads(text)
    except ValueError as error:
        raise Unreadable("json", _NO_JSON, {"reason": str(error)}) from error
    if isinstance(table, dict):
        table = table.get("places")
    if not isinstance(table, list) or not all(isinstance(row, dict) for row in table):
        raise Unreadable("json", _NO_JSON, {"reason": "[{…}, …]"})
    return from_table(table)


def from_table(table: Iterable[Mapping[str, object]]) -> list[PlaceRow]:
    """Rows of a table with headings, such as the sheet of a workbook. Empty rows are left out."""
    rows: list[PlaceRow] = []
    above: dict[str, PlaceRow] = {}
    for number, cells in enumerate(table, start=2):
        row = _by_our_headings(cells)
        if not any(row.values()):
            continue
        if "code" not in row or "name" not in row:
            raise Unreadable("headings", _NO_HEADINGS)
        rows.append(_row(row, number))
        for place in ("area", "town"):
            if (code := row.get(f"{place}_code", "")) and code not in above:
                above[code] = _row({"code": code, "name": row.get(place, "")}, number)
    if not rows:
        raise Unreadable("empty", _NO_ROWS)
    own = {row.code for row in rows}
    return [row for code, row in above.items() if code not in own] + rows


def validate(rows: Sequence[PlaceRow], known: Iterable[str] = ()) -> list[Problem]:
    """Everything wrong with a register; `known` are codes already loaded that may serve as parents."""
    codes = {row.code for row in rows} | set(known)
    counts = Counter(row.code for row in rows)
    problems = [Problem(code, _TWICE, {"count": n}) for code, n in counts.items() if n > 1]
    for row in rows:
        problems += _row_problems(row, codes)
    open_names = Counter((row.parent, row.name) for row in rows if row.valid_to is None)
    problems += [
        Problem(parent or "-", _SAME_NAME, {"name": name, "count": n})
        for (parent, name), n in open_names.items()
        if n > 1
    ]
    return problems


def lost_successors(rows: Iterable[PlaceRow]) -> list[Problem]:
    """Successors that are not in the register itself."""
    register = list(rows)
    codes = {row.code for row in register}
    return [
        Problem(row.code, _BAD_SUCCESSOR, {"successor": row.successor})
        for row in register
        if row.successor and row.successor not in codes
    ]


def _row(cells: Mapping[str, str], number: int) -> PlaceRow:
    code = cells["code"].removesuffix(".0")
    listed = "".join(cells["name"].split())
    name = _COMMITTEE.sub("", listed)
    aliases = [*re.split(r"\s*[|;；、]\s*", cells.get("aliases", "")), *([listed] if name != listed else [])]
    return PlaceRow(
        code=code,
        name=name,
        level=cells.get("level", "") or LEVELS.get(len(code), ""),
        parent=cells.get("parent", "") or (code[:-3] if len(code) in (9, 12, 15) else ""),
        valid_from=_day(cells.get("valid_from", ""), number),
        valid_to=_day(cells.get("valid_to", ""), number),
        successor=cells.get("successor", ""),
        aliases=tuple(dict.fromkeys(filter(None, aliases))),
        source=cells.get("source", ""),
    )


def _by_our_headings(cells: Mapping[str, object]) -> dict[str, str]:
    plain = {str(heading).strip().lower(): value for heading, value in cells.items()}
    return {
        ours: "" if plain[word] is None else str(plain[word]).strip()
        for ours, words in _HEADINGS.items()
        for word in words
        if word in plain
    }


def _day(text: str, number: int) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10].replace("/", "-"))
    except ValueError:
        raise Unreadable("date", _NO_DATE, {"line": number, "text": text}) from None


def _decode(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("encoding", _NO_ENCODING)


def _row_problems(row: PlaceRow, codes: set[str]) -> Iterable[Problem]:
    if len(row.code) not in LEVELS or not (row.code.isascii() and row.code.isdigit()):
        yield Problem(row.code or "-", _BAD_CODE)
        return
    if LEVELS[len(row.code)] != row.level:
        yield Problem(row.code, _BAD_LEVEL, {"level": row.level, "right": LEVELS[len(row.code)]})
    if not row.name:
        yield Problem(row.code, _NO_NAME)
    if row.level != "city" and (row.parent != row.code[:-3] or row.parent not in codes):
        yield Problem(row.code, _BAD_PARENT, {"parent": row.parent})
    if row.level == "city" and row.parent:
        yield Problem(row.code, _CITY_PARENT, {"parent": row.parent})
    if row.valid_from and row.valid_to and row.valid_from >= row.valid_to:
        yield Problem(row.code, _BAD_TERM)
    if row.successor and row.successor == row.code:
        yield Problem(row.code, _BAD_SUCCESSOR, {"successor": row.successor})


_OTHER_FORMAT = gettext_noop("Files of the kind “%(kind)s” cannot be read. Please save it as csv, json or xlsx.")
_NO_JSON = gettext_noop("This is not a list of places in JSON (%(reason)s). Please check the file.")
_NO_HEADINGS = gettext_noop("The columns “code” and “name” are missing. Please add a first line with headings.")
_NO_ROWS = gettext_noop("The file has no places. Please check that it is the right one.")
_NO_DATE = gettext_noop("Line %(line)s: “%(text)s” is no date. Please write it as 2026-11-24.")
_NO_ENCODING = gettext_noop("The characters of this file cannot be read. Please save it in UTF-8.")
_TWICE = gettext_noop("This code stands %(count)s times in the file. Please keep one.")
_SAME_NAME = gettext_noop("“%(name)s” stands %(count)s times under the same place. Please tell them apart.")
_BAD_CODE = gettext_noop("A code has 6, 9, 12 or 15 digits. Please correct it.")
_BAD_LEVEL = gettext_noop("The level is “%(level)s”, by its code it is “%(right)s”. Please correct one of them.")
_NO_NAME = gettext_noop("The name is missing. Please add it.")
_BAD_PARENT = gettext_noop("The place above, “%(parent)s”, is missing or does not fit the code. Please add it.")
_CITY_PARENT = gettext_noop("No place stands above a city here, but “%(parent)s” is named. Please leave it empty.")
_BAD_TERM = gettext_noop("It ends before it begins. Please check the two dates.")
_BAD_SUCCESSOR = gettext_noop("The successor “%(successor)s” is not in the register. Please add it.")
