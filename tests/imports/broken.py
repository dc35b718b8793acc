"""Broken and hostile tables for tests, and what reading one costs."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

MIB = 2**20
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TYPES = f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>'
ROOT = (
    f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
BEGIN, END = f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode(), b"</sheetData></worksheet>"
CELL = '<c t="inlineStr"><is><t>%s</t></is></c>'
# Reads a table to its end in a process of its own; prints what came of it and what this process took.
READ = """
import json, resource, sys
from pathlib import Path
import django
django.setup()
from django.utils import translation
translation.activate("en")
from fengqiao.doors.imports.tables import open_table
from fengqiao.ground.refusals import Refused
base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
count, said = 0, ""
try:
    for row in open_table(Path(sys.argv[1])).rows():
        count += 1
except Refused as refused:
    said = refused.code
own, child = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(json.dumps({"rows": count, "said": said, "own": (own - base) / 1024, "child": child / 1024}))
"""


def book(
    path: Path,
    sheet: Iterable[tuple[bytes, int]],
    strings: Iterable[tuple[bytes, int]] = ((b"<sst/>", 1),),
    sheets: int = 1,
) -> Path:
    """An Excel file of these pieces, each so many times."""
    named = "".join(f'<sheet name="s{n}" sheetId="{n}" r:id="rId{n}"/>' for n in range(1, sheets + 1))
    lead = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        for n in range(1, sheets + 1)
    )
    lead += f'<Relationship Id="rId0" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        packed.writestr("[Content_Types].xml", TYPES)
        packed.writestr("_rels/.rels", ROOT)
        packed.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{named}</sheets></workbook>'
        )
        packed.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_PACKAGE}/relationships">{lead}</Relationships>'
        )
        for name, pieces in (("xl/worksheets/sheet1.xml", sheet), ("xl/sharedStrings.xml", strings)):
            with packed.open(name, "w", force_zip64=True) as file:
                for piece, times in pieces:
                    for _ in range(times):
                        file.write(piece)
    return path


def row(*cells: str) -> bytes:
    return ("<row>" + "".join(CELL % cell for cell in cells) + "</row>").encode()


def cost_of_reading(path: Path) -> dict[str, float | str]:
    """`rows`, `said` (the code of a refusal), and in MiB what the process took over its start, and its child."""
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True)
    told: dict[str, float | str] = json.loads(done.stdout)
    return told
