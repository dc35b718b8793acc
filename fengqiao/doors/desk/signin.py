"""Signing in at the desk: name and password, second factor, and the post in which one acts.

A wrong password and an unknown name get the same words after the same work. Between the two factors the session
holds only whose code is awaited; it becomes a signed-in one, under a new key, after the second.
"""

from __future__ import annotations

import base64
import io
from typing import Any

import segno
from django import forms
from django.contrib.auth import authenticate, login, logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fengqiao.doors.desk import acting, lockout
from fengqiao.doors.face.parts import Post as PostLine
from fengqiao.ground import codes
from fengqiao.ground.refusals import Refused
from fengqiao.kernel import ciphers, journal, people
from fengqiao.kernel.models import Account, Post
from fengqiao.kernel.now import now
from fengqiao.offices.accounts import ceremony, passkeys, secondfactor
from fengqiao.offices.accounts.accounts import username_of

BACKEND = "django.contrib.auth.backends.ModelBackend"
AWAITED = "awaited"
AWAITED_SECONDS = 600


class SignInForm(forms.Form):
    """Name and password."""

    username = forms.CharField(
        label=gettext_lazy("Account"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class CodeForm(forms.Form):
    """A code of the app, or where it is allowed a recovery code."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
    )


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The first step."""
    asked = asked_address(request)
    if request.method != "POST":
        if acting.account_of(request) is not None:
            return HttpResponseRedirect(asked)
        return _sign_in_page(request, SignInForm(), asked)
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _sign_in_page(request, form, asked, status=422)
    username = username_of(form.cleaned_data["username"])
    lockout.prepare(request)
    if wait := lockout.minutes_to_wait(request, username):
        return locked_page(request, form, asked, wait)
    account = authenticate(request, username=username, password=form.cleaned_data["password"])
    if account is None:
        return _failed(request, form, asked, username)
    assert isinstance(account, Account)
    if not acting.needs_second_factor(account):
        return enter(request, account, asked)
    request.session.flush()
    request.session[AWAITED] = {"account": account.pk, "at": int(now().timestamp()), "next": asked}
    return redirect("accounts:second_factor" if account.totp else "accounts:enrol")


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """The second step, with the app's code or a recovery code."""
    account = awaited_account(request)
    if account is None or not account.totp:
        return redirect("accounts:sign_in")
    asked = request.session[AWAITED]["next"]
    form = CodeForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _code_page(request, form, account, status=422 if form.is_bound else 200)
    lockout.prepare(request)
    if not lockout.minutes_to_wait(request, account.username):
        if way := secondfactor.check(account, form.cleaned_data["code"]):
            return enter(request, account, asked, way)
        lockout.count_wrong(request, account.username)
        note("account.failed", account.pk, step="second_factor")
        if not lockout.minutes_to_wait(request, account.username):
            form.add_error("code", _wrong_code(lockout.tries_left(request, account.username)))
            return _code_page(request, form, account, status=422)
        note("account.locked", account.pk)
    request.session.flush()
    wait = lockout.minutes_to_wait(request, account.username)
    return locked_page(request, SignInForm(), asked, wait)


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """Setting the second factor up, on the way in when it is missing, or by choice in the demo."""
    account = _enrolling(request)
    if account is None:
        return redirect("accounts:sign_in")
    secret = _draft_secret(request, account)
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            fresh = secondfactor.enrol(account, secret, form.cleaned_data["code"])
        except Refused as refused:
            form.add_error("code", str(refused))
        else:
            asked = request.session.get(AWAITED, {}).get("next", acting.HOME)
            request.session.pop("draft", None)
            following = enter(request, account, asked, "totp")
            context = {"codes": fresh, "following": following.headers["Location"], "staff": True}
            return render(request, "desk/second_factor_codes.html", context)
    spaced = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    context = {"form": form, "secret": spaced, "staff": True}
    return render(request, "desk/second_factor_enrol.html", context, status=422 if form.is_bound else 200)


@never_cache
@require_GET
def picture(request: HttpRequest) -> HttpResponse:
    """The draft secret as a picture for the app, an address of its own (img-src 'self')."""
    account = _enrolling(request)
    if account is None or "draft" not in request.session:
        return HttpResponseNotFound()
    drawn = io.BytesIO()
    made = segno.make(secondfactor.address_of(account, _draft_secret(request, account)), error="m", micro=False)
    made.save(drawn, kind="svg", scale=5, dark="#000", light="#fff", xmldecl=False)
    return HttpResponse(drawn.getvalue(), content_type="image/svg+xml")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def posts(request: HttpRequest) -> HttpResponse:
    """In which post one acts: chosen here when there are several, told here when there is none."""
    account = acting.account_of(request)
    if account is None:
        return acting.to_sign_in(request)
    asked, held = asked_address(request), people.posts_of(account.pk)
    current = request.session.get(acting.POST)
    ended = current is not None and current not in [post.pk for post in held]
    if request.method == "POST":
        chosen = next((post for post in held if str(post.pk) == request.POST.get("post")), None)
        if chosen is not None:
            _act_in(request, chosen)
            return HttpResponseRedirect(asked)
    elif len(held) == 1 and not ended:
        _act_in(request, held[0])
        return HttpResponseRedirect(asked)
    context = {"lines": [line_of(post, current) for post in held], "ended": ended, "next": asked, "staff": True}
    return render(request, "desk/posts.html", context, status=409 if request.method == "POST" else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session, on the server too."""
    account = acting.account_of(request)
    if account is not None:
        note("account.signed_out", account.pk)
    logout(request)
    return redirect("accounts:sign_in")


def line_of(post: Post, current: int | None = None) -> PostLine:
    """A post in words: role and unit."""
    role = codes.get("role", post.role)
    label = f"{post.unit.name} · {role.label(get_language() or 'zh-hans')}"
    return PostLine(str(post.pk), label, post.pk == current)


def _act_in(request: HttpRequest, post: Post) -> None:
    if request.session.get(acting.POST) != post.pk:
        request.session[acting.POST] = post.pk


def enter(
    request: HttpRequest, account: Account, asked: str, way: str = "", *, passkey: int | None = None, **more: Any
) -> HttpResponse:
    """Signed in: a new session key, the post where there is one, and on. `way` is the second factor that was shown."""
    request.session.pop(AWAITED, None)
    lockout.prepare(request)
    login(request, account, backend=BACKEND)
    acting.begin(request, account, passkey)
    told = {"second_factor": way, "passkey": passkey, **more}
    note("account.signed_in", account.pk, **{name: value for name, value in told.items() if value not in ("", None)})
    held = people.posts_of(account.pk)
    if len(held) != 1:
        request.session.pop(acting.POST, None)
        return acting.to_posts(asked)
    _act_in(request, held[0])
    return HttpResponseRedirect(asked)


def _failed(request: HttpRequest, form: SignInForm, asked: str, username: str) -> HttpResponse:
    lockout.counted(request, username)
    known = Account.objects.filter(username=username).values_list("pk", flat=True).first()
    note("account.failed", known, step="password")
    if wait := lockout.minutes_to_wait(request, username):
        note("account.locked", known)
        return locked_page(request, form, asked, wait)
    left = lockout.tries_left(request, username)
    form.add_error(
        "password",
        ngettext(
            "The account or the password is wrong. You can try once more. "
            "If you forgot it, ask the administrator of your unit for a new one.",
            "The account or the password is wrong. You can try %(n)s more times. "
            "If you forgot it, ask the administrator of your unit for a new one.",
            left,
        )
        % {"n": left},
    )
    return _sign_in_page(request, form, asked, status=422)


def locked_page(request: HttpRequest, form: SignInForm, asked: str, wait: int) -> HttpResponse:
    """The sign-in page of a locked name, with the minutes to wait."""
    response = _sign_in_page(request, form, asked, status=429, locked=lockout.words(wait))
    response["Retry-After"] = str(wait * 60)
    return response


def _wrong_code(left: int) -> str:
    return ngettext(
        "This code does not fit, or it was used already. You can try once more.",
        "This code does not fit, or it was used already. You can try %(n)s more times.",
        left,
    ) % {"n": left}


def _sign_in_page(
    request: HttpRequest, form: SignInForm, asked: str, *, status: int = 200, locked: str = ""
) -> HttpResponse:
    context = {"form": form, "next": asked, "locked": locked, "staff": True, "origin": ceremony.origin()}
    return render(request, "desk/signin.html", context, status=status)


def _code_page(request: HttpRequest, form: CodeForm, account: Account, *, status: int = 200) -> HttpResponse:
    origin = ceremony.origin() if passkeys.usable(account) else ""
    context = {"form": form, "staff": True, "origin": origin}
    return render(request, "desk/second_factor.html", context, status=status)


def asked_address(request: HttpRequest) -> str:
    """Where the person wanted to go, if it is at the desk."""
    address = request.POST.get("next") or request.GET.get("next") or acting.HOME
    return address if acting.is_safe(request, address) else acting.HOME


def awaited_account(request: HttpRequest) -> Account | None:
    """Whose second factor this session awaits, for ten minutes after the password."""
    awaited = request.session.get(AWAITED)
    if not awaited or now().timestamp() - awaited["at"] > AWAITED_SECONDS:
        return None
    return Account.objects.filter(pk=awaited["account"], is_active=True).first()


def _enrolling(request: HttpRequest) -> Account | None:
    account = awaited_account(request) or acting.account_of(request)
    return account if account is not None and not account.totp else None


def _draft_secret(request: HttpRequest, account: Account) -> str:
    """The secret being set up; sealed even in the session, and bound to this account."""
    bound = f"draft:{account.pk}".encode()
    if "draft" in request.session:
        try:
            return ciphers.unseal(base64.b64decode(request.session["draft"]), bound).decode()
        except ciphers.CannotOpen:
            pass
    secret = secondfactor.new_secret()
    request.session["draft"] = base64.b64encode(ciphers.seal(secret.encode(), bound)).decode()
    return secret


def note(kind: str, account_id: int | None, **data: Any) -> None:
    """A line of the stream `accounts`, written by the keeper: nobody acts in a post yet."""
    with transaction.atomic():
        journal.note(people.KEEPER, "accounts", kind, data={"account": account_id, **data})
