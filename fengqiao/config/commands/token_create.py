"""`fengqiao token create`: a bearer token of a post for programs; its secret is shown once."""

import argparse
from typing import Any

NAME = "token create"
HELP = "Make a bearer token of a post; the token is the last line, and is shown only now."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", required=True, metavar="NAME")
    parser.add_argument("--post", type=int, metavar="ID", help="which post, when the account holds several")
    parser.add_argument("--name", default="", help="what the token is for")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.config import named
    from fengqiao.offices.accounts import tokens

    post = named.post(named.account(args.user), args.post)
    token = tokens.make(post, name=args.name[:60])
    return {"user": args.user, **named.of_post(post), "token": token}


def show(answer: dict[str, Any]) -> str:
    return f"A token of {answer['user']} as {answer['role']} at {answer['unit_name']}:\n{answer['token']}"
