"""Asking how it goes, by query code and proof; adding, urging, taking back, saying how satisfied one is.

Every miss reads alike: no such code, another person's, a wrong proof, a protected matter without its proof.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from fengqiao.doors.portal import status, throttle, tickets
from fengqiao.doors.portal.forms import Adding, Ask, Rating, TakingBack, TakingUp, Urging
from fengqiao.ground.numbers import new_id
from fengqiao.ground.refusals import Refused
from fengqiao.kernel import handle, intake
from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.kernel.idempotency import Once, Repeated
from fengqiao.kernel.models import Source
from fengqiao.offices.reviews import give

# Said after each thing done, by the key in the address.
DONE: dict[str, Callable[[], str]] = {
    "supplement": lambda: _("It was added. Whoever handles it has been told."),
    "urge": lambda: _("The unit was reminded."),
    "withdraw": lambda: _("You took it back."),
    "take_up_again": lambda: _("It was taken up again. The hotline chooses the unit anew."),
    "rate": lambda: _("Thank you. The unit does not learn who said it."),
}


@never_cache
@sensitive_post_parameters("code", "proof")
@require_http_methods(["GET", "HEAD", "POST"])
def progress(request: HttpRequest) -> HttpResponse:
    """The form, or what is open in this browser; by POST a code is asked for."""
    if request.method == "POST":
        return _ask(request)
    ticket = tickets.opened(request)
    if ticket is None:
        return _form(request, Ask())
    with acting_as(intake.PORTAL):
        source = status.source_of(ticket.source, ticket.turn)
        if source is None:
            return _form(request, Ask())
        return _shown(request, source, full=ticket.full)


def _ask(request: HttpRequest) -> HttpResponse:
    form = Ask(request.POST)
    if not form.is_valid():
        return _form(request, form, code=422)
    code, proof = form.cleaned_data["code"], form.cleaned_data["proof"]
    if wait := throttle.count(code):
        return _wait(request, form, wait)
    source, full = status.find(code, proof)
    if source is None:
        if wait := throttle.minutes_to_wait(code):
            return _wait(request, form, wait)
        form.add_error(None, missed())
        return _form(request, form, code=422)
    (throttle.clear if full else throttle.give_back)(code)
    response = HttpResponseRedirect(reverse("portal:progress"))
    tickets.open_progress(request, response, source, full=full)
    return response


def missed() -> str:
    """The one sentence for every miss."""
    return _(
        "These two do not belong together. Compare them with your receipt, digit by digit. "
        "If it still does not work, call 12345."
    )


def _wait(request: HttpRequest, form: Ask, minutes: int) -> HttpResponse:
    sentence = ngettext(
        "Five tries did not fit. Please wait one minute, then try again. In a hurry, call 12345.",
        "Five tries did not fit. Please wait {n} minutes, then try again. In a hurry, call 12345.",
        minutes,
    )
    form.add_error(None, sentence.format(n=minutes))
    response = _form(request, form, code=429)
    response["Retry-After"] = str(minutes * 60)
    return response


def _form(request: HttpRequest, form: Ask, *, code: int = 200) -> HttpResponse:
    return render(request, "portal/ask.html", {"form": form}, status=code)


def _shown(
    request: HttpRequest,
    source: Source,
    *,
    full: bool,
    wrong: dict[str, django_forms.Form] | None = None,
    code: int = 200,
) -> HttpResponse:
    """The status page. Inside `acting_as(PORTAL)`; `wrong` are the forms to be mended."""
    shown = status.status_of(source, full=full)
    said = DONE.get(request.GET.get("done", ""))
    context: dict[str, Any] = {
        "status": shown,
        "done": said() if said and not wrong else "",
        "form_id": new_id(),
        "adding": Adding(auto_id="add_%s"),
        "urging": Urging(auto_id="urge_%s"),
        "taking_back": TakingBack(auto_id="back_%s"),
        "taking_up": TakingUp(auto_id="again_%s"),
        "rating": Rating(auto_id="rate_%s", language=get_language() or "zh-hans"),
        **(wrong or {}),
        "wrong": next(iter(wrong.values())) if wrong else None,
    }
    response = render(request, "portal/status.html", context, status=code)
    return tickets.remember_device(request, response)


@never_cache
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Close what is open, on a phone that others use too."""
    response = HttpResponseRedirect(reverse("portal:progress"))
    tickets.drop(response, tickets.OPENED, tickets.OPENED_PATH)
    return response


@never_cache
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Add something, at any time (G12)."""
    form = Adding(request.POST, auto_id="add_%s")
    return _do(request, "adding", form, "supplement", lambda told: {"text": told["text"]})


@never_cache
@require_POST
def urge(request: HttpRequest) -> HttpResponse:
    """Urge the unit, once in three working days (U8)."""
    return _do(request, "urging", Urging(request.POST, auto_id="urge_%s"), "urge", lambda told: told)


@never_cache
@require_POST
def withdraw(request: HttpRequest) -> HttpResponse:
    """Take it back."""
    return _do(request, "taking_back", TakingBack(request.POST, auto_id="back_%s"), "withdraw", lambda told: told)


@never_cache
@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """Take up again what was taken back, within fifteen days (domain ruling 10b)."""
    return _do(request, "taking_up", TakingUp(request.POST, auto_id="again_%s"), "take_up_again", lambda told: told)


@never_cache
@require_POST
def rate(request: HttpRequest) -> HttpResponse:
    """Say how satisfied one is; a second time once something was put right."""
    form = Rating(request.POST, auto_id="rate_%s", language=get_language() or "zh-hans")

    def keep(source: Source, told: dict[str, Any]) -> None:
        if give.of_person(source):
            give.second(source, told["grade"], told["comment"])
        else:
            give.give(source, told["grade"], told["comment"], told["call_back"])

    return _answer(request, "rating", form, "rate", keep)


def _do(
    request: HttpRequest,
    name: str,
    form: django_forms.Form,
    action: str,
    data: Callable[[dict[str, Any]], dict[str, Any]],
) -> HttpResponse:
    """One action of the person, through the kernel's one door; the same form sent twice counts once."""

    def perform(source: Source, told: dict[str, Any]) -> None:
        body = hashlib.sha256(repr((source.pk, sorted(told.items()))).encode()).digest()
        key = request.POST.get("form", "")[:80] or str(new_id())
        handle.perform(
            f"{source.matter.kind}.{action}",
            number=source.matter.number,
            data=data(told),
            by=SystemPost("portal", source=source.pk),
            once=Once(tickets.owner_of(request), key, f"portal:{action}", body),
        )

    return _answer(request, name, form, action, perform)


def _answer(
    request: HttpRequest,
    name: str,
    form: django_forms.Form,
    key: str,
    act: Callable[[Source, dict[str, Any]], None],
) -> HttpResponse:
    ticket = tickets.opened(request)
    if ticket is None or not ticket.full:
        return HttpResponseRedirect(reverse("portal:progress"))
    with acting_as(intake.PORTAL):
        source = status.source_of(ticket.source, ticket.turn)
    if source is None:
        return HttpResponseRedirect(reverse("portal:progress"))
    if form.is_valid():
        try:
            act(source, form.cleaned_data)
        except Repeated:
            pass
        except Refused as refused:
            form.add_error(None, str(refused.sentence))
    if form.errors:
        with acting_as(intake.PORTAL):
            fresh = status.source_of(ticket.source, ticket.turn) or source
            return _shown(request, fresh, full=True, wrong={name: form}, code=422)
    return HttpResponseRedirect(f"{reverse('portal:progress')}?done={key}")
