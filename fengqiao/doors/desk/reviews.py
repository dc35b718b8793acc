"""What people said of the handling: put right by another unit, read by the month, appealed against (M17, A23)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fengqiao.doors.desk.acting import ActingRequest, acting
from fengqiao.doors.desk.worklist import matter_address
from fengqiao.ground import codes
from fengqiao.ground.refusals import NotThere, Refused
from fengqiao.kernel.forms import Words
from fengqiao.kernel.models import Post
from fengqiao.offices.reviews import desk, sheet

YES_NO = (("yes", gettext_lazy("yes")), ("no", gettext_lazy("no")))
RULINGS = (
    ("upheld", gettext_lazy("it is malicious: its grade leaves the figures")),
    ("refused", gettext_lazy("it is not: it stays")),
)


class Called(forms.Form):
    """The person who agreed to it was called."""

    reached = forms.ChoiceField(choices=YES_NO, widget=forms.RadioSelect, label=gettext_lazy("Did you reach them?"))


class PutRight(forms.Form):
    """What was put right, as the person will read it."""

    answer = Words(max_length=2000, label=gettext_lazy("What was put right"))


class Appealing(forms.Form):
    """Why a comment is held to be malicious."""

    reason = Words(max_length=1000, label=gettext_lazy("What is malicious in it"))


class Ruling(forms.Form):
    """The decision of another unit."""

    upheld = forms.ChoiceField(choices=RULINGS, widget=forms.RadioSelect, label=gettext_lazy("Decision"))
    ruling = Words(max_length=1000, label=gettext_lazy("Grounds"))


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that can be done: its form, the words that it is about, and doing it. Both raise NotThere."""

    label: Any
    form: type[forms.Form]
    about: Callable[[Post, UUID], str]
    do: Callable[[Post, UUID, dict[str, Any]], object]


def _of_duty(post: Post, pk: UUID) -> str:
    found = [duty.review for duty in desk.duties(post) if duty.review.pk == pk]
    return _said(found[0].words if found else None)


def _of_comment(post: Post, pk: UUID) -> str:
    found = [line.body for line in sheet.comments_of(post) if line.pk == pk and not hasattr(line, "appeal")]
    return _said(found[0] if found else None)


def _of_appeal(post: Post, pk: UUID) -> str:
    found = [appeal for appeal in desk.appeals(post) if appeal.pk == pk]
    return _said(f"{found[0].comment.body}\n{found[0].unit.name}: {found[0].reason}" if found else None)


def _said(words: str | None) -> str:
    if words is None:
        raise NotThere("not_there", _("There is nothing here for your post to do."))
    return words


ACTS = {
    "called": Act(
        gettext_lazy("The person was called"),
        Called,
        _of_duty,
        lambda post, pk, told: desk.called_back(post, pk, reached=told["reached"] == "yes"),
    ),
    "right": Act(
        gettext_lazy("Put it right and answer"),
        PutRight,
        _of_duty,
        lambda post, pk, told: desk.correct(post, pk, answer=told["answer"]),
    ),
    "appeal": Act(
        gettext_lazy("Appeal against the comment"),
        Appealing,
        _of_comment,
        lambda post, pk, told: desk.appeal(post, pk, reason=told["reason"]),
    ),
    "decide": Act(
        gettext_lazy("Decide the appeal"),
        Ruling,
        _of_appeal,
        lambda post, pk, told: desk.decide_appeal(post, pk, upheld=told["upheld"] == "upheld", ruling=told["ruling"]),
    ),
}


@require_GET
@acting
def page(request: ActingRequest) -> HttpResponse:
    """What waits at this desk, the comments on the post's own unit, and appeals for it to decide."""
    duties = [
        (duty, codes.get("satisfaction", duty.review.grade).label(get_language() or "zh-hans"),
         matter_address(duty.review.matter.number))
        for duty in desk.duties(request.post)
    ]  # fmt: skip
    context = {"duties": duties, "comments": sheet.comments_of(request.post), "appeals": desk.appeals(request.post)}
    return render(request, "desk/reviews.html", context)


@require_http_methods(["GET", "POST"])
@acting
def do(request: ActingRequest, what: str, pk: UUID) -> HttpResponse:
    """One act on its own page; what was typed stays when it is refused."""
    act = ACTS.get(what)
    if act is None:
        raise NotThere("not_there", _("There is no such page."))
    about = act.about(request.post, pk)
    form = act.form(request.POST or None)
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            act.do(request.post, pk, form.cleaned_data)
            return HttpResponseRedirect(reverse("desk:reviews"))
        except NotThere:
            raise
        except Refused as refused:
            form.add_error(None, str(refused.sentence))
            status = refused.status
    context = {"act": act, "form": form, "about": about, "back": reverse("desk:reviews")}
    return render(request, "desk/review_act.html", context, status=status)


@require_POST
@acting
def contact(request: ActingRequest, pk: UUID) -> HttpResponse:
    """Name and phone of a person who agreed to be called; that they were shown is on record."""
    told = desk.contact(request.post, pk)
    return render(request, "desk/revealed.html", {"told": told, "back": reverse("desk:reviews")})
