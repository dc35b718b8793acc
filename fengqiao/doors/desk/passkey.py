"""Signing in with a passkey: after the password in place of the code, or alone.

The page holds what the browser is asked; the script sends the device's answer as an ordinary form. A challenge lies
in the session, goes out of it before it is judged, and waits five minutes.
"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from fengqiao.doors.desk import acting, lockout, signin
from fengqiao.ground.refusals import Refused
from fengqiao.kernel.models import Account
from fengqiao.offices.accounts import ceremony, passkeys
from fengqiao.offices.accounts.ceremony import Asked
from fengqiao.offices.accounts.models import Passkey

KEPT = "passkey_asked"


def keep(request: HttpRequest, asked: Asked) -> None:
    """Put a challenge into the session, in place of an earlier one."""
    request.session[KEPT] = asked.kept()


def take(request: HttpRequest, purpose: str, account: Account | None = None) -> Asked:
    """The challenge, out of the session for good. Raises Refused `passkey_late`."""
    kept = request.session.pop(KEPT, None)
    if kept is not None:
        request.session.save()  # now, not with the answer: a page that fails must not give it back
    return Asked.read(kept, purpose, account)


@never_cache
@sensitive_post_parameters("answer")
@require_http_methods(["GET", "HEAD", "POST"])
def alone(request: HttpRequest) -> HttpResponse:
    """A whole sign-in: the device has recognised the person and says who it is."""
    asked = signin.asked_address(request)
    if not ceremony.origin():
        raise Http404
    if request.method != "POST":
        return HttpResponseRedirect(asked) if acting.account_of(request) else _page(request, passkeys.ALONE, asked)
    try:
        challenge, answer = take(request, passkeys.ALONE), request.POST.get("answer", "")
        passkey = passkeys.answering(answer)
        if passkey is None or not passkey.account.is_active:
            raise Refused("passkey_unknown", _unknown())
    except Refused as refused:
        signin.note("account.failed", None, step="passkey", why=refused.code)
        return _page(request, passkeys.ALONE, asked, why=refused)
    return _judged(request, passkeys.ALONE, passkey, challenge, answer, asked)


@never_cache
@sensitive_post_parameters("answer")
@require_http_methods(["GET", "HEAD", "POST"])
def second(request: HttpRequest) -> HttpResponse:
    """The second step after the password."""
    account = signin.awaited_account(request)
    if account is None:
        return redirect("accounts:sign_in")
    if not ceremony.origin() or not passkeys.usable(account):
        return redirect("accounts:second_factor")
    asked = request.session[signin.AWAITED]["next"]
    if request.method != "POST":
        return _page(request, passkeys.SECOND, asked, account)
    try:
        challenge, answer = take(request, passkeys.SECOND, account), request.POST.get("answer", "")
        passkey = passkeys.answering(answer)
    except Refused as refused:
        signin.note("account.failed", account.pk, step="passkey", why=refused.code)
        return _page(request, passkeys.SECOND, asked, account, why=refused)
    if passkey is None or passkey.account_id != account.pk:
        return _failed(request, passkeys.SECOND, account, asked, Refused("passkey_unknown", _unknown()))
    return _judged(request, passkeys.SECOND, passkey, challenge, answer, asked)


def _judged(
    request: HttpRequest, purpose: str, passkey: Passkey, challenge: Asked, answer: str, asked: str
) -> HttpResponse:
    account = passkey.account
    lockout.prepare(request)
    if wait := lockout.minutes_to_wait(request, account.username):
        return signin.locked_page(request, signin.SignInForm(), asked, wait)
    try:
        passkeys.check(passkey, challenge, answer)
    except Refused as refused:
        return _failed(request, purpose, account, asked, refused)
    more: dict[str, Any] = {"password": False} if purpose == passkeys.ALONE else {}
    return signin.enter(request, account, asked, "passkey", passkey=passkey.pk, **more)


def _failed(request: HttpRequest, purpose: str, account: Account, asked: str, why: Refused) -> HttpResponse:
    if why.code != "passkey_doubted":  # whoever holds the key guesses nothing
        lockout.count_wrong(request, account.username)
    signin.note("account.failed", account.pk, step="passkey", why=why.code)
    if wait := lockout.minutes_to_wait(request, account.username):
        signin.note("account.locked", account.pk)
        request.session.flush()
        return signin.locked_page(request, signin.SignInForm(), asked, wait)
    return _page(request, purpose, asked, account if purpose == passkeys.SECOND else None, why=why)


def _page(
    request: HttpRequest, purpose: str, asked: str, account: Account | None = None, *, why: Refused | None = None
) -> HttpResponse:
    """The page that asks the device, with a fresh challenge."""
    challenge, options = passkeys.ask_to_open(purpose, account)
    keep(request, challenge)
    context = {
        "options": options,
        "origin": ceremony.origin(),
        "next": asked,
        "second": purpose == passkeys.SECOND,
        "why": why.sentence if why else "",
        "staff": True,
    }
    return render(request, "desk/passkey.html", context, status=422 if why else 200)


def _unknown() -> str:
    return _(
        "This passkey is not known here, or it was removed. Sign in with account and password; "
        "then you can make a new one on the page of your account."
    )
