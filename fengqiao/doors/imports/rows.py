"""A row becomes a receipt, or is given back with what is wrong with it, in one sentence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from fengqiao.doors.imports.dates import read_instant
from fengqiao.doors.imports.tables import Row, as_text
from fengqiao.ground import codes, identity
from fengqiao.kernel import ciphers, domain, places
from fengqiao.kernel.intake import Party, Receipt
from fengqiao.kernel.models import Place
from fengqiao.kernel.now import HERE, now

TITLE, CONTENT, NUMBER, NAME = 200, 20_000, 60, 60
FIRST_YEAR = 2004  # from here on there are calendars and partitions of the journal
FIRST = datetime(FIRST_YEAR, 1, 1, tzinfo=HERE)
NATURES = (("咨询", "enquiry"), ("投诉", "complaint"), ("建议", "suggestion"))
_OPENING = "【[（(《〈“\"'「『#* \t"


class BadRow(ValueError):
    """What is wrong with a row, as a sentence."""


@dataclass(slots=True)
class Reader:
    """Reads the rows of one file, by one mapping, for one channel."""

    kind: str
    channel: str
    mapping: Mapping[str, str]
    _places: dict[str, str] = field(default_factory=dict)
    _city: str = ""

    def __post_init__(self) -> None:
        self._city = places.city()

    def read(self, row: Row) -> Receipt:
        """The receipt of a row. Raises BadRow."""
        if row.fault:
            raise BadRow(row.fault)
        cells = {name: row.cells.get(column) for name, column in self.mapping.items()}
        told = {name: as_text(cell).strip() for name, cell in cells.items()}
        content = _limited(told, "content", CONTENT)
        if not content:
            raise BadRow(_("The text of the matter is missing."))
        received_at, replied_at = self._instants(cells, told)
        title = _limited(told, "title", TITLE) or content.split("\n")[0][:30]
        notes: list[str] = []
        return Receipt(
            title=title,
            content=content,
            channel=self.channel,
            place=self._place(told.get("place", ""), notes),
            category=self._category(told.get("category", ""), notes),
            external_id=_limited(told, "external_id", NUMBER) or self._own_number(told),
            parties=_parties(told),
            data=self._data(told, title, notes),
            received_at=received_at,
            history=received_at is not None,
            reply=_limited(told, "reply", CONTENT),
            replied_at=replied_at,
            note="\n".join(notes),
        )

    def _instants(self, cells: Mapping[str, Any], told: Mapping[str, str]) -> tuple[datetime | None, datetime | None]:
        received_at = _instant(cells.get("received_at"), told.get("received_at", ""))
        replied_at = _instant(cells.get("replied_at"), told.get("replied_at", ""))
        if not told.get("reply"):
            return received_at, None
        if received_at is None:
            raise BadRow(_("It was answered, but the row does not say when it was received."))
        if replied_at is not None and replied_at < received_at:
            raise BadRow(_("The answer is dated before the matter was received."))
        return received_at, replied_at

    def _own_number(self, told: Mapping[str, str]) -> str:
        """A row without a number of its own gets one from its words, so that a second import meets it again."""
        words = "\0".join(f"{name}\1{told.get(name, '')}" for name in sorted(self.mapping))
        return f"file:{ciphers.lasting_hash('row', words).hex()}"

    def _place(self, words: str, notes: list[str]) -> str:
        """The code of a known place; else the city's desk places it, with the words noted (ruling 13)."""
        if words and not self._places:
            self._places.update(_codes_by_words())
        code = self._places.get(words, "")
        if words and not code:
            notes.append(_("Place in the file: %(words)s") % {"words": words})
        return code or self._city

    def _category(self, words: str, notes: list[str]) -> str:
        table = domain.get(self.kind).categories
        key = _code(table, words) if table else ""
        if words and not key:
            notes.append(_("Category in the file: %(words)s") % {"words": words})
        return key

    def _data(self, told: Mapping[str, str], title: str, notes: list[str]) -> dict[str, Any]:
        words = told.get("nature", "")
        nature = _code("hotline_nature", words)
        if words and not nature:
            notes.append(_("Nature in the file: %(words)s") % {"words": words})
        return {"nature": nature or guess_nature(title)}


def guess_nature(title: str) -> str:
    """By the first word of the title; a report (举报) is never guessed, for it changes who may look."""
    start = title.lstrip(_OPENING)
    return next((key for word, key in NATURES if start.startswith(word)), "help")


def _codes_by_words() -> dict[str, str]:
    """The code of each place by its code, name or alias, as far as that is unambiguous, asked once for a file."""
    named: dict[str, set[str]] = defaultdict(set)
    called: dict[str, set[str]] = defaultdict(set)
    codes = {}
    for code, name, aliases in Place.objects.values_list("code", "name", "aliases"):
        codes[code] = code
        named[name].add(code)
        for alias in aliases:
            called[alias].add(code)
    words = {word: next(iter(found)) for word, found in {**called, **named}.items() if len(found) == 1}
    return words | codes


def _limited(told: Mapping[str, str], name: str, most: int) -> str:
    words = told.get(name, "")
    if len(words) > most:
        values = {"field": name, "count": len(words), "most": most}
        raise BadRow(_("“%(field)s” has %(count)d characters; at most %(most)d are taken.") % values)
    return words


def _instant(cell: Any, words: str) -> datetime | None:
    if not words:
        return None
    found = read_instant(cell)
    if found is None:
        raise BadRow(_("“%(words)s” is no date. Write it like 2026-03-14 09:30.") % {"words": words[:40]})
    if found > now():
        raise BadRow(_("“%(words)s” lies in the future.") % {"words": words[:40]})
    if found < FIRST:
        raise BadRow(
            _("“%(words)s” lies before %(year)d; older files stay on paper.")
            % {"words": words[:40], "year": FIRST_YEAR}
        )
    return found


def _parties(told: Mapping[str, str]) -> tuple[Party, ...]:
    """Who told of it. A phone that cannot be read is kept with the person as it stands, and serves for nothing."""
    words = told.get("phone", "")
    phone, address = "", ""
    if words:
        try:
            phone = identity.parse_phone(words, demo=True).digits
        except ValueError:
            address = words[:NAME]
    party = Party(name=_limited(told, "person", NAME), phone=phone, address=address)
    return (party,) if party.known else ()


def _code(table: str, words: str) -> str:
    """The key of an entry named by key, Chinese or English words; empty when there is none."""
    plain = words.strip().lower()
    return next((row.key for row in codes.table(table) if plain in (row.key, row.zh, row.en.lower())), "")
