"""Figures: what was counted, over what, and what it does not mean. The same for every reader (ruling 11)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from fengqiao.doors.desk.acting import ActingRequest, acting
from fengqiao.ground import codes
from fengqiao.kernel import analyse
from fengqiao.kernel.models import Place
from fengqiao.kernel.now import today
from fengqiao.offices.figures import figures

BY = (("month", _("by month")), ("place", _("by town")), ("category", _("by category")))


class Asked(forms.Form):
    """Which figure, over which days, in which groups."""

    measure = forms.ChoiceField(label=_("Figure"))
    first = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last = forms.DateField(label=_("To"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    by = forms.ChoiceField(choices=BY, label=_("Grouped"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(each.key, f"{each.key} {each.label}") for each in analyse.measures()]
        self.fields["measure"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> None:
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if first and last and last < first:
            self.add_error("last", _("The last day lies before the first. Swap them."))


@require_GET
@acting
def page(request: ActingRequest) -> HttpResponse:
    """The figure asked for; the hotline's orders of the last year when nothing is."""
    last = today()
    start = {"measure": analyse.measures()[0].key, "first": last - timedelta(days=365), "last": last, "by": "month"}
    form = Asked(request.GET if "measure" in request.GET else start)
    figure = None
    if form.is_valid():
        asked = form.cleaned_data
        figure = figures.figure(asked["measure"], first=asked["first"], last=asked["last"], by=asked["by"])
    context = {"form": form, "figure": figure, "names": _names(figure)}
    return render(request, "desk/figures.html", context)


def _names(figure: figures.Figure | None) -> list[tuple[str, figures.Group]]:
    if figure is None:
        return []
    keys = [group.key for group in figure.groups]
    named: dict[str, str] = {}
    if figure.by == "place":
        named = dict(Place.objects.filter(pk__in=keys).values_list("code", "name"))
    if figure.by == "category":
        language = get_language() or "zh-hans"
        tables = ("hotline_category", "satisfaction")
        named = {row.key: row.label(language) for table in tables for row in codes.table(table)}
    return [(named.get(group.key, group.key or str(_("not said"))), group) for group in figure.groups]
