"""The project as a whole: what is written down fits what is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import licences  # noqa: E402


def tracked(*patterns):
    for pattern in patterns:
        yield from (path for path in ROOT.glob(pattern) if "vendor" not in path.parts)


def test_every_part_that_is_shipped_carries_an_allowed_licence():
    assert [
        sentence for name, lock in licences._parts() for sentence in licences.refusals(name, shipped=lock == "run")
    ] == []


@pytest.mark.parametrize(
    ("expression", "free"),
    [
        ("MIT", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("GPL-3.0-or-later OR MIT", True),
        ("GPL-3.0-or-later AND MIT", False),
        ("AGPL-3.0-only", False),
        ("SSPL-1.0", False),
        ("", False),
        ("MIT)", False),
    ],
)
def test_a_licence_expression_is_read_as_it_is_meant(expression, free):
    assert licences.is_free(expression) is free


def test_a_gpl_tool_may_not_be_shipped():
    assert licences.refusals("djlint", shipped=False) == []
    assert licences.refusals("djlint", shipped=True) == ["djlint: GPL-3.0-or-later may not be shipped."]


def test_notice_fits_the_lock():
    assert (ROOT / "NOTICE").read_text(encoding="utf-8") == licences.notice()


def test_every_dependency_is_pinned_locked_with_hashes_and_names_its_reason():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text[text.index("dependencies = [") : text.index("[project.optional-dependencies]")]
    lines = [line for line in block.splitlines()[1:] if line.strip().startswith('"')]
    assert lines
    run = (ROOT / "requirements/run.txt").read_text(encoding="utf-8").lower()
    for line in lines:
        name, version = re.match(r'\s*"([A-Za-z0-9_.-]+)(?:\[[a-z,]+\])?==([^"]+)"', line).groups()
        assert "#" in line, f"{name} names no reason"
        assert f"{name.lower()}=={version.lower()}" in run, f"{name} is not in the lock; run `make lock`"
    pins = re.findall(r"^[a-z0-9][^ \n]*==[^\n]*\\\n    --hash=sha256:", run, flags=re.M)
    assert len(pins) == len(re.findall(r"^[a-z0-9][^ \n]*==", run, flags=re.M))


def test_no_file_names_a_package_mirror_or_a_machine_path():
    words = re.compile(r"https?://[^\s\"']*(?:mirror|pypi|simple/)|/home/[a-z]+/|/root/[a-z.]", re.I)
    files = tracked("requirements/*.txt", "scripts/*", ".ci/*", "Makefile", "pyproject.toml", "fengqiao/**/*.py")
    hits = [
        f"{path.relative_to(ROOT)}: {found[0]}" for path in files if (found := words.search(path.read_text("utf-8")))
    ]
    assert hits == []


def test_every_variable_the_program_reads_is_in_the_operators_page():
    page = (ROOT / "docs/operations/running.md").read_text(encoding="utf-8")
    read = set()
    for path in (ROOT / "fengqiao/config").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        read |= set(re.findall(r'environment\.(?:text|flag|port|folder)\(\s*"([A-Z_]+)"', text))
        read |= set(re.findall(r'os\.environ\.get\("([A-Z_]+)"', text))
    inside = {"FENGQIAO_COLLECTING", "FENGQIAO_HANDED", "PROMETHEUS_MULTIPROC_DIR"}  # set by the program for itself
    assert sorted(name for name in read - inside if name not in page) == []


def test_the_continuous_check_runs_what_the_readme_says():
    assert "make test" in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_every_target_of_the_makefile_can_be_read():
    for target in ("run", "test", "test-all", "check", "bench", "docs", "lock", "clean"):
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
