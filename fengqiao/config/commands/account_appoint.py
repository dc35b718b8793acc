"""`fengqiao account appoint`: a post, that is a role at a unit for a time."""

import argparse
from typing import Any

NAME = "account appoint"
HELP = "Give an account a post at a unit."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", required=True, metavar="NAME")
    parser.add_argument("--unit", required=True, metavar="KEY")
    parser.add_argument("--role", required=True, metavar="ROLE", help="a key of GET /api/v1/codes, list role")
    parser.add_argument("--since", metavar="DATE", help="from when (now)")
    parser.add_argument("--until", metavar="DATE", help="the first moment without the post")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.config import named
    from fengqiao.config.command import Refused
    from fengqiao.ground import codes
    from fengqiao.kernel.now import now
    from fengqiao.offices.accounts import terms

    roles = [role.key for role in codes.table("role") if role.extra["staff"] == "yes"]
    if args.role not in roles:
        raise Refused(f"{args.role!r} is no role of staff. Roles: {', '.join(roles)}.")
    since = named.moment(args.since) if args.since else now()
    until = named.moment(args.until) if args.until else None
    if until is not None and until <= since:
        raise Refused("The post would end before it begins; check --since and --until.")
    post = terms.appoint(named.account(args.user), named.unit(args.unit), args.role, since=since, until=until)
    return {"user": args.user, **named.of_post(post)}


def show(answer: dict[str, Any]) -> str:
    return f"{answer['user']} is {answer['role']} at {answer['unit_name']} (post {answer['post']})."
