"""What the hotline asks for. Each form is at once page, API body and JSON Schema.

What must be chosen is a list of buttons: a select would send its first line for whoever chose nothing.
"""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from fengqiao.domains.hotline.words import EMERGENCY, NOT_OURS, REDO, SOLVED, URGENCY
from fengqiao.kernel.forms import Code, Form, Id, OneUnit, PlaceCode, SomeUnits, Words
from fengqiao.kernel.models import Post


class Order(Form):
    nature = Code("hotline_nature", label=_("What kind of call"))
    urgency = forms.ChoiceField(choices=URGENCY, required=False, label=_("How urgent"))
    wants_answer = forms.BooleanField(required=False, initial=True, label=_("Wants an answer"))
    wants_secrecy = forms.BooleanField(required=False, label=_("Wants the name kept secret"))


class Remark(Form):
    text = Words(label=_("What was done or heard"))


class Dispatch(Form):
    unit = OneUnit(staffed=True, label=_("Lead unit"), help_text=_("One unit leads and answers; others only assist."))
    co_units = SomeUnits(required=False, label=_("Assisting units"))
    note = Words(required=False, label=_("Note to the unit"))

    def narrow(self) -> None:
        self.spare("unit", "co_units")


class AddCo(Form):
    co_units = SomeUnits(label=_("Assisting units"))
    note = Words(required=False, label=_("What they are asked for"))

    def narrow(self) -> None:
        self.spare("co_units")


class Return(Form):
    reason = Words(
        max_length=1000, label=_("Why it is not yours"), help_text=_("Name the rule and the unit whose it is.")
    )
    suggested = OneUnit(required=False, label=_("Whose it is"))


class Settle(Form):
    upheld = forms.BooleanField(required=False, label=_("The unit is right; the order goes elsewhere"))
    unit = OneUnit(staffed=True, required=False, label=_("New lead unit"))
    note = Words(max_length=1000, label=_("Grounds of the ruling"))

    def narrow(self) -> None:
        self.spare("unit")

    def clean(self) -> None:
        unit = self.cleaned_data.get("unit")
        if self.cleaned_data.get("upheld") and not unit and "unit" not in self.errors:
            self.add_error("unit", _("Choose the unit that takes it over."))
        if unit and (not self.cleaned_data.get("upheld") or (self.matter and unit.pk == self.matter.lead_unit_id)):
            self.add_error("unit", _("Name another unit only if the unit is right and the order goes elsewhere."))


class Extend(Form):
    days = forms.IntegerField(min_value=1, max_value=60, label=_("Working days more"))
    explanation = Words(max_length=1000, label=_("What the caller is told"))


class Reply(Form):
    text = Words(label=_("Answer to the caller"))
    solved = forms.ChoiceField(choices=SOLVED, widget=forms.RadioSelect, label=_("Is it solved?"))


class AnswerNow(Form):
    version = Id(label=_("Item of the knowledge base"))
    text = Words(required=False, label=_("What was said besides"))


class CallBack(Form):
    reached = forms.BooleanField(required=False, label=_("Reached"))
    solved = forms.ChoiceField(choices=SOLVED, required=False, label=_("The caller says: solved?"))
    grade = Code("satisfaction", required=False, label=_("The caller's grade"))
    note = Words(required=False, max_length=1000, label=_("What the caller said"))

    def clean(self) -> None:
        said = self.cleaned_data.get("solved") or self.cleaned_data.get("grade")
        if said and not self.cleaned_data.get("reached"):
            self.add_error("reached", _("Nobody was reached, so nobody said this. Tick “Reached” or leave it empty."))


class Redo(Form):
    ground = forms.ChoiceField(choices=REDO, widget=forms.RadioSelect, label=_("Ground"))
    note = Words(max_length=1000, label=_("What is still to be done"))


class NotAccept(Form):
    reason = forms.ChoiceField(choices=NOT_OURS, widget=forms.RadioSelect, label=_("Why the hotline cannot take it"))
    way = Words(max_length=2000, label=_("The right way, told to the caller"))


class HandOver(Form):
    to = forms.ChoiceField(choices=EMERGENCY, widget=forms.RadioSelect, label=_("Handed over to"))
    note = Words(required=False, max_length=1000, label=_("What was said"))


class Exclude(Form):
    units = SomeUnits(label=_("Units that must not have it"))
    reason = Words(max_length=1000, label=_("How this was found out"))


class Resolve(Form):
    subject = Id(label=_("What was told"))
    units = SomeUnits(required=False, label=_("Units meant; none if nobody is"))
    reason = Words(max_length=1000, label=_("How this was found out"))


class Locate(Form):
    place = PlaceCode(label=_("Place"))
    category = Code("hotline_category", required=False, label=_("Category"))


class Assign(Form):
    post = forms.IntegerField(min_value=1, label=_("Handler"))

    def clean_post(self) -> Post:
        unit = self.matter.lead_unit_id if self.matter else None
        post = Post.objects.filter(pk=self.cleaned_data["post"], unit=unit).select_related("account").first()
        if post is None or not post.holds:
            raise forms.ValidationError(_("Nobody holds that post in the lead unit now. Choose another one."))
        return post


class Supplement(Form):
    text = Words(label=_("What you want to add"))


class Withdraw(Form):
    text = Words(required=False, max_length=1000, label=_("Why, if you like to say"))


class ConfirmWithdrawal(Form):
    reached = forms.BooleanField(required=False, label=_("Reached"))
    own_will = forms.BooleanField(required=False, label=_("It is the person's own will to take it back"))
    note = Words(required=False, max_length=1000, label=_("What the person said"))

    def clean(self) -> None:
        if self.cleaned_data.get("own_will") and not self.cleaned_data.get("reached"):
            self.add_error("reached", _("Nobody was reached, so nobody said this. Tick “Reached” or leave it empty."))


class TakeUpAgain(Form):
    text = Words(required=False, max_length=1000, label=_("What has changed, if you like to say"))


class TakeBack(Form):
    reason = Words(max_length=1000, label=_("Why it is taken back"))


class Protect(Form):
    level = Code("confidentiality", only=("protected",), label=_("Level of secrecy"))
    reason = Words(max_length=1000, label=_("Why"))


class Numbers(Form):
    numbers = forms.CharField(max_length=400, label=_("Numbers, separated by spaces"))
    reason = Words(max_length=1000, label=_("Why they are the same matter"))


class Unmerge(Form):
    act = Id(label=_("Which merge"))
    reason = Words(max_length=1000, label=_("Why it is taken apart"))


class LinkTo(Form):
    number = forms.CharField(max_length=24, label=_("Number of the other matter"))


class RenewCode(Form):
    source = Id(label=_("Whose code"))
    shown = forms.CharField(max_length=60, label=_("How the identity was shown"))


class History(Form):
    text = Words(label=_("Answer that was given elsewhere"))
    replied_at = forms.DateTimeField(label=_("When it was given"))
