"""The journal as sentences: one event, one line of the history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from fengqiao.doors.face.parts import Entry
from fengqiao.ground import codes, masking
from fengqiao.kernel import domain, secrecy
from fengqiao.kernel.models import Event, Post, Text, Unit

WORDS = {
    "matter.received": gettext_lazy("received"),
    "matter.shielded": gettext_lazy("The caller named somebody; the city's desk reads it first"),
    "matter.excluded": gettext_lazy("a unit was kept away from it"),
    "matter.subject_resolved": gettext_lazy("it was settled who is meant"),
    "matter.linked": gettext_lazy("linked with another matter"),
    "matter.merged": gettext_lazy("others were merged into it"),
    "matter.merged_into": gettext_lazy("merged into another matter"),
    "matter.archived_with": gettext_lazy("filed with the matter into which it was merged"),
    "matter.unmerged": gettext_lazy("taken apart again"),
    "matter.split_off": gettext_lazy("goes on by itself again"),
    "matter.answered_by_master": gettext_lazy("answered together with the matter it was merged into"),
    "matter.code_renewed": gettext_lazy("a new query code was given; the old one is void"),
    "matter.forgotten": gettext_lazy("texts and persons were deleted after the term of keeping"),
    "matter.answered_elsewhere": gettext_lazy("answered in another system before it came here"),
    "matter.likely": gettext_lazy("looks like other matters; a person decides"),
    "matter.supplemented": gettext_lazy("said more about it"),
    "access.revealed": gettext_lazy("looked at a person's full data"),
    "document.added": gettext_lazy("put a paper into the dossier"),
    "document.issued": gettext_lazy("issued a paper"),
    "document.opened": gettext_lazy("opened a paper"),
    "document.served": gettext_lazy("served a paper"),
    "message.dead": gettext_lazy("a message could not be delivered"),
    "review.given": gettext_lazy("graded the answer"),
    "review.called_back": gettext_lazy("the person was called because of the grade"),
    "review.contact_shown": gettext_lazy("saw name and phone, to call because of the grade"),
    "review.corrected": gettext_lazy("put right what was graded low"),
    "review.second": gettext_lazy("graded the correction"),
    "review.appealed": gettext_lazy("appealed against a comment"),
    "review.appeal_decided": gettext_lazy("decided an appeal against a comment"),
    "supervision.urged": gettext_lazy("urged"),
    "supervision.supervised": gettext_lazy("put it under supervision"),
    "supervision.listed": gettext_lazy("put it under public supervision"),
    "supervision.answered": gettext_lazy("answered the supervision"),
    "supervision.extended": gettext_lazy("extended the supervision"),
    "supervision.removed": gettext_lazy("ended the supervision"),
    "clock.recomputed": gettext_lazy("the limit was computed again after a calendar was loaded"),
}
HIDDEN = frozenset({"access.opened"})
ICONS = {
    "received": "phone-incoming",
    "dispatch": "send",
    "reply": "message",
    "archive": "archive",
    "supervise": "rubber-stamp",
    "supervised": "rubber-stamp",
    "listed": "rubber-stamp",
    "urged": "bell-ringing",
    "answered": "message-reply",
    "remark": "pencil",
    "take": "user-check",
    "start": "progress",
    "call_back": "phone",
    "extend": "hourglass",
    "ask_return": "arrow-back-up",
    "settle_return": "scale",
    "redo": "refresh",
    "merged": "git-merge",
    "merged_into": "git-merge",
    "linked": "link",
    "revealed": "eye",
    "added": "paperclip",
    "issued": "file-check",
    "supplemented": "message-plus",
}


def history(events: Sequence[Event], texts: Iterable[str]) -> list[Entry]:
    """The lines that this reader may see, newest first; `texts` are the visibilities that are open to him."""
    shown = [event for event in events if event.kind not in HIDDEN]
    open_texts = frozenset(texts)
    words = _words(shown, open_texts)
    posts, units = _posts(shown), _units(shown)
    return [
        Entry(
            at=event.happened_at,
            who=_who(event, posts),
            words=_sentence(event, units),
            icon=_icon(event.kind),
            quote=words.get(event.pk, ""),
            system=event.actor.startswith("system:"),
            key=bool(event.data.get("to")),
        )
        for event in reversed(shown)
        if event.visibility in open_texts | {"public"}
    ]


def named(kind: str) -> str:
    """What a kind of event says, without who and whom."""
    domain_key, _dot, key = kind.partition(".")
    if (said := WORDS.get(kind)) is not None:
        return str(said)
    try:
        return str(domain.get(domain_key).move(key).label)
    except KeyError:
        return kind


def _icon(kind: str) -> str:
    return ICONS.get(kind.partition(".")[2], "message" if kind.endswith(("remark", "reply")) else "circle-check")


def _who(event: Event, posts: Mapping[int, Post]) -> str:
    if event.actor.startswith("person:"):
        return _("The person")
    post = posts.get(event.post_id) if event.post_id else None
    return f"{post.unit.name} {masking.mask_name(post.account.name)}" if post else _("The system")


def _sentence(event: Event, units: Mapping[int, Unit]) -> str:
    return " · ".join([named(event.kind), *_details(event, units)])


def _details(event: Event, units: Mapping[int, Unit]) -> list[str]:
    data, found = event.data, []
    if event.kind == "matter.received":
        found.append(codes.get("channel", data["channel"]).label(get_language() or "zh-hans"))
    if (unit := units.get(data.get("unit") or 0)) is not None:
        found.append(unit.name)
    if data.get("late"):
        found.append(_("late"))
    if "days" in data:
        found.append(_("%(days)s working days, until %(to)s") % {"days": data["days"], "to": data["to"]})
    return found


def _words(events: Sequence[Event], open_texts: frozenset[str]) -> dict[Any, str]:
    wanted = {UUID(spoken["text"]): event.pk for event in events for spoken in event.data.get("texts", {}).values()}
    rows = Text.objects.filter(pk__in=list(wanted), visibility__in=list(open_texts))
    return {wanted[pk]: body for pk, body in secrecy.words_of(rows).items()}


def _posts(events: Sequence[Event]) -> dict[int, Post]:
    ids = {event.post_id for event in events if event.post_id}
    return {post.pk: post for post in Post.objects.filter(pk__in=ids).select_related("account", "unit")}


def _units(events: Sequence[Event]) -> dict[int, Unit]:
    ids = {event.data["unit"] for event in events if isinstance(event.data.get("unit"), int)}
    return {unit.pk: unit for unit in Unit.objects.filter(pk__in=ids)} if ids else {}
