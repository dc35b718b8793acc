"""`fengqiao account end-post`: rights end in that second, open tasks lie in the unit's queue."""

import argparse
from typing import Any

NAME = "account end-post"
HELP = "End a post now, or at --at."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", required=True, metavar="NAME")
    parser.add_argument("--post", type=int, metavar="ID", help="which post, when the account holds several")
    parser.add_argument("--at", metavar="DATE", help="the first moment without the post (now)")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.config import named
    from fengqiao.config.command import Refused
    from fengqiao.kernel import access, people
    from fengqiao.kernel.now import now
    from fengqiao.offices.accounts import terms

    post = named.post(named.account(args.user), args.post)
    at = named.moment(args.at) if args.at else now()
    if at <= post.since:
        raise Refused(f"This post began on {post.since:%Y-%m-%d %H:%M}; it cannot end before that.")
    with access.acting_as(people.KEEPER):
        terms.end_post(post, at=at)
    return {"user": args.user, **named.of_post(post)}


def show(answer: dict[str, Any]) -> str:
    return f"{answer['user']} is {answer['role']} at {answer['unit_name']} until {answer['until']}."
