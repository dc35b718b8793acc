"""`fengqiao backup`: one set of everything, its keys apart."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

NAME = "backup"
HELP = "Make a backup set while the program runs; verify [SET], list."
NEEDS = "nothing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", metavar="FOLDER", type=Path, help="another folder than FENGQIAO_DATA/backups")
    parser.add_argument("--dump", action="store_true", help="a dump, for another server or release of PostgreSQL")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.config import command, environment, folders
    from fengqiao.config.backup import make, shelf
    from fengqiao.config.command import Refused
    from fengqiao.config.server import EmbeddedServer, database_home

    data = folders.data_folder()
    external = bool(os.environ.get("DATABASE_URL"))
    owner_url = environment.text("FENGQIAO_OWNER_URL")
    if external and not owner_url:
        raise Refused("A backup reads the database as the owner's role: set FENGQIAO_OWNER_URL beside DATABASE_URL.")
    at = shelf.Shelf(args.to.absolute()) if args.to else shelf.of_data(data)
    with command.database():
        command.set_up_django()
        server = None if external else EmbeddedServer(database_home(data))
        house = make.house_of(data, server, owner_url)
        return make.make(house, at, shelf.keys_folder(data), dumped=args.dump, say=say)


def say(sentence: str) -> None:
    """Progress goes to standard error."""
    print(sentence, file=sys.stderr, flush=True)


def show(answer: dict[str, Any]) -> str:
    lines = [
        f"The set {answer['set']} holds {answer['matters']:,} matters, {answer['events']:,} events, "
        f"{answer['files']:,} files; {answer['bytes'] / 2**20:,.0f} MiB of database. It was read again and holds.",
        f"Its keys lie apart in {answer['keys']}: keep them on another medium.",
    ]
    if answer["removed"]:
        lines.append(f"Removed for their age: {', '.join(answer['removed'])}.")
    return "\n".join(lines)
