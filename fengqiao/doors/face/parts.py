"""What the components show. A page makes these; the tags of the face only draw them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Kind = Literal["g", "y", "r", "over", "stop", "done"]
Unit = Literal["working_day", "day"]
StepState = Literal["done", "now", "todo"]


@dataclass(frozen=True, slots=True)
class LimitFacts:
    """Three lines about one limit: what it is; from, to, used, stopped; source with its article."""

    what: str
    facts: str
    source: str


@dataclass(frozen=True, slots=True)
class Light:
    """A deadline's state in words.

    `amount` counts `unit`s: left (g, y), over (over), since the stop (stop) or used (done); never negative.
    A limit in hours gives `at`, the due time of day, in place of an amount (no light counts hours).
    `used` and `stopped` are shares of the limit, 0 to 1, for the fuse. The nearest of `limits` stands first.
    """

    kind: Kind
    amount: int = 0
    unit: Unit = "working_day"
    limits: Sequence[LimitFacts] = ()
    at: datetime | None = None
    used: float | None = None
    stopped: float = 0.0

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError("a light says how much, never a negative number")


@dataclass(frozen=True, slots=True)
class Tab:
    label: str
    href: str
    count: int | str | None = None
    current: bool = False


@dataclass(frozen=True, slots=True)
class Tallied:
    """A count that is a filter, dressed like the light it counts (`is-over`, `is-today`, `is-soon`)."""

    count: str
    label: str
    href: str
    dress: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter as a select: its name, what it is called, what stands there when nothing is chosen, (key, words)."""

    name: str
    label: str
    none: str
    options: Sequence[tuple[str, str]]
    chosen: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the procedure; under its label stand the date or the limit, one note a line."""

    label: str
    state: StepState = "todo"
    notes: Sequence[str] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A step in a resident's words."""

    words: str
    note: str = ""
    state: StepState = "done"


@dataclass(frozen=True, slots=True)
class Paper:
    label: str
    href: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the history: who did what. `key` marks a turning point, `system` a line no person wrote."""

    at: datetime
    who: str
    words: str
    icon: str = "message"
    note: str = ""
    quote: str = ""
    papers: Sequence[Paper] = ()
    key: bool = False
    system: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    value: str
    label: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """What a person can do now. `locked` is the reason why not yet; `note` says what it will ask for."""

    label: str
    href: str = ""
    icon: str = ""
    primary: bool = False
    danger: bool = False
    locked: str = ""
    note: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person in a matter. Name and phone are masked where they are drawn, whatever is given."""

    role: str
    name: str
    phone: str = ""
    note: str = ""
    call: str = ""


@dataclass(frozen=True, slots=True)
class Pager:
    """A page of a list; `total` may be capped, as in 1,000+, or empty where nobody counted."""

    shown: int
    total: str
    previous: str = ""
    following: str = ""


@dataclass(frozen=True, slots=True)
class NavItem:
    label: str
    href: str
    icon: str
    count: int | str | None = None
    current: bool = False
    keys: str = ""


@dataclass(frozen=True, slots=True)
class NavGroup:
    label: str
    items: Sequence[NavItem]


@dataclass(frozen=True, slots=True)
class Post:
    """One of the posts a person can act in."""

    id: str
    label: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """What the staff shell shows around a page."""

    groups: Sequence[NavGroup] = ()
    unit: str = ""
    person: str = ""
    home: str = "/desk/"
    search: str = ""
    register: str = ""
    notices: str = ""
    unread: int = 0
    account: str = ""
    sign_out: str = ""
    switch_post: str = ""
    posts: Sequence[Post] = field(default_factory=tuple)
