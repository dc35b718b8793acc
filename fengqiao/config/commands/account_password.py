"""`fengqiao account password`: a new password; the account's sessions end."""

import argparse
from typing import Any

NAME = "account password"
HELP = "Set a new password; without --password-stdin one is made and printed once."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", required=True, metavar="NAME")
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.config import named
    from fengqiao.offices.accounts import accounts

    account = named.account(args.user)
    password, made = named.password(args.password_stdin)
    accounts.set_password(account, password)
    return {"user": account.username, **({"password": password} if made else {})}


def show(answer: dict[str, Any]) -> str:
    said = f"{answer['user']} has a new password, and every session of the account has ended."
    return said + (f"\nThe password, shown only now:\n{answer['password']}" if "password" in answer else "")
