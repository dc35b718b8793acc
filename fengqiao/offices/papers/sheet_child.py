"""The child of `sheets`: reads the first sheet of an Excel file from standard input, a line of JSON for each row.

It gives up its rights as `uploads_child.py` does. A line is `[number, [cells]]`, `{"code": …}` for what is refused, or
`{"end": rows}`; without that last one the child met one of its limits. A date is `{"date": …}` or `{"instant": …}`.
"""

from __future__ import annotations

import codecs
import json
import os
import runpy
import sys
import zipfile
from datetime import date, datetime
from typing import Any, Final

from python_calamine import CalamineWorkbook

CPU_SECONDS = 120
MEMORY_BYTES = 600 * 1024 * 1024
UNPACKED_BYTES = 1024 * 1024 * 1024
ENTRIES = 10_000
CELL, ROW = 100_001, 4_000_000  # characters: one more than a cell may have, so that the reader sees it is too long
RIGHTS: Final = os.path.join(os.path.dirname(__file__), "uploads_child.py")


def send(told: Any) -> None:
    """One line."""
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n")


def plain(cell: Any) -> Any:
    """A cell as JSON can carry it."""
    if isinstance(cell, str):
        return cell[:CELL]
    if isinstance(cell, datetime):
        return {"instant": cell.isoformat()}
    if isinstance(cell, date):
        return {"date": cell.isoformat()}
    return cell if cell is None or isinstance(cell, (bool, int, float)) else str(cell)


def look() -> str:
    """A code when it is no Excel file or a bomb, by its own list of contents; else nothing."""
    with zipfile.ZipFile(sys.stdin.buffer) as packed:
        entries = packed.infolist()
    if len(entries) > ENTRIES or sum(entry.file_size for entry in entries) > UNPACKED_BYTES:
        return "too_large"
    return "" if any(entry.filename.startswith("xl/") for entry in entries) else "no_table"


def rows() -> int:
    """Send the rows that hold something; how many."""
    sys.stdin.buffer.seek(0)
    sheet = CalamineWorkbook.from_filelike(sys.stdin.buffer).get_sheet_by_index(0)
    count = 0
    for number, cells in enumerate(sheet.iter_rows(), start=(sheet.start or (0, 0))[0] + 1):
        if any(cell not in ("", None) for cell in cells):
            made = [plain(cell) for cell in cells]
            if sum(len(cell) for cell in made if isinstance(cell, str)) > ROW:
                raise MemoryError
            send([number, made])
            count += 1
    return count


def main() -> int:
    for name in ("cp437", "utf-8"):  # of names in zip files; loaded while files can still be opened
        codecs.lookup(name)
    runpy.run_path(RIGHTS)["give_up_rights"](memory=MEMORY_BYTES, seconds=CPU_SECONDS)
    try:
        code = look()
        send({"code": code} if code else {"end": rows()})
    except MemoryError:
        send({"code": "too_large"})
    except BrokenPipeError:
        os._exit(0)  # the reader has seen enough
    except BaseException:  # a panic of the parser is no Exception
        send({"code": "broken_file"})
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
