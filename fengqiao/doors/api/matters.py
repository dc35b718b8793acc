"""One matter and what hangs on it: journal, tasks, limits, people, sources. Hidden and missing are one answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Path, Query

from fengqiao.doors.api import opening, rows
from fengqiao.doors.api.api import ActingRequest, answer, api, etag_of, has, reading, unchanged
from fengqiao.doors.api.idempotency import once
from fengqiao.doors.api.listing import next_link
from fengqiao.doors.api.problems import Problem
from fengqiao.doors.api.schemas import (
    EventPage,
    MatterWhole,
    PageAsked,
    PersonList,
    PersonWhole,
    Reason,
    SourceList,
    TaskList,
)
from fengqiao.ground import masking
from fengqiao.kernel import access, ciphers, domain, handle, secrecy
from fengqiao.kernel.idempotency import Repeated
from fengqiao.kernel.models import Clock, Event, Matter, Merge, Person, Post, Task, Text

TAGS = ["one matter"]
NOT_TOLD = ("texts", "people")


@api.get(
    "/matters/{number}", tags=TAGS, response={200: MatterWhole}, operation_id="read_matter", summary="Read a matter"
)
@reading
def read_matter(request: ActingRequest, number: Path[str]) -> HttpResponse:
    """The matter as this post may read it. The look is on record."""
    post = request.auth
    matter = opening.matter_of(post, number)
    handle.looked(post, matter)
    etag = etag_of(matter.version)
    if has(request, etag):
        return unchanged(etag)
    held = access.words(post, matter)
    body = rows.of_matter(matter) | {
        "content": _content(matter, opening.texts_open(matter, held)),
        "handled_by": rows.post_name(matter.handler),
        "merged_into": Merge.objects.filter(member=matter, undone_at=None)
        .values_list("master__number", flat=True)
        .first(),
        "data": _record(matter),
        "limits": [_limit(clock) for clock in Clock.objects.filter(matter=matter, stopped_at=None).order_by("due_at")],
        "relations": sorted(held),
    }
    return answer(body, etag=etag)


def _content(matter: Matter, opened: frozenset[str]) -> str | None:
    texts = Text.objects.filter(matter=matter, kind="content", visibility__in=opened).order_by("pk")[:1]
    return next(iter(secrecy.words_of(texts).values()), None)


def _record(matter: Matter) -> dict[str, Any]:
    """What the domain keeps of the matter in its own table."""
    declared = domain.get(matter.kind)
    record = getattr(matter, declared.record, None) if declared.record else None
    if record is None:
        return {}
    return {field.name: getattr(record, field.attname) for field in record._meta.fields if not field.primary_key}


def _limit(clock: Clock) -> dict[str, Any]:
    return {
        "rule": clock.rule,
        "started_at": clock.started_at,
        "strict": clock.due_strict,
        "legal": clock.due_legal,
        "due_at": clock.due_at,
        "provisional": clock.provisional,
        "paused": clock.paused_since is not None,
    }


@api.get(
    "/matters/{number}/events",
    tags=TAGS,
    response={200: EventPage},
    operation_id="list_events",
    summary="The matter's journal",
)
@reading
def list_events(request: ActingRequest, number: Path[str], page: Query[PageAsked]) -> HttpResponse:
    """What happened, oldest first. Lines and texts that this post's relation does not open are left out."""
    matter = opening.matter_of(request.auth, number)
    opened = opening.texts_open(matter, access.words(request.auth, matter))
    lines = Event.objects.filter(opened_year=matter.opened_year, stream=str(matter.pk), visibility__in=opened)
    found = list(lines.filter(seq__gt=opening.after(page.cursor)).order_by("seq")[: page.limit + 1])
    more, found = len(found) > page.limit, found[: page.limit]
    words = _words(found, opened)
    posts = _posts(found)
    following = str(found[-1].seq) if more else None
    items = [_event(line, posts, words) for line in found]
    links = [next_link(request, following)] if following else ()
    return answer({"items": items, "next": following}, links=links)


def _words(lines: list[Event], opened: frozenset[str]) -> dict[str, str]:
    ids = [spoken["text"] for line in lines for spoken in line.data.get("texts", {}).values()]
    texts = list(Text.objects.filter(pk__in=ids, visibility__in=opened)) if ids else []
    return {str(pk): words for pk, words in secrecy.words_of(texts).items()}


def _posts(lines: list[Event]) -> dict[int, Post]:
    ids = {line.post_id for line in lines if line.post_id}
    return {post.pk: post for post in Post.objects.filter(pk__in=ids).select_related("account", "unit")}


def _event(line: Event, posts: dict[int, Post], words: dict[str, str]) -> dict[str, Any]:
    spoken = line.data.get("texts", {})
    return {
        "seq": line.seq,
        "kind": line.kind,
        "happened_at": line.happened_at,
        "recorded_at": line.recorded_at,
        "by": rows.post_name(posts.get(line.post_id or 0)),
        # The receipt of a person stays out: it is half of his way in.
        "actor": line.actor.partition(":")[0] if line.actor.startswith("person:") else line.actor,
        "law": line.law,
        "data": {name: value for name, value in line.data.items() if name not in NOT_TOLD},
        "texts": [
            {"kind": kind, "words": words[each["text"]]} for kind, each in spoken.items() if each["text"] in words
        ],
    }


@api.get(
    "/matters/{number}/tasks",
    tags=TAGS,
    response={200: TaskList},
    operation_id="list_tasks",
    summary="Tasks of a matter",
)
@reading
def list_tasks(request: ActingRequest, number: Path[str]) -> HttpResponse:
    """Who must do, or did, what by when; open ones first."""
    matter = opening.matter_of(request.auth, number)
    found = Task.objects.filter(matter=matter).select_related("unit").order_by("-done_at", "opened_at", "pk")
    return answer({"items": [_task(task) for task in found]})


def _task(task: Task) -> dict[str, Any]:
    return {
        "id": task.pk,
        "kind": task.kind,
        "unit": {"key": task.unit.key, "name": task.unit.name},
        "post": task.post_id,
        "opened_at": task.opened_at,
        "due_at": task.due_at,
        "done_at": task.done_at,
        "outcome": task.outcome,
        "resting": task.resting,
    }


@api.get(
    "/matters/{number}/people",
    tags=TAGS,
    response={200: PersonList},
    operation_id="list_people",
    summary="People, masked",
)
@reading
def list_people(request: ActingRequest, number: Path[str]) -> HttpResponse:
    """The people of a matter, masked. A relation that does not open identities sees their roles only."""
    matter = opening.matter_of(request.auth, number)
    opened = opening.identity_open(matter, access.words(request.auth, matter))
    found = Person.objects.filter(matter=matter).order_by("pk")
    return answer({"items": [_masked(person, opened) for person in found]})


def _masked(person: Person, opened: bool) -> dict[str, Any]:
    told = ciphers.unseal_json(person.sealed, person.pk.bytes) if opened else {}
    masks = {
        "name": masking.mask_name,
        "phone": masking.mask_phone,
        "id_no": masking.mask_id,
        "address": masking.mask_address,
    }
    return {
        "id": person.pk,
        "role": person.role,
        **{name: mask(told[name]) if told.get(name) else None for name, mask in masks.items()},
        "call_back": person.call_back,
    }


@api.post(
    "/matters/{number}/people/{person}/reveal",
    tags=TAGS,
    response={200: PersonWhole},
    operation_id="reveal_person",
    summary="Show a person's full data, for a reason",
)
def reveal_person(request: ActingRequest, number: Path[str], person: Path[UUID], body: Reason) -> HttpResponse:
    """Each time the data are given out stands in the journal with its reason, a repeated request included."""
    post = request.auth
    key = once(request, post)
    try:
        with access.acting_as(post):
            if key is not None:
                key.claim(None)
            told = handle.reveal(post, number=number, person=str(person), reason=body.reason)
    except Repeated:
        told = handle.reveal(post, number=number, person=str(person), reason=body.reason)
    except ciphers.CannotOpen:
        raise Problem(410, "forgotten", _("The data of this person were destroyed at the end of their term.")) from None
    response = answer({name: told.get(name, "") for name in ("name", "phone", "id_no", "address")})
    response["Cache-Control"] = "no-store"
    return response


@api.get(
    "/matters/{number}/sources",
    tags=TAGS,
    response={200: SourceList},
    operation_id="list_sources",
    summary="Who told of it",
)
@reading
def list_sources(request: ActingRequest, number: Path[str]) -> HttpResponse:
    """Each telling with its channel, its text and its own answer. Query codes are never shown here."""
    matter = opening.matter_of(request.auth, number)
    opened = opening.texts_open(matter, access.words(request.auth, matter))
    found = list(matter.sources.select_related("text", "reply").order_by("received_at", "pk"))
    texts = {text.pk: text for source in found for text in (source.text, source.reply) if text}
    words = secrecy.words_of(text for text in texts.values() if text.visibility in opened)
    items = [
        {
            "id": source.pk,
            "channel": source.channel,
            "external_id": source.external_id,
            "person": source.person_id,
            "received_at": source.received_at,
            "replied_at": source.replied_at,
            "withdrawn_at": source.withdrawn_at,
            "text": words.get(source.text_id) if source.text_id else None,
            "reply": words.get(source.reply_id) if source.reply_id else None,
        }
        for source in found
    ]
    return answer({"items": items})
