"""Addresses of these tests: signing in, and one page of a matter behind `@acting`."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import include, path

from fengqiao.doors.desk.acting import ActingRequest, acting
from fengqiao.ground import refusals
from fengqiao.kernel import access


@acting
def who(request: ActingRequest) -> HttpResponse:
    """Says in whose name it is shown, and how many matters that post sees."""
    return HttpResponse(f"{request.post.pk} {access.matters_for(request.post).count()}")


@acting
def matter(request: ActingRequest, number: str) -> HttpResponse:
    """One matter, or the page of a missing one."""
    found = access.matters_for(request.post).filter(number=number).first()
    if found is None:
        raise refusals.NotThere("not_there", "There is no such matter here.")
    return HttpResponse(found.title)


@acting
def refuse(request: ActingRequest, status: int) -> HttpResponse:
    """Each refusal of the kernel."""
    if status == 409:
        raise refusals.NotNow("not_now", "It was answered already.")
    if status == 412:
        raise refusals.Stale("stale", "Somebody changed it.")
    raise refusals.Invalid([{"pointer": "/text", "detail": "missing"}], "The text is missing.")


@acting
def late(request: ActingRequest) -> HttpResponse:
    """Drawn after the view has returned, still inside its transaction."""
    return TemplateResponse(request, "desk/refused.html", {"why": access.matters_for(request.post).count})


def open_to_all(request: HttpRequest) -> HttpResponse:
    return HttpResponse("open")


urlpatterns = [
    path("", include("fengqiao.doors.face.urls")),
    path("desk/", include("fengqiao.doors.desk.account_urls")),
    path("desk/", who),
    path("desk/matters/<number>/", matter),
    path("desk/refuse/<int:status>/", refuse),
    path("desk/late/", late),
    path("open/", open_to_all),
]
