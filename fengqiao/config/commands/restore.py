"""`fengqiao restore SET`: the way back."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

NAME = "restore"
HELP = "Bring a set back into an empty folder, as it was or as it was at a moment after it."
NEEDS = "settings"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("set", metavar="SET", help="name or folder of a set, or latest")
    parser.add_argument("--keys", metavar="ARCHIVE", type=Path, help="its archive of keys, if it lies elsewhere")
    parser.add_argument("--into", metavar="FOLDER", type=Path, help="another folder than FENGQIAO_DATA")
    parser.add_argument("--until", metavar="TIME", help="a moment after the set, such as 2026-11-23T10:15, city time")
    parser.add_argument("--set-aside", action="store_true", help="keep what lies in the folder in one beside")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.config import environment, folders, named
    from fengqiao.config.backup import keyring, restore, shelf
    from fengqiao.config.command import Refused
    from fengqiao.config.commands.backup import say

    until = named.moment(args.until) if args.until else None
    found = shelf.find(args.set, until)
    keys = args.keys or keyring.path(shelf.keys_folder(folders.data_folder()), found.name)
    external = (environment.text("DATABASE_URL"), environment.text("FENGQIAO_OWNER_URL"))
    if bool(external[0]) != bool(external[1]):
        raise Refused("Set DATABASE_URL and FENGQIAO_OWNER_URL both to restore into that server, or neither.")
    into = (args.into or folders.data_folder()).absolute()
    wish = restore.Wish(found, keys.absolute(), into, until, args.set_aside, external=external, say=say)
    return restore.restore(wish)


def show(answer: dict[str, Any]) -> str:
    lines = [f"Restored into {answer['into']}: {answer['matters']:,} matters, {answer['events']:,} events."]
    if answer["aside"]:
        lines.append(f"What lay there is kept in {answer['aside']}; remove it when all is well.")
    if answer["forgotten_again"]:
        lines.append(f"{answer['forgotten_again']} matters were forgotten again.")
    if answer["list_lines_refused"]:
        lines.append(
            f"{answer['list_lines_refused']} lines of the list of forgotten matters do not hold; they were left out."
        )
    if answer["void"]:
        lines.append(
            f"The roots {answer['void'][0]} to {answer['void'][1]} tell of what was undone; they are void, on record."
        )
    lines += answer["files_missing"]
    lines.append("Make a new set soon (`fengqiao backup`): until then there is no return to a later moment.")
    lines.append("The journal verifies." if answer["verified"] else "THE JOURNAL DOES NOT VERIFY:")
    return "\n".join([*lines, *answer["broken"]])
