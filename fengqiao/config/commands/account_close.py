"""`fengqiao account close`: nobody comes in by it any more; --reopen takes that back."""

import argparse
from typing import Any

NAME = "account close"
HELP = "Close an account; its sessions and tokens end at once."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", required=True, metavar="NAME")
    parser.add_argument("--reopen", action="store_true", help="open it again")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.config import named
    from fengqiao.offices.accounts import accounts

    account = named.account(args.user)
    accounts.set_active(account, args.reopen)
    return {"user": account.username, "active": account.is_active}
