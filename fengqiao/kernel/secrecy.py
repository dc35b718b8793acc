"""Raising the level of secrecy: texts are sealed and leave the search in the same transaction (ruling 4)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from fengqiao.ground.refusals import NotNow
from fengqiao.kernel import ciphers, keys
from fengqiao.kernel.docket import Docket, unwrap
from fengqiao.kernel.models import Matter, MatterKey, Text

ORDER = ("public", "normal", "protected", "sealed")


def raise_level(book: Docket, matter: Matter, level: str) -> None:
    """Raise only; lowering would need each author's consent. Raises NotNow."""
    if ORDER.index(level) <= ORDER.index(matter.confidentiality):
        raise NotNow("not_higher", _("The level of secrecy can only be raised."))
    key = book.matter_key(matter)
    for text in Text.objects.filter(matter=matter, body__isnull=False):
        book.change(text, sealed=ciphers.seal((text.body or "").encode(), text.pk.bytes, key=key), body=None)
    book.unindex(matter)
    matter.confidentiality = level
    if level == "sealed":
        matter.title = str(_("Sealed letter"))


def words_of(texts: Iterable[Text]) -> dict[uuid.UUID, str]:
    """The words of texts by id, opened where they are sealed; empty after forgetting. Raises CannotOpen."""
    rows = list(texts)
    sealed = {row.matter_id for row in rows if row.sealed is not None}
    found = {row.matter_id: unwrap(row) for row in MatterKey.objects.filter(matter__in=sealed)} if sealed else {}
    return {row.pk: _open(row, found.get(row.matter_id)) for row in rows}


def _open(text: Text, key: keys.Key | None) -> str:
    if text.sealed is None:
        return text.body or ""
    return ciphers.unseal(text.sealed, text.pk.bytes, key=key).decode() if key else ""
