"""The rows of an Excel file, read in a child without rights and in bounded memory (engineering rulings 18 and 22).

A small file can unpack to gigabytes, or break its parser; either ends the child and not the import. The child is
`sheet_child.py`; this module loads no parser.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

CHILD = os.path.join(os.path.dirname(__file__), "sheet_child.py")
LINE = 64 * 2**20  # bytes: no row that the child sends is so long


class Unread(Exception):
    """The sheet cannot be read: `no_table`, `broken_file`, `too_large`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def rows(path: Path) -> Iterator[tuple[int, list[Any]]]:
    """(number as Excel counts, cells) of the rows of the first sheet that hold something. Raises Unread, OSError."""
    with path.open("rb") as file:
        child = subprocess.Popen(
            [sys.executable, "-I", CHILD],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "2"},  # the secrets may lie in ours
            start_new_session=True,
            cwd="/",
        )
    out = child.stdout
    assert out is not None
    try:
        while line := out.readline(LINE):
            told = _told(line)
            if isinstance(told, dict):
                if "end" in told:
                    return
                raise Unread(str(told.get("code", "too_large")))
            yield told[0], [_cell(each) for each in told[1]]
        raise Unread("too_large")  # it met one of its limits
    finally:
        child.kill()
        child.wait()
        out.close()


def _told(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        raise Unread("too_large") from None


def _cell(told: Any) -> Any:
    if not isinstance(told, dict):
        return told
    if "instant" in told:
        return datetime.fromisoformat(told["instant"])
    return date.fromisoformat(told["date"])
