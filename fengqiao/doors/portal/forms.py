"""What the portal asks. Almost everything is optional; what is wrong is said in one sentence, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fengqiao.ground import codes, identity, numbers
from fengqiao.ground.unreadable import Unreadable
from fengqiao.kernel.models import Place

UNSURE = "unsure"
NATURES = (
    ("enquiry", gettext_lazy("I want to ask something")),
    ("help", gettext_lazy("I need help")),
    ("complaint", gettext_lazy("I want to complain")),
    ("report", gettext_lazy("I report a breach of law")),
    ("suggestion", gettext_lazy("I suggest something")),
    (UNSURE, gettext_lazy("I cannot say")),
)
# Domain ruling 2, word for word in Chinese.
KEPT_AWAY = (
    ("village", gettext_lazy("the village")),
    ("town", gettext_lazy("the town")),
    ("unit", gettext_lazy("another unit")),
    ("person", gettext_lazy("some person")),
    ("none", gettext_lazy("nobody")),
    (UNSURE, gettext_lazy("hard to say")),
)
CALLS = (("yes", gettext_lazy("You may call")), ("no", gettext_lazy("Please do not")))
LONGEST = 5000


def _words(rows: int, **more: Any) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **more})


class Telling(forms.Form):
    """Step 1: what happened."""

    text = forms.CharField(
        label=gettext_lazy("What is it about?"),
        max_length=LONGEST,
        widget=_words(6),
        help_text=gettext_lazy("Write as you speak. What happened, since when, who has looked at it."),
        error_messages={
            "required": gettext_lazy("Nothing is written yet. Write one sentence, or call 12345 and say it."),
            "max_length": gettext_lazy("That is more than %(limit_value)s characters. Keep what matters most."),
        },
    )
    hope = forms.CharField(
        label=gettext_lazy("What do you hope for?"), max_length=500, required=False, widget=_words(2)
    )
    nature = forms.ChoiceField(
        label=gettext_lazy("Which of these is it?"),
        choices=NATURES,
        required=False,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "Choose none if you like; we will see. If you report a breach of law, your name is protected. "
            "Whoever you complain of does not handle it."
        ),
    )


class Reaching(forms.Form):
    """Step 2: where it is, how to reach the person, and who shall not handle it."""

    town = forms.ChoiceField(label=gettext_lazy("Town or subdistrict"), required=False)
    village = forms.ChoiceField(label=gettext_lazy("Village or community"), required=False)
    spot = forms.CharField(
        label=gettext_lazy("Not in the list, or easy to find by something? Write it here"),
        max_length=200,
        required=False,
    )
    phone = forms.CharField(
        label=gettext_lazy("Phone number"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
        help_text=gettext_lazy("With its last four digits you see the answer later."),
    )
    calls = forms.ChoiceField(
        label=gettext_lazy("May we call you?"), choices=CALLS, required=False, widget=forms.RadioSelect
    )
    call_when = forms.CharField(label=gettext_lazy("When is a good time?"), max_length=60, required=False)
    no_sms = forms.BooleanField(label=gettext_lazy("Do not send text messages"), required=False)
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    address = forms.CharField(
        label=gettext_lazy("Home address"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )
    word = forms.CharField(
        label=gettext_lazy("The word you choose"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy(
            "With this word and the query code you see the answer. Take one that others do not guess. "
            "We do not know who you are then."
        ),
    )
    kept_away = forms.MultipleChoiceField(
        label=gettext_lazy("Is there any unit or any person who, as you wish, should not know of it or handle it?"),
        choices=KEPT_AWAY,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("You need not answer. Whoever you name will not see it."),
    )
    kept_away_words = forms.CharField(label=gettext_lazy("Which unit, which person"), max_length=200, required=False)
    secrecy = forms.BooleanField(
        label=gettext_lazy("Keep my name secret, also from those who handle it"), required=False
    )

    def __init__(self, data: QueryDict | None = None, **more: Any) -> None:
        super().__init__(data, **more)
        self.chosen_town = str(self["town"].value() or "")
        self.villages = villages_of(self.chosen_town)
        self._offer("town", _("I do not know"), towns())
        self._offer("village", _("I do not know"), self.villages)

    def _offer(self, name: str, unknown: str, offered: Iterable[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", unknown), *offered]
        again = _("Please choose again from the list.")
        field.error_messages["invalid_choice"] = again

    def clean_phone(self) -> str:
        typed = self.cleaned_data["phone"]
        if not typed:
            return ""
        try:
            return identity.parse_phone(typed, demo=settings.FENGQIAO_DEMO).digits
        except Unreadable as problem:
            raise forms.ValidationError(spoken(problem)) from None

    def clean_word(self) -> str:
        word = "".join(self.cleaned_data["word"].split())
        if word and len(word) < 2:
            raise forms.ValidationError(_("One character is easily guessed. Take at least two."))
        if len(word) == 4 and word.isdecimal():
            raise forms.ValidationError(_("Four digits look like a phone number. Take a word."))
        return word

    def clean_kept_away(self) -> list[str]:
        """“Nobody” beside a name does not undo the name."""
        chosen = [each for each in self.cleaned_data["kept_away"] if each != "none"]
        return chosen or self.cleaned_data["kept_away"]

    def clean(self) -> None:
        told = self.cleaned_data
        if "phone" not in self.errors and "word" not in self.errors and not told.get("phone") and not told.get("word"):
            self.add_error(
                "phone",
                _("We need one of the two to show you the answer. Type a phone number, or choose a word below."),
            )


class Last(forms.Form):
    """The read-back: a headline that the person may mend, and the id under which sending twice counts once."""

    title = forms.CharField(label=gettext_lazy("In one line"), max_length=60, required=False)
    form = forms.UUIDField(widget=forms.HiddenInput)


class Ask(forms.Form):
    """Query code, and what proves that it is the person's own."""

    code = forms.CharField(
        label=gettext_lazy("Query code"),
        max_length=40,
        error_messages={
            "required": gettext_lazy("No query code was typed. It has 12 digits and stands on your receipt.")
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "in-code num"}),
        help_text=gettext_lazy("12 digits on your receipt, four by four."),
    )
    proof = forms.CharField(
        label=gettext_lazy("Last four digits of your phone, or the word you chose"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Without it you see the state only, not the answer."),
    )

    def clean_code(self) -> str:
        try:
            return numbers.parse_query_code(self.cleaned_data["code"])
        except Unreadable as problem:
            raise forms.ValidationError(spoken(problem)) from None

    def clean_proof(self) -> str:
        return "".join(self.cleaned_data["proof"].split())


class Adding(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("What do you want to add?"),
        max_length=LONGEST,
        widget=_words(4),
        error_messages={"required": gettext_lazy("Nothing is written yet. Write what you want to add.")},
    )


class Urging(forms.Form):
    words = forms.CharField(
        label=gettext_lazy("Anything you want to say with it"), max_length=500, required=False, widget=_words(2)
    )


class TakingBack(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Why, if you like to say"), max_length=1000, required=False, widget=_words(2)
    )


class TakingUp(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("What has happened since, if you like to say"),
        max_length=1000,
        required=False,
        widget=_words(2),
    )


class Rating(forms.Form):
    grade = forms.ChoiceField(
        label=gettext_lazy("How satisfied are you?"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose one of the five.")},
    )
    comment = forms.CharField(
        label=gettext_lazy("Anything you want to say"), max_length=1000, required=False, widget=_words(3)
    )
    call_back = forms.BooleanField(label=gettext_lazy("You may call me about it"), required=False)

    def __init__(self, *given: Any, language: str, **more: Any) -> None:
        super().__init__(*given, **more)
        field = self.fields["grade"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(code.key, code.label(language)) for code in codes.table("satisfaction")]


def spoken(problem: Unreadable) -> str:
    """The sentence of a text that could not be read, in the reader's language."""
    return _(problem.msgid) % problem.params


def towns() -> list[tuple[str, str]]:
    """Code and name of each town; a demonstration offers invented ones only (domain ruling 1)."""
    rows = Place.objects.filter(level="town", valid_to=None, demo=settings.FENGQIAO_DEMO)
    return list(rows.order_by("code").values_list("code", "name"))


def villages_of(town: str) -> list[tuple[str, str]]:
    """Code and name of each village and community of a town."""
    if not town:
        return []
    rows = Place.objects.filter(level="village", parent=town, valid_to=None, demo=settings.FENGQIAO_DEMO)
    return list(rows.order_by("code").values_list("code", "name"))


def prefilled(form: type[forms.Form], typed: QueryDict) -> forms.Form:
    """The form with what was typed, not judged yet."""
    return form(initial=_values(form, typed))


def _values(form: type[forms.Form], typed: QueryDict) -> dict[str, Any]:
    return {
        name: typed.getlist(name) if isinstance(field, forms.MultipleChoiceField) else typed.get(name)
        for name, field in form.base_fields.items()
        if name in typed
    }


def carried(typed: QueryDict, *forms_: type[forms.Form]) -> list[tuple[str, str]]:
    """What other steps asked, as hidden fields of this one: names and values, as often as they were given."""
    names = [name for form in forms_ for name in form.base_fields]
    return [(name, value) for name in names for value in typed.getlist(name) if value]
