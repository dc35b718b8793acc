"""Broken and hostile files: a sentence each, in bounded memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from fengqiao.doors.imports import run, tables
from fengqiao.doors.imports.tables import open_table
from fengqiao.ground.refusals import Refused
from tests.cast import Cast
from tests.imports.broken import BEGIN, END, MIB, book, cost_of_reading, row
from tests.imports.conftest import a_row
from tests.profile import DEEP

OWN, CHILD = 300, 600  # MiB: of the import over its start; of the child that reads Excel (engineering ruling 18)
TIMES = 4 if DEEP else 1


def refusal(path: Path) -> Refused:
    with pytest.raises(Refused) as refused:
        for _row in open_table(path).rows():
            pass
    assert len(str(refused.value)) > 20
    return refused.value


def text_of(path: Path) -> list[str]:
    return [str(cell) for row in open_table(path).rows() for cell in row.cells.values()]


# Excel ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sheet", "strings"),
    [
        # A million cells a few bytes each; strings that nobody uses; one cell; spaces. Each unpacks to 300 MB and more.
        ([(BEGIN + row("内容"), 1), (b"<row><c><v>1</v></c></row>" * 40_000, 300 * TIMES), (END, 1)], [(b"<sst/>", 1)]),
        (
            [(BEGIN + row("内容") + END, 1)],
            [(b"<sst>", 1), (b"<si><t>a</t></si>" * 65_536, 900), (b"</sst>", 1)],
        ),
        ([(BEGIN + b'<row><c t="inlineStr"><is><t>', 1), (b"x" * MIB, 900), (b"</t></is></c></row>" + END, 1)], None),
        ([(BEGIN, 1), (b" " * MIB, 1100), (END, 1)], None),
        ([(BEGIN + row("内容") + b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>' + END, 1)], None),
    ],
    ids=["cells", "strings", "one cell", "spaces", "the farthest cell"],
)
def test_a_small_excel_file_that_unpacks_without_end_is_refused_in_bounded_memory(
    tmp_path: Path, sheet: list[tuple[bytes, int]], strings: list[tuple[bytes, int]] | None
) -> None:
    """Slow: hundreds of megabytes are packed and unpacked."""
    path = book(tmp_path / "bomb.xlsx", sheet, strings or ((b"<sst/>", 1),))
    assert path.stat().st_size < 20 * MIB
    told = cost_of_reading(path)
    assert (told["said"], told["rows"]) == ("too_large", 0) or (told["said"] == "" and float(told["rows"]) > 10**6)
    assert float(told["own"]) < OWN
    assert float(told["child"]) <= CHILD


def test_of_thousands_of_sheets_the_first_is_read(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [(BEGIN + row("内容") + row("路灯坏了") + END, 1)], sheets=5000)
    assert text_of(path) == ["路灯坏了"]


def test_an_excel_file_inside_another_and_one_cut_off_are_refused(tmp_path: Path) -> None:
    whole = book(tmp_path / "a.xlsx", [(BEGIN + row("内容") + row("路灯坏了") + END, 1)])
    cut = tmp_path / "cut.xlsx"
    cut.write_bytes(whole.read_bytes()[:-100])
    assert refusal(cut).code == "broken_file"
    import zipfile

    nested = tmp_path / "nested.xlsx"
    with zipfile.ZipFile(nested, "w") as packed:
        packed.write(whole, "inner.xlsx")
    assert refusal(nested).code == "no_table"
    empty = book(tmp_path / "b.xlsx", [(b"<worksheet", 1)])
    assert refusal(empty).code in ("broken_file", "no_table")


def test_a_cell_that_is_too_long_is_one_bad_row_and_not_a_bad_file(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", [(BEGIN + row("内容") + row("长" * 200_000) + row("路灯坏了") + END, 1)])
    assert [bool(each.fault) for each in open_table(path).rows()] == [True, False]


# Large ---------------------------------------------------------------------------------------------------------------


def test_a_table_of_10_gigabytes_is_refused_at_once_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("编号,内容\n", encoding="utf-8")
    os.truncate(path, 10 << 30)
    found = refusal(path)
    assert found.code == "too_large"
    assert "10240 MB" in str(found)
    assert "Split it" in str(found)
    assert cost_of_reading(path)["said"] == "too_large"


def test_what_reading_takes_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Slow: a table of 120 MB (in the deep profile 480 MB) is written and read."""
    told = []
    for times in (1, 40 * TIMES):
        path = tmp_path / f"{times}.csv"
        line = ("N1,示例路的路灯坏了一个星期，晚上看不见路。" * 3 + "\n").encode()
        with path.open("wb") as file:
            file.write("编号,内容,甲,乙\n".encode())
            for _ in range(times):
                file.write(line * (3 * MIB // len(line)))
        told.append(cost_of_reading(path))
    assert float(told[1]["rows"]) > 30 * float(told[0]["rows"])
    assert float(told[1]["own"]) < float(told[0]["own"]) + 30


def test_a_pipe_is_refused_and_nobody_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    found: list[str] = []
    asked = threading.Thread(target=lambda: found.append(refusal(path).code), daemon=True)
    asked.start()
    asked.join(30)
    assert found == ["no_file"]


def test_too_many_rows_are_refused_before_the_first_comes_in(
    cast: Cast, table: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "MOST_ROWS", 3)
    with pytest.raises(Refused) as refused:
        run.commit(table([a_row(n) for n in range(4)]), None, "e_line", cast.sun)
    assert refused.value.code == "too_many_rows"
    assert run.commit(table([a_row(n) for n in range(3)]), None, "e_line", cast.sun).created == 3


@pytest.mark.parametrize(
    "text",
    [
        "内容\n" + "长" * 35_000_000 + "\n",
        '内容\n"没有关上的引号' + "，后面还有很多行\n" * 3_000_000,
        "内容,b\n" + '"a\n",' * 12_000_000 + "\n",
        "长" * 35_000_000,
    ],
    ids=["one line", "a quotation mark", "one row of many lines", "a heading"],
)
def test_a_row_without_end_is_named_and_not_held_in_memory(tmp_path: Path, text: str) -> None:
    """Slow: tables of about 100 MB."""
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    told = cost_of_reading(path)
    assert told["said"] == "cell_without_end"
    assert float(told["own"]) < OWN


# Encodings -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8-sig", "utf-16-le", "utf-16-be"])
def test_the_usual_encodings_are_read_rightly(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    path.write_bytes(mark + "编号,内容\n1,镕基路的路灯坏了\n".encode(encoding))
    assert text_of(path) == ["1", "镕基路的路灯坏了"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("编号,内容\n1,路灯坏了\n".encode() * 50 + "2,井盖松了\n".encode("gb18030"), "broken_encoding"),
        (b"\xff\xfe" + "编号,内容\n1,路灯\n".encode("utf-16-le") + b"\x00\xd8\x31", "broken_encoding"),
        ("编号,内容\n1,路灯坏了\n".encode("utf-16-le"), "no_table"),
        (b"id,content\n1,\0\0\0\n", "no_table"),
        (b"MZ" + b"\0" * 100, "no_table"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 100, "no_table"),
    ],
    ids=["mixed", "half a character", "utf-16 without its mark", "zeros", "a program", "a picture"],
)
def test_what_is_no_text_is_refused_with_a_sentence(tmp_path: Path, data: bytes, code: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    assert refusal(path).code == code


def test_zeros_far_behind_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"content\n" + b"a good line of words\n" * 5000 + b"with\0a zero\n")
    assert tables.as_text(text_of(path)[-1]) == "witha zero"


def test_json_nested_without_end_is_one_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"content": "路灯"}\n{"content": ' + "[" * 200_000 + "\n", encoding="utf-8")
    assert [bool(each.fault) for each in open_table(path).rows()] == [False, True]
