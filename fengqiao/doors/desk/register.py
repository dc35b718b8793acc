"""登记新事项: for somebody who calls or comes, in under a minute."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from fengqiao.doors.desk.acting import ActingRequest, acting
from fengqiao.doors.desk.worklist import matter_address
from fengqiao.doors.registering import may_register
from fengqiao.ground import identity, numbers
from fengqiao.ground.refusals import Invalid, NotThere, Refused
from fengqiao.ground.unreadable import Unreadable
from fengqiao.kernel import access, domain, idempotency, intake
from fengqiao.kernel.forms import Code, Words
from fengqiao.kernel.intake import Party, Receipt, Told
from fengqiao.kernel.models import Matter, Place

KIND = "hotline"
WHOM = (
    ("none", gettext_lazy("nobody")),
    ("village", gettext_lazy("somebody in the village")),
    ("town", gettext_lazy("somebody in the town")),
    ("words", gettext_lazy("another unit or a person (say who)")),
    ("unsure", gettext_lazy("cannot say")),
)


class Telling(forms.Form):
    """What a clerk writes down. The domain's own fields are added to it."""

    title = forms.CharField(max_length=200, label=gettext_lazy("In one sentence"))
    content = Words(label=gettext_lazy("What the caller told"))
    channel = Code("channel", initial="12345", label=gettext_lazy("How it came"))
    place = forms.ChoiceField(required=False, label=gettext_lazy("Where"))
    category = Code("hotline_category", required=False, label=gettext_lazy("Category"))
    name = forms.CharField(max_length=40, required=False, label=gettext_lazy("Name"))
    phone = forms.CharField(max_length=30, required=False, label=gettext_lazy("Phone"))
    whom = forms.ChoiceField(
        choices=WHOM, label=gettext_lazy("Is there a unit or a person who shall not know or handle it?")
    )
    whom_words = forms.CharField(max_length=200, required=False, label=gettext_lazy("Who"))
    key = forms.CharField(max_length=80, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(domain.get(KIND).intake().fields)
        place = self.fields["place"]
        place.choices = [("", _("the desk places it")), *_places()]  # type: ignore[attr-defined]

    def clean_phone(self) -> str:
        text: str = self.cleaned_data["phone"]
        if not text:
            return ""
        try:
            return identity.parse_phone(text, demo=settings.FENGQIAO_DEMO).digits
        except Unreadable as wrong:
            raise forms.ValidationError(_(wrong.msgid) % wrong.params) from None

    def clean(self) -> None:
        if self.cleaned_data.get("whom") == "words" and not self.cleaned_data.get("whom_words"):
            self.add_error("whom_words", _("Say who it is, in the caller's words."))


def _places() -> list[tuple[str, list[tuple[str, str]]]]:
    rows = Place.objects.filter(level__in=("town", "village"), valid_to=None).order_by("code")
    groups: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    for row in rows.only("code", "name", "level"):
        if row.level == "town":
            groups[row.code] = (row.name, [(row.code, row.name)])
        elif row.code[:9] in groups:
            groups[row.code[:9]][1].append((row.code, row.name))
    return list(groups.values())


@require_http_methods(["GET", "POST"])
@acting
def page(request: ActingRequest) -> HttpResponse:
    """The form, and taking it in. Sending it twice makes one matter."""
    if not may_register(request.post):
        raise NotThere("not_there", _("There is no such page."))
    if request.method == "GET":
        return _show(request, Telling(initial={"key": str(numbers.new_id()), "whom": "none"}))
    form = Telling(request.POST)
    if not form.is_valid():
        return _show(request, form, 422)
    try:
        received = intake.receive(request.post, KIND, receipt_of(form.cleaned_data), once=_once(request, form))
    except idempotency.Repeated as again:
        row = Matter.objects.filter(pk=again.matter).first() if again.matter else None
        return HttpResponseRedirect(matter_address(row.number) if row else request.path)
    except Invalid as invalid:
        for error in invalid.errors:
            form.add_error(error["pointer"].strip("/") or None, error["detail"])
        return _show(request, form, 422)
    except Refused as refused:
        form.add_error(None, str(refused.sentence))
        return _show(request, form, refused.status)
    seen = access.matters_for(request.post).filter(pk=received.matter.pk).exists()
    context = {"received": received, "address": matter_address(received.matter.number) if seen else ""}
    return render(request, "desk/registered.html", context)


def receipt_of(told: dict[str, Any]) -> Receipt:
    """The receipt of what a clerk wrote down."""
    own = domain.get(KIND).intake().fields
    return Receipt(
        title=told["title"],
        content=told["content"],
        channel=told["channel"],
        place=told["place"],
        category=told["category"],
        told=_told(told["whom"], told["whom_words"]),
        parties=(Party(name=told["name"], phone=told["phone"]),),
        data={name: told[name] for name in own},
    )


def _told(whom: str, words: str) -> tuple[Told, ...]:
    if whom == "none":
        return ()
    return (Told(level=whom if whom in ("village", "town") else "", words=words),)


def _once(request: ActingRequest, form: Telling) -> idempotency.Once:
    body = hashlib.sha256(repr(sorted(request.POST.items())).encode()).digest()
    return idempotency.Once(f"post:{request.post.pk}", form.cleaned_data["key"], "desk/register", body)


def _show(request: ActingRequest, form: Telling, status: int = 200) -> HttpResponse:
    return render(request, "desk/register.html", {"form": form}, status=status)
