"""`fengqiao account unlock`: an end to the waiting after too many wrong tries."""

import argparse
from typing import Any

NAME = "account unlock"
HELP = "Let an account try to sign in again at once."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", required=True, metavar="NAME")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.config import named
    from fengqiao.doors.desk import lockout

    account = named.account(args.user)
    return {"user": account.username, "unlocked": lockout.unlock(account.username)}


def show(answer: dict[str, Any]) -> str:
    if answer["unlocked"]:
        return f"{answer['user']} can sign in again."
    return f"Nothing was counted against {answer['user']}."
