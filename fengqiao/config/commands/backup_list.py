"""`fengqiao backup list`: the sets, and how much they take."""

from __future__ import annotations

import argparse
from typing import Any

NAME = "backup list"
HELP = "The sets, their sizes, whether their keys lie here, and how much the archived WAL takes."
NEEDS = "nothing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.config import folders
    from fengqiao.config.backup import keyring, make, shelf
    from fengqiao.ground import durable

    data = folders.data_folder()
    at, keys = shelf.of_data(data), shelf.keys_folder(data)
    sets = [
        {"set": each.name, **make.told(each.facts), "keys": keyring.path(keys, each.name).exists()}
        for each in at.sets()
    ]
    return {
        "sets": sets,
        "folder": str(at.folder),
        "keys_folder": str(keys),
        "files_bytes": durable.size_of(at.folder / "files"),
        "wal_bytes": durable.size_of(at.wal),
    }


def show(answer: dict[str, Any]) -> str:
    lines = [
        f"{each['set']}  {each['kind']}  {each['bytes'] / 2**20:8,.0f} MiB  {each['matters']:,} matters  "
        f"{'keys here' if each['keys'] else 'keys elsewhere'}"
        for each in answer["sets"]
    ] or ["There is no set yet."]
    lines.append(
        f"Stored files {answer['files_bytes'] / 2**20:,.0f} MiB, archived WAL {answer['wal_bytes'] / 2**20:,.0f} MiB."
    )
    return "\n".join(lines)
