"""事项总库: all matters that this post may read, newest first; one box searches number and words."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from fengqiao.doors.desk import clocks
from fengqiao.doors.desk.acting import ActingRequest, acting
from fengqiao.doors.desk.worklist import matter_address
from fengqiao.doors.face.parts import Pager
from fengqiao.doors.lists import listing, worklist
from fengqiao.ground.refusals import NotThere
from fengqiao.kernel import domain, handle
from fengqiao.kernel.forms import Code, PlaceCode

PAGE = 20


class Filters(forms.Form):
    """What the list is narrowed by; it stands in the address."""

    q = forms.CharField(max_length=60, required=False, label=_("Words or number"))
    state = forms.ChoiceField(required=False, label=_("State"))
    category = Code("hotline_category", required=False, label=_("Category"))
    place = PlaceCode(required=False, label=_("Place code"))
    open = forms.BooleanField(required=False, label=_("Only open ones"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        states = [(state.key, state.label) for each in domain.every() for state in each.states]
        field = self.fields["state"]
        field.choices = [("", _("any state")), *states]  # type: ignore[attr-defined]


@require_GET
@acting
def page(request: ActingRequest) -> HttpResponse:
    """The list; a number typed in full leads to its page."""
    form = Filters(request.GET or None)
    filters = form.cleaned_data if form.is_bound and form.is_valid() else {}
    if found := _by_number(request, filters.get("q", "")):
        return HttpResponseRedirect(matter_address(found.number))
    listed = listing.newest(request.post, cursor=request.GET.get("cursor", ""), limit=PAGE, **_wanted(filters))
    running = worklist.clocks_of([row.id for row in listed.rows])
    rows = [
        {
            "matter": row,
            "href": matter_address(row.number),
            "state": domain.get(row.kind).state(row.state).label,
            "light": clocks.light_of(running.get(row.id, [])),
        }
        for row in listed.rows
    ]
    following = {**{k: v for k, v in request.GET.items() if k != "cursor"}, "cursor": listed.following}
    pager = Pager(len(rows), str(len(rows)), following=f"?{urlencode(following)}" if listed.following else "")
    context = {"form": form, "rows": rows, "pager": pager, "q": filters.get("q", ""), "single": listed.single}
    return render(request, "desk/library.html", context)


def _wanted(filters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in filters.items() if value}


def _by_number(request: ActingRequest, text: str) -> listing.Line | None:
    try:
        number = handle.find_number(text)
    except NotThere:
        return None
    return listing.by_number(request.post, number)
