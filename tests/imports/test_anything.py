"""Any file, any mapping, any cell: a sentence or a report, never a fault of ours, and no row lost (ruling 13)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from fengqiao.doors.imports import run
from fengqiao.doors.imports.tables import as_text, open_table
from fengqiao.ground.refusals import Refused
from tests.cast import Cast
from tests.imports import files
from tests.imports.test_import import counts
from tests.profile import examples

pytestmark = pytest.mark.database


# Slower than five seconds: each of the files is read, brought in twice and once more under another name.
@pytest.mark.parametrize("form", files.files)
def test_any_file_is_refused_in_words_or_every_row_of_it_is_counted(cast: Cast, tmp_path: Path, form: str) -> None:
    @settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=files.files[form](), mapping=files.mappings)
    def holds(data: bytes, mapping: dict[str, str] | None) -> None:
        with transaction.atomic():
            comes_in(cast, tmp_path, data, mapping)
            transaction.set_rollback(True)

    holds()


def comes_in(cast: Cast, folder: Path, data: bytes, mapping: dict[str, str] | None) -> None:
    path = files.written(folder, data)
    try:
        foreseen = run.preview(path, mapping, "12345", cast.sun)
    except Refused:
        with pytest.raises(Refused, match=r"\S"):
            run.commit(path, mapping, "12345", cast.sun)
        return
    report = run.commit(path, mapping, "12345", cast.sun)
    assert report.rows == report.created + report.joined + report.unchanged + report.rejected
    assert counts(report) == counts(foreseen)
    assert all(fault["why"] for fault in report.faults)
    given_back(path, Path(report.rejected_file) if report.rejected_file else None, report.rejected)
    rows, rejected = report.rows, report.rejected
    assert counts(run.commit(path, mapping, "12345", cast.sun)) == (rows, 0, 0, rows - rejected, rejected)
    if not data.startswith(b"PK"):
        later = files.written(folder, data + b"\n", "later")
        again = run.commit(later, mapping, "12345", cast.sun)
        assert counts(again) == (rows, 0, 0, rows - rejected, rejected)


def given_back(path: Path, back: Path | None, count: int) -> None:
    """Every rejected row comes back with all that stood in it."""
    assert (back is None) == (count == 0)
    if back is None:
        return
    before = {row.number: row for row in open_table(path).rows()}
    given = open_table(back)
    rows = list(given.rows())
    assert len(rows) == count
    number, _why, behind_all = given.columns[-3:]
    for row in rows:
        shown = [as_text(cell) for cell in row.cells.values()]
        was = before[int(as_text(row.cells[number]))]
        behind = "".join(map(as_text, [row.cells.get(behind_all, ""), *row.rest]))
        for words in map(as_text, [*was.cells.values(), *was.rest]):
            words = words.encode(errors="replace").decode()
            if not (words in shown or words in behind or json.dumps(words, ensure_ascii=False)[1:-1] in behind):
                pytest.fail(f"not given back: {words[:80]!r}")
