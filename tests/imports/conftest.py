"""What tests of the import share. Imports stand inside: pytest loads this file before Django is set up."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cast import Cast

HEADING = ("留言编号", "留言用户", "留言主题", "留言时间", "留言详情")


@pytest.fixture
def cast(db: None) -> Cast:
    """The cast in the rolled-back database."""
    from tests.cast import build

    return build()


@pytest.fixture
def committed_cast(own_database: Any) -> Cast:
    """The cast in a database of its own, with real commits."""
    from tests.cast import build

    return build()


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    """Write a csv file of rows under a heading."""

    def write(rows: Sequence[Sequence[str]], heading: Sequence[str] = HEADING, name: str = "rows.csv") -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([heading, *rows])
        return path

    return write


@pytest.fixture
def samples() -> Path:
    """Real complaint texts, where a developer has them."""
    folder = os.environ.get("FENGQIAO_SAMPLES")
    if not folder:
        pytest.skip("FENGQIAO_SAMPLES is not set")
    return Path(folder) / "complaints"


def a_row(number: int, **more: str) -> list[str]:
    """An invented complaint: number, user, title, time, content."""
    told = {
        "id": f"N{number}",
        "user": f"U{number}",
        "title": f"示例路第{number}号路灯不亮",
        "time": f"2026/3/{number % 28 + 1} 11:25:05",
        "content": f"甲镇示例路第 {number} 号路灯坏了，晚上看不见路，已经第 {number * 7} 天。",
        **more,
    }
    return list(told.values())
