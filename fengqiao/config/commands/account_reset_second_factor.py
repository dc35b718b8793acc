"""`fengqiao account reset-second-factor`: for a lost phone or security key, after the person has been recognised."""

import argparse
from typing import Any

NAME = "account reset-second-factor"
HELP = "Take the second factor and all passkeys away; the next sign-in sets up a new one."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", required=True, metavar="NAME")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.config import named
    from fengqiao.offices.accounts import passkeys, secondfactor

    account = named.account(args.user)
    had, held = bool(account.totp), len(passkeys.of(account))
    secondfactor.reset(account)
    return {"user": account.username, "had_one": had, "passkeys": held}


def show(answer: dict[str, Any]) -> str:
    return (
        f"{answer['user']} sets up a new second factor at the next sign-in; open sessions have ended. "
        f"Passkeys removed: {answer['passkeys']}."
    )
