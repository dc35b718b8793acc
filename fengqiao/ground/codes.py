"""Code lists of the public contract (engineering ruling 10, SPEC 2.1 and 7): stable keys, two languages.

Each list is one file in `data/codes/`, named in the singular. A key never changes its meaning and is never
used again for another; words may be improved.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

_FOLDER = resources.files("fengqiao.ground") / "data" / "codes"
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Code:
    """One entry. `extra` holds the list's own columns, such as `std_code` or `contents`."""

    key: str
    zh: str
    en: str
    extra: Mapping[str, str]

    def label(self, language: str) -> str:
        """The words in `language` (`zh-hans`, `zh`, `en`); English for any other."""
        return self.zh if language.startswith("zh") else self.en


@cache
def names() -> tuple[str, ...]:
    """The names of all lists, in order."""
    return tuple(sorted(entry.name.removesuffix(".csv") for entry in _FOLDER.iterdir() if entry.name.endswith(".csv")))


@cache
def table(name: str) -> tuple[Code, ...]:
    """The entries of a list in the order shown to people. Raises KeyError for an unknown name."""
    if name not in names():
        raise KeyError(f"no code list {name!r}; known: {', '.join(names())}")
    lines = (_FOLDER / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    codes = tuple(_code(row) for row in csv.DictReader(lines, strict=True))
    keys = [code.key for code in codes]
    if len(set(keys)) != len(keys) or not all(map(_KEY.fullmatch, keys)):
        raise ValueError(f"code list {name}: a key is used twice or is not lower-case English")
    return codes


@cache
def by_key(name: str) -> Mapping[str, Code]:
    """The entries of a list by key."""
    return MappingProxyType({code.key: code for code in table(name)})


def get(name: str, key: str) -> Code:
    """One entry. Raises KeyError for an unknown list or key."""
    return by_key(name)[key]


def keys(name: str) -> tuple[str, ...]:
    """The keys of a list, in order."""
    return tuple(by_key(name))


def _code(row: dict[str, str]) -> Code:
    own = {column: value for column, value in row.items() if column not in ("key", "zh", "en")}
    return Code(row["key"], row["zh"], row["en"], MappingProxyType(own))
