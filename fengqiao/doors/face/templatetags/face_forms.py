"""Django forms in the face's own anatomy: label above, hint after it, error below, all of them announced."""

from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from fengqiao.doors.face.templatetags.face import PARTS, Context

register = template.Library()
CHOICES = (forms.RadioSelect, forms.CheckboxSelectMultiple)


@register.inclusion_tag(f"{PARTS}/field.html")
def field(bound: BoundField, size: str = "", hint: str = "") -> Context:
    """One field. `size` l for fingers; `hint` replaces the field's own help text."""
    hint = hint or str(bound.help_text)
    identity = bound.auto_id or bound.html_name
    described = [f"{identity}_hint"] if hint else []
    if bound.errors:
        described.append(f"{identity}_bad")
    widget = bound.field.widget
    if getattr(bound.field, "empty_label", None):
        bound.field.empty_label = _("please choose") if bound.field.required else _("none")  # type: ignore[attr-defined]
    return {
        "field": bound,
        "id": identity,
        "hint": hint,
        "shape": _shape(widget),
        "described": " ".join(described),
        "control": bound.as_widget(attrs=_attributes(bound, described, size)),
        "optional": not bound.field.required and _shape(widget) != "tick",
        "size": size,
    }


@register.inclusion_tag(f"{PARTS}/errors.html")
def errors(form: forms.BaseForm) -> Context:
    """The summary of what to mend: takes the focus, links to each field, keeps what was typed."""
    named = [(bound, bound.errors) for bound in form.visible_fields() if bound.errors]
    return {"named": named, "whole": form.non_field_errors(), "any": bool(form.errors)}


def _shape(widget: forms.Widget) -> str:
    if widget.is_hidden:
        return "hidden"
    if isinstance(widget, CHOICES):
        return "choices"
    return "tick" if isinstance(widget, forms.CheckboxInput) else "line"


def _attributes(bound: BoundField, described: list[str], size: str) -> dict[str, Any]:
    shape = _shape(bound.field.widget)
    if shape == "hidden":
        return {}
    own = bound.field.widget.attrs.get("class", "")
    kind = {"line": "in", "tick": "ck", "choices": "ck"}[shape]
    if size == "l":
        kind += f" {kind}-l"
    attributes: dict[str, Any] = {"class": f"{kind} {own}".strip()}
    if shape == "choices":
        return attributes
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if bound.errors:
        attributes["aria-invalid"] = "true"
    return attributes
