"""One's own account: the second step and the passkeys, made and removed with the password typed anew."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.hashers import check_password
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from fengqiao.doors.desk import lockout, passkey, signin
from fengqiao.doors.desk.acting import PASSKEY, ActingRequest, acting
from fengqiao.ground.refusals import NotThere, Refused
from fengqiao.offices.accounts import ceremony, passkeys, secondfactor
from fengqiao.offices.accounts.models import NAME_LENGTH, Passkey


class NameForm(forms.Form):
    """A name by which the person knows the device."""

    name = forms.CharField(
        label=gettext_lazy("Name of the passkey"),
        max_length=NAME_LENGTH,
        help_text=gettext_lazy("For example: my phone, the key in the drawer. Only you see it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class PasswordForm(forms.Form):
    """The password, typed anew."""

    password = forms.CharField(
        label=gettext_lazy("Your password, once more"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class MakeForm(PasswordForm, NameForm):
    """What a new passkey needs."""

    field_order = ("name", "password")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@acting
def page(request: ActingRequest) -> HttpResponse:
    """What belongs to signing in; by POST the first half of making a passkey."""
    form = MakeForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _page(request, form, status=422 if form.is_bound else 200)
    if not _password_holds(request, form):
        return _page(request, form, status=422)
    try:
        asked, options = passkeys.ask_to_make(request.post.account, form.cleaned_data["name"])
    except Refused as refused:
        form.add_error("name" if refused.pointer else None, str(refused))
        return _page(request, form, status=422)
    passkey.keep(request, asked)
    context = {"options": options, "origin": ceremony.origin(), "name": asked.name}
    return render(request, "desk/passkey_make.html", context)


@require_POST
@acting
def made(request: ActingRequest) -> HttpResponse:
    """The second half: what the device has made."""
    account = request.post.account
    try:
        asked = passkey.take(request, passkeys.MAKE, account)
        passkeys.make(account, asked, request.POST.get("answer", ""), by=request.post)
    except Refused as refused:
        return _page(request, MakeForm(), status=422, why=str(refused))
    return HttpResponseRedirect(reverse("accounts:account"))


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@acting
def change(request: ActingRequest, pk: int, what: str) -> HttpResponse:
    """Give a passkey another name, or remove it: on its own page, with the password."""
    if what not in ("rename", "remove"):
        raise NotThere("not_there", _("There is no such page."))
    one = passkeys.mine(request.post.account, pk)
    form = _form_of(what, one, request.POST if request.method == "POST" else None)
    if form.is_valid() and _done(request, what, one, form):
        return HttpResponseRedirect(reverse("accounts:account"))
    own = request.session.get(PASSKEY) == one.pk
    context = {"form": form, "one": one, "removing": what == "remove", "own": own}
    return render(request, "desk/passkey_change.html", context, status=422 if form.is_bound else 200)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@acting
def codes(request: ActingRequest) -> HttpResponse:
    """Ten new recovery codes in place of the old ones, with the password; they are shown only now."""
    account = request.post.account
    if not account.totp:
        return HttpResponseRedirect(reverse("accounts:account"))
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _password_holds(request, form):
        fresh = secondfactor.give_new_codes(account, by=request.post)
        context = {"codes": fresh, "following": reverse("accounts:account"), "staff": True, "renewed": True}
        return render(request, "desk/second_factor_codes.html", context)
    context = {"form": form, "left": secondfactor.recovery_codes_left(account)}
    return render(request, "desk/codes_change.html", context, status=422 if form.is_bound else 200)


def _form_of(what: str, one: Passkey, sent: Any) -> forms.Form:
    return PasswordForm(sent) if what == "remove" else NameForm(sent, initial={"name": one.name})


def _done(request: ActingRequest, what: str, one: Passkey, form: forms.Form) -> bool:
    if what == "remove":
        if not _password_holds(request, form):
            return False
        passkeys.remove(one, by=request.post)
        return True
    try:
        passkeys.rename(one, form.cleaned_data["name"], by=request.post)
    except Refused as refused:
        form.add_error("name", str(refused))
        return False
    return True


def _password_holds(request: ActingRequest, form: forms.Form) -> bool:
    """Whether the password is the account's; a wrong one counts like one at the sign-in."""
    account = request.post.account
    if wait := lockout.minutes_to_wait(request, account.username):
        form.add_error("password", lockout.words(wait))
        return False
    if check_password(form.cleaned_data["password"], account.password):
        return True
    lockout.count_wrong(request, account.username)
    signin.note("account.failed", account.pk, step="password_anew")
    if wait := lockout.minutes_to_wait(request, account.username):
        signin.note("account.locked", account.pk)
        form.add_error("password", lockout.words(wait))
        return False
    left = lockout.tries_left(request, account.username)
    words = ngettext(
        "This is not your password. You can try once more.",
        "This is not your password. You can try %(n)s more times.",
        left,
    )
    form.add_error("password", words % {"n": left})
    return False


def _page(request: ActingRequest, form: forms.Form, *, status: int = 200, why: str = "") -> HttpResponse:
    account = request.post.account
    context = {
        "form": form,
        "account": account,
        "held": passkeys.of(account),
        "most": passkeys.MOST,
        "codes_left": secondfactor.recovery_codes_left(account),
        "origin": ceremony.origin(),
        "why": why,
    }
    return render(request, "desk/account.html", context, status=status)
