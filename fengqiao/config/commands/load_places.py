"""`fengqiao load places FILE`: the region tree of this or any other city."""

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

NAME = "load places"
HELP = "Tell what a register of places (csv, json, xlsx) would change; --commit stores it."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--commit", action="store_true", help="store it; without it nothing is changed")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.offices.register import loading

    rows = _rows(args.file)
    report = loading.commit(rows, name=args.file.name) if args.commit else loading.examine(rows)
    ok = not report.plan.problems
    return {"ok": ok, "committed": args.commit and ok and report.changes, **report.as_json()}


def _rows(file: Path) -> list[Any]:
    from fengqiao.config.command import Refused
    from fengqiao.ground.unreadable import Unreadable
    from fengqiao.offices.register import places_file

    try:
        data = file.read_bytes()
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}.") from None
    try:
        if file.suffix.lower() == ".xlsx":
            return places_file.from_table(_sheet(file))
        return places_file.parse(data, file.name)
    except Unreadable as error:
        raise Refused(str(error)) from None


def _sheet(file: Path) -> list[dict[str, object]]:
    from python_calamine import CalamineError, CalamineWorkbook

    from fengqiao.config.command import Refused

    try:
        lines = CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python()
    except CalamineError as error:
        raise Refused(f"{file.name} is no workbook that can be read: {error}") from None
    headings = [str(cell) for cell in lines[0]] if lines else []
    return [dict(zip(headings, map(_plain, line), strict=False)) for line in lines[1:]]


def _plain(cell: object) -> object:
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def show(answer: dict[str, Any]) -> str:
    lines = [f"  {code} {name}: added" for code, name in answer["added"]]
    lines += [f"  {code} {old} → {new}: renamed" for code, old, _same, new in answer["renamed"]]
    lines += [f"  {old} {name} → {new}: another code" for old, name, new, _name in answer["moved"]]
    lines += [f"  {code} {name}: other columns changed" for code, name, _same, _name in answer["changed"]]
    lines += _ended(answer)
    lines += [f"  {problem}" for problem in answer["problems"]]
    lines += [f"  unit {key}: answers for more codes now" for key in answer["retied"]]
    counts = ", ".join(f"{name} {count}" for name, count in answer["counts"].items())
    if not answer["ok"]:
        return "\n".join([*lines, f"{counts}. This file cannot be loaded; correct these lines."])
    end = "Stored." if answer["committed"] else "Nothing was stored."
    if not answer["committed"] and any(answer["counts"][name] for name in ("added", "renamed", "ended", "moved")):
        end = "Nothing is stored yet; --commit stores it."
    return "\n".join([*lines, f"{counts}. {end}"])


def _ended(answer: dict[str, Any]) -> list[str]:
    """A place that ends with the one above it, and on which nothing hangs, is only counted there."""
    gone = {code for code, _name, _successor in answer["ended"]}
    below = Counter[str]()
    lines = []
    for code, name, successor in answer["ended"]:
        above = next((code[:n] for n in (6, 9, 12) if n < len(code) and code[:n] in gone), "")
        if above and not successor and not _hangs(answer, code):
            below[above] += 1
        else:
            goes_on = f", goes on in {successor}" if successor else ""
            lines.append((code, f"  {code} {name}: ended{goes_on}{_hangs(answer, code)}"))
    return [line + (f", {below[code]} places below with it" if below[code] else "") for code, line in lines]


def _hangs(answer: dict[str, Any], code: str) -> str:
    units, matters = answer["units"].get(code, 0), answer["matters"].get(code, 0)
    return f" (units there: {units}, open matters: {matters})" if units or matters else ""
