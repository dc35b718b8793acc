"""Renew the vendored files from the packages named in manifest.json.

``python -m fengqiao.doors.face.vendor.renew`` fetches each package with the npm client, copies its file and
its licence, joins the icons into one sprite and writes the new hashes. ``--check`` compares the files only.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MANIFEST = HERE / "manifest.json"
STATIC = HERE.parent / "static" / "face"
DRAWN = re.compile(r"<svg[^>]*>(.*?)</svg>", re.DOTALL)
# Tabler draws an invisible square under each icon; it would only make the sprite longer.
INVISIBLE = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')

Entry = dict[str, Any]


def entries() -> list[Entry]:
    """The manifest's rows: package, version, licence, inside (path in it), file, sha256, names (of icons)."""
    rows: list[Entry] = json.loads(MANIFEST.read_text(encoding="utf-8"))["files"]
    return rows


def digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def strangers() -> list[str]:
    """The vendored files whose content is not the manifest's."""
    rows = entries()
    return [
        row["file"]
        for row in rows
        if not (STATIC / row["file"]).exists() or digest(STATIC / row["file"]) != row["sha256"]
    ]


def sprite(drawings: dict[str, str]) -> str:
    """One SVG with a symbol for each icon. `drawings`: name → the icon's SVG.

    Raises ValueError when a drawing is not an SVG.
    """
    symbols = []
    for name, drawing in sorted(drawings.items()):
        found = DRAWN.search(drawing)
        if found is None:
            raise ValueError(f"{name} is not a drawing")
        lines = (line.strip() for line in INVISIBLE.sub("", found.group(1)).splitlines())
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{"".join(lines)}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def fetch(package: str, version: str, folder: Path) -> dict[str, bytes]:
    """Path → content of every file in the published package.

    Raises subprocess.CalledProcessError when the npm client cannot fetch it.
    """
    asked = ["npm", "pack", f"{package}@{version}", "--silent", "--pack-destination", str(folder)]
    told = subprocess.run(asked, check=True, capture_output=True, text=True, cwd=folder)
    with tarfile.open(folder / told.stdout.strip().splitlines()[-1]) as packed:
        found = {member.name.partition("/")[2]: packed.extractfile(member) for member in packed if member.isfile()}
        return {name: file.read() for name, file in found.items() if file is not None}


def renew(row: Entry) -> Entry:
    """Write the row's file anew and return the row with its hash.

    Raises KeyError when the package no longer has the file or an icon.
    """
    with tempfile.TemporaryDirectory() as folder:
        files = fetch(row["package"], row["version"], Path(folder))
    target = STATIC / row["file"]
    if "names" in row:
        drawings = {name: files[f"{row['inside']}/{name}.svg"].decode() for name in row["names"]}
        target.write_text(sprite(drawings), encoding="utf-8")
    else:
        target.write_bytes(files[row["inside"]])
    (HERE / "licences").mkdir(exist_ok=True)
    (HERE / "licences" / f"{row['file']}.txt").write_bytes(files["LICENSE"])
    return row | {"sha256": digest(target)}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns 0, or 1 when `--check` finds a file that is not the manifest's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only, fetch nothing")
    if parser.parse_args(arguments).check:
        found = strangers()
        print("\n".join(f"not the manifest's: {name}" for name in found) or "All as in the manifest.")
        return 1 if found else 0
    rows = [renew(row) for row in entries()]
    MANIFEST.write_text(json.dumps({"files": rows}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print("\n".join(f"{row['file']}: {row['package']} {row['version']}" for row in rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
