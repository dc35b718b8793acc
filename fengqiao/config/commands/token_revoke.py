"""`fengqiao token revoke`: end all tokens of an account, or those of one name."""

import argparse
from typing import Any

NAME = "token revoke"
HELP = "End the tokens of an account at once."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", required=True, metavar="NAME")
    parser.add_argument("--name", help="only those made for this")


def run(args: argparse.Namespace) -> dict[str, Any]:
    from django.db import transaction

    from fengqiao.config import named
    from fengqiao.kernel import journal
    from fengqiao.kernel.models import Token
    from fengqiao.kernel.now import now
    from fengqiao.kernel.people import KEEPER

    tokens = Token.objects.filter(post__account=named.account(args.user), revoked_at=None)
    if args.name is not None:
        tokens = tokens.filter(name=args.name)
    with transaction.atomic():
        ids = sorted(tokens.values_list("pk", flat=True))
        Token.objects.filter(pk__in=ids).update(revoked_at=now())
        if ids:
            journal.note(KEEPER, "accounts", "token.revoked", data={"tokens": ids})
    return {"user": args.user, "revoked": len(ids)}
