"""事项页: one matter, what happened in it, and what this post can do now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms as django_forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fengqiao.doors.desk import clocks, course, sayings
from fengqiao.doors.desk.acting import ActingRequest, acting
from fengqiao.doors.desk.keyboard import key_of
from fengqiao.doors.desk.worklist import matter_address
from fengqiao.doors.face.parts import Action, PersonLine
from fengqiao.doors.lists import worklist
from fengqiao.ground import codes, limits, numbers
from fengqiao.ground.refusals import Invalid, NotThere, Refused
from fengqiao.kernel import access, ciphers, domain, handle
from fengqiao.kernel import forms as kernel_forms
from fengqiao.kernel.access import matters_for
from fengqiao.kernel.docket import Docket
from fengqiao.kernel.domain import Move
from fengqiao.kernel.forms import Form
from fengqiao.kernel.models import Document, Event, Link, Matter, Merge, Person, Subject

LINES = 200


def find(request: ActingRequest, number: str) -> Matter:
    """The matter of an address, if this post may read it. Raises NotThere."""
    rows = matters_for(request.post).select_related("place", "lead_unit", "handler__account", "handler__unit")
    matter = rows.filter(number=handle.find_number(number)).first()
    if matter is None:
        raise NotThere("not_there", _("There is no such matter here. Check the number."))
    return matter


@require_GET
@acting
def page(request: ActingRequest, number: str) -> HttpResponse:
    """The whole page; that it was opened is noted (SPEC 10.5)."""
    matter = find(request, number)
    handle.looked(request.post, matter)
    return render(request, "desk/matter.html", context_of(request, matter))


def context_of(request: ActingRequest, matter: Matter) -> dict[str, Any]:
    """What the page shows: only what this post's relations open."""
    declared = domain.get(matter.kind)
    words = access.words(request.post, matter)
    open_texts = frozenset[str]().union(*(declared.opens[word].texts for word in words if word in declared.opens))
    events = list(Event.objects.filter(opened_year=matter.opened_year, stream=str(matter.pk)).order_by("-seq")[:LINES])
    events.reverse()
    running = worklist.clocks_of([matter.pk]).get(matter.pk, [])
    light = clocks.light_of(running)
    actions = actions_of(request, matter)
    staff = "staff" in open_texts
    return {
        "matter": matter,
        "state": declared.state(matter.state),
        "kind": declared.label,
        "channel": codes.get("channel", matter.channel).label(get_language() or "zh-hans"),
        "category": category_name(matter),
        "light": light,
        "bar": course.bar_of(light, running),
        "steps": course.steps_of(matter, events, running),
        "supervised": course.supervision_of(request.post, matter, running) if staff else [],
        "entries": sayings.history(events, open_texts),
        "actions": actions,
        "remark": next((each.href for each in actions if each.href.endswith("/do/remark/") and not each.locked), ""),
        "looks": course.looks_of(matter) if staff else [],
        "people": people_of(matter, words),
        "may_reveal": any(declared.opens[word].identity for word in words if word in declared.opens),
        "subjects": list(Subject.objects.filter(matter=matter, resolved_at=None)) if words & OFFICE else [],
        "documents": list(Document.objects.filter(matter=matter).order_by("piece", "version")),
        "links": list(Link.objects.filter(matter=matter).select_related("other")),
        "members": list(Merge.objects.filter(master=matter, undone_at=None).select_related("member")),
        "merged_into": Merge.objects.filter(member=matter, undone_at=None).select_related("master").first(),
        "order": getattr(matter, declared.record, None) if declared.record else None,
        "sources": list(matter.sources.all()),
    }


OFFICE = frozenset({"office", "office_head", "desk"})


def category_name(matter: Matter) -> str:
    """The category in the reader's language."""
    table = domain.get(matter.kind).categories
    if not table or not matter.category:
        return ""
    known = codes.by_key(table).get(matter.category)
    return known.label(get_language() or "zh-hans") if known else matter.category


def actions_of(request: ActingRequest, matter: Matter) -> list[Action]:
    """What can be done now; the first is the primary one, the rest quiet, what is locked with its reason."""
    found = []
    for place, (move, locked) in enumerate(handle.can_do(request.post, matter)):
        if locked is not None and move.rank > LOCKED_SHOWN:
            continue
        href = reverse("desk:do", args=[numbers.parse(matter.number).slug, move.key])
        primary = place == 0 and locked is None
        key = key_of(move.key) if locked is None else ""
        found.append(Action(str(move.label), href, primary=primary, locked=str(locked or ""), key=key))
    return found


LOCKED_SHOWN = 3


def people_of(matter: Matter, words: frozenset[str]) -> list[tuple[str, PersonLine]]:
    """The persons, masked; of a protected matter only those who may know the identity see even the mask."""
    protected = matter.confidentiality in ("protected", "sealed")
    if protected and not words & OFFICE:
        return []
    found = []
    for row in Person.objects.filter(matter=matter).order_by("pk"):
        told = ciphers.unseal_json(row.sealed, row.pk.bytes)
        role = codes.get("party_role", row.role).label(get_language() or "zh-hans")
        found.append((str(row.pk), PersonLine(role, told["name"], told["phone"])))
    return found


@require_http_methods(["GET", "POST"])
@acting
def do(request: ActingRequest, number: str, action: str) -> HttpResponse:
    """The form of one action, and doing it. What was typed stays when something is not right."""
    matter = find(request, number)
    move = _move(request, matter, action)
    if request.method == "GET":
        empty = move.form(by=request.post, matter=matter) if move.form and issubclass(move.form, Form) else None
        locked = handle.stands_in_the_way(Docket(request.post), matter, move)
        return _show(request, matter, move, empty, locked)
    try:
        handle.perform(
            f"{matter.kind}.{action}",
            number=matter.number,
            data=request.POST if move.form else {},
            by=request.post,
            version=_version(request),
        )
    except Invalid:
        return _show(request, matter, move, _filled(request, matter, move), None, status=422)
    except NotThere:
        raise
    except Refused as refused:
        form: django_forms.Form | None = _filled(request, matter, move)
        if form is not None:
            form.is_valid()
            form.add_error(None, str(refused.sentence))
        return _show(request, matter, move, form, None if form else refused.sentence, status=refused.status)
    return HttpResponseRedirect(after(request, matter))


def after(request: ActingRequest, matter: Matter) -> str:
    """Back to the matter, or to the list when it is not there any more for this post."""
    still = matters_for(request.post).filter(pk=matter.pk).exists()
    return matter_address(matter.number) if still else reverse("desk:worklist")


def _move(request: ActingRequest, matter: Matter, action: str) -> Move:
    try:
        move = domain.get(matter.kind).move(action)
    except KeyError:
        move = None
    if move is None or not access.words(request.post, matter) & set(move.by):
        raise NotThere("not_there", _("There is no such matter here. Check the number."))
    return move


def _version(request: ActingRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _filled(request: ActingRequest, matter: Matter, move: Move) -> django_forms.Form | None:
    if move.form is None:
        return None
    if issubclass(move.form, kernel_forms.Form):
        return move.form(request.POST, by=request.post, matter=matter)
    return move.form(request.POST)


def _show(
    request: ActingRequest,
    matter: Matter,
    move: Move,
    form: django_forms.Form | None,
    locked: Any,
    status: int = 200,
) -> HttpResponse:
    context = {"matter": matter, "move": move, "form": form, "locked": locked, "back": matter_address(matter.number)}
    context["law"] = limits.get(move.law).citation if move.law.startswith("T-") else ""
    context["hints"] = hints_of(matter, move)
    return render(request, "desk/do.html", context, status=status)


def hints_of(matter: Matter, move: Move) -> Sequence[tuple[str, str]]:
    """Ids that a form asks for, with what they stand for."""
    if "subject" in (move.form.base_fields if move.form else {}):
        rows = Subject.objects.filter(matter=matter, resolved_at=None)
        return [(str(row.pk), _("what the caller told")) for row in rows]
    if "act" in (move.form.base_fields if move.form else {}):
        merges = Merge.objects.filter(master=matter, undone_at=None).select_related("member")
        return [(str(row.act), row.member.number) for row in merges]
    if "source" in (move.form.base_fields if move.form else {}):
        return [(str(row.pk), row.channel) for row in matter.sources.all()]
    return []


@require_POST
@acting
def reveal(request: ActingRequest, number: str, person: str) -> HttpResponse:
    """A person's full data for a reason, on record."""
    matter = find(request, number)
    try:
        told = handle.reveal(request.post, number=matter.number, person=person, reason=request.POST.get("reason", ""))
    except NotThere:
        raise
    except Refused as refused:
        context = {**context_of(request, matter), "reveal_error": refused.sentence}
        return render(request, "desk/matter.html", context, status=422)
    return render(
        request, "desk/revealed.html", {"matter": matter, "told": told, "back": matter_address(matter.number)}
    )
