"""What cannot come in is given back whole, whatever is wrong with it (ruling 13)."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fengqiao.doors.imports import run
from fengqiao.doors.imports.reports import Rejects
from fengqiao.doors.imports.tables import Row, open_table
from tests.cast import Cast
from tests.imports.conftest import HEADING, a_row
from tests.imports.test_import import counts

Write = Callable[..., Path]


def lines(folder: Path, *texts: str) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("\n".join(texts), encoding="utf-8")
    return path


def back(rejected_file: str) -> list[str]:
    """All that stands in the rows given back."""
    return [str(cell) for row in open_table(Path(rejected_file)).rows() for cell in (*row.cells.values(), *row.rest)]


def test_a_file_in_which_every_row_is_wrong_is_given_back_and_does_not_break_the_import(
    cast: Cast, table: Write
) -> None:
    path = table([a_row(1, content=""), a_row(2, time="soon")])
    assert counts(run.commit(path, None, "12345", cast.sun)) == (2, 0, 0, 0, 2)
    assert counts(run.commit(path, None, "12345", cast.sun)) == (2, 0, 0, 0, 2)


def test_json_nested_too_deep_is_one_line_given_back(cast: Cast, tmp_path: Path) -> None:
    deep = '{"a":' * 3000
    path = lines(tmp_path, json.dumps({"content": "路灯不亮。"}, ensure_ascii=False), deep, "[" * 3000, "路灯")
    report = run.commit(path, None, "12345", cast.sun)
    assert counts(report) == (4, 1, 0, 0, 3)
    assert {deep, "[" * 3000, "路灯"} <= set(back(report.rejected_file))


def test_half_a_character_in_a_name_or_a_value_is_one_line_given_back(cast: Cast, tmp_path: Path) -> None:
    name, value = '{"content": "灯", "\\ud800": "1"}', '{"content": "\\ud800"}'
    report = run.commit(lines(tmp_path, '{"content": "路灯不亮。"}', name, value), None, "12345", cast.sun)
    assert counts(report) == (3, 1, 0, 0, 2)
    assert {name, value} <= set(back(report.rejected_file))


def test_cells_beyond_the_heading_come_back_behind_the_row(cast: Cast, table: Write) -> None:
    report = run.commit(table([[*a_row(1), "井盖", "也松了"], [*a_row(2), "一格"]]), None, "12345", cast.sun)
    assert counts(report) == (2, 0, 0, 0, 2)
    assert {'["井盖", "也松了"]', "一格"} <= set(back(report.rejected_file))


@pytest.mark.parametrize("rare", ["", "𰻞"])
def test_a_text_longer_than_a_cell_of_excel_comes_back_whole(cast: Cast, table: Write, rare: str) -> None:
    """Excel counts a rare character as two."""
    long = "".join(f"第{number}句{rare}。" for number in range(9_000))
    report = run.commit(table([[*a_row(1, content=long), rare * 20_000]]), None, "12345", cast.sun)
    assert len(long) > 40_000
    assert long in "".join(back(report.rejected_file))
    assert rare * 20_000 in "".join(back(report.rejected_file))


def test_later_lines_that_name_more_come_back_with_what_they_named(cast: Cast, tmp_path: Path) -> None:
    usual = [json.dumps({"content": f"第 {number} 盏路灯不亮。"}, ensure_ascii=False) for number in range(205)]
    late = '{"content": "", "旁边": "井盖松了"}'
    report = run.preview(lines(tmp_path, *usual, late), None, "12345", cast.sun)
    assert counts(report) == (206, 205, 0, 0, 1)
    assert '{"旁边": "井盖松了"}' in back(report.rejected_file)


def test_rows_given_back_a_second_time_can_still_be_read(cast: Cast, table: Write) -> None:
    first = run.commit(table([a_row(1, time="soon")]), None, "12345", cast.sun)
    second = run.commit(Path(first.rejected_file), None, "12345", cast.sun)
    assert counts(second) == (1, 0, 0, 0, 1)
    columns = open_table(Path(second.rejected_file)).columns
    assert columns[:5] == HEADING
    assert "What is wrong 2" in columns


@pytest.mark.parametrize(
    ("time", "created"),
    [("2004-01-01T00:00+23:00", 0), ("2003-12-31T23:00-23:00", 1), ("0001-01-01T00:00+23:59", 0), ("2004-01-01", 1)],
)
def test_the_first_year_is_that_of_the_city_not_of_the_writers_zone(
    cast: Cast, table: Write, time: str, created: int
) -> None:
    report = run.commit(table([a_row(1, time=time)]), None, "12345", cast.sun)
    assert counts(report) == (1, created, 0, 0, 1 - created), report.faults


def test_giving_back_many_rows_takes_no_more_memory_than_giving_back_few() -> None:
    def peak(rows: int) -> int:
        tracemalloc.start()
        with Rejects(f"peak-{rows}", HEADING) as rejects:
            for row in made(rows):
                rejects.add(row, "No.")
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    def made(rows: int) -> Iterator[Row]:
        return (Row(n, {name: f"{name} {n}" for name in HEADING}, "No.", ("more",)) for n in range(2, rows + 2))

    peak(10)
    assert peak(4_000) < 2 * peak(400)
