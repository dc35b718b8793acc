"""`fengqiao account list`: who has a way in, and the posts in force."""

import argparse
from typing import Any

NAME = "account list"
HELP = "List the accounts with their posts in force."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(args: argparse.Namespace) -> dict[str, Any]:
    from fengqiao.config import named
    from fengqiao.kernel.models import Account, Post

    posts: dict[int, list[Any]] = {}
    for post in Post.objects.select_related("unit").order_by("pk"):
        if post.holds:
            posts.setdefault(post.account_id, []).append(named.of_post(post))
    return {
        "accounts": [
            {
                "user": account.username,
                "name": account.name,
                "active": account.is_active,
                "second_factor": bool(account.totp),
                "posts": posts.get(account.pk, []),
            }
            for account in Account.objects.order_by("username")
        ]
    }


def show(answer: dict[str, Any]) -> str:
    lines = []
    for account in answer["accounts"]:
        held = ", ".join(f"{post['role']} at {post['unit']} ({post['post']})" for post in account["posts"])
        lines.append(f"{account['user']}  {account['name']}  {held or 'no post'}")
    return "\n".join(lines) or "There is no account yet: `fengqiao account create`."
