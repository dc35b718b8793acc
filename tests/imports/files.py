"""Files that a stranger could send: every form, every value in every cell, and what is no table at all."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

FIELDS = (
    "留言编号",
    "留言用户",
    "留言主题",
    "留言时间",
    "留言详情",
    "电话",
    "地点",
    "类别",
    "性质",
    "答复意见",
    "答复时间",
)
HOSTILE = (
    "", " ", "\t", "=1+1", "=HYPERLINK(\"//x\")", "+1", "-1", "@SUM(1)", "'", "\"", "\",\"", "a\nb", "a\r\nb",
    "\x01\x1b\x7f",
    "\ufeff", "\u2028", "_x0041_", "<b>&amp;</b>", "'; drop table matter; --", "长" * 61, "长" * 201, "长" * 20_001,
    "x" * 33_000, "a,b;c\td", "甲镇", "330681", "示例一村", "月亮上", "举报", "投诉", "咨询",
    "2026-03-01", "2026/3/1 11:25:05", "2026年3月1日", "20260301", "46082.5", "2026-02-30", "2999-01-01", "1999-12-31",
    "2004-01-01T00:00+23:00", "2003-12-31T23:00-23:00", "0001-01-01T00:00+23:59", "9999-12-31T23:59:59-23:59",
    "٢٠٢٦/٣/١",
    "10012345678", "1", "1.0", "01", "true", "None", "nan", "1e999", "9" * 400,
)  # fmt: skip
# No sheet can hold the two that are no characters, and none of our texts holds NUL.
words = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\ufffe\uffff"), max_size=30),
)
# What a JSON line may hold besides words; lists and objects are refused with a sentence.
values = st.one_of(
    words, words, st.none(), st.booleans(), st.integers(), st.integers(10**300, 10**301), st.floats(),
    st.lists(st.integers(), max_size=2), st.just({"a": 1}), st.sampled_from(("\0", "a\0b", "\ud800", "\udfff x")),
)  # fmt: skip
# What a cell of a sheet may hold.
sheet_cells = st.one_of(
    words, st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none(),
    st.sampled_from((date(2026, 3, 1), datetime(2026, 3, 1, 9, 30), time(9, 30), timedelta(hours=30))),
)  # fmt: skip
headings = st.one_of(
    st.just(FIELDS),
    st.lists(st.sampled_from(FIELDS), min_size=1, max_size=8, unique=True).map(tuple),
    st.lists(words, min_size=1, max_size=6).map(tuple),
)
mappings = st.one_of(
    st.none(),
    st.none(),
    st.dictionaries(
        st.sampled_from(("content", "title", "external_id", "received_at", "phone", "place", "reply", "no_field", "")),
        st.one_of(st.sampled_from(FIELDS), words),
        max_size=4,
    ),
)


def _rows(cells: st.SearchStrategy[Any]) -> st.SearchStrategy[list[list[Any]]]:
    return st.lists(st.lists(cells, min_size=0, max_size=13), max_size=8)


@st.composite
def separated(draw: st.DrawFn) -> bytes:
    """A csv file; its rows may be shorter or longer than its heading."""
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter=draw(st.sampled_from(",;\t")), lineterminator=draw(st.sampled_from(("\n", "\r\n")))
    )
    writer.writerows([draw(headings), *draw(_rows(words))])
    return text.getvalue().encode(draw(st.sampled_from(("utf-8", "utf-8-sig"))))


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """A jsonl file: objects of any names and values, and lines that are none."""
    objects = st.dictionaries(
        st.one_of(st.sampled_from(FIELDS), st.sampled_from(FIELDS), values.filter(_is_text)), values
    )
    strange = st.sampled_from(
        ("{", "[]", "null", '"a"', "{]", "[" * 3000, '{"a":' * 3000, "nan", "路灯不亮", "1" * 5000)
    )
    found = draw(st.lists(st.one_of(objects, objects, objects, strange), min_size=1, max_size=8))
    first = draw(st.sampled_from(('{"留言详情": "路灯不亮"}', "{", "{}")))
    return "\n".join([first, *(each if isinstance(each, str) else json.dumps(each) for each in found)]).encode()


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


@st.composite
def sheets(draw: st.DrawFn) -> bytes:
    """An xlsx file with cells of every kind, formulas left as words."""
    from xlsxwriter import Workbook

    file = io.BytesIO()
    with Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"created": datetime(2026, 1, 1)})  # else the same cells make other bytes at other times
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for at, row in enumerate([draw(headings), *draw(_rows(sheet_cells))], start=draw(st.integers(0, 2))):
            for column, cell in enumerate(row):
                _write(sheet, at, column, cell, day)
    return file.getvalue()


def _write(sheet: Any, row: int, column: int, cell: Any, day: Any) -> None:
    if isinstance(cell, str):
        sheet.write_string(row, column, cell)
    elif isinstance(cell, (date, time, timedelta)):
        sheet.write_datetime(row, column, cell, day)
    else:
        sheet.write(row, column, cell)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good file with some of its bytes changed, cut out or doubled."""
    data = bytearray(draw(st.one_of(sheets(), separated(), lines())))
    for _time in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        match draw(st.sampled_from(("change", "cut", "double", "end"))):
            case "change":
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=2))
            case "cut":
                del data[at : at + draw(st.integers(1, 40))]
            case "double":
                data[at:at] = data[at : at + draw(st.integers(1, 40))]
            case _:
                del data[at:]
    return bytes(data)


files: dict[str, Callable[[], st.SearchStrategy[bytes]]] = {
    "csv": separated,
    "jsonl": lines,
    "xlsx": sheets,
    "damaged": damaged,
    "bytes": lambda: st.binary(max_size=400),
}


def written(folder: Path, data: bytes, name: str = "rows") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path
