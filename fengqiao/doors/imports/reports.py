"""What came in, what did not and why. Whatever holds personal data lies in FENGQIAO_DATA/imports, for seven days."""

from __future__ import annotations

import errno
import io
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from itertools import chain, count
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.utils.translation import gettext as _

from fengqiao.doors.imports.tables import Row, as_text
from fengqiao.ground import durable

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

KEPT = timedelta(days=7)
SHOWN = 5
EXCEL_CELL = 32_767  # units of UTF-16, of which a rare character takes two
PIECE = EXCEL_CELL // 2
COUNTED = ("created", "joined", "unchanged", "rejected")


@dataclass(slots=True)
class Report:
    """`rows = created + joined + unchanged + rejected`. `columns`: our field → their column; `left`: not taken."""

    committed: bool
    rows: int = 0
    created: int = 0
    joined: int = 0
    unchanged: int = 0
    rejected: int = 0
    cancelled: bool = False
    columns: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    rejected_file: str = ""
    job: str = ""
    first: list[dict[str, str]] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)
    batches: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    def count(self, how: str, by: int = 1) -> None:
        """One row more of this outcome."""
        setattr(self, how, getattr(self, how) + by)
        self.rows += by

    def as_json(self) -> dict[str, Any]:
        """For programs: the five counts first."""
        told = asdict(self)
        return {name: told.pop(name) for name in ("rows", *COUNTED)} | told


class Rejects:
    """The rows given back: an Excel file with their own columns, the row's number and what is wrong, mode 0600.

    Cells are written as text, so that what looks like a formula is none when somebody opens the file. What no column
    can hold (cells beyond the heading, a line that cannot be read, what is longer than Excel takes) stands behind.
    """

    def __init__(self, name: str, columns: Sequence[str]) -> None:
        self.path = folder() / f"{name}-rejected.xlsx"
        self.columns = [name for name in columns if name]
        self.count = 0
        self._part = self.path.with_suffix(".part")
        self._file: _Tolerant | None = None
        self._rows: TemporaryDirectory[str] | None = None
        self._book: Any = None
        self._sheet: Any = None

    def __enter__(self) -> Rejects:
        return self

    def add(self, row: Row, why: str) -> None:
        """Give a row back."""
        if self._book is None:
            self._begin()
        self.count += 1
        texts = [as_text(row.cells.get(name)) for name in self.columns]
        behind = _written([*row.rest, *self._homeless(row), *(text for text in texts if _beginning(text) != text)])
        pieces = [behind[at : at + PIECE] for at in range(0, len(behind), PIECE)]
        for column, text in enumerate([*map(_beginning, texts), str(row.number), why, *pieces]):
            self._sheet.write_string(self.count, column, _plain(text))

    def _homeless(self, row: Row) -> list[str]:
        """Cells under names that the heading has not: later lines of JSON may name more."""
        more = {name: as_text(cell) for name, cell in row.cells.items() if name not in self.columns}
        return [json.dumps(more, ensure_ascii=False)] if more else []

    def _begin(self) -> None:
        from xlsxwriter import Workbook

        self._file = _Tolerant(os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b")
        self._rows = TemporaryDirectory(prefix=".rows-", dir=self.path.parent, ignore_cleanup_errors=True)
        self._book = Workbook(self._file, {"constant_memory": True, "tmpdir": self._rows.name})
        self._sheet = self._book.add_worksheet()
        names = list(self.columns)
        for ours in (_("Row in the file"), _("What is wrong"), _("What no column holds")):
            # Rows that are given back twice bear these columns already, and a heading names each only once.
            names.append(next(name for name in chain([ours], (f"{ours} {n}" for n in count(2))) if name not in names))
        for column, name in enumerate(names):
            self._sheet.write_string(0, column, _beginning(name))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The file is there whole or not at all. Raises OSError for a full disk, unless something else went wrong."""
        try:
            if self._book is None:
                self.path.unlink(missing_ok=True)
            else:
                self._finish()
        except Exception as second:
            if error is None:
                raise
            error.add_note(f"The report was not finished either: {second}")
        finally:
            self._part.unlink(missing_ok=True)
            if self._rows is not None:
                self._rows.cleanup()

    def _finish(self) -> None:
        file = cast(_Tolerant, self._file)
        try:
            self._book.close()
        except Exception:
            # The archive is left open half-way; whenever it is collected, it writes its end into nothing.
            file.problem = file.problem or OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            raise
        if file.problem is not None:
            raise file.problem
        os.fsync(file.fileno())
        file.close()
        self._part.replace(self.path)


class _Tolerant(io.FileIO):
    """A file that remembers the first fault of writing instead of raising it: a zip archive cannot be left half-way."""

    problem: OSError | None = None

    def write(self, data: Buffer, /) -> int:
        size = memoryview(data).nbytes
        if self.problem is None:
            try:
                written = super().write(data)
            except OSError as problem:
                self.problem = problem
            else:
                if written != size:
                    self.problem = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return size


def _beginning(text: str) -> str:
    """As much of a text as surely fits into a cell: all of it, unless it is too long."""
    fits = len(text) <= PIECE or len(text.encode("utf-16-le", "replace")) <= 2 * EXCEL_CELL
    return text if fits else text[:PIECE]


def _written(cells: Sequence[Any]) -> str:
    """Several cells as one text."""
    texts = [as_text(cell) for cell in cells]
    return texts[0] if len(texts) == 1 else json.dumps(texts, ensure_ascii=False) if texts else ""


def _plain(text: str) -> str:
    """Half a character cannot be written down; the line as it was escaped it."""
    return text.encode("utf-8", "replace").decode()


def folder() -> Path:
    """FENGQIAO_DATA/imports, for the program's eyes only."""
    path = Path(settings.FENGQIAO_DATA) / "imports"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def keep(report: Report, name: str) -> Path:
    """Write a dry run's report, first rows included, where `sweep` finds it after seven days."""
    path = folder() / f"{name}-report.json"
    durable.write_json(path, report.as_json())
    return path


def sweep(now: datetime) -> int:
    """Delete dry runs, reject files and uploads older than seven days (ruling 13); how many went."""
    old = [path for path in folder().iterdir() if path.stat().st_mtime < (now - KEPT).timestamp()]
    for path in old:
        if path.is_dir():  # rows on their way into a file, of an import that was killed
            rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(old)
