"""Accounts, posts and their terms. Whoever is appointed to a unit is kept from the matters that name it (ruling 5)."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Q

from fengqiao.kernel import journal, places, route
from fengqiao.kernel.access import Acting, SystemPost
from fengqiao.kernel.models import Account, ExcludedUnit, Exclusion, Place, Post, Token, Unit
from fengqiao.kernel.now import now

KEEPER = SystemPost("keeper")


def open_unit(*, key: str, name: str, kind: str, place: Place, parent: Unit | None = None, by: Acting = KEEPER) -> Unit:
    """A new unit under its parent; its path serves for descendants, its ranges for jurisdiction."""
    with transaction.atomic():
        unit = Unit.objects.create(
            key=key, name=name, kind=kind, place=place, parent=parent, path="", ranges=places.ranges_of(place)
        )
        unit.path = f"{parent.path if parent else '/'}{unit.pk}/"
        unit.save(update_fields=["path"])
        journal.note(by, "accounts", "unit.opened", data={"unit": unit.pk})
    return unit


def appoint(
    account: Account,
    unit: Unit,
    role: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    by: Acting = KEEPER,
) -> Post:
    """Give an account a post. What names the unit, or one above it, is hidden from the account from this moment."""
    with transaction.atomic():
        post = Post.objects.create(account=account, unit=unit, role=role, since=since or now(), until=until)
        for matter_id in _naming(unit):
            Exclusion.objects.get_or_create(matter_id=matter_id, account=account)
        journal.note(by, "accounts", "post.began", data={"post": post.pk, "role": role, "unit": unit.pk})
    return post


def _naming(unit: Unit) -> set[uuid.UUID]:
    above = [int(pk) for pk in unit.path.strip("/").split("/")]
    earlier = Unit.objects.filter(successor__in=above).values_list("pk", flat=True)
    named = ExcludedUnit.objects.filter(Q(unit__in=above) | Q(unit__in=list(earlier)))
    return set(named.values_list("matter_id", flat=True))


def end_post(post: Post, *, at: datetime | None = None, by: Acting = KEEPER) -> None:
    """End a term, now or on a day to come. Reading puts its tasks into the unit's queue at that second; the rows
    follow here, or on that day (`upkeep`), with an event."""
    with transaction.atomic():
        post.until = at or now()
        post.save(update_fields=["until"])
        if post.holds:
            journal.note(by, "accounts", "post.will_end", data={"post": post.pk, "until": post.until.isoformat()})
        else:
            journal.note(by, "accounts", "post.ended", data={"post": post.pk, "tasks": route.withdraw_tasks(post)})


def make_token(post: Post, *, name: str = "", by: Acting = KEEPER) -> str:
    """A bearer token of a post, shown once; a fast hash of its 256 random bits is kept."""
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        token = Token.objects.create(post=post, digest=hashlib.sha256(secret.encode()).digest(), name=name)
        journal.note(by, "accounts", "token.made", data={"token": token.pk, "post": post.pk})
    return secret


def post_of_token(secret: str) -> Post | None:
    """The post whose token this is, if the token, the post and the account are in force; with account and unit."""
    digest = hashlib.sha256(secret.encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute(_by_token(), [digest])
        row = cursor.fetchone()
    if row is None:
        return None
    found: list[Any] = []
    for model, names in _TOLD.items():
        found.append(model.from_db("default", names, row[: len(names)]))
        row = row[len(names) :]
    post, post.account, post.unit = found[0], found[1], found[2]
    return post if post.holds and post.account.is_active else None


# Every request of a program asks this first: written once, it costs a fifth of what building the query anew does.
_TOLD: dict[type[models.Model], tuple[str, ...]] = {
    Post: ("id", "account_id", "unit_id", "role", "since", "until"),
    Account: ("id", "username", "name", "is_active"),
    Unit: ("id", "key", "name", "kind", "place_id", "parent_id", "path", "ranges", "successor_id", "phone", "hours",
           "closed_at"),
}  # fmt: skip


@cache
def _by_token() -> str:
    tables = [(model, model._meta.db_table) for model in _TOLD]
    columns = ", ".join(f"{table}.{name}" for model, table in tables for name in _TOLD[model])
    return (
        f"select {columns} from token join post on post.id = token.post_id "  # noqa: S608 - names of our own columns
        "join account on account.id = post.account_id join unit on unit.id = post.unit_id "
        "where token.digest = %s and token.revoked_at is null"
    )


def posts_of(account: Account) -> list[Post]:
    """The posts that an account holds now, oldest first."""
    held = Post.objects.filter(account=account).select_related("account", "unit__place").order_by("since", "pk")
    return [post for post in held if post.holds]
