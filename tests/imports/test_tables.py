"""Files become rows; what is no table is refused with a sentence."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from fengqiao.doors.imports import mapping
from fengqiao.doors.imports.dates import read_instant
from fengqiao.doors.imports.tables import open_table
from fengqiao.ground.refusals import Refused
from fengqiao.kernel.now import HERE

TEXT = "编号,内容\n1,路灯坏了\n2,井盖松了\n"


def cells(path: Path) -> list[list[str]]:
    return [[str(cell) for cell in row.cells.values()] for row in open_table(path).rows()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_usual_encoding_and_separator_is_read(tmp_path: Path, encoding: str, separator: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT.replace(",", separator).encode(encoding))
    assert open_table(path).columns == ("编号", "内容")
    assert cells(path) == [["1", "路灯坏了"], ["2", "井盖松了"]]


def test_quoted_cells_keep_their_lines_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,content\n1,"第一行\n第二行"\n,\n3,好\n', encoding="utf-8")
    rows = list(open_table(path).rows())
    assert [(row.number, row.cells["content"]) for row in rows] == [(2, "第一行\n第二行"), (4, "好")]


def test_jsonl_is_read_line_by_line_and_a_bad_line_is_one_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"title": "路灯", "content": "坏了"}\nnot json\n{"content": ["a"]}\n{"content": "\\ud800"}\n')
    rows = list(open_table(path).rows())
    assert open_table(path).columns == ("title", "content")
    assert [bool(row.fault) for row in rows] == [False, True, True, True]


def test_xlsx_is_read_with_its_dates_and_what_looks_like_a_formula_stays_text(tmp_path: Path) -> None:
    from xlsxwriter import Workbook

    path = tmp_path / "a.xlsx"
    book = Workbook(str(path), {"strings_to_formulas": False})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["编号", "时间", "内容"])
    sheet.write_number(1, 0, 20190228)
    sheet.write_datetime(1, 1, datetime(2019, 2, 28, 11, 25, 5), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}))
    sheet.write_string(1, 2, "=cmd|'/c calc'!A1")
    book.close()
    (row,) = open_table(path).rows()
    assert read_instant(row.cells["时间"]) == datetime(2019, 2, 28, 11, 25, 5, tzinfo=HERE)
    assert row.cells["内容"] == "=cmd|'/c calc'!A1"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf\r\n", "empty_file"),
        (b"%PDF-1.7 something", "no_table"),
        (b"\x89PNG\r\n\x1a\n", "no_table"),
        (b"id,content\n1,\0\0\0", "no_table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old_excel"),
        (b"PK\x03\x04 and nothing behind", "broken_file"),
        (b"id,id\n1,2\n", "heading_twice"),
        (("编号,内容\n" + "1,路灯坏了很久\n" * 40).encode() + b"2,\xff\xfe\xe8\n", "broken_encoding"),
        (b'id,content\n1,"' + b"a" * 1_100_000, "cell_without_end"),
        (b"{\n", "no_objects"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(tmp_path: Path, body: bytes, code: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(body)
    with pytest.raises(Refused) as refused:
        list(open_table(path).rows())
    assert refused.value.code == code
    assert len(str(refused.value)) > 20


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"cannot be read|读"):
        open_table(tmp_path / "none.csv")


def test_a_row_with_too_many_cells_or_too_long_a_cell_is_a_fault_of_that_row_only(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"id,content\n1,a,b,c\n2,{'长' * 100_001}\n3,好\n", encoding="utf-8")
    assert [bool(row.fault) for row in open_table(path).rows()] == [True, True, False]


@pytest.mark.parametrize(
    "written",
    ["2019/2/28 11:25:05", "2019-02-28 11:25:05", "2019-02-28T11:25:05+08:00", "2019-02-28T03:25:05Z", "20190228112505",
     "2019年2月28日 11时25分05秒", "２０１９/２/２８　１１:２５:０５", "43524.475752314815", 43524.475752314815],
)  # fmt: skip
def test_dates_are_read_as_people_write_them(written: object) -> None:
    assert read_instant(written) == datetime(2019, 2, 28, 11, 25, 5, tzinfo=HERE)


@pytest.mark.parametrize("written", ["", "yesterday", "2019/2/30", "28.2.2019", 17, True, "2019-02-28 25:00"])
def test_what_is_no_date_is_none(written: object) -> None:
    assert read_instant(written) is None


def test_columns_are_guessed_by_chinese_and_english_names() -> None:
    chinese = mapping.choose(
        ["留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "反对数", "答复意见", "答复时间"]
    )
    assert chinese == {
        "title": "留言主题",
        "content": "留言详情",
        "external_id": "留言编号",
        "received_at": "留言时间",
        "person": "留言用户",
        "reply": "答复意见",
        "replied_at": "答复时间",
    }
    assert mapping.choose(["ID", "Content", "Reply Time"])["replied_at"] == "Reply Time"


def test_a_mapping_is_followed_and_its_mistakes_are_refused(tmp_path: Path) -> None:
    assert mapping.choose(["甲", "乙"], {"content": "乙"}) == {"content": "乙"}
    for wish, code in (
        ({"contents": "乙"}, "unknown_field"),
        ({"content": "丙"}, "no_such_column"),
        ({"title": "甲"}, "no_content_column"),
    ):
        with pytest.raises(Refused) as refused:
            mapping.choose(["甲", "乙"], wish)
        assert refused.value.code == code
    (tmp_path / "m.json").write_text("[1]")
    with pytest.raises(Refused) as refused:
        mapping.read_file(tmp_path / "m.json")
    assert refused.value.code == "bad_mapping"
