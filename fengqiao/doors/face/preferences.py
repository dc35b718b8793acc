"""The choices a device remembers: elder mode, theme, row height, single keys, language. They work without scripts."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST

YEAR = 365 * 24 * 3600
SCRIPTED = ("theme", "dense")  # app.js writes these itself, so that no page has to be loaded for them
CHOICES = {"elder": ("1", "0"), "dense": ("1", "0"), "theme": ("light", "dark"), "keys": ("on", "off")}


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Remember the choices in the form and go back to `next` (a path of ours, else the first page)."""
    asked = request.POST.get("next", "/")
    ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    answer = HttpResponseRedirect(asked if ours else "/")
    for name, allowed in CHOICES.items():
        if request.POST.get(name) in allowed:
            remember(answer, name, request.POST[name], request)
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES) and check_for_language(language):
        remember(answer, settings.LANGUAGE_COOKIE_NAME, language, request)
    return answer


def remember(answer: HttpResponse, name: str, value: str, request: HttpRequest) -> None:
    """Keep a choice on the device for a year; none of these cookies says who somebody is."""
    answer.set_cookie(
        name, value, max_age=YEAR, samesite="Lax", secure=request.is_secure(), httponly=name not in SCRIPTED
    )
