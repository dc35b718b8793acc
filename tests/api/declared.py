"""A small model of its own of who may do what: the declaration and the raw rows, read in plain Python.

It asks neither `access` nor `handle` nor the policies; whatever the API allows or refuses is compared with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fengqiao.domains.hotline.domain import HOTLINE
from fengqiao.ground import codes
from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.kernel.models import Event, Exclusion, Matter, Merge, Post, Relation, Task, Text
from fengqiao.kernel.now import now

KEEPER = SystemPost("keeper")
FINAL = {state.key for state in HOTLINE.states if state.final}
MOVES = {move.key: move for move in HOTLINE.moves}
# Whoever keeps a unit away takes the order from it as well; whoever asked for the person's own will takes it back.
ALSO = {"exclude": {"received"}, "resolve": {"received"}, "confirm_withdrawal": {"withdrawn"}}
# What is merged or linked is written in both; what the master's unit, answer, exclusion or file is, its members have.
REACH_OTHERS = {
    "merge", "unmerge", "link", "dispatch", "settle_return", "add_co", "assign", "reply", "answer_now", "not_accept",
    "exclude", "resolve", "take_back", "archive",
}  # fmt: skip


@dataclass
class World:
    """The rows that decide, as they are now."""

    matters: dict[Any, Matter] = field(default_factory=dict)
    relations: dict[Any, list[Relation]] = field(default_factory=dict)
    excluded: set[tuple[Any, int]] = field(default_factory=set)
    members: dict[Any, Any] = field(default_factory=dict)
    prints: dict[Any, tuple[Any, ...]] = field(default_factory=dict)


def look() -> World:
    """Read every row that decides, and a print of each matter by which any change is known."""
    world = World()
    with acting_as(KEEPER):
        for matter in Matter.objects.all():
            world.matters[matter.pk] = matter
            world.relations[matter.pk] = []
        for row in Relation.objects.all():
            world.relations[row.matter_id].append(row)
        world.excluded = set(Exclusion.objects.values_list("matter", "account"))
        world.members = dict(Merge.objects.filter(undone_at=None).values_list("member", "master"))
        hanging = {
            pk: [(len(rows), *sorted(str(row.pk) for row in rows if row.until is None))]
            for pk, rows in world.relations.items()
        }
        # A look is noted in the stream of the day and changes nothing.
        events = Event.objects.filter(matter__isnull=False).exclude(stream__startswith="access:")
        for rows in (events, Text.objects.all(), Task.objects.filter(done_at=None)):
            for pk in rows.values_list("matter", flat=True):
                hanging[pk].append(rows.model.__name__)
    for pk, matter in world.matters.items():
        told = (matter.state, matter.version, matter.lead_unit_id, matter.handler_id, matter.confidentiality)
        world.prints[pk] = (*told, matter.archived_at, matter.place_id, tuple(map(str, hanging[pk])))
    return world


def held(world: World, post: Post, pk: Any) -> set[str]:
    """In which words the post stands to the matter; none where it may not know of it."""
    matter = world.matters[pk]
    ended = post.until is not None and post.until <= now()
    if ended or (pk, post.account_id) in world.excluded or codes.get("role", post.role).extra["contents"] != "yes":
        return set()
    words = {row.kind for row in world.relations[pk] if _is_his(row, post)}
    here, own = matter.place_id, post.unit.place_id
    reaches = here.startswith(own) and matter.reach >= len(own) and matter.confidentiality != "sealed"
    if post.role in HOTLINE.place_rights and reaches:
        words.add(HOTLINE.place_rights[post.role])
    return words


def _is_his(row: Relation, post: Post) -> bool:
    in_force = row.since <= now() and (row.until is None or row.until > now())
    return in_force and (row.unit_id == post.unit_id or row.post_id == post.pk or row.account_id == post.account_id)


def offered(world: World, post: Post, pk: Any) -> dict[str, bool]:
    """The moves that the declaration gives this post, each with whether the state allows it."""
    words = held(world, post, pk)
    return {key: allowed(world, key, pk) for key, move in MOVES.items() if words & set(move.by)}


def allowed(world: World, key: str, pk: Any) -> bool:
    """Whether the declaration lets this move begin where the matter is; its guard may still refuse."""
    matter, move = world.matters[pk], MOVES[key]
    if matter.archived_at is not None or (pk in world.members and not move.quiet):
        return False
    return matter.state not in FINAL if move.frm == ("*",) else matter.state in move.frm


def may_follow(key: str, before: str) -> set[str]:
    """The states in which a matter may be after this move."""
    return {*(MOVES[key].to or (before,)), *ALSO.get(key, ()), *((before,) if key in ALSO else ())}
