"""A page with every component in every state, to look at beside the design's own."""

from datetime import timedelta

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from fengqiao.doors.face.parts import (
    Action,
    Entry,
    Fact,
    Light,
    LimitFacts,
    Pager,
    PersonLine,
    Step,
    Tab,
    Told,
)
from fengqiao.kernel.now import now


class ExampleForm(forms.Form):
    """One field of each shape."""

    title = forms.CharField(label=gettext_lazy("Title of the matter"), help_text=gettext_lazy("up to 20 characters"))
    phone = forms.CharField(label=gettext_lazy("Phone"))
    place = forms.ChoiceField(label=gettext_lazy("Village"), choices=[("a", "甲镇示例社区")], required=False)
    how = forms.ChoiceField(
        label=gettext_lazy("How to meet"),
        widget=forms.RadioSelect,
        choices=[("here", gettext_lazy("on the spot")), ("video", gettext_lazy("by video"))],
    )
    tell = forms.BooleanField(label=gettext_lazy("Tell both sides"), required=False)

    def clean_phone(self) -> str:
        digits = "".join(sign for sign in self.cleaned_data["phone"] if sign.isdigit())
        if len(digits) != 11:
            raise forms.ValidationError(_("A mobile number has 11 digits. Please complete it."))
        return digits


SWATCHES = [
    "wall",
    "surface",
    "sunk",
    "line",
    "ctl",
    "ink",
    "ink-2",
    "ink-3",
    "dai",
    "dai-soft",
    "roof",
    "feng",
    "feng-soft",
    "g",
    "y-line",
    "r-solid",
]


def lights() -> list[tuple[Light, str]]:
    """Each kind of light with when it shows."""
    facts = LimitFacts(
        _("Example limit: answer within 5 working days"),
        _("Received 12 November, due 19 November, 3 used, none stopped."),
        _("Example rule, no law's name"),
    )
    return [
        (Light("g", 16, "day", used=0.2), _("more than a fifth of the limit is left")),
        (Light("y", 2, "working_day", (facts,), used=0.8), _("the last fifth, at least the last two days")),
        (Light("r", used=0.96), _("due today, until midnight")),
        (Light("over", 1, "working_day", used=1), _("past the due day; the only solid red")),
        (Light("stop", 4), _("lawfully stopped; the ground is required")),
        (Light("done", 3, "working_day"), _("closed; the time it took")),
    ]


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """The components' page of the desk."""
    present = now()
    form = ExampleForm({"title": "楼上漏水到我家", "phone": "138 0000 221", "how": "here", "tell": "on"})
    context = {
        "lights": lights(),
        "nearest": lights()[1][0],
        "form": form,
        "swatches": SWATCHES,
        "tabs": [
            Tab(_("To sign for"), "#", 6),
            Tab(_("In hand"), "#", 18, current=True),
            Tab(_("To answer"), "#", 5),
        ],
        "steps": [
            Step(_("Registered"), "done", ["11月10日"]),
            Step(_("Accepted"), "done", ["11月11日"]),
            Step(_("In hand"), "now", ["11月13日"]),
            Step(_("Checked"), "todo", optional=True),
            Step(_("Archived")),
        ],
        "entries": [
            Entry(
                present,
                "楼*华",
                _("went to look at the leak"),
                icon="walk",
                key=True,
                quote="楼上管道接口滴水。",
            ),
            Entry(present - timedelta(days=1), "", _("The matter was linked to another."), "link", system=True),
        ],
        "told": [
            Told(_("We tell you what came of it"), state="todo"),
            Told(_("We are on it"), "11月13日", "now"),
            Told(_("You told us")),
        ],
        "facts": [Fact("1,286", _("told this month")), Fact("96.8%", _("answered in time"), "+0.4")],
        "actions": [
            Action(_("Write the answer"), "#", "pencil", primary=True),
            Action(_("Pass on"), "#", "user-share"),
            Action(_("Ask for help"), "#", "user-plus"),
            Action(_("End it"), "#", "player-stop", danger=True, note=_("asks for the reason")),
            Action(_("File it"), icon="archive", locked=_("first the answer")),
        ],
        "person": PersonLine(_("Applicant"), "周小明", "10000002210", call="#"),
        "pager": Pager(20, "1,000+", following="#"),
    }
    return render(request, "face/gallery.html", context)
