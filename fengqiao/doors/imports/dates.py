"""The instants that people write in tables; without a zone they are those of the city."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from typing import Any

from fengqiao.kernel.now import HERE

_SHAPE = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:\s*[T ]?\s*(\d{1,2})\s*[:时点]\s*(\d{1,2})\s*(?:[:分]\s*(\d{1,2})(?:\.\d+)?\s*秒?|分)?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_EXCEL_DAY_0 = datetime(1899, 12, 30, tzinfo=HERE)


def read_instant(cell: Any) -> datetime | None:
    """`2019/2/28 11:25:05`, ISO 8601, `2019年2月28日`, `20190228`, a date cell, an Excel serial; else None."""
    if isinstance(cell, datetime):
        return cell if cell.tzinfo else cell.replace(tzinfo=HERE)
    if isinstance(cell, date):
        return datetime.combine(cell, time(), HERE)
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return _serial(cell) or _of_digits(str(cell))
    return _of_text(unicodedata.normalize("NFKC", cell).strip()) if isinstance(cell, str) else None


def _of_text(text: str) -> datetime | None:
    match = _SHAPE.fullmatch(text)
    if match:
        return _made(match.groups())
    if _SERIAL.fullmatch(text):
        return _serial(float(text))
    if text.isdecimal():
        return _of_digits(text)
    try:
        found = datetime.fromisoformat(text)
        # In our own zone: the database takes no offset of sixteen hours and more.
        return found.astimezone(HERE) if found.tzinfo else found.replace(tzinfo=HERE)
    except (ValueError, OverflowError):
        return None


def _of_digits(text: str) -> datetime | None:
    match = _COMPACT.fullmatch(text)
    return _made(match.groups()) if match else None


def _made(parts: tuple[str | None, ...]) -> datetime | None:
    try:
        return datetime(*(int(part or 0) for part in parts), tzinfo=HERE)  # type: ignore[arg-type, misc]
    except ValueError:
        return None


def _serial(days: float) -> datetime | None:
    """Excel counts days from 1899-12-30; the numbers of this century are meant, to the second."""
    if not 36526 <= days < 73051:
        return None
    return _EXCEL_DAY_0 + timedelta(seconds=round(days * 86400))
