"""一起办: one action on several matters, each by itself; the result says of each what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from fengqiao.doors.desk.acting import ActingRequest, acting
from fengqiao.doors.desk.keyboard import key_of
from fengqiao.doors.desk.worklist import matter_address
from fengqiao.ground import numbers
from fengqiao.ground.refusals import Invalid, NotThere, Refused
from fengqiao.kernel import access, domain, handle
from fengqiao.kernel.domain import Move
from fengqiao.kernel.forms import Form
from fengqiao.kernel.models import Matter, Post

MOST = 50


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one matter: `refusal` is empty where it was done."""

    number: str
    title: str
    href: str
    refusal: str = ""


@require_GET
@acting
def actions(request: ActingRequest) -> HttpResponse:
    """The buttons of the bar under the list: what can be done with all that are ticked."""
    matters = _chosen(request.post, request.GET.getlist("n"))
    moves = [(move, key_of(move.key)) for move in _for_all(request.post, matters)]
    return render(request, "desk/together_actions.html", {"moves": moves, "matters": matters})


@require_http_methods(["GET", "POST"])
@acting
def page(request: ActingRequest) -> HttpResponse:
    """What is ticked, what can be done with all of it, the form of one action; and doing it."""
    told = request.POST if request.method == "POST" else request.GET
    matters = _chosen(request.post, told.getlist("n"))
    moves = _for_all(request.post, matters)
    move = next((each for each in moves if each.key == told.get("action")), None)
    if request.method == "GET" or not matters or move is None:
        refused = request.method == "POST"
        return _show(request, matters, moves, move, status=409 if refused else 200, refused=refused)
    form = _form(request.post, matters[0], move, told)
    if form is not None and not form.is_valid():
        return _show(request, matters, moves, move, form, 422)
    done = [_do(request.post, matter, move, told) for matter in matters]
    failed = sum(1 for each in done if each.refusal)
    return render(request, "desk/together_done.html", {"done": done, "move": move, "failed": failed})


def _chosen(post: Post, told: list[str]) -> list[Matter]:
    """The matters of these numbers that the post may see, in the order in which they are locked."""
    found = []
    for text in dict.fromkeys(told[:MOST]):
        try:
            found.append(handle.find_number(text))
        except NotThere:
            continue
    return list(access.matters_for(post).filter(number__in=found).order_by("pk"))


def _for_all(post: Post, matters: list[Matter]) -> list[Move]:
    """What can be done with every one of them now; matters of several kinds have no form in common."""
    if len({matter.kind for matter in matters}) != 1:
        return []
    common = [move for move in domain.get(matters[0].kind).moves if move.many]
    for matter in matters:
        if not common:
            break
        common = [move for move, locked in handle.can_do(post, matter, common) if locked is None]
    return common


def _form(post: Post, matter: Matter, move: Move, told: Mapping[str, Any] | None = None) -> forms.Form | None:
    if move.form is None:
        return None
    if issubclass(move.form, Form):
        return move.form(told, by=post, matter=matter)
    return move.form(told)


def _do(post: Post, matter: Matter, move: Move, told: Mapping[str, Any]) -> Done:
    """Each is done by itself: one that is refused leaves the others done."""
    refusal = ""
    try:
        data = told if move.form else {}
        handle.perform(f"{matter.kind}.{move.key}", number=matter.number, data=data, by=post)
    except Invalid as invalid:
        refusal = " ".join(error["detail"] for error in invalid.errors)
    except Refused as refused:
        refusal = str(refused.sentence)
    return Done(matter.number, matter.title, matter_address(matter.number), refusal)


def _show(
    request: ActingRequest,
    matters: list[Matter],
    moves: list[Move],
    move: Move | None,
    form: forms.Form | None = None,
    status: int = 200,
    *,
    refused: bool = False,
) -> HttpResponse:
    if move is not None and form is None:
        form = _form(request.post, matters[0], move)
    context = {
        "matters": [(each, numbers.parse(each.number).slug, matter_address(each.number)) for each in matters],
        "moves": moves,
        "move": move,
        "form": form,
        "refused": _("What you chose can no longer be done with all of these. Choose again.") if refused else "",
    }
    return render(request, "desk/together.html", context, status=status)
