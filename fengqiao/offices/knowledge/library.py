"""Draft, check of the law, publish, withdraw; search; and the version that was read out (SPEC M18)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, TextField, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from fengqiao.ground import limits, tokens
from fengqiao.ground.refusals import NotNow, NotThere, Refused
from fengqiao.kernel import access, journal
from fengqiao.kernel.models import Post, Unit
from fengqiao.kernel.now import now, today
from fengqiao.offices.knowledge.models import (
    CHECKED,
    DRAFT,
    DUE,
    PUBLISHED,
    SHOWN,
    WITHDRAWN,
    Duty,
    Item,
    Version,
    a_year_after,
)

STREAM = "knowledge"
# Who may do what, by role: SPEC M18, widened to the hotline, which answers from the items.
_WRITERS = frozenset(
    {"mediator", "legal_worker", "hotline_agent", "hotline_supervisor", "justice_office", "unit_handler"}
)
_CHECKERS = frozenset({"lawyer", "justice_office"})
_PUBLISHERS = frozenset({"justice_office", "hotline_supervisor"})
RIGHTS: Mapping[str, frozenset[str]] = {
    "draft": _WRITERS,
    "check": _CHECKERS,
    "publish": _PUBLISHERS,
    "withdraw": _PUBLISHERS,
    "report": _WRITERS | _CHECKERS,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as it was read out. The order keeps `pk`, the version's id, and finds the same words again by it."""

    pk: UUID
    item: UUID
    number: int
    question: str
    answer: str
    law: str
    valid_to: date | None
    expired: bool
    due_for_review: bool

    @property
    def warning(self) -> Any:
        """What to say to whoever reads it out, or nothing."""
        if self.expired:
            return _("This answer has expired. Check it with the unit before you read it out.")
        return _("This answer is being looked at again.") if self.due_for_review else ""


# Writing --------------------------------------------------------------------------------------------------------------


def draft(
    by: Post,
    *,
    question: str,
    answer: str,
    unit: Unit | None = None,
    item: UUID | None = None,
    law: str = "",
    rules: Sequence[str] = (),
    valid_to: date | None = None,
) -> Item:
    """A new item of a unit, or the next version of one; `rules` are limits (T-…) whose citation is added to `law`.

    Raises Refused (not_your_office, words_missing, unknown_rule, over_already), NotThere, NotNow withdrawn.
    """
    if not question.strip() or not answer.strip():
        raise Refused("words_missing", _("Write the question and the answer."), pointer="/question")
    if valid_to is not None and valid_to < today():
        raise Refused("over_already", _("That day is over."), pointer="/valid_to")
    with _act(by, "draft"):
        row = _locked(item) if item else Item(unit=unit or by.unit, made_at=now())
        if row.state == WITHDRAWN:
            raise NotNow("withdrawn", _("This item was withdrawn. Write a new one."))
        if item is None:
            row.save(force_insert=True)
        version = row.next or Version(item=row, number=row.versions.count() + 1)
        _write(version, question, answer, _cited(law, rules), rules, valid_to)
        version.written_by, version.written_at = by, now()
        version.checked_by = version.checked_at = None
        version.save()
        row.next = version
        if row.current_id is None:
            row.state = DRAFT
        row.save()
        _note(by, "knowledge.drafted", version)
    return row


def check_law(by: Post, item: UUID, *, law: str | None = None) -> Version:
    """A lawyer or the justice office has checked the law of the next version; never its writer.

    Raises Refused (not_your_office, own_words, no_law), NotThere, NotNow nothing_to_check.
    """
    with _act(by, "check"):
        row = _locked(item)
        version = row.next
        if version is None or version.checked_at is not None:
            raise NotNow("nothing_to_check", _("There is no new wording to check."))
        if version.written_by is not None and version.written_by.account_id == by.account_id:
            raise Refused("own_words", _("Somebody else must check what you wrote."))
        if law is not None:
            version.law = law.strip()
            _index(version)
            version.save(update_fields=["law", "body", "tokens"])
        version.checked_by, version.checked_at = by, now()
        version.save(update_fields=["checked_by", "checked_at"])
        if row.current_id is None:
            row.state = CHECKED
            row.save(update_fields=["state"])
        _note(by, "knowledge.law_checked", version)
    return version


def publish(by: Post, item: UUID) -> Version:
    """Publish the checked wording: it is in force at once, the one before stays as it was read out.

    Raises Refused not_your_office, NotThere, NotNow not_checked.
    """
    with _act(by, "publish"):
        row = _locked(item)
        version = row.next
        if version is None or version.checked_at is None:
            raise NotNow("not_checked", _("The law of this wording has not been checked yet."))
        version.published_by, version.published_at = by, now()
        version.save(update_fields=["published_by", "published_at"])
        row.current, row.next, row.state = version, None, PUBLISHED
        row.review_by = a_year_after(today())
        row.save()
        _done(row, by)
        _note(by, "knowledge.published", version)
    return version


def confirm(by: Post, item: UUID) -> Item:
    """Looked at again and still right: a year more, no new wording. Raises as `publish`; NotNow not_due, expired."""
    with _act(by, "check"):
        row = _locked(item)
        if row.state != DUE or row.current is None:
            raise NotNow("not_due", _("This item is not due for review."))
        if row.current.expired:
            raise NotNow("expired", _("Its last day is over. Write a new wording."))
        row.state, row.review_by = PUBLISHED, a_year_after(today())
        row.save(update_fields=["state", "review_by"])
        _done(row, by)
        _note(by, "knowledge.confirmed", row.current)
    return row


def withdraw(by: Post, item: UUID) -> Item:
    """Take an item out of the answers; what was answered from it keeps its version. Raises NotThere, NotNow."""
    with _act(by, "withdraw"):
        row = _locked(item)
        if row.state == WITHDRAWN:
            raise NotNow("withdrawn", _("This item was withdrawn."))
        row.state, row.next, row.review_by = WITHDRAWN, None, None
        row.save()
        _done(row, by)
        journal.note(by, STREAM, "knowledge.withdrawn", data={"item": str(row.pk)})
    return row


# Reading --------------------------------------------------------------------------------------------------------------


def search(words: str, *, most: int = 20) -> list[Shown]:
    """Published items that contain every word exactly, in question, answer or law; those of the question first.

    A single character is looked for in questions only. No words: nothing.
    """
    wanted = [word for word in words.split() if tokens.query_tokens(word)]
    if not wanted:
        return []
    rows = _in_force()
    for word in wanted:
        rows = rows.extra(where=["tokens @@ %s::tsquery"], params=[tokens.tsquery(tokens.query_tokens(word))])
        if not tokens.is_single(word):
            rows = rows.filter(body__contains=tokens.normalise(word))
    singles = [tokens.normalise(word) for word in wanted if tokens.is_single(word)]
    found = [
        version
        for version in rows.order_by("-published_at")
        if all(letter in tokens.normalise(version.question) for letter in singles)
    ]
    found.sort(
        key=lambda version: -sum(tokens.normalise(word) in tokens.normalise(version.question) for word in wanted)
    )
    return [_shown(version) for version in found[:most]]


def answer_from(item: UUID) -> Shown | None:
    """The wording in force of an item, or None when it is not published."""
    version = _in_force().filter(item=item).first()
    return _shown(version) if version else None


def version_to_answer_with(version: UUID | str) -> Shown | None:
    """The wording of that id if it is still the one in force, so that no outdated page answers a call."""
    row = _in_force().filter(pk=version).first()
    return _shown(row) if row else None


def as_read_out(version: UUID | str) -> Shown | None:
    """The wording that an order was answered with, whatever has become of its item."""
    row = Version.objects.filter(pk=version, published_at__isnull=False).select_related("item").first()
    return _shown(row) if row else None


def _in_force() -> models.QuerySet[Version]:
    return Version.objects.filter(item__state__in=SHOWN, item__current=F("pk")).select_related("item")


def _shown(version: Version) -> Shown:
    return Shown(
        version.pk,
        version.item_id,
        version.number,
        version.question,
        version.answer,
        version.law,
        version.valid_to,
        version.expired,
        version.item.state == DUE,
    )


# Inside ---------------------------------------------------------------------------------------------------------------


@contextmanager
def _act(by: Post, act: str) -> Iterator[None]:
    if by.role not in RIGHTS[act] or not by.holds:
        raise Refused("not_your_office", _("Your post may not do this with the knowledge base."))
    with access.acting_as(by):
        yield


def _locked(item: UUID) -> Item:
    row = Item.objects.select_for_update(no_key=True, of=("self",)).select_related("next", "current").filter(pk=item)
    found = row.first()
    if found is None:
        raise NotThere("not_there", _("There is no such item."))
    return found


def _write(version: Version, question: str, answer: str, law: str, rules: Sequence[str], valid_to: date | None) -> None:
    version.question, version.answer, version.law = question.strip(), answer.strip(), law
    version.rules, version.valid_to = list(rules), valid_to
    _index(version)


def _index(version: Version) -> None:
    version.body = tokens.normalise("\n".join([version.question, version.answer, version.law]))
    version.tokens = Cast(
        models.Func(
            Value(tokens.index_tokens([version.question], version.body), output_field=ArrayField(TextField())),
            function="array_to_tsvector",
        ),
        Version._meta.get_field("tokens"),
    )


def _cited(law: str, rules: Sequence[str]) -> str:
    try:
        cited = [limits.get(rule).citation for rule in rules]
    except limits.LimitRefused as refused:
        raise Refused("unknown_rule", str(refused), pointer="/rules") from None
    return "；".join(dict.fromkeys(each for each in (law.strip(), *cited) if each))


def _done(row: Item, by: Post) -> None:
    Duty.objects.filter(item=row, done_at=None).update(done_at=now(), done_by=by)


def _note(by: Post, kind: str, version: Version) -> None:
    journal.note(
        by, STREAM, kind, data={"item": str(version.item_id), "version": str(version.pk), "number": version.number}
    )


__all__ = ["RIGHTS", "Shown", "answer_from", "as_read_out", "check_law", "confirm", "draft", "publish", "search",
           "version_to_answer_with", "withdraw"]  # fmt: skip
