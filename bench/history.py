"""A made-up history of hotline orders as rows for COPY: every row that the kernel itself would have written.

Matter, source, texts, person, relations, tasks, clocks, search rows, the order's own record and a valid journal
chain. Skewed as a hotline is: some weekdays and hours, some places, some departments; most orders are closed.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID

import orjson

from bench.words import Vocabulary
from fengqiao.ground import codes, likeness, numbers, tokens
from fengqiao.kernel import ciphers, journal, keys, timekeeping
from fengqiao.kernel.access import SystemPost
from fengqiao.kernel.docket import local_year
from fengqiao.kernel.models import Matter, Post, Source, Unit
from fengqiao.kernel.now import HERE

MONTHS = 24
WORDS, REMARK_WORDS, ANSWER_WORDS, TITLE_WORDS = 60, 20, 12, 5
REMARKED = 0.7
NEAR_COPIES = 0.03
ORIGINAL_DAYS = 30
VILLAGE_MATTERS = 40
OPEN_LIMIT_DAYS = (20, 60)  # limits of open orders end this many days ahead, so that no supervision begins by itself
# What became of an order, in percent. Open states only among the newest.
CLOSED = {"closed": 86, "answered": 8, "not_accepted": 3, "withdrawn": 3}
OPEN = {
    "received": 6,
    "dispatched": 12,
    "taken": 18,
    "in_progress": 40,
    "return_asked": 4,
    "replied": 12,
    "called_back": 8,
}
OPEN_SHARE = 0.08
OPEN_DAYS = 90
PATH = ("received", "dispatched", "taken", "in_progress", "replied", "called_back", "closed")
TASK_OF = {
    "received": "dispatch", "dispatched": "take", "taken": "handle", "in_progress": "handle",
    "return_asked": "settle_return", "replied": "call_back", "called_back": "close",
}  # fmt: skip
AT_UNIT = {"dispatched", "taken", "in_progress"}

COLUMNS: dict[str, tuple[str, ...]] = {
    "matter": (
        "id", "number", "kind", "state", "title", "category", "place", "channel", "confidentiality", "reach",
        "lead_unit_id", "handler_id", "opened_at", "opened_year", "due_at", "closed_at", "imported", "last_kind",
        "last_at", "version", "head",
    ),
    "text": ("id", "matter_id", "source_id", "kind", "visibility", "body", "salt", "by_id", "at"),
    "person": ("id", "matter_id", "role", "sealed", "phone_hash", "call_back", "wishes"),
    "source": (
        "id", "matter_id", "channel", "copy", "code_hash", "code_turn", "proof_hash", "text_id", "fingerprint",
        "person_id", "received_at", "reply_id", "replied_at", "withdrawn_at",
    ),
    "relation": ("matter_id", "kind", "unit_id", "post_id", "since"),
    "task": (
        "id", "matter_id", "kind", "unit_id", "post_id", "opened_at", "due_at", "done_at", "done_by_id", "outcome",
        "resting",
    ),
    "clock": (
        "id", "matter_id", "task_id", "rule", "started_at", "due_strict", "due_legal", "due_at", "provisional",
        "pauses", "extensions", "stopped_at", "outcome", "resting",
    ),
    "hotline_order": (
        "matter_id", "nature", "urgency", "wants_answer", "wants_secrecy", "dispatched_at", "returns", "late_returns",
        "redos", "ruled", "solved", "grade", "reason", "handed_to",
    ),
    "search_row": (
        "text_id", "matter_id", "kind", "place", "category", "reach", "opened_at", "tokens", "body", "rare",
    ),
    "rare_pair": ("month", "mark", "opened_at", "matter_id"),
    "event": (
        "opened_year", "stream", "seq", "matter_id", "kind", "happened_at", "recorded_at", "actor", "post_id",
        "account_id", "unit_id", "visibility", "law", "data", "prev", "mac", "key_id",
    ),
}  # fmt: skip

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class City:
    """Who handles in the bench's city: the hotline, the units that lead with one handler each, and the village."""

    hotline: Unit
    supervisor: Post
    handlers: Sequence[Post]
    village: Post
    places: Sequence[str]


@dataclass
class Story:
    """One order to tell: where, when, what became of it, who leads."""

    serial: int
    opened_at: datetime
    state: str
    place: str
    handler: Post
    text: str
    title: str
    remarked: bool


@dataclass
class Writer:
    """Turns stories into rows, a journal line at a time."""

    city: City
    vocabulary: Vocabulary
    chance: random.Random
    ended_at: datetime
    often: Mapping[str, int]  # in how many of 20,000 texts a pair stands
    rows: Rows = field(default_factory=lambda: {name: [] for name in COLUMNS})

    def take(self) -> Rows:
        """The rows gathered so far; begins anew."""
        found, self.rows = self.rows, {name: [] for name in COLUMNS}
        return found

    def write(self, story: Story) -> None:
        """All rows of one order."""
        _Order(self, story).write()


def stories(city: City, vocabulary: Vocabulary, count: int, ended_at: datetime, seed: int) -> Iterator[Story]:
    """`count` stories, oldest first. Exactly VILLAGE_MATTERS of them are led by the village."""
    chance = random.Random(seed)
    moments = sorted(_moment(chance, ended_at) for _i in range(count))
    places = _skewed(city.places)
    handlers = _skewed(city.handlers)
    newest = ended_at - timedelta(days=OPEN_DAYS)
    open_ones = [i for i, at in enumerate(moments) if at > newest]
    open_share = min(1.0, OPEN_SHARE * count / max(len(open_ones), 1))
    for_village = set(chance.sample(open_ones, 25) + chance.sample(range(count - len(open_ones)), VILLAGE_MATTERS - 25))
    earlier: list[str] = []
    for serial, at in enumerate(moments):
        of_village = serial in for_village
        is_open = at > newest and (of_village or chance.random() < open_share)
        state = _state(chance, is_open, of_village)
        text = vocabulary.text(chance, WORDS)
        if earlier and chance.random() < NEAR_COPIES:
            text = _edited(chance, chance.choice(earlier), vocabulary)
        earlier = [*earlier[-400:], text]
        yield Story(
            serial=serial,
            opened_at=at,
            state=state,
            place=city.village.unit.place_id if of_village else places(chance),
            handler=city.village if of_village else handlers(chance),
            text=text,
            title="".join(vocabulary.draw(chance, TITLE_WORDS)),
            remarked=chance.random() < REMARKED,
        )


def _moment(chance: random.Random, ended_at: datetime) -> datetime:
    """More in the last months, more in the mornings, fewer at night."""
    days = MONTHS * 30.4 * (1 - chance.random() ** 0.85)
    day = (ended_at - timedelta(days=1 + days)).astimezone(HERE).replace(hour=0, minute=0, second=0, microsecond=0)
    hour = chance.choices(range(24), [1] * 7 + [4, 9, 12, 11, 8, 6, 7, 10, 10, 9, 7, 5, 4, 3, 3, 2, 1])[0]
    return day + timedelta(hours=hour, seconds=chance.random() * 3600)


def _state(chance: random.Random, is_open: bool, of_village: bool) -> str:
    if of_village:
        return chance.choice(("in_progress", "taken")) if is_open else "closed"
    shares = OPEN if is_open else CLOSED
    return chance.choices(list(shares), list(shares.values()))[0]


def _skewed(items: Sequence[Any]) -> Any:
    weights = list(accumulate(1 / (rank + 3) for rank in range(len(items))))
    return lambda chance: chance.choices(items, cum_weights=weights)[0]


def _edited(chance: random.Random, text: str, vocabulary: Vocabulary) -> str:
    """A near-copy: the same trouble told again, some words changed."""
    parts = text.split("，")
    parts[chance.randrange(len(parts))] = "".join(vocabulary.draw(chance, 6))
    return "，".join(parts)


def _month(moment: datetime) -> int:
    """The number of its quarter's first month in UTC, as `fq_month` counts."""
    day = moment.astimezone(UTC)
    return day.year * 12 + day.month - (day.month - 1) % 3


def _code_hash(source: UUID, turn: int) -> bytes:
    key = keys.current("hash").secret
    return numbers.query_code_hash(numbers.query_code(source, turn, key), key)


def given_another_code(sources: list[tuple[Any, ...]], taken: set[bytes]) -> None:
    """Sources whose query code is another one's get their next: of a million codes a pair is alike now and then."""
    at, turn = COLUMNS["source"].index("code_hash"), COLUMNS["source"].index("code_turn")
    for place, row in enumerate(sources):
        if row[at] in taken:
            sources[place] = (*row[:at], _code_hash(row[0], row[turn] + 1), row[turn] + 1, *row[turn + 1 :])


class _Order:
    """The writing of one story."""

    def __init__(self, writer: Writer, story: Story) -> None:
        self.writer, self.story, self.chance = writer, story, writer.chance
        self.rows, self.city = writer.rows, writer.city
        self.hotline = self.city.supervisor
        self.category = self.chance.choice(codes.keys("hotline_category"))
        self.at = story.opened_at
        self.source = Source(pk=numbers.new_id(), received_at=self.at)
        self.matter = Matter(
            pk=numbers.new_id(),
            number=self._number(),
            kind="hotline",
            title=story.title,
            category=self.category,
            place_id=story.place,
            channel="12345",
            opened_at=self.at,
            opened_year=local_year(self.at),
            last_at=self.at,
            version=0,
            head=journal.START,
        )
        self.person: UUID | None = None
        self.closed_at: datetime | None = None
        self.dispatched_at: datetime | None = None
        self.answer: tuple[UUID, datetime] | None = None
        self.withdrawn_at: datetime | None = None
        self.due_at: datetime | None = None

    def _number(self) -> str:
        sequence = numbers.permute(
            (self.story.serial + 1) % numbers.SEQUENCES, ciphers.lasting_hash("number", "hotline")
        )
        return numbers.compose("hotline", local_year(self.at), "000", sequence).display

    def write(self) -> None:
        self._receive()
        steps = PATH[1 : PATH.index(self.story.state) + 1] if self.story.state in PATH else ()
        if self.story.state == "return_asked":
            steps = ("dispatched", "return_asked")
        for step in steps:
            self.at += timedelta(hours=self.chance.expovariate(1 / 9))
            self.at = min(self.at, self.writer.ended_at)
            getattr(self, f"_{step}")()
        if self.story.state in ("answered", "not_accepted", "withdrawn"):
            self.at += timedelta(minutes=self.chance.uniform(1, 90))
            getattr(self, f"_{self.story.state}")()
        self._task_now()
        self._store()

    # -- steps ----------------------------------------------------------------

    def _receive(self) -> None:
        self._person()
        self.content = self._text("content", self.story.text, "parties", title=True)
        told = {
            "kind": "hotline",
            "channel": "12345",
            "source": str(self.source.pk),
            "people": [str(self.person)] if self.person else [],
            "place": self.story.place,
            "category": self.category,
            "level": "normal",
        }
        self._event(self.hotline, "matter.received", told, self.content, visibility="public")
        self._relate("desk", unit=self.city.hotline.pk)

    def _person(self) -> None:
        if self.chance.random() > 0.75:
            return
        self.person = numbers.new_id()
        phone = f"100{self.chance.randrange(30_000) * 3331 % 10**8:08d}"
        told = {"name": f"来电人{self.story.serial}", "phone": phone, "id_no": "", "address": ""}
        self.source.proof_hash = numbers.tail_hash(self.source.pk, phone[-4:], keys.current("hash").secret)
        sealed = ciphers.seal_json(told, self.person.bytes)
        self._add(
            "person", self.person, self.matter.pk, "applicant", sealed, ciphers.lookup_hash("phone", phone), False, "{}"
        )

    def _dispatched(self) -> None:
        self.dispatched_at = self.at
        unit = self.story.handler.unit_id
        self._task("dispatch", self.city.hotline.pk, done="dispatched", since=self.story.opened_at)
        self._relate("lead", unit=unit)
        data = {"from": "received", "to": "dispatched", "unit": unit, "co": []}
        self._event(
            self.hotline, "hotline.dispatch", data, law="12345: one lead unit, several assist", visibility="public"
        )

    def _taken(self) -> None:
        handler = self.story.handler
        task = self._task("take", handler.unit_id, done="taken", by=handler)
        self._clock("T-H02", self.dispatched_at or self.at, task=task, stopped_at=self.at)
        self._relate("handler", post=handler.pk)
        data = {"from": "dispatched", "to": "taken", "post": handler.pk}
        self._event(handler, "hotline.take", data, law="SPEC G12", visibility="public")
        if self.story.remarked:
            text = self._text("remark", self.writer.vocabulary.text(self.chance, REMARK_WORDS), by=handler)
            self._event(handler, "hotline.remark", {}, text)

    def _in_progress(self) -> None:
        self._event(self.story.handler, "hotline.start", {"from": "taken", "to": "in_progress"}, visibility="public")

    def _return_asked(self) -> None:
        reason = self._text("reason", self.writer.vocabulary.text(self.chance, REMARK_WORDS), by=self.story.handler)
        handler = self.story.handler
        data = {"from": "dispatched", "to": "return_asked", "late": False, "suggested": None, "unit": handler.unit_id}
        self._task("take", handler.unit_id, done="returned", by=handler)
        self._event(handler, "hotline.ask_return", data, reason, law="T-H02")

    def _replied(self) -> None:
        handler = self.story.handler
        self._task("handle", handler.unit_id, done="replied", by=handler)
        text = self._answer(handler)
        data = {"from": "in_progress", "to": "replied", "solved": "yes", "in_time": self.chance.random() < 0.94,
                "unit": handler.unit_id}  # fmt: skip
        self._event(handler, "hotline.reply", data, text, law="T-H01", visibility="parties")

    def _called_back(self) -> None:
        self._task("call_back", self.city.hotline.pk, done="reached")
        reached = self.chance.random() < 0.8
        grade = self.chance.choices(("very_good", "good", "fair", "poor"), (50, 35, 10, 5))[0] if reached else ""
        data = {
            "from": "replied",
            "to": "called_back",
            "reached": reached,
            "solved": "yes" if reached else "",
            "grade": grade,
        }
        self._event(self.hotline, "hotline.call_back", data)

    def _closed(self) -> None:
        self._task("close", self.city.hotline.pk, done="closed")
        self._end("hotline.close", "called_back", "closed", "public")

    def _answered(self) -> None:
        self._task("dispatch", self.city.hotline.pk, done="answered", since=self.story.opened_at)
        self._end("hotline.answer_now", "received", "answered", "parties", self._answer(self.hotline))

    def _not_accepted(self) -> None:
        self._task("dispatch", self.city.hotline.pk, done="not_accepted", since=self.story.opened_at)
        self._end("hotline.not_accept", "received", "not_accepted", "parties", self._answer(self.hotline))

    def _withdrawn(self) -> None:
        self._task("dispatch", self.city.hotline.pk, done="withdrawn", since=self.story.opened_at)
        self.withdrawn_at = self.at
        self._end("hotline.withdraw", "received", "withdrawn", "public", by=SystemPost("portal", self.source.pk))

    def _end(
        self, kind: str, frm: str, to: str, visibility: str, text: tuple[str, UUID, str] | None = None, by: Any = None
    ) -> None:
        self.closed_at = self.at
        self._event(by or self.hotline, kind, {"from": frm, "to": to}, text, visibility=visibility)

    # -- rows -----------------------------------------------------------------

    def _add(self, table: str, *row: Any) -> None:
        self.rows[table].append(row)

    def _text(
        self, kind: str, body: str, visibility: str = "staff", *, by: Post | None = None, title: bool = False
    ) -> tuple[str, UUID, str]:
        pk, salt = numbers.new_id(), os.urandom(16)
        self._add("text", pk, self.matter.pk, self.source.pk if kind == "content" else None, kind, visibility, body,
                  salt, (by or self.hotline).pk, self.at)  # fmt: skip
        titles = [self.matter.title] if title else []
        words = tokens.index_tokens(titles, body)
        vector = " ".join(f"'{token}'" for token in words)
        pairs = [word for word in words if word[0] != tokens.SINGLE] if title else []
        rare = likeness.sketch(likeness.rarest(pairs, self.writer.often, likeness.KEPT))
        self._add("search_row", pk, self.matter.pk, "hotline", self.story.place, self.category, 15,
                  self.story.opened_at, vector, tokens.normalise("\n".join([*titles, body])), rare)  # fmt: skip
        for mark in rare:
            self._add("rare_pair", _month(self.story.opened_at), mark, self.story.opened_at, self.matter.pk)
        return kind, pk, ciphers.digest(salt, body)

    def _answer(self, by: Post) -> tuple[str, UUID, str]:
        text = self._text("reply", self.writer.vocabulary.text(self.chance, ANSWER_WORDS), "parties", by=by)
        self.answer = text[1], self.at
        return text

    def _event(
        self,
        by: Any,
        kind: str,
        data: Mapping[str, Any],
        text: tuple[str, UUID, str] | None = None,
        *,
        law: str = "",
        visibility: str = "staff",
    ) -> None:
        spoken = {"texts": {text[0]: {"text": str(text[1]), "digest": text[2]}}} if text else {}
        matter = self.matter
        event = journal.line(
            by, year=matter.opened_year, stream=str(matter.pk), seq=matter.version + 1, prev=bytes(matter.head),
            kind=kind, at=self.at, data={**data, **spoken}, matter_id=matter.pk, visibility=visibility, law=law,
        )  # fmt: skip
        matter.version, matter.head, matter.last_kind, matter.last_at = event.seq, event.mac, kind, self.at
        self._add(
            "event", event.opened_year, event.stream, event.seq, event.matter_id, kind, event.happened_at,
            event.recorded_at, event.actor, event.post_id, event.account_id, event.unit_id, visibility, law,
            orjson.dumps(event.data).decode(), event.prev, event.mac, event.key_id,
        )  # fmt: skip

    def _relate(self, kind: str, *, unit: int | None = None, post: int | None = None) -> None:
        self._add("relation", self.matter.pk, kind, unit, post, self.at)

    def _task(
        self, kind: str, unit: int, *, done: str = "", by: Post | None = None, since: datetime | None = None
    ) -> UUID:
        pk = numbers.new_id()
        done_by = (by or self.hotline).pk if done else None
        post = self.story.handler.pk if kind == "handle" else None
        self._add("task", pk, self.matter.pk, kind, unit, post, since or self.dispatched_at or self.at, self.due_at,
                  self.at if done else None, done_by, done, False)  # fmt: skip
        return pk

    def _task_now(self) -> None:
        """The open task of an open order, and the limit at work on it."""
        state = self.story.state
        dispatched = self.dispatched_at
        if dispatched is not None:
            ended = None if state in AT_UNIT or state == "return_asked" else (self.answer or (0, self.at))[1]
            self._clock("T-H01", dispatched, stopped_at=ended)
        if state not in TASK_OF:
            return
        at_unit = state in AT_UNIT
        task = self._task(TASK_OF[state], self.story.handler.unit_id if at_unit else self.city.hotline.pk)
        if state == "dispatched":
            self._clock("T-H02", dispatched or self.at, task=task)

    def _clock(
        self, rule: str, started_at: datetime, *, task: UUID | None = None, stopped_at: datetime | None = None
    ) -> None:
        clock = timekeeping.start(self.matter, rule, started_at)
        if stopped_at is None:
            clock.due_at = self.writer.ended_at + timedelta(days=self.chance.uniform(*OPEN_LIMIT_DAYS))
            self.due_at = min(filter(None, (self.due_at, clock.due_at)))
        outcome = "" if stopped_at is None else "met" if stopped_at < clock.due_at else "missed"
        self._add("clock", numbers.new_id(), self.matter.pk, task, rule, started_at, clock.due_strict, clock.due_legal,
                  clock.due_at, clock.provisional, "[]", "[]", stopped_at, outcome, False)  # fmt: skip

    def _store(self) -> None:
        story, matter, source = self.story, self.matter, self.source
        led = self.dispatched_at is not None
        handled = led and story.state not in ("dispatched", "return_asked")
        self._add(
            "matter", matter.pk, matter.number, "hotline", story.state, matter.title, self.category, story.place,
            "12345", "normal", 15, story.handler.unit_id if led else None, story.handler.pk if handled else None,
            story.opened_at, matter.opened_year, self.due_at, self.closed_at, False, matter.last_kind, matter.last_at,
            matter.version, matter.head,
        )  # fmt: skip
        self._add(
            "source", source.pk, matter.pk, "12345", 0, _code_hash(source.pk, 0), 0, source.proof_hash,
            self.content[1], ciphers.lookup_hash("text", tokens.normalise(story.text)), self.person,
            story.opened_at, self.answer[0] if self.answer else None, self.answer[1] if self.answer else None,
            self.withdrawn_at,
        )  # fmt: skip
        self._add("hotline_order", matter.pk, self.chance.choice(("help", "complaint", "enquiry", "suggestion")),
                  "normal", True, False, self.dispatched_at, 0, 0, 0, False, "yes" if self.answer else "", "", "",
                  "")  # fmt: skip
