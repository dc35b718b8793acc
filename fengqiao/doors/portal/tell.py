"""Telling a matter in two steps and a read-back. What was typed travels in the forms; no server keeps it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from fengqiao.doors.face import preferences
from fengqiao.doors.portal import filing, flood, forms, tickets
from fengqiao.doors.portal.forms import Last, Reaching, Telling
from fengqiao.ground.numbers import new_id
from fengqiao.ground.refusals import Invalid, Outage, Refused

View = Callable[[HttpRequest], HttpResponse]


def step(view: View) -> View:
    """A step of the form: nothing is cached, the device keeps its id, and size or language may change on the way."""

    @wraps(view)
    def page(request: HttpRequest) -> HttpResponse:
        chosen = _choices(request)
        if "elder" in chosen:
            request.COOKIES["elder"] = chosen["elder"]
        with translation.override(chosen.get(settings.LANGUAGE_COOKIE_NAME) or translation.get_language()):
            response = view(request)
        for name, value in chosen.items():
            preferences.remember(response, name, value, request)
        return tickets.remember_device(request, response)

    return never_cache(require_http_methods(["GET", "HEAD", "POST"])(page))


def _choices(request: HttpRequest) -> dict[str, str]:
    """Size and language that were asked for with the form, so that changing them loses nothing."""
    found = {}
    if request.POST.get("elder") in preferences.CHOICES["elder"]:
        found["elder"] = request.POST["elder"]
    if request.POST.get("language") in dict(settings.LANGUAGES):
        found[settings.LANGUAGE_COOKIE_NAME] = request.POST["language"]
    return found


@step
def tell(request: HttpRequest) -> HttpResponse:
    """Step 1, fresh, or by POST with what was typed, on the way back."""
    if request.method != "POST":
        return _first(request, Telling(), [], [])
    if wait := flood.photos_answer(request):
        return wait
    photos, refused = filing.keep_photos(request)
    return _first(request, forms.prefilled(Telling, request.POST), photos, refused)


@step
def where(request: HttpRequest) -> HttpResponse:
    """Step 2, when step 1 holds; also to choose a town's villages without scripts."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("portal:tell"))
    if wait := flood.photos_answer(request):
        return wait
    photos, refused = filing.keep_photos(request)
    first = Telling(request.POST)
    if not first.is_valid() or refused:
        return _first(request, first, photos, refused, status=422)
    return _second(request, forms.prefilled(Reaching, request.POST), photos, look="villages" in request.POST)


@step
def check(request: HttpRequest) -> HttpResponse:
    """The read-back, when both steps hold."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("portal:tell"))
    first, second, photos = Telling(request.POST), Reaching(request.POST), filing.photos_of(request.POST)
    if not first.is_valid():
        return _first(request, first, photos, [], status=422)
    if not second.is_valid():
        return _second(request, second, photos, status=422)
    last = Last(initial={"title": request.POST.get("title") or filing.title_of(first.cleaned_data["text"])})
    return _third(request, first, second, last, photos)


@step
def send(request: HttpRequest) -> HttpResponse:
    """Take it in and show the receipt. The same form sent twice makes one matter."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("portal:tell"))
    if wait := flood.form_answer(request):
        return wait
    first, second, last = Telling(request.POST), Reaching(request.POST), Last(request.POST)
    photos = filing.photos_of(request.POST)
    if not first.is_valid():
        return _first(request, first, photos, [], status=422)
    if not second.is_valid():
        return _second(request, second, photos, status=422)
    if not last.is_valid():
        return _third(request, first, second, last, photos, status=422)
    told = {**first.cleaned_data, **second.cleaned_data, **last.cleaned_data}
    try:
        source = filing.send(request, told, photos)
    except Invalid as problem:
        return _again(request, first, second, photos, str(problem.errors[0]["detail"]), problem.status)
    except Outage:
        raise  # its page keeps all three steps
    except Refused as problem:
        return _again(request, first, second, photos, _refusal(problem), problem.status)
    response = HttpResponseRedirect(reverse("portal:done"))
    tickets.give_receipt(request, response, source)
    return response


@require_GET
def villages(request: HttpRequest) -> JsonResponse:
    """The villages of a town, for the list that changes without loading the page."""
    return JsonResponse({"villages": forms.villages_of(request.GET.get("town", "")[:15])})


def _refusal(problem: Refused) -> str:
    if problem.code == "key_reused":
        return _("This form was sent a moment ago. If this is another matter, press “Send” once more.")
    if problem.code == "no_such_upload":
        return _("A photo is no longer here. Go back and choose it again, or send without it.")
    return str(problem.sentence)


def _again(
    request: HttpRequest, first: Telling, second: Reaching, photos: Sequence[uuid.UUID], why: str, status: int
) -> HttpResponse:
    """The read-back once more, with the reason and a fresh id of the form."""
    title = request.POST.get("title", "")
    last = Last({"title": title, "form": str(new_id())})
    last.is_valid()
    last.add_error(None, why)
    return _third(request, first, second, last, photos, status=status)


def _first(
    request: HttpRequest, form: Any, photos: Sequence[uuid.UUID], refused: Sequence[str], *, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "stage": 1,
        "photos": photos,
        "refused": refused,
        "most": filing.MOST_PHOTOS,
        "carried": forms.carried(request.POST, Reaching, Last),
        "form_id": _form_id(request),
        "again": reverse("portal:tell"),
        "onward": reverse("portal:where"),
    }
    return render(request, "portal/tell.html", context, status=status)


def _second(
    request: HttpRequest, form: Any, photos: Sequence[uuid.UUID], *, look: bool = False, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "stage": 2,
        "photos": photos,
        "look": look,
        "carried": forms.carried(request.POST, Telling, Last),
        "form_id": _form_id(request),
        "again": reverse("portal:where"),
        "onward": reverse("portal:check"),
    }
    return render(request, "portal/where.html", context, status=status)


def _third(
    request: HttpRequest,
    first: Telling,
    second: Reaching,
    last: Last,
    photos: Sequence[uuid.UUID],
    *,
    status: int = 200,
) -> HttpResponse:
    told = {**first.cleaned_data, **second.cleaned_data}
    context = {
        "form": last,
        "stage": 3,
        "photos": photos,
        "told": told,
        "lines": _read_back(told, second, len(photos)),
        "carried": forms.carried(request.POST, Telling, Reaching),
        "form_id": last["form"].value() or _form_id(request),
        "again": reverse("portal:check"),
        "onward": reverse("portal:send"),
    }
    return render(request, "portal/check.html", context, status=status)


def _form_id(request: HttpRequest) -> str:
    return request.POST.get("form") or str(new_id())


def _read_back(told: dict[str, Any], second: Reaching, photos: int) -> list[tuple[str, str]]:
    """What was typed, as label and value; what was left out is not listed."""
    natures, away = dict(forms.NATURES), dict(forms.KEPT_AWAY)
    place = [dict(forms.towns()).get(told["town"], ""), dict(second.villages).get(told["village"], ""), told["spot"]]
    kept = [str(away[each]) for each in told["kept_away"]] + [told["kept_away_words"]]
    found = [
        (_("What it is about"), told["text"]),
        (_("What you hope for"), told["hope"]),
        (_("Kind"), str(natures.get(told["nature"], ""))),
        (_("Photos"), str(photos) if photos else ""),
        (_("Where"), pgettext("between items", ", ").join(each for each in place if each) or _("not said")),
        (_("Phone number"), told["phone"]),
        (_("Calls"), filing.calls_of(told) if told["phone"] else ""),
        (_("Text messages"), _("none, please") if told["no_sms"] else ""),
        (_("Name"), told["name"]),
        (_("Home address"), told["address"]),
        (_("Your word"), "" if told["phone"] else told["word"]),
        (_("Should not know of it"), pgettext("between items", ", ").join(each for each in kept if each)),
        (_("Secrecy"), _("your name is protected") if told["secrecy"] or told["nature"] == "report" else ""),
    ]
    return [(label, value) for label, value in found if value]
