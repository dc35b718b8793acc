"""Saved views of the worklist: a name for filters, kept for a post."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from fengqiao.doors.desk import narrowing
from fengqiao.doors.desk.acting import ActingRequest, acting
from fengqiao.doors.desk.models import View
from fengqiao.doors.lists.worklist import Narrowed
from fengqiao.ground.refusals import NotThere, Refused
from fengqiao.kernel.models import Post

LONGEST = 20
MOST = 12


@dataclass(frozen=True, slots=True)
class Shown:
    """A view as a chip; `pk` is 0 for the whole list, which nobody takes away."""

    pk: int
    name: str
    href: str
    current: bool


def of(post: Post, narrowed: Narrowed) -> list[Shown]:
    """The whole list, then the views that this post saved."""
    here = narrowing.written(narrowed)
    saved = [Shown(row.pk, row.name, row.query, row.query == here) for row in View.objects.filter(post=post)]
    return [Shown(0, _("All tasks"), "?", narrowing.nothing_asked(narrowed)), *saved]


class Saving(forms.Form):
    """A name, and the address of the view."""

    name = forms.CharField(max_length=LONGEST)
    query = forms.CharField(max_length=200)


@require_POST
@acting
def save(request: ActingRequest) -> HttpResponse:
    """Keep the view under a name; a name that is taken gets the new filters."""
    form = Saving(request.POST)
    narrowed = narrowing.read(QueryDict(request.POST.get("query", "").removeprefix("?")))
    if not form.is_valid() or narrowing.nothing_asked(narrowed):
        raise Refused(
            "bad_view",
            _("A view needs a name of up to 20 characters and at least one filter. Choose a filter, then save it."),
        )
    name, query = form.cleaned_data["name"], narrowing.written(narrowed)
    mine = View.objects.filter(post=request.post)
    if not mine.filter(name=name).exists() and mine.count() >= MOST:
        raise Refused("views_full", _("You have 12 views already. Take one away first."))
    View.objects.update_or_create(post=request.post, name=name, defaults={"query": query})
    return HttpResponseRedirect(reverse("desk:worklist") + query)


@require_POST
@acting
def remove(request: ActingRequest, pk: int) -> HttpResponse:
    """Take a view of one's own away; the matters stay. Somebody else's is not there."""
    gone, _each = View.objects.filter(post=request.post, pk=pk).delete()
    if not gone:
        raise NotThere("not_there", _("There is no such view."))
    return HttpResponseRedirect(reverse("desk:worklist"))
