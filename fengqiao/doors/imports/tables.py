"""A file becomes a heading and rows, read as a stream: csv (any usual encoding and separator), jsonl, xlsx."""

from __future__ import annotations

import codecs
import csv
import hashlib
import json
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _

from fengqiao.ground.refusals import Refused
from fengqiao.offices.papers import sheets

CELL = 100_000  # characters in a cell; a longer one comes from a quotation mark that was never closed
COLUMNS = 500
ROW = 4_000_000  # characters in a row
BYTES = 2 << 30  # of a file; more come in parts
CHUNK = 1 << 16
SEPARATORS = (",", ";", "\t")
_OFFICE, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_NO_TABLES = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"{\\rtf")

Cells = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as the user counts (the heading is row 1), its cells by column, or why it cannot be read.

    `rest` is what stood in it and belongs to no column, so that it can be given back whole.
    """

    number: int
    cells: Cells
    fault: str = ""
    rest: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A readable file. `rows()` reads it anew from the beginning, empty rows left out."""

    path: Path
    form: str
    columns: tuple[str, ...]
    digest: bytes
    rows: Callable[[], Iterator[Row]]


def open_table(path: Path) -> Table:
    """Find out what the file is and read its heading. Raises Refused with a sentence when it is no table."""
    try:
        _refuse_by_size(path)
        with path.open("rb") as file:
            head = file.read(CHUNK)
        digest = _digest(path)
    except OSError as error:
        raise Refused("no_file", _("The file cannot be read: %(why)s.") % {"why": error.strerror or error}) from None
    if not head.strip(b"\xef\xbb\xbf \r\n\t"):
        raise Refused("empty_file", _("The file is empty. Choose the file with the rows."))
    if head.startswith(_OLD_EXCEL):
        raise Refused("old_excel", _("This is an old Excel file (.xls). Save it as .xlsx or .csv and choose that."))
    if head.startswith(_OFFICE):
        return _sheet(path, digest)
    if head.startswith(_NO_TABLES):
        raise _no_table()
    encoding = _encoding(path, head)
    if head.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"{", b"["):
        return _lines(path, digest, encoding)
    return _separated(path, digest, encoding)


def _refuse_by_size(path: Path) -> None:
    """Before a byte is read. Raises Refused, OSError."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise Refused(
            "no_file", _("This is no file that can be read again from its beginning. Save it on a disk first.")
        )
    if found.st_size > BYTES:
        raise Refused(
            "too_large",
            _("The file has %(size)d MB; at most %(most)d MB are taken at once. Split it, each part with the heading.")
            % {"size": found.st_size >> 20, "most": BYTES >> 20},
        )


def _no_table() -> Refused:
    return Refused("no_table", _("This is no table. Choose a file of the kind .xlsx, .csv or .jsonl."))


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


# Encodings -----------------------------------------------------------------------------------------------------------


def _encoding(path: Path, head: bytes) -> str:
    """UTF-8, UTF-16 with its mark, or GB18030. Raises Refused where the bytes are none of these."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        if not _decodes(path, "utf-16"):
            raise Refused(
                "broken_encoding", _("The file begins as UTF-16 and does not go on so. Save it again as UTF-8.")
            )
        return "utf-16"
    if b"\0" in head:
        raise _no_table()
    good, bad, line = _try_utf8(path)
    if not bad:
        return "utf-8-sig"
    # A few strange bytes among much good UTF-8 are damage, not another encoding.
    if bad * 20 < good or not _decodes(path, "gb18030"):
        raise Refused(
            "broken_encoding",
            _("Row %(line)d holds bytes that are no text. Save the file again as UTF-8 and choose that.")
            % {"line": line},
        )
    return "gb18030"


def _try_utf8(path: Path) -> tuple[int, int, int]:
    """Characters beyond ASCII that are good UTF-8, strange bytes, and the first line with one."""
    good = bad = line = lines = 0
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    with path.open("rb") as file:
        for block in chain(iter(lambda: file.read(CHUNK), b""), [b""]):
            text = decoder.decode(block, final=not block)
            strange = text.count("�")
            if strange and not bad:
                line = lines + text[: text.index("�")].count("\n") + 1
            bad += strange
            good += len(text) - len(text.encode("ascii", "ignore")) - strange
            lines += text.count("\n")
    return good, bad, line


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with path.open("rb") as file:
            for block in iter(lambda: file.read(CHUNK), b""):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


# Separated values ----------------------------------------------------------------------------------------------------


def _separated(path: Path, digest: bytes, encoding: str) -> Table:
    with path.open(encoding=encoding, newline="") as file:
        first = next((line for line in _bounded(file) if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    csv.field_size_limit(10 * CELL)
    heading = next(_records(path, encoding, separator), (0, []))[1]
    columns = _heading(heading)

    def rows() -> Iterator[Row]:
        for number, cells in islice(_records(path, encoding, separator), 1, None):
            yield _row(number, columns, cells)

    return Table(path, "csv", columns, digest, rows)


class _Lines:
    """The lines of a file for one row after the other, none longer than a row may be."""

    def __init__(self, file: IO[str]) -> None:
        self.file, self.taken = file, 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.file.readline(ROW)
        self.taken += len(line)
        if not line:
            raise StopIteration
        if self.taken >= ROW:
            raise csv.Error
        return line


def _records(path: Path, encoding: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    number = 0
    with path.open(encoding=encoding, newline="") as file:
        lines = _Lines(file)
        try:
            for cells in csv.reader(lines, delimiter=separator):
                number, lines.taken = number + 1, 0
                if any(cell.strip() for cell in cells):
                    yield number, cells
        except csv.Error:
            raise Refused(
                "cell_without_end",
                _("Row %(row)d does not end. Perhaps a quotation mark was not closed there.") % {"row": number + 1},
            ) from None


def _heading(cells: list[Any]) -> tuple[str, ...]:
    """The names of the columns. Raises Refused for a heading that names two columns alike, or none."""
    names = [as_text(cell).strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if not names or len(names) > COLUMNS:
        raise _no_table()
    twice = [name for name, count in Counter(filter(None, names)).items() if count > 1]
    if twice:
        raise Refused(
            "heading_twice",
            _("The heading has “%(name)s” twice. Give each column a name of its own.") % {"name": twice[0][:60]},
        )
    return tuple(names)


def _row(number: int, columns: tuple[str, ...], cells: list[Any]) -> Row:
    named = {name: cell for name, cell in zip(columns, cells, strict=False) if name}
    nameless = [cell for name, cell in zip(columns, cells, strict=False) if not name and as_text(cell).strip()]
    over = [cell for cell in cells[len(columns) :] if as_text(cell).strip()]
    rest = (*nameless, *over)
    if over:
        fault = _("The row has %(cells)d cells, the heading only %(columns)d. Perhaps a separator stands in a text.")
        return Row(number, named, fault % {"cells": len(cells), "columns": len(columns)}, rest)
    return Row(number, named, _faults(named), rest)


def _faults(cells: Cells) -> str:
    for name, cell in cells.items():
        if isinstance(cell, str):
            if len(cell) > CELL:
                fault = _("“%(column)s” has %(count)d characters; a cell may have %(most)d.")
                return fault % {"column": name[:60], "count": len(cell), "most": CELL}
            if not _encodes(cell):
                return _("“%(column)s” holds half a character. Type that text again.") % {"column": name[:60]}
    return ""


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


# Lines of JSON -------------------------------------------------------------------------------------------------------


def _lines(path: Path, digest: bytes, encoding: str) -> Table:
    names: dict[str, None] = {}
    for row in islice(_objects(path, encoding), 200):
        names |= dict.fromkeys(row.cells)
    if not names:
        raise Refused(
            "no_objects", _("A .jsonl file has one JSON object in each line, like {“title”: …}. This one has none.")
        )
    return Table(path, "jsonl", _heading(list(names)), digest, lambda: _objects(path, encoding))


def _objects(path: Path, encoding: str) -> Iterator[Row]:
    with path.open(encoding=encoding) as file:
        for number, line in enumerate(_bounded(file), start=1):
            if line.strip():
                yield _object(number, line)


def _bounded(file: Any) -> Iterator[str]:
    while line := file.readline(10 * CELL):
        yield line


def _object(number: int, line: str) -> Row:
    """The row of a line. One that cannot be read keeps the line itself, to be given back."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    whole = (line.strip(),)
    if not isinstance(found, dict):
        return Row(number, {}, _("This line is no JSON object."), whole)
    cells = {as_text(name).strip(): cell for name, cell in found.items() if cell is not None}
    if not all(_encodes(name) for name in cells):
        return Row(number, {}, _("A name holds half a character. Type that name again."), whole)
    if any(isinstance(cell, (dict, list)) for cell in cells.values()):
        return Row(number, cells, _("A value is a list or an object; give each field one plain value."), whole)
    fault = _faults(cells)
    return Row(number, cells, fault, whole if fault else ())


# Sheets --------------------------------------------------------------------------------------------------------------


def _sheet(path: Path, digest: bytes) -> Table:
    heading = next(_sheet_rows(path), (0, []))[1]
    columns = _heading(heading)

    def rows() -> Iterator[Row]:
        for number, cells in islice(_sheet_rows(path), 1, None):
            yield _row(number, columns, cells)

    return Table(path, "xlsx", columns, digest, rows)


def _sheet_rows(path: Path) -> Iterator[tuple[int, list[Any]]]:
    try:
        yield from sheets.rows(path)
    except sheets.Unread as unread:
        if unread.code == "no_table":
            raise _no_table() from None
        if unread.code == "too_large":
            raise Refused(
                "too_large", _("The Excel file is too large. Save the sheet as .csv and choose that.")
            ) from None
        raise Refused(
            "broken_file", _("The Excel file is damaged. Open it in Excel, save it again, choose that.")
        ) from None


def as_text(cell: Any) -> str:
    """A cell as text: whole numbers without a point, dates in ISO form, what looks like a formula as it is."""
    if isinstance(cell, str):
        return cell.replace("\0", "")
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return (
        cell.isoformat(" ")
        if hasattr(cell, "isoformat") and hasattr(cell, "hour") and hasattr(cell, "year")
        else str(cell)
    )
