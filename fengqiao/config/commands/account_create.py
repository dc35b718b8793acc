"""`fengqiao account create`: a person's way in; rights come with a post (`account appoint`)."""

import argparse
from typing import Any

NAME = "account create"
HELP = "Open an account; without --password-stdin a first password is made and printed once."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", required=True, metavar="NAME", help="the name typed at sign-in")
    parser.add_argument("--name", required=True, help="the person's name")
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.config import named
    from fengqiao.offices.accounts import accounts

    password, made = named.password(args.password_stdin)
    account = accounts.open_account(args.user, args.name, password)
    return {"user": account.username, "name": account.name, **({"password": password} if made else {})}


def show(answer: dict[str, Any]) -> str:
    said = f"The account {answer['user']} is open. It has no post yet: `fengqiao account appoint`."
    return said + (f"\nFirst password, shown only now:\n{answer['password']}" if "password" in answer else "")
