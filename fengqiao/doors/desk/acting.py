"""Who acts at the desk: `@acting` gives a view its post, its transaction and its scope.

Rights end in the second in which they end: post, account, password and second factor are asked at each request.
A refusal of the kernel becomes its page here; hidden and missing have one page (engineering ruling 6).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from fengqiao.doors.face.errors import error_page, out_of_order
from fengqiao.ground import codes, refusals
from fengqiao.kernel import access, journal, people
from fengqiao.kernel.models import Account, Matter, Post
from fengqiao.kernel.now import now
from fengqiao.offices.accounts import passkeys, secondfactor

HOME = "/desk/"
POST, FACTOR, PASSKEY, SEEN, SINCE = "post", "second_factor", "passkey", "seen", "since"
SEEN_EVERY = 60  # seconds between two writes of the session
_PAGES = {404: 404, 403: 403, 409: 409, 412: 409, 413: 413, 422: 400, 429: 429}


class ActingRequest(HttpRequest):
    """A request that passed `@acting`: it has a post, one of those that its account holds."""

    post: Post
    posts: list[Post]


View = Callable[..., HttpResponse]


def acting(view: View) -> View:
    """Let a view run as the post of the session, in one transaction, with `request.post`.

    Without a sign-in, a second factor or a post in force the person is led to the page where it is given. A view
    must not stream: its answer is drawn inside the transaction.
    """

    @wraps(view)
    def page(plain: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        post = post_of(plain)
        if isinstance(post, HttpResponse):
            return post
        request = cast(ActingRequest, plain)
        request.post, request.user = post, post.account
        try:
            with access.acting_as(post):
                response = view(request, *args, **kwargs)
                if callable(draw := getattr(response, "render", None)):
                    draw()
                return response
        except refusals.NotThere as refused:
            note_refused_look(post, kwargs.get("number"))
            return refusal_page(request, refused)
        except refusals.Refused as refused:
            return refusal_page(request, refused)

    return never_cache(page)


def post_of(request: HttpRequest) -> Post | HttpResponse:
    """The post in which this browser acts, or the way to it, with one query beside that of its cookie.

    `request.posts` are all that its account holds.
    """
    if SESSION_KEY not in request.session:
        return to_sign_in(request)
    held = people.posts_of(int(request.session[SESSION_KEY]))
    chosen = request.session.get(POST)
    post = next((each for each in held if each.pk == chosen), None)
    account = account_of(request, post.account if post else None)
    if account is None:
        return to_sign_in(request)
    if post is None:
        return to_posts(way_back(request))
    cast(ActingRequest, request).posts = held
    return post


def account_of(request: HttpRequest, account: Account | None = None) -> Account | None:
    """The account of this session if everything about it still holds; else the session ends here."""
    session = request.session
    if SESSION_KEY not in session:
        return None
    if account is None or not _same_password(request, account):
        found = get_user(request)
        account = None if isinstance(found, AnonymousUser) else found
    if account is None or not account.is_active or not _passed(request, account) or _over(request):
        session.flush()
        return None
    moment = int(now().timestamp())
    if moment - session.get(SEEN, 0) >= SEEN_EVERY:
        session[SEEN] = moment
    return account


def begin(request: HttpRequest, account: Account, passkey: int | None = None) -> None:
    """What the session remembers from the moment of sign-in; with a passkey, which one."""
    moment = int(now().timestamp())
    request.session.update({FACTOR: secondfactor.mark(account), PASSKEY: passkey, SEEN: moment, SINCE: moment})


def needs_second_factor(account: Account) -> bool:
    """Compulsory, except in the demo for accounts that have none (engineering ruling 10)."""
    return bool(account.totp) or not settings.FENGQIAO_DEMO


def _passed(request: HttpRequest, account: Account) -> bool:
    passkey = request.session.get(PASSKEY)
    if passkey is not None and not passkeys.opens(passkey, account):
        return False
    if not needs_second_factor(account):
        return True
    mark = secondfactor.mark(account)
    return bool(mark) and constant_time_compare(request.session.get(FACTOR, ""), mark)


def _same_password(request: HttpRequest, account: Account) -> bool:
    return constant_time_compare(request.session.get(HASH_SESSION_KEY, ""), account.get_session_auth_hash())


def _over(request: HttpRequest) -> bool:
    session, moment = request.session, now()
    idle = moment - _instant(session.get(SEEN, 0)) > timedelta(minutes=settings.FENGQIAO_IDLE_MINUTES)
    return idle or moment - _instant(session.get(SINCE, 0)) > timedelta(seconds=settings.SESSION_COOKIE_AGE)


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, now().tzinfo)


def is_safe(request: HttpRequest, address: str) -> bool:
    """Whether an address leads back to this desk."""
    ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return ours and urlsplit(address).path.startswith(HOME)


def way_back(request: HttpRequest) -> str:
    """Where to go on after signing in: this page, or the one from which something was sent."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    sent_from = request.headers.get("Referer", "")
    if not is_safe(request, sent_from):
        return HOME
    parts = urlsplit(sent_from)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in and back. A part that htmx asked for gets a sentence, so that what was typed stays."""
    address = f"{reverse('accounts:sign_in')}?{urlencode({'next': way_back(request)})}"
    if request.headers.get("HX-Request"):
        why = _("You are no longer signed in. Copy what you wrote if you still need it, then sign in again.")
        return render(request, "desk/refused.html", {"why": why, "href": address}, status=401)
    return HttpResponseRedirect(address)


def to_posts(following: str) -> HttpResponse:
    """To the choice of a post, which also tells that one has ended; then on to `following`."""
    return HttpResponseRedirect(f"{reverse('accounts:posts')}?{urlencode({'next': following})}")


def refusal_page(request: HttpRequest, refused: refusals.Refused) -> HttpResponse:
    """The page, or for htmx the box, of a refusal. A missing thing never says more than that."""
    if isinstance(refused, refusals.Outage):
        return out_of_order(request, refused)
    if request.headers.get("HX-Request") and refused.status != 404:
        return render(request, "desk/refused.html", {"why": refused.sentence}, status=refused.status)
    why = "" if refused.status == 404 else str(refused.sentence)
    response = error_page(request, _PAGES.get(refused.status, 400), why=why)
    response.status_code = refused.status
    return response


def note_refused_look(post: Post, number: Any = None) -> None:
    """Journal that a post of a role without contents tried to open a matter (A27). Others are not noted here."""
    if codes.get("role", post.role).extra["contents"] == "yes":
        return
    with access.acting_as(access.SystemPost("keeper")), transaction.atomic():
        found = Matter.objects.filter(number=str(number)).values_list("pk", flat=True).first() if number else None
        journal.note(post, "access", "access.refused", matter_id=found, data={"role": post.role})
