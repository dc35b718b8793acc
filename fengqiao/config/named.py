"""Accounts, posts, units and places by what an administrator types; each miss is a sentence that helps on."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fengqiao.config.command import Refused

if TYPE_CHECKING:
    from fengqiao.kernel.models import Account, Place, Post, Unit


def account(username: str) -> Account:
    """The account of that name."""
    from fengqiao.kernel.models import Account
    from fengqiao.offices.accounts.accounts import username_of

    found = Account.objects.filter(username=username_of(username)).first()
    if found is None:
        raise Refused(f"There is no account {username!r}; `fengqiao account list` shows them.")
    return found


def unit(key: str) -> Unit:
    """The unit of that key."""
    from fengqiao.kernel.models import Unit

    found = Unit.objects.select_related("place").filter(key=key).first()
    if found is None:
        raise Refused(f"There is no unit {key!r}; `fengqiao unit list` shows them.")
    return found


def place(words: str) -> Place:
    """The place of that code or name."""
    from fengqiao.kernel.models import Place

    words = words.strip()
    if words.isdecimal():
        known = list(Place.objects.filter(code=words))
    else:
        known = list(Place.objects.filter(name=words)[:2]) or list(Place.objects.filter(aliases__contains=[words])[:2])
    if len(known) != 1:
        raise Refused(f"{words!r} is no place here, or the name of several; give its code.")
    return known[0]


def post(of: Account, post_id: int | None) -> Post:
    """The post of that id, or the only one in force; asked for at a terminal when there are several."""
    from fengqiao.kernel import people

    held = people.posts_of(of.pk)
    if not held:
        raise Refused(f"{of.username} holds no post; `fengqiao account appoint` gives one.")
    if post_id is None and len(held) > 1:
        post_id = _ask(of, held)
    chosen = [each for each in held if post_id is None or each.pk == post_id]
    if not chosen:
        raise Refused(f"{of.username} does not hold post {post_id}. Held:\n{listed(held)}")
    return chosen[0]


def _ask(of: Account, held: list[Post]) -> int:
    if not sys.stdin.isatty():
        raise Refused(f"{of.username} holds {len(held)} posts; choose one with --post ID:\n{listed(held)}")
    print(f"{of.username} holds {len(held)} posts:\n{listed(held)}", file=sys.stderr)
    print("Post: ", end="", file=sys.stderr, flush=True)
    typed = sys.stdin.readline().strip()
    if not typed.isdecimal():
        raise Refused(f"{typed!r} is none of these numbers.")
    return int(typed)


def listed(posts: list[Post]) -> str:
    """One post a line: id, role, unit, until when."""
    return "\n".join(
        f"  {each['post']}  {each['role']}  {each['unit']}  {each['until'] or ''}".rstrip()
        for each in map(of_post, posts)
    )


def of_post(post: Post) -> dict[str, Any]:
    """A post as the commands print it."""
    return {
        "post": post.pk,
        "role": post.role,
        "unit": post.unit.key,
        "unit_name": post.unit.name,
        "place": post.unit.place_id,
        "since": post.since.isoformat(timespec="minutes"),
        "until": post.until.isoformat(timespec="minutes") if post.until else None,
    }


def moment(text: str) -> datetime:
    """A day (its beginning) or an instant, in Asia/Shanghai when no zone is given."""
    from fengqiao.kernel.now import HERE

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"“{text}” is not a date; write 2026-08-03 or 2026-08-03T09:30.") from None
    return found if found.tzinfo else found.replace(tzinfo=HERE)


def password(from_stdin: bool) -> tuple[str, bool]:
    """The password of the first line of standard input, or a made one; and whether it was made."""
    from fengqiao.offices.accounts.accounts import first_password

    if not from_stdin:
        return first_password(), True
    typed = sys.stdin.readline().rstrip("\r\n")
    if not typed:
        raise Refused("No password came on standard input.")
    return typed, False
