"""Tokens of posts, by which programs come in: shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets

from django.db import transaction

from fengqiao.kernel import journal, people
from fengqiao.kernel.access import Acting
from fengqiao.kernel.models import Post, Token
from fengqiao.kernel.people import KEEPER


def make(post: Post, *, name: str = "", by: Acting = KEEPER) -> str:
    """A bearer token of a post, shown once; a fast hash of its 256 random bits is kept."""
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        token = Token.objects.create(post=post, digest=_digest(secret), name=name)
        journal.note(by, "accounts", "token.made", data={"token": token.pk, "post": post.pk})
    return secret


def post_of(secret: str) -> Post | None:
    """The post whose token this is, if the token, the post and the account are in force; with account and unit."""
    mine = "join token on token.post_id = post.id where token.digest = %s and token.revoked_at is null"
    found = people.posts_by(mine, _digest(secret))
    return found[0] if found and found[0].account.is_active else None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
