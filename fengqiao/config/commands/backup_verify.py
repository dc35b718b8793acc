"""`fengqiao backup verify [SET]`: restore it into a scratch folder and look."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

NAME = "backup verify"
HELP = "Restore a set into a scratch folder, verify its journal, open a sample of what is sealed, throw it away."
NEEDS = "settings"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("set", metavar="SET", nargs="?", default="latest", help="name or folder of a set; the newest")
    parser.add_argument("--keys", metavar="ARCHIVE", type=Path, help="its archive of keys, if it lies elsewhere")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.config import folders
    from fengqiao.config.backup import keyring, restore, shelf
    from fengqiao.config.commands.backup import say

    found = shelf.find(args.set)
    keys = args.keys or keyring.path(shelf.keys_folder(folders.data_folder()), found.name)
    return restore.verify(found, keys.absolute(), say=say)


def show(answer: dict[str, Any]) -> str:
    if not answer["ok"]:
        return "\n".join([f"The set {answer['set']} does not hold.", *answer["files_missing"], *answer["broken"]])
    return (
        f"The set {answer['set']} was restored and holds: {answer['matters']:,} matters, {answer['events']:,} events "
        f"verified to root {answer['root']}; "
        f"{answer['people_opened']} persons and {answer['files_opened']} files opened."
    )
