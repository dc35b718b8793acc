"""Opening one matter: through `matters_for` only, and what the post's relation to it opens."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from fengqiao.ground.refusals import NotThere, Refused
from fengqiao.kernel import access, domain, handle
from fengqiao.kernel.models import Matter, Post


def matter_of(post: Post, number: str) -> Matter:
    """The matter of a number in any spelling, in one query. Raises NotThere, for missing and hidden alike."""
    stored = handle.find_number(number)
    found = access.matters_for(post).select_related("place", "lead_unit", "handler__account", "handler__unit")
    matter = found.filter(number=stored).first()
    if matter is None:
        raise NotThere("not_there", _("There is no such matter here. Check the number."))
    return matter


def texts_open(matter: Matter, held: Iterable[str]) -> frozenset[str]:
    """The visibilities of texts and lines that these relation words open."""
    opens = domain.get(matter.kind).opens
    return frozenset({"public"}).union(*(opens[word].texts for word in held if word in opens))


def identity_open(matter: Matter, held: Iterable[str]) -> bool:
    """Whether one of these relation words opens who the people are."""
    opens = domain.get(matter.kind).opens
    return any(opens[word].identity for word in held if word in opens)


def after(cursor: str | None) -> int:
    """The number of the last line read. Raises Refused (422) for a cursor that is none."""
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
        raise Refused("bad_cursor", _("This cursor is none of ours. Begin the list anew."), pointer="/cursor")
    return int(cursor)
