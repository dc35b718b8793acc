"""`fengqiao demo [--accounts]`: what the demo city holds and who may sign in."""

from __future__ import annotations

import argparse
from typing import Any

NAME = "demo"
HELP = "the demo city: how much it holds; --accounts lists who may sign in"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--accounts", action="store_true", help="username, password, role, unit, place")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """The accounts, or the counts."""
    from fengqiao.config.demo.load import accounts
    from fengqiao.kernel import access
    from fengqiao.kernel.models import Matter

    rows = accounts()
    if args.accounts:
        return {"accounts": rows}
    with access.acting_as(access.SystemPost("keeper")):
        return {"accounts": len(rows), "matters": Matter.objects.count()}


def show(answer: dict[str, Any]) -> str:
    """One account a line, what is typed at sign-in first."""
    if "matters" in answer:
        return f"{answer['accounts']} accounts, {answer['matters']} matters. Who may sign in: add --accounts"
    rows = answer["accounts"]
    width = max((len(row["username"]) for row in rows), default=0)
    return "\n".join(
        f"{row['username']:{width}}  {row['password']}  {row['role_name']} · {row['unit']}" for row in rows
    )
