"""Who asks: tokens and a session for the city's supervisor, the village's post and the units that handle."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from bench.seed import SUPERVISOR, VILLAGE
from fengqiao.kernel.models import Post
from fengqiao.kernel.now import now
from fengqiao.offices.accounts import tokens


@dataclass(frozen=True)
class Asker:
    """A post with its ways in."""

    post: Post
    bearer: tuple[tuple[str, str], ...]
    cookie: tuple[tuple[str, str], ...]


def askers() -> tuple[Asker, Asker]:
    """The supervisor, who sees the whole city, and the village's post with its forty matters."""
    return _asker(SUPERVISOR), _asker(VILLAGE)


def handlers() -> dict[int, Asker]:
    """Those who handle, by unit."""
    posts = Post.objects.filter(role="unit_handler").values_list("account__username", "unit")
    return {unit: _asker(username, page=False) for username, unit in posts}


def _asker(username: str, *, page: bool = True) -> Asker:
    post = Post.objects.select_related("account", "unit__place").get(account__username=username)
    bearer = (("Authorization", f"Bearer {tokens.make(post, name='bench')}"),)
    return Asker(post, bearer, _cookie(post) if page else ())


def _cookie(post: Post) -> tuple[tuple[str, str], ...]:
    """A session as the sign-in makes it; the bench's accounts have no password."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from fengqiao.doors.desk import acting, signin

    session: Any = import_module(settings.SESSION_ENGINE).SessionStore()
    moment = int(now().timestamp())
    session[SESSION_KEY] = str(post.account_id)
    session[HASH_SESSION_KEY] = post.account.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = signin.BACKEND
    session[acting.POST] = post.pk
    session[acting.SEEN] = session[acting.SINCE] = moment
    session.save()
    return (("Cookie", f"{settings.SESSION_COOKIE_NAME}={session.session_key}"),)
