"""Matters as JSON: from list columns without making objects, and from a matter in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fengqiao.kernel.models import Matter, Post

COLUMNS = (
    "number",
    "kind",
    "state",
    "title",
    "category",
    "place_id",
    "place__name",
    "channel",
    "confidentiality",
    "lead_unit__key",
    "lead_unit__name",
    "handler_id",
    "opened_at",
    "due_at",
    "closed_at",
    "archived_at",
    "last_kind",
    "last_at",
    "version",
)


def of_columns(values: Sequence[Any]) -> dict[str, Any]:
    """A row from `values_list(*COLUMNS)`."""
    return {
        "number": values[0],
        "kind": values[1],
        "state": values[2],
        "title": values[3],
        "category": values[4],
        "place": values[5],
        "place_name": values[6],
        "channel": values[7],
        "confidentiality": values[8],
        "lead_unit": {"key": values[9], "name": values[10]} if values[9] else None,
        "handler": values[11],
        "opened_at": values[12],
        "due_at": values[13],
        "closed_at": values[14],
        "archived_at": values[15],
        "last_kind": values[16],
        "last_at": values[17],
        "version": values[18],
    }


def of_matter(matter: Matter) -> dict[str, Any]:
    """A row from a matter; place and lead unit are fetched unless they are there."""
    unit = matter.lead_unit
    return of_columns(
        (
            matter.number,
            matter.kind,
            matter.state,
            matter.title,
            matter.category,
            matter.place_id,
            matter.place.name,
            matter.channel,
            matter.confidentiality,
            unit.key if unit else None,
            unit.name if unit else None,
            matter.handler_id,
            matter.opened_at,
            matter.due_at,
            matter.closed_at,
            matter.archived_at,
            matter.last_kind,
            matter.last_at,
            matter.version,
        )
    )


def post_name(post: Post | None) -> dict[str, Any] | None:
    """A post with the name of its holder; the post must come with account and unit."""
    if post is None:
        return None
    return {"id": post.pk, "name": post.account.name, "role": post.role, "unit": post.unit.name}
