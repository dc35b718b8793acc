"""`fengqiao migrate`: bring the tables up to date."""

import argparse
import os
from typing import Any

NAME = "migrate"
HELP = "Bring the tables up to date, with a backup first when there are data and something to apply."
NEEDS = "nothing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--plan", action="store_true", help="tell what would be applied, apply nothing")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.config import folders, migrate, roles, secrets
    from fengqiao.config.backup import unfinished
    from fengqiao.config.command import Refused
    from fengqiao.config.server import EmbeddedServer, database_home

    data = folders.data_folder()
    if (sentence := unfinished.sentence(data)) is not None:
        raise Refused(sentence)
    folders.prepare(data)
    secrets.ensure(data)
    if owner_url := os.environ.get("FENGQIAO_OWNER_URL"):
        return migrate.in_own_process(owner_url, plan=args.plan, backups=data / "backups")
    if os.environ.get("DATABASE_URL"):
        raise Refused("Migrations run as the owner's role: set FENGQIAO_OWNER_URL beside DATABASE_URL.")
    with EmbeddedServer(database_home(data)) as server:
        return migrate.in_own_process(server.url(roles.OWNER), plan=args.plan, backups=data / "backups")


def show(answer: dict[str, Any]) -> str:
    if answer["pending"]:
        return "To apply: " + ", ".join(answer["pending"])
    if answer["applied"]:
        return f"Applied {len(answer['applied'])}: " + ", ".join(answer["applied"])
    return "Nothing to apply."
