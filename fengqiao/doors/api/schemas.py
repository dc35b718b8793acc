"""What goes in and out. Input is strict; output classes describe answers that are written straight from rows."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from fengqiao.ground import codes
from fengqiao.kernel.forms import WORDS

NOT_BLANK = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"
NO_NUL = r"^[^\u0000]*$"
PLACE = r"^[0-9]{6}([0-9]{3}){0,3}$"
KEY = r"^[a-z0-9][a-z0-9_-]*$"
UNIT = r"^[A-Za-z0-9_-]+$"
FIRST_YEAR, LAST_YEAR = 1900, 2199

Line = Annotated[str, Field(min_length=1, max_length=200, pattern=NOT_BLANK)]
Words = Annotated[str, Field(min_length=1, max_length=WORDS, pattern=NOT_BLANK)]
PlaceCode = Annotated[str, Field(pattern=PLACE)]
UnitKey = Annotated[str, Field(max_length=60, pattern=UNIT)]
CodeKey = Annotated[str, Field(max_length=40, pattern=KEY)]


def _told_in_our_age(moment: datetime) -> datetime:
    """In UTC: the database takes no offset of sixteen hours and more."""
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"a year from {FIRST_YEAR} to {LAST_YEAR}")
    return moment.astimezone(UTC)


def _in_our_age(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"a year from {FIRST_YEAR} to {LAST_YEAR}")
    return day


def _written(pattern: str) -> BeforeValidator:
    """Only this spelling is read: a bare number is no date, and “on” is no yes."""

    def read(value: object) -> object:
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            raise ValueError("not in the spelling of the description")
        return value

    return BeforeValidator(read)


# RFC 3339 instants and days.
_INSTANT = r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)"
Moment = Annotated[AwareDatetime, _written(_INSTANT), AfterValidator(_told_in_our_age)]
Day = Annotated[date, _written(r"\d{4}-\d\d-\d\d"), AfterValidator(_in_our_age)]
YesNo = Annotated[bool, _written("true|false")]
Count = Annotated[int, _written(r"\d{1,4}"), Field(ge=1, le=100)]


def one_of(table: str) -> dict[str, Any]:
    """`enum` of a code list, for the description; the door asks the list itself."""
    return {"enum": list(codes.keys(table))}


class Strict(BaseModel):
    """Input: nothing is guessed, nothing unknown is taken. What came was JSON: it needs no reader of objects."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Party(Strict):
    """Somebody in the matter; every field but the role may be left out."""

    role: Annotated[str, Field(json_schema_extra=one_of("party_role"))] = "applicant"
    name: Annotated[str, Field(max_length=60, pattern=NO_NUL)] = ""
    phone: Annotated[str, Field(max_length=30, pattern=NO_NUL)] = ""
    id_no: Annotated[str, Field(max_length=30, pattern=NO_NUL)] = ""
    address: Annotated[str, Field(max_length=200, pattern=NO_NUL)] = ""


class SubjectComplainedOf(Strict):
    """Whom it complains of: a unit by key, a level of its place, words; `unsure` for “cannot say”."""

    unit: UnitKey | None = None
    level: Literal["village", "town", "unsure"] | None = None
    words: Annotated[str, Field(max_length=500, pattern=NOT_BLANK)] | None = None

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"minProperties": 1})

    @model_validator(mode="after")
    def says_something(self) -> SubjectComplainedOf:
        """At least one of the three."""
        if not (self.unit or self.level or self.words):
            raise ValueError("name a unit, a level or words")
        return self


class NewMatter(Strict):
    """What has come, from whom. `data` is the intake form of the kind."""

    kind: Annotated[str, Field(max_length=16, pattern=KEY)]
    title: Line
    content: Words
    place: PlaceCode | None = None
    category: CodeKey | None = None
    channel: Annotated[str, Field(json_schema_extra=one_of("channel"))]
    external_id: Annotated[str, Field(min_length=1, max_length=60, pattern=NOT_BLANK)] | None = None
    confidentiality: Literal["public", "normal", "protected", "sealed"] = "normal"
    subjects_complained_of: Annotated[list[SubjectComplainedOf], Field(max_length=10)] = []
    parties: Annotated[list[Party], Field(max_length=20)] = []
    word: Annotated[str, Field(min_length=2, max_length=20, pattern=r"^[^\u0000]*[^\u0000-9\s][^\u0000]*$")] | None = (
        None
    )
    call_back: bool = False
    no_sms: bool = False
    data: dict[str, Any] = {}


class Reason(Strict):
    """Why the full data are needed; it stands in the journal."""

    reason: Annotated[
        str, Field(min_length=2, max_length=1000, pattern=r"^[^\u0000]*[^\s\u0000][^\u0000]*[^\s\u0000][^\u0000]*$")
    ]


class Asked(Strict):
    """A query code, alone or with its proof: the last four digits of the phone, or the word chosen at filing."""

    code: Annotated[str, Field(min_length=1, max_length=40)]
    phone_tail: Annotated[str, Field(pattern=r"^[0-9]{4}$")] | None = None
    word: Annotated[str, Field(min_length=1, max_length=20)] | None = None


class Filters(Schema):
    """How `GET /matters` is narrowed."""

    kind: CodeKey | None = None
    state: CodeKey | None = None
    open: YesNo | None = None
    place: Annotated[str, Field(pattern=r"^[0-9]{2,15}$", description="prefix of a place code")] | None = None
    category: CodeKey | None = None
    channel: CodeKey | None = None
    lead_unit: UnitKey | None = None
    q: (
        Annotated[str, Field(min_length=1, max_length=100, pattern=NO_NUL, description="words that must occur")] | None
    ) = None
    due_before: Moment | None = None
    opened_from: Moment | None = None
    opened_to: Moment | None = None
    cursor: Annotated[str, Field(max_length=120)] | None = None
    limit: Count = 20


class PageAsked(Schema):
    """Where to begin, and how many."""

    cursor: Annotated[str, Field(max_length=120)] | None = None
    limit: Count = 50


class Page(Schema):
    """Where a list goes on: the cursor of the next page, also in the Link header."""

    next: str | None


class UnitName(Schema):
    key: str
    name: str


class PostName(Schema):
    """A post, with the name of who holds it."""

    id: int
    name: str
    role: str
    unit: str


class MatterRow(Schema):
    """The list columns of a matter. Instants are UTC; `due_at` is the first instant after the last day."""

    number: str
    kind: str
    state: str
    title: str
    category: str
    place: str
    place_name: str
    channel: str
    confidentiality: str
    lead_unit: UnitName | None
    handler: int | None
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    archived_at: datetime | None
    last_kind: str
    last_at: datetime
    version: int


class MatterPage(Page):
    """`searched` says where the words of `q` were looked for: `title and place names` for one character."""

    items: list[MatterRow]
    searched: str | None


class Like(Schema):
    """A matter that may be the same; a person decides."""

    number: str
    title: str
    score: int
    reasons: list[str]


class NewlyReceived(Schema):
    """What the teller gets. The query code is for the person alone."""

    number: str
    kind: str
    query_code: str
    query_code_plain: str
    state: str
    due_at: datetime | None
    possible_duplicates: list[Like]
    looked_at: int


class Limit(Schema):
    """A time limit at work. `strict` counts without stops, `legal` with them."""

    rule: str
    started_at: datetime
    strict: date
    legal: date
    due_at: datetime
    provisional: bool
    paused: bool


class MatterWhole(MatterRow):
    """A matter as this post may read it. `content` is null where its relation does not open it."""

    content: str | None
    handled_by: PostName | None
    merged_into: str | None
    data: dict[str, Any]
    limits: list[Limit]
    relations: list[str]


class Spoken(Schema):
    kind: str
    words: str


class EventRow(Schema):
    """A line of the journal."""

    seq: int
    kind: str
    happened_at: datetime
    recorded_at: datetime
    by: PostName | None
    actor: str
    law: str
    data: dict[str, Any]
    texts: list[Spoken]


class EventPage(Page):
    items: list[EventRow]


class TaskRow(Schema):
    id: UUID
    kind: str
    unit: UnitName
    post: int | None
    opened_at: datetime
    due_at: datetime | None
    done_at: datetime | None
    outcome: str
    resting: bool


class TaskList(Schema):
    items: list[TaskRow]


class ActionRow(Schema):
    """Something that this post may do here. `locked` says what stands in the way now."""

    key: str
    label: str
    law: str
    why: str
    locked: str | None
    href: str
    form: dict[str, Any]


class ActionList(Schema):
    items: list[ActionRow]


class PersonRow(Schema):
    """A person of the matter, masked; nulls where the relation does not open identities."""

    id: UUID
    role: str
    name: str | None
    phone: str | None
    id_no: str | None
    address: str | None
    call_back: bool


class PersonList(Schema):
    items: list[PersonRow]


class PersonWhole(Schema):
    name: str
    phone: str
    id_no: str
    address: str


class SourceRow(Schema):
    """One telling, with its own answer."""

    id: UUID
    channel: str
    external_id: str | None
    person: UUID | None
    received_at: datetime
    replied_at: datetime | None
    withdrawn_at: datetime | None
    text: str | None
    reply: str | None


class SourceList(Schema):
    items: list[SourceRow]


class PaperAsked(Schema):
    """What the file is. `parties` lets the person see it, `staff` keeps it among those who work on the matter."""

    title: Annotated[str, Field(min_length=1, max_length=120, pattern=NOT_BLANK)]
    kind: Annotated[str, Field(max_length=20, pattern=KEY)] = "attachment"
    visibility: Literal["staff", "parties"] = "staff"


class DocumentRow(Schema):
    """A piece of the dossier in its newest version."""

    id: UUID
    kind: str
    title: str
    piece: int
    version: int
    media_type: str
    size: int
    visibility: str
    at: datetime
    issued_at: datetime | None
    href: str


class DocumentList(Schema):
    items: list[DocumentRow]


class WorkFilters(Schema):
    """How the worklist is narrowed."""

    due: Literal["overdue", "today", "soon", "paused"] | None = None
    stage: Literal["new", "working", "answer", "calling", "closing"] | None = None
    kind: CodeKey | None = None
    place: Annotated[str, Field(pattern=r"^[0-9]{2,15}$")] | None = None
    channel: CodeKey | None = None
    mine: YesNo | None = None
    cursor: Annotated[str, Field(max_length=120)] | None = None
    limit: Count = 50


class WorkTask(Schema):
    id: UUID
    kind: str
    post: int | None
    opened_at: datetime
    due_at: datetime | None
    overdue: bool
    matter: MatterRow


class Tally(Schema):
    """Each count stops at `1,000+`."""

    total: str
    overdue: str
    today: str
    soon: str
    paused: str
    stages: dict[str, str]


class Worklist(Page):
    tally: Tally
    items: list[WorkTask]


class PlaceFilters(Schema):
    prefix: Annotated[str, Field(pattern=r"^[0-9]{2,15}$")] | None = None


class PlaceRow(Schema):
    code: str
    name: str
    level: str
    parent: str | None
    valid_to: date | None
    successor: str | None


class PlaceList(Schema):
    items: list[PlaceRow]


class CodeRow(Schema):
    key: str
    zh: str
    en: str


class CodeLists(Schema):
    """Every list of keys, and for each kind its states and actions."""

    lists: dict[str, list[CodeRow]]
    states: dict[str, list[CodeRow]]
    actions: dict[str, list[CodeRow]]


class FigureFilters(Schema):
    """`from` and `to` are days, both included; without them the twelve months up to today."""

    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None
    by: Literal["month", "day", "place", "category", "month,category"] = "month"
    place: Annotated[str, Field(pattern=r"^[0-9]{2,15}$", description="prefix of a place code")] | None = None


class FigureRow(Schema):
    """One group. 0 and 1–4 are shown alike, as `<5` with no numbers; `share` is numerator over denominator."""

    group: str
    shown: str
    numerator: int | None
    denominator: int | None
    share: float | None
    imported: int


class FigureTable(Schema):
    """A reported figure: the same for every reader. `imported` says how much of it came in as history."""

    id: str
    label: str
    not_meaning: str
    basis: Literal["counted"]
    by: str
    first: date
    last: date
    total: FigureRow
    items: list[FigureRow]


class ProgressText(Schema):
    """An answer, an explanation, or what the person added."""

    label: str
    at: datetime
    text: str


class ProgressMore(Schema):
    """What the proof opens besides. `may` names the person's own moves: add, urge, take back."""

    number: str
    title: str
    received_at: datetime
    handled_by: str | None
    next_step: str
    replies: list[ProgressText]
    may: list[str]


class ProgressTold(Schema):
    """One status word, the last day of the limit at work, and the phone to call."""

    status: str
    latest_date: date | None
    closed: bool
    call: str
    more: ProgressMore | None


class ProblemError(Schema):
    pointer: str
    detail: str


class ProblemDetails(Schema):
    """RFC 9457. Further members depend on the code."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[ProblemError]
