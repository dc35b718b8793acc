"""The docket: one transaction's writes, gathered in order and stored together.

Every change of a matter is made inside `docket(by=post)`: rows are fetched through `matters_for(… for update)`, put in
hand, changed in memory, and written at the end with their events, tasks, clocks and outbox rows, each table once.
An exception leaves nothing behind.
"""

from __future__ import annotations

import os
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import OperationalError, connection, models
from django.utils.translation import gettext_lazy as _

from fengqiao.ground.refusals import NotThere, Stale
from fengqiao.kernel import access, around, ciphers, journal, keys, searching, storing, timekeeping
from fengqiao.kernel.around import Around
from fengqiao.kernel.domain import get as declared
from fengqiao.kernel.models import (
    Clock,
    Event,
    ExcludedUnit,
    Exclusion,
    Link,
    Matter,
    MatterKey,
    Merge,
    Message,
    Person,
    Post,
    Relation,
    SearchRow,
    Source,
    Subject,
    Task,
    Text,
    Unit,
)
from fengqiao.kernel.now import HERE, now

# In the order of foreign keys; matters come before all.
STORED: tuple[type[models.Model], ...] = (
    MatterKey,
    Text,
    Person,
    Source,
    Subject,
    Relation,
    ExcludedUnit,
    Exclusion,
    Task,
    Clock,
    Merge,
    Link,
    Message,
    SearchRow,
    Event,
)
LIST_COLUMNS = (
    "state",
    "title",
    "category",
    "place_id",
    "confidentiality",
    "reach",
    "lead_unit_id",
    "handler_id",
    "due_at",
    "closed_at",
    "archived_at",
    "keep_until",
    "last_kind",
    "last_at",
    "version",
    "head",
)
UNDO_SECONDS = 15


class Docket:
    """What one post writes in one transaction."""

    def __init__(self, by: access.Acting, hand: Iterable[uuid.UUID] = (), first: Iterable[storing.Rows] = ()) -> None:
        self.by = by
        self.first = list(first)
        self.now = self.written_at = now()
        self._hand = set(hand)
        self._silent = False
        self.matters: dict[uuid.UUID, Matter] = {}
        self._fresh: list[Matter] = []
        self._stored: dict[uuid.UUID, int] = {}
        self._new: dict[type[models.Model], list[Any]] = defaultdict(list)
        self._changed: dict[type[models.Model], dict[Any, tuple[Any, set[str]]]] = defaultdict(dict)
        self._around: dict[uuid.UUID, Around] = {}
        self._refile: set[uuid.UUID] = set()
        self._spilled: set[uuid.UUID] = set()
        self._ended: list[storing.Statement] = []

    @property
    def post(self) -> Post | None:
        """The post that acts, or None for the program and the portal."""
        return self.by if isinstance(self.by, Post) else None

    @contextmanager
    def history(self, at: datetime) -> Iterator[None]:
        """What is done inside happened at `at`, elsewhere: it is recorded now, and nothing is sent (ruling 13)."""
        before, self.now, self._silent = (self.now, self._silent), at, True
        try:
            yield
        finally:
            self.now, self._silent = before

    # Fetching ------------------------------------------------------------------------------------------------------

    def take(self, to: str, *, version: int | None = None, kind: str | None = None, **which: Any) -> Matter:
        """Lock one matter for the action `to`. Raises NotThere (missing and hidden alike), Stale."""
        rows = access.matters_for(self.by, to, kind=kind).select_for_update(no_key=True, of=("self",))
        matter = self._current(rows.filter(**which).first(), version)
        self.hold(matter)
        return matter

    def take_locked(self, to: str, kind: str, rows: storing.Rows, *, version: int | None = None) -> Matter:
        """The same for the `rows` of `access.locking`; what stands around the matter comes in the same round trip."""
        matter = self._current(access.locked(self.by, to, kind, rows), version)
        self._keep(matter)
        hand = access.taking_in_hand(self._hand | self.matters.keys())
        self._around[matter.pk] = around.look(matter, first=[hand])
        return matter

    @staticmethod
    def _current(matter: Matter | None, version: int | None) -> Matter:
        if matter is None:
            raise NotThere("not_there", _("There is no such matter here. Check the number."))
        if version is not None and version != matter.version:
            raise Stale(
                "changed_meanwhile",
                _("Somebody changed this matter a moment ago. Look at it again, then decide."),
                version=matter.version,
                last=matter.last_kind,
            )
        return matter

    def take_many(self, ids: Iterable[uuid.UUID], to: str = access.READ) -> list[Matter]:
        """Lock several matters in the order of their ids; those not seen are left out."""
        rows = access.matters_for(self.by, to).select_for_update(no_key=True, of=("self",))
        found = list(rows.filter(pk__in=list(ids)).order_by("pk"))
        self.hold(*found)
        return found

    def hold(self, *matters: Matter) -> None:
        """Put matters in hand, so that they stay writable when this very act transfers or hides them."""
        self._keep(*matters)
        storing.run([access.taking_in_hand(self._hand | self.matters.keys())])

    def _keep(self, *matters: Matter) -> None:
        for matter in matters:
            self.matters[matter.pk] = matter
            self._stored.setdefault(matter.pk, matter.version)

    def open(self, matter: Matter) -> None:
        """A matter made in this transaction; its id must be in hand already (`docket(hand=…)`)."""
        self.matters[matter.pk] = matter
        self._fresh.append(matter)
        self._around[matter.pk] = Around()

    # Writing -------------------------------------------------------------------------------------------------------

    def event(
        self,
        matter: Matter,
        kind: str,
        *,
        data: dict[str, Any] | None = None,
        law: str = "",
        visibility: str = "staff",
        at: datetime | None = None,
        texts: Iterable[Text] = (),
    ) -> Event:
        """Write a line of the matter's journal. `at` is when it happened, if not now (imported history)."""
        data = dict(data or {})
        spoken = {text.kind: {"text": str(text.pk), "digest": _digest(text)} for text in texts}
        if spoken:
            data["texts"] = spoken
        event = journal.line(
            self.by,
            year=matter.opened_year,
            stream=str(matter.pk),
            seq=matter.version + 1,
            prev=bytes(matter.head),
            kind=kind,
            at=at or self.now,
            recorded_at=self.written_at,
            data=data,
            matter_id=matter.pk,
            visibility=visibility,
            law=law,
        )
        matter.version, matter.head = event.seq, event.mac
        matter.last_kind, matter.last_at = kind, at or self.now
        self._new[Event].append(event)
        return event

    def aside(self, matter: Matter, kind: str, **more: Any) -> Event:
        """`event` for what the program found by itself: lists go on showing what people did last."""
        before = matter.last_kind, matter.last_at
        event = self.event(matter, kind, **more)
        matter.last_kind, matter.last_at = before
        return event

    def text(
        self,
        matter: Matter,
        kind: str,
        body: str,
        *,
        visibility: str = "staff",
        source: Source | None = None,
        at: datetime | None = None,
        searchable: bool = True,
    ) -> Text:
        """Keep what a person typed: open for a normal matter, sealed and unsearchable for a protected one."""
        text = storing.fresh(
            Text,
            matter_id=matter.pk,
            source_id=source.pk if source else None,
            kind=kind,
            visibility=visibility,
            salt=os.urandom(16),
            by_id=self.post.pk if self.post else None,
            at=at or self.now,
        )
        text.digest = ciphers.digest(bytes(text.salt), body)  # type: ignore[attr-defined]
        if matter.confidentiality in ("protected", "sealed"):
            text.sealed = ciphers.seal(body.encode(), text.pk.bytes, key=self.matter_key(matter))
        else:
            text.body = body
            if searchable and visibility in ("public", "parties", "staff"):
                self._new[SearchRow].append(searching.row(matter, text.pk, body, title=kind == "content"))
        self._new[Text].append(text)
        return text

    def matter_key(self, matter: Matter) -> keys.Key:
        """The matter's own key, made when first needed."""
        made = (row for row in self._new[MatterKey] if row.matter_id == matter.pk)
        row = next(made, None) or MatterKey.objects.filter(matter=matter).first()
        if row is None:
            row = MatterKey(matter=matter, key_id=keys.current("data").id)
            row.wrapped = ciphers.seal(os.urandom(32), matter.pk.bytes)
            self._new[MatterKey].append(row)
        return unwrap(row)

    def add(self, row: models.Model) -> None:
        """Store a row of a domain's or an office's own table with this transaction."""
        self._new[type(row)].append(row)

    def pending(self, model: type[models.Model]) -> list[Any]:
        """The rows of a table that this transaction will store at its end."""
        return list(self._new[model])

    def change(self, row: models.Model, **fields: Any) -> None:
        """Set fields of a row other than a matter, stored at the end."""
        for name, value in fields.items():
            setattr(row, name, value)
        if not self._is_new(row):
            _row, names = self._changed[type(row)].setdefault(row.pk, (row, set()))
            names |= set(fields)

    def _is_new(self, row: models.Model) -> bool:
        made = self._new[type(row)]
        return any(row is each for each in reversed(made))

    def relate(
        self,
        matter: Matter,
        kind: str,
        *,
        unit: Unit | None = None,
        post: Post | None = None,
        via: uuid.UUID | None = None,
    ) -> Relation:
        """Give a unit or a post a right on this matter."""
        relation = storing.fresh(
            Relation, matter=matter, kind=kind, unit=unit, post=post, since=self.written_at, via=via
        )
        self._new[Relation].append(relation)
        return relation

    def unrelate(self, matter: Matter, *kinds: str, **whose: Unit | Post) -> None:
        """End relations of these kinds (of all whom, or of one `unit=`, `post=`)."""
        for relation in self._new[Relation]:
            named = all(getattr(relation, f"{name}_id") == value.pk for name, value in whose.items())
            if relation.matter_id == matter.pk and relation.kind in kinds and named:
                relation.until = self.now
        asked = "update relation set until = %s where matter_id = %s and kind = any(%s) and until is null"
        asked += "".join(f" and {name}_id = %s" for name in whose)
        self._ended.append((asked, [self.now, matter.pk, list(kinds), *(each.pk for each in whose.values())]))

    def message(
        self,
        way: str,
        template: str,
        *,
        data: dict[str, Any] | None = None,
        undoable: bool = False,
        **whose: Matter | Source | Post | Unit | None,
    ) -> None:
        """Put a message into the outbox, for a `matter`, `source`, `post` or `unit`; one that can be called back waits
        15 seconds (ruling 14).
        """
        if not self._silent:
            from_then = self.now + timedelta(seconds=UNDO_SECONDS if undoable else 0)
            told = {"way": way, "template": template, "data": data or {}, "made_at": self.now, **whose}
            self.add(storing.fresh(Message, not_before=from_then, **told))

    # Tasks ---------------------------------------------------------------------------------------------------------

    def tasks(self, matter: Matter) -> list[Task]:
        """The open tasks of a matter."""
        return [task for task in self.around(matter).tasks if task.done_at is None]

    def task(
        self, matter: Matter, kind: str, unit: Unit, *, post: Post | None = None, due_at: datetime | None = None
    ) -> Task:
        """Somebody must do something: it lies in the unit's queue, or with a post of it. KeyError: never declared."""
        task = storing.fresh(
            Task,
            matter=matter,
            kind=declared(matter.kind).task_kind(kind).key,
            unit=unit,
            post=post,
            opened_at=self.written_at,
            due_at=due_at,
        )
        self.around(matter).tasks.append(task)
        self._new[Task].append(task)
        return task

    def finish(self, matter: Matter, *kinds: str, outcome: str = "done", unit: Unit | None = None) -> None:
        """Close the open tasks of these kinds (all, when none is named)."""
        for task in self.tasks(matter):
            if (not kinds or task.kind in kinds) and (unit is None or task.unit_id == unit.pk):
                self.change(task, done_at=self.written_at, done_by=self.post, outcome=outcome)

    # Clocks --------------------------------------------------------------------------------------------------------

    def clocks(self, matter: Matter) -> list[Clock]:
        """The clocks of a matter that have not ended, its sources' and tasks' included."""
        return [clock for clock in self.around(matter).clocks if clock.stopped_at is None]

    def clock(
        self,
        matter: Matter,
        rule: str,
        *,
        at: datetime | None = None,
        source: Source | None = None,
        task: Task | None = None,
    ) -> Clock:
        """Start a time limit; a task's due date follows its clock."""
        clock = timekeeping.start(matter, rule, at or self.now, source=source, task=task)
        if task is not None:
            self.change(task, due_at=clock.due_at)
        self.around(matter).clocks.append(clock)
        self._new[Clock].append(clock)
        return clock

    def stop(self, matter: Matter, *rules: str, outcome: str = "", at: datetime | None = None) -> None:
        """End the running clocks of these rules (all, when none is named)."""
        for clock in self.clocks(matter):
            if not rules or clock.rule in rules:
                timekeeping.stop(clock, at or self.now, outcome)
                self.change(clock, stopped_at=clock.stopped_at, outcome=clock.outcome)

    def retimed(self, clock: Clock) -> None:
        """A clock was paused, resumed, extended or recomputed: store it."""
        self.change(
            clock,
            due_strict=clock.due_strict,
            due_legal=clock.due_legal,
            due_at=clock.due_at,
            provisional=clock.provisional,
            pauses=clock.pauses,
            extensions=clock.extensions,
            paused_since=clock.paused_since,
            resting=clock.resting,
        )
        if clock.task_id:
            Task.objects.filter(pk=clock.task_id).update(due_at=clock.due_at)

    def refile(self, matter: Matter) -> None:
        """Place, category or reach changed: the matter's search rows follow at the end."""
        self._refile.add(matter.pk)

    def around(self, matter: Matter) -> Around:
        """What stood around the matter when it was taken, with the tasks and clocks of this transaction."""
        if matter.pk not in self._around:
            self._around[matter.pk] = around.look(matter)
        return self._around[matter.pk]

    def barred_units(self, matter: Matter) -> set[int]:
        """Ids of the units that the matter excludes, those of this transaction included."""
        barred = {row.unit_id for row in self._new[ExcludedUnit] if row.matter_id == matter.pk}
        return barred | self.around(matter).barred

    def unindex(self, matter: Matter) -> None:
        """Its texts are not searchable any more, neither those stored nor those of this transaction."""
        storing.run([(searching.REMOVE, [matter.pk])])
        self._new[SearchRow] = [row for row in self._new[SearchRow] if row.matter_id != matter.pk]

    # Storing -------------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write everything; called once, at the end of the block."""
        for matter in self.matters.values():
            if matter.pk in self._around and matter.closed_at is None:
                counting = [each for each in self.clocks(matter) if not each.resting and each.paused_since is None]
                matter.due_at = min((clock.due_at for clock in counting), default=None)
        storing.run(self._statements())

    def spill(self) -> None:
        """Hand over the new rows of so far, all but those of matters; call inside `storing.streaming`."""
        storing.send(self._inserts())
        self._refile &= self._spilled  # the rows that were just handed over are filed as their matters are now
        self._spilled |= {row.matter_id for row in self._new[SearchRow]}
        self._new.clear()

    def _inserts(self, *, matters: Iterable[Matter] = ()) -> Iterator[storing.Statement]:
        for row in self._new[SearchRow]:
            matter = self.matters[row.matter_id]
            row.place, row.category, row.reach = matter.place_id, matter.category, matter.reach
            if row.first and not row.ranked:
                searching.rank(row, searching.frequencies())
        order = {model: place for place, model in enumerate(STORED)}
        models_ = sorted(self._new, key=lambda each: order.get(each, len(order) - 2))
        tables: list[tuple[type[models.Model], list[Any]]] = [(Matter, list(matters))]
        tables += [(model, self._new[model]) for model in models_]
        yield from storing.inserts(tables, also=searching.pairs(self._new[SearchRow]))

    def _statements(self) -> Iterator[storing.Statement]:
        fresh = {matter.pk for matter in self._fresh}
        for matter in self.matters.values():
            if matter.pk not in fresh and matter.version != self._stored[matter.pk]:
                yield storing.update(matter, LIST_COLUMNS)
        yield from self._ended
        yield from self._inserts(matters=self._fresh)
        for rows in self._changed.values():
            for row, names in rows.values():
                yield storing.update(row, sorted(names))
        for pk in self._refile - (fresh - self._spilled):
            matter = self.matters[pk]
            yield searching.REFILE, [matter.place_id, matter.category, matter.reach, pk]


RETRIED = frozenset({"40001", "40P01"})
Made = TypeVar("Made")


def twice(work: Callable[[], Made]) -> Made:
    """Do `work`, a whole transaction, again once when the database broke it off for a deadlock (ruling 14)."""
    try:
        return work()
    except OperationalError as error:
        if connection.in_atomic_block or getattr(error.__cause__, "sqlstate", "") not in RETRIED:
            raise
    return work()


@contextmanager
def docket(
    by: access.Acting, *, hand: Iterable[uuid.UUID] = (), first: Iterable[storing.Statement] = ()
) -> Iterator[Docket]:
    """Open a docket: one transaction as this post, written when the block ends without an exception.

    Its `first` holds the rows of the first questions, asked in the round trip that begins it.
    """
    with access.acting_as(by, hand, first) as rows:
        book = Docket(by, hand, rows)
        yield book
        book.flush()


def unwrap(row: MatterKey) -> keys.Key:
    """The key of a matter, out of its wrapping. Raises KeyMissing, CannotOpen."""
    return keys.Key("matter", ciphers.unseal(row.wrapped, row.matter_id.bytes))


def _digest(text: Text) -> str:
    digest: str = getattr(text, "digest", "") or ciphers.digest(bytes(text.salt), text.body or "")
    return digest


def local_year(moment: datetime) -> int:
    """The year in Asia/Shanghai."""
    return moment.astimezone(HERE).year


__all__ = ["Docket", "docket", "local_year", "twice", "unwrap"]
