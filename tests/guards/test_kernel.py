"""The kernel stays small enough to be read in a day (ruling 20)."""

from __future__ import annotations

import ast
from pathlib import Path

import fengqiao

KERNEL = Path(fengqiao.__file__).parent / "kernel"
MOST = 3500


def code_lines(path: Path) -> int:
    """Lines of code: without blank lines, comments and docstrings."""
    text = path.read_text(encoding="utf-8")
    told: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node
        ):
            said = node.body[0]
            told |= set(range(said.lineno, (said.end_lineno or said.lineno) + 1))
    lines = enumerate(text.splitlines(), 1)
    return sum(1 for number, line in lines if number not in told and line.strip() and not line.strip().startswith("#"))


def test_the_kernel_keeps_within_its_lines() -> None:
    counted = {path: code_lines(path) for path in KERNEL.rglob("*.py") if "migrations" not in path.parts}
    largest = sorted(((lines, path.name) for path, lines in counted.items()), reverse=True)[:8]
    assert sum(counted.values()) <= MOST, largest


def test_every_kernel_file_says_in_its_first_line_what_it_is_for() -> None:
    silent = [
        path.name
        for path in KERNEL.glob("*.py")
        if path.name != "apps.py" and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []
