"""`fengqiao database roles`: what an administrator runs on an external PostgreSQL."""

import argparse
from typing import Any

NAME = "database roles"
HELP = "Print the SQL that makes the roles and the database on an external PostgreSQL (15 or newer)."
NEEDS = "nothing"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--database", default="fengqiao", help="its name (fengqiao)")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.config import roles

    return {"sql": roles.script(args.database)}


def show(answer: dict[str, Any]) -> str:
    return (
        "-- Run as an administrator of the server, then give both LOGIN roles a way in (pg_hba.conf, passwords).\n"
        + str(answer["sql"]).rstrip()
    )
