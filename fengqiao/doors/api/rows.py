"""Matters as JSON: from a line of a list, and from a matter in memory."""

from __future__ import annotations

from typing import Any

from fengqiao.doors.lists.listing import Line
from fengqiao.kernel.models import Matter, Post


def of_line(line: Line) -> dict[str, Any]:
    """A line of a list."""
    return {
        "number": line.number,
        "kind": line.kind,
        "state": line.state,
        "title": line.title,
        "category": line.category,
        "place": line.place,
        "place_name": line.place_name,
        "channel": line.channel,
        "confidentiality": line.confidentiality,
        "lead_unit": {"key": line.unit_key, "name": line.unit_name} if line.unit_key else None,
        "handler": line.handler,
        "opened_at": line.opened_at,
        "due_at": line.due_at,
        "closed_at": line.closed_at,
        "archived_at": line.archived_at,
        "last_kind": line.last_kind,
        "last_at": line.last_at,
        "version": line.version,
    }


def of_matter(matter: Matter) -> dict[str, Any]:
    """A row from a matter, with the names of its place and lead unit."""
    unit = matter.lead_unit
    return of_line(
        Line(
            matter.pk,
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
