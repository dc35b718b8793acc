"""The first page, the same large and simple, and two pages in plain words."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from fengqiao.doors.face.preferences import remember


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """One big choice, the progress, two phones; four choices when the device is set to large and simple."""
    return render(request, "portal/elder.html" if request.COOKIES.get("elder") == "1" else "portal/home.html")


@require_safe
def elder(request: HttpRequest) -> HttpResponse:
    """Large and simple from here on, until it is switched back."""
    request.COOKIES["elder"] = "1"
    # The switch back must not lead here again, which would switch it on again.
    response = render(request, "portal/elder.html", {"here": "/"})
    remember(response, "elder", "1", request)
    return response


@require_safe
def rights(request: HttpRequest) -> HttpResponse:
    """What one has a right to, each with its source."""
    return render(request, "portal/rights.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What becomes of one's data (SPEC G20)."""
    return render(request, "portal/privacy.html")
