"""The face's files: vendored as the manifest says, nothing inline, colours from tokens, every icon there."""

import json
import re
from pathlib import Path

import pytest

from fengqiao.doors.face.vendor import renew

PACKAGE = Path(renew.__file__).resolve().parents[3]
TEMPLATES = sorted(PACKAGE.rglob("templates/**/*.html"))
CSS = (renew.STATIC / "app.css").read_text(encoding="utf-8")


def test_every_vendored_file_is_the_manifests():
    assert renew.strangers() == []


def test_every_vendored_file_has_its_licence_beside_it():
    for row in json.loads(renew.MANIFEST.read_text(encoding="utf-8"))["files"]:
        assert row["licence"] in {"MIT", "0BSD"}
        assert (renew.HERE / "licences" / f"{row['file']}.txt").read_text(encoding="utf-8").strip()


def test_a_sprite_is_made_of_drawings_only():
    assert '<symbol id="a" viewBox="0 0 24 24"><path d="M1 1"/></symbol>' in renew.sprite(
        {"a": '<svg width="24"><path d="M1 1"/></svg>'}
    )
    with pytest.raises(ValueError, match="not a drawing"):
        renew.sprite({"a": "nothing"})


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_template_writes_no_style_no_script_no_hex_and_no_title_tooltip(template):
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)(?![^>]*application/json)", text)
    assert not re.search(r"#[0-9a-fA-F]{6}\b", text)
    assert not re.search(r"<[a-z][^>]*\stitle=", text)


def test_every_icon_that_a_template_names_is_in_the_sprite():
    here = set(re.findall(r'<symbol id="([^"]+)"', (renew.STATIC / "icons.svg").read_text(encoding="utf-8")))
    named = {name for path in TEMPLATES for name in re.findall(r'{% icon "([^"]+)"', path.read_text("utf-8"))}
    assert named <= here


def test_the_stylesheet_stays_small_and_asks_for_nothing_outside():
    assert CSS.count("\n") <= 500
    assert "data:" not in CSS
    assert "@import" not in CSS
    assert "url(" not in CSS


def test_the_script_stays_small():
    assert (renew.STATIC / "app.js").read_text(encoding="utf-8").count("\n") <= 150


def test_nothing_is_marked_safe_by_hand():
    # The guard's own word is put together, so that this file is not its own offender.
    word = "mark" + "_safe"
    assert [path.name for path in PACKAGE.rglob("*.py") if word in path.read_text(encoding="utf-8")] == []
