"""One declaration of each input: a Django form serves the page, the API and the JSON Schema (ruling 12).

Only the field types in `TYPES` may be used; a declaration with another one is refused when it is registered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.forms.models import ModelChoiceIterator
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from fengqiao.ground import codes
from fengqiao.ground.refusals import Invalid
from fengqiao.kernel import storing
from fengqiao.kernel.models import ExcludedUnit, Exclusion, Post, Unit
from fengqiao.kernel.now import now

if TYPE_CHECKING:
    from fengqiao.kernel.access import Acting
    from fengqiao.kernel.models import Matter

WORDS = 6000


class Form(forms.Form):
    """A form that knows who fills it in and for which matter, so that its choices can be narrowed."""

    def __init__(
        self, data: Any = None, *, by: Acting | None = None, matter: Matter | None = None, **more: Any
    ) -> None:
        super().__init__(data, **more)
        self.by, self.matter = by, matter
        self.narrow()

    def narrow(self) -> None:
        """Narrow choices to what `by` may choose for `matter`."""

    def spare(self, *names: str) -> None:
        """Offer in these fields no unit that the matter excludes (G1, G4)."""
        for name in names:
            self.fields[name].matter = self.matter  # type: ignore[attr-defined]


class Words(forms.CharField):
    """Free text of a person, at most 6,000 characters unless said otherwise."""

    widget = forms.Textarea

    def __init__(self, **more: Any) -> None:
        more.setdefault("max_length", WORDS)
        super().__init__(**more)


class Code(forms.ChoiceField):
    """A key of a code list."""

    def __init__(self, table: str, *, only: Iterable[str] = (), **more: Any) -> None:
        self.table, self.only = table, tuple(only)
        super().__init__(choices=self._choices, **more)

    def _choices(self) -> list[tuple[str, Any]]:
        rows = [row for row in codes.table(self.table) if not self.only or row.key in self.only]
        blank = [] if self.required else [("", _("not said"))]
        return [*blank, *((row.key, _Label(row)) for row in rows)]


class _Label:
    def __init__(self, code: codes.Code) -> None:
        self.code = code

    def __str__(self) -> str:
        return self.code.label(get_language() or "zh-hans")


class _Offered(ModelChoiceIterator):  # type: ignore[type-arg]
    """What a page offers: the units of the field as they are when it is drawn."""

    def __init__(self, field: Any) -> None:
        self.field = field

    queryset = property(lambda self: self.field.queryset)


# A prepared question: building the query of `_OfUnits._free` costs ten times its answer.
CHOSEN = """
    select {columns}{staffed} from unit u where u.key = any(%s) and u.closed_at is null
    and not exists (select from excluded_unit x where x.matter_id = %s and x.unit_id = u.id) order by u.id
"""
STAFFED = """
    , exists (select from post p join account a on a.id = p.account_id and a.is_active where p.unit_id = u.id
    and p.since <= %s and (p.until is null or p.until > %s)
    and not exists (select from exclusion e where e.matter_id = %s and e.account_id = a.id))
"""

NOBODY = _("Nobody at this unit could take it now. Choose another one, or ask the administrator.")


class _OfUnits(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Open units by their keys, without those that the field's matter excludes, or those of a narrower `queryset`.

    `staffed`: only those where somebody holds a post now and is not kept away from the matter.
    """

    matter: Matter | None = None
    iterator = _Offered

    def __init__(self, *, staffed: bool = False, **more: Any) -> None:
        super().__init__(queryset=Unit.objects.filter(closed_at=None), to_field_name="key", **more)
        self.narrowed, self.staffed = False, staffed

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        copied: Any = super(forms.ChoiceField, self).__deepcopy__(memo)
        copied.widget.choices = copied.choices
        return copied

    def _free(self) -> QuerySet[Unit]:
        """Asked for when it is used, as a move needs few of its fields."""
        rows: QuerySet[Unit] = self._queryset  # type: ignore[attr-defined]
        if self.staffed:
            kept_away = Exclusion.objects.filter(matter=self.matter).values("account")
            there = Post.objects.filter(Q(until=None) | Q(until__gt=now()), unit=OuterRef("pk"), since__lte=now())
            rows = rows.filter(Exists(there.filter(account__is_active=True).exclude(account__in=kept_away)))
        if self.matter is None:
            return rows
        return rows.exclude(pk__in=ExcludedUnit.objects.filter(matter=self.matter).values("unit"))

    def _narrow(self, rows: QuerySet[Unit]) -> None:
        forms.ModelChoiceField._set_queryset(self, rows)  # type: ignore[attr-defined]
        self.narrowed = True

    queryset = property(_free, _narrow)

    def chosen(self, keys: list[str]) -> list[Unit]:
        """The units of these keys. Raises ValidationError when one of them is not offered."""
        asked = [key for key in keys if "\0" not in key]
        if self.narrowed:
            found = list(self.queryset.filter(key__in=asked))
        else:
            found = self._asked(asked, self.matter and self.matter.pk)
        unknown = set(keys) - {unit.key for unit in found}
        if unknown:
            said, told = self.error_messages["invalid_choice"], {"value": min(unknown)}
            raise forms.ValidationError(said, code="invalid_choice", params=told)
        return found

    def _asked(self, keys: list[str], matter: Any) -> list[Unit]:
        question = CHOSEN.format(columns=storing.columns(Unit, "u"), staffed=STAFFED if self.staffed else "")
        rows = storing.ask(question, [*([now(), now(), matter] if self.staffed else ()), keys, matter])
        if self.staffed and not all(row[-1] for row in rows):
            raise forms.ValidationError(NOBODY, code="nobody_there")
        return [storing.made(Unit, row[:-1] if self.staffed else row) for row in rows]


class OneUnit(_OfUnits):
    """A unit by its key."""

    def to_python(self, value: Any) -> Unit | None:
        """The unit, or None for nothing. Raises ValidationError."""
        return None if value in self.empty_values else self.chosen([str(value)])[0]


class SomeUnits(_OfUnits, forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Units by their keys."""

    def clean(self, value: Any) -> list[Unit]:  # type: ignore[override]
        """The units. Raises ValidationError."""
        if self.required and not value:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return self.chosen([str(each) for each in value]) if value else []


class PlaceCode(forms.RegexField):
    """A code of the region tree: 6 city, 9 town, 12 village, 15 grid."""

    def __init__(self, **more: Any) -> None:
        super().__init__(r"^\d{6}(\d{3}){0,3}$", **more)


class Id(forms.UUIDField):
    """The id of a row made before: a document uploaded first, a person, a source, a knowledge item."""


TYPES: tuple[tuple[type[forms.Field], type, dict[str, Any]], ...] = (
    (forms.BooleanField, bool, {"type": "boolean"}),
    (forms.IntegerField, int, {"type": "integer"}),
    (forms.DateTimeField, str, {"type": "string", "format": "date-time"}),
    (forms.DateField, str, {"type": "string", "format": "date"}),
    (forms.UUIDField, str, {"type": "string", "format": "uuid"}),
    (forms.ModelMultipleChoiceField, list, {"type": "array", "items": {"type": "string"}}),
    (forms.ModelChoiceField, str, {"type": "string"}),
    (forms.MultipleChoiceField, list, {"type": "array", "items": {"type": "string"}}),
    (forms.ChoiceField, str, {"type": "string"}),
    (forms.CharField, str, {"type": "string"}),
)


def _entry(field: forms.Field) -> tuple[type, dict[str, Any]]:
    for kind, python, schema in TYPES:
        if isinstance(field, kind):
            return python, schema
    raise TypeError(f"{type(field).__name__} is no field type of the contract (kernel/forms.py TYPES).")


def check(form: type[forms.Form]) -> None:
    """Refuse a form with a field type outside the contract. Raises TypeError."""
    for field in form.base_fields.values():
        _entry(field)


def schema(form: type[forms.Form] | None) -> dict[str, Any]:
    """The form as JSON Schema 2020-12."""
    if form is None:
        return {"type": "object", "properties": {}, "additionalProperties": False}
    fields = form.base_fields
    return {
        "type": "object",
        "properties": {name: _describe(field) for name, field in fields.items()},
        "required": [name for name, field in fields.items() if field.required],
        "additionalProperties": False,
    }


def _describe(field: forms.Field) -> dict[str, Any]:
    _python, base = _entry(field)
    described = {**base}
    if field.label:
        described["title"] = str(field.label)
    if field.help_text:
        described["description"] = str(field.help_text)
    if isinstance(field, forms.CharField) and field.max_length and described["type"] == "string":
        described["maxLength"] = field.max_length
    if isinstance(field, forms.CharField) and field.required:
        described["minLength"] = 1
    if isinstance(field, forms.RegexField):
        described["pattern"] = field.regex.pattern
    if isinstance(field, forms.IntegerField):
        described |= {
            name: value
            for name, value in (("minimum", field.min_value), ("maximum", field.max_value))
            if value is not None
        }
    if isinstance(field, Code) or type(field) is forms.ChoiceField:
        described["enum"] = _keys(field)
    if type(field) is forms.MultipleChoiceField:
        described["items"] = {"type": "string", "enum": _keys(field)}
    return described if field.required else _or_null(described)


def _or_null(described: dict[str, Any]) -> dict[str, Any]:
    """A field that may be left out may also be null."""
    described["type"] = [described["type"], "null"]
    if "enum" in described:
        described["enum"] = [*described["enum"], None]
    return described


def _keys(field: forms.ChoiceField) -> list[str]:
    return [str(choice[0]) for choice in list(field.choices)]  # type: ignore[arg-type]


def clean(
    form: type[forms.Form], data: Mapping[str, Any], *, by: Acting | None = None, matter: Matter | None = None
) -> dict[str, Any]:
    """The cleaned values of a form. JSON is checked for types first. Raises Invalid with a pointer for each fault."""
    if not isinstance(data, QueryDict):
        wrong = list(_wrong_types(form, data))
        if wrong:
            raise Invalid(wrong, _("Some fields are not right. Look at each of them."))
    filled = form(data, by=by, matter=matter) if issubclass(form, Form) else form(data)
    if not filled.is_valid():
        raise Invalid(errors_of(filled), _("Some fields are not right. Look at each of them."))
    return {name: value for name, value in filled.cleaned_data.items() if name in filled.fields}


def errors_of(form: forms.Form) -> list[dict[str, str]]:
    """A form's errors as pointers and sentences (RFC 9457)."""
    return [
        {"pointer": "" if name == "__all__" else f"/{name}", "detail": str(sentence)}
        for name, sentences in form.errors.items()
        for sentence in sentences
    ]


def _wrong_types(form: type[forms.Form], data: Mapping[str, Any]) -> Iterable[dict[str, str]]:
    fields = form.base_fields
    for name in data:
        if name not in fields:
            yield {"pointer": f"/{name}", "detail": str(_("There is no such field."))}
    for name, field in fields.items():
        value = data.get(name)
        if value is None:
            continue
        python, base = _entry(field)
        right = isinstance(value, python) and not (python is int and isinstance(value, bool))
        if right and python is list:
            right = all(isinstance(item, str) for item in value)
        if not right:
            yield {
                "pointer": f"/{name}",
                "detail": str(_("This must be of type “%(type)s”.") % {"type": base["type"]}),
            }
