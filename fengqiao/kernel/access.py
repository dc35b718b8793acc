"""Who may see and do: one predicate, `matters_for`; `may` is the same rule on one row (BLUEPRINT 3).

Rights on one matter come from `Relation` rows and from the place rights that a domain declares for a role; an
`Exclusion` of the account wins over both. PostgreSQL repeats the rule underneath (migration `0003_policies`):
`acting_as` carries the post's scope into the transaction, and nothing set means no rows.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.db import connection, transaction
from django.db.models import BooleanField, Func, QuerySet
from django.db.models.sql.compiler import SQLCompiler

from fengqiao.ground import codes
from fengqiao.kernel import domain, storing
from fengqiao.kernel.models import Matter, Post
from fengqiao.kernel.now import now

READ = "read"
LOG_READERS = frozenset({"auditor", "dpo"})


@dataclass(frozen=True, slots=True)
class SystemPost:
    """A named post of the program itself: `clocks`, `outbox`, `portal`, `figures`, `keeper` (ruling 2).

    `source` is the receipt of the person who acts through the portal.
    """

    name: str
    source: uuid.UUID | None = None

    NAMES = ("clocks", "figures", "import", "keeper", "outbox", "portal")

    def __post_init__(self) -> None:
        if self.name not in self.NAMES:
            raise ValueError(f"There is no system post {self.name!r}.")

    @property
    def word(self) -> str:
        """The relation word in which it acts."""
        return "party" if self.name == "portal" else "system"


Acting: TypeAlias = Post | SystemPost


@dataclass(frozen=True, slots=True)
class Scope:
    """What the transaction carries for the policies: ids, code ranges and the kinds they open."""

    account: int | None = None
    post: int | None = None
    unit: int | None = None
    kinds: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()
    system: str = ""
    logs: bool = False

    @property
    def depth(self) -> int:
        """Digits of the place codes of the range: 6 city, 9 town, 12 village."""
        return len(self.ranges[0]) if self.ranges else 99


def scope_of(by: Acting) -> Scope:
    """The scope of a post. A post whose term is over, or of a role without contents, opens nothing (A27)."""
    if isinstance(by, SystemPost):
        return Scope(system=by.name)
    if not by.holds or not by.account.is_active:
        return Scope()
    logs = by.role in LOG_READERS
    if codes.get("role", by.role).extra["contents"] != "yes":
        return Scope(logs=logs)
    kinds = domain.kinds_by_place(by.role)
    ranges = tuple(by.unit.ranges) if kinds else ()
    return Scope(by.account_id, by.pk, by.unit_id, kinds, ranges, logs=logs)


_SETTINGS = ("account", "post", "unit", "kinds", "ranges", "depth", "system", "logs", "now", "hand")
_READ_SETTINGS = "select " + ", ".join(f"current_setting('fq.{name}', true)" for name in _SETTINGS)
_WRITE_SETTINGS = "select " + ", ".join(f"set_config('fq.{name}', %s, true)" for name in _SETTINGS)


@contextmanager
def acting_as(
    by: Acting, hand: Iterable[uuid.UUID] = (), first: Iterable[storing.Statement] = ()
) -> Iterator[list[storing.Rows]]:
    """One transaction in which the policies know who reads; `hand` are ids of matters that are being made.

    Yields the rows of the `first` questions, which are asked in the round trip that begins it. Inside an outer
    transaction the outer scope comes back at the end.
    """
    scope = scope_of(by)
    outer = connection.in_atomic_block
    with transaction.atomic():
        before = storing.ask(_READ_SETTINGS, [])[0] if outer else ()
        yield storing.ask_all([(_WRITE_SETTINGS, _values(scope, hand)), *first])[1:]
        if outer:
            storing.run([(_WRITE_SETTINGS, [value or "" for value in before])])


def taking_in_hand(ids: Iterable[uuid.UUID]) -> storing.Statement:
    """Lets the policies pass exactly these matters for the rest of the transaction. Only `docket` runs it."""
    return "select set_config('fq.hand', %s, true)", [array(ids)]


def _values(scope: Scope, hand: Iterable[uuid.UUID]) -> list[str]:
    return [
        str(scope.account or ""),
        str(scope.post or ""),
        str(scope.unit or ""),
        array(scope.kinds),
        array(scope.ranges),
        str(scope.depth),
        scope.system,
        "1" if scope.logs else "",
        now().isoformat(),
        array(hand),
    ]


def array(items: Iterable[object]) -> str:
    """An array as PostgreSQL reads it; its items hold no comma, brace or space."""
    return "{" + ",".join(str(item) for item in items) + "}"


def words_for(kind: str, to: str) -> frozenset[str] | None:
    """The relation words that give a right: None means any (reading). Raises KeyError for an unknown action."""
    if to == READ:
        return None
    return frozenset(domain.get(kind).move(to).by)


def matters_for(by: Acting, to: str = READ, *, kind: str | None = None) -> QuerySet[Matter]:
    """The matters that a post may read, or do the action `to` of `kind` on. Not allowed looks like not there.

    Every page, list, count, search, export and notice starts here (G1, RULINGS 6).
    """
    found = Matter.objects.filter(kind=kind) if kind else Matter.objects.all()
    return found.filter(_Rule(*rule(by, to, kind=kind)))


class _Rule(Func):
    """`rule` inside a built query."""

    output_field = BooleanField()

    def __init__(self, sql: str, values: list[Any]) -> None:
        super().__init__(*_COLUMNS)
        self.sql, self.values = sql, values

    def as_sql(self, compiler: SQLCompiler, *_: Any, **__: Any) -> tuple[str, tuple[Any, ...]]:
        """The columns of whatever the query calls the table."""
        columns = [compiler.compile(each)[0] for each in self.source_expressions]
        return self.sql.format(**dict(zip(_COLUMNS, columns, strict=True))), tuple(self.values)


_COLUMNS = ("id", "kind", "place", "reach", "confidentiality")
RULED = {name: f"m.{name}" for name in _COLUMNS}
_HELD = (
    "(r.unit_id = %s or r.post_id = %s or r.account_id = %s) and r.since <= %s and (r.until is null or r.until > %s)"
)
_PLACED = "{kind} = any(%s) and {reach} >= %s and {confidentiality} <> 'sealed'"
_KINDS = f"array(select r.kind from relation r where r.matter_id = {{id}} and {_HELD})"  # noqa: S608 - our own words
_BARRED = "not exists (select 1 from exclusion x where x.matter_id = {id} and x.account_id = %s)"


def rule(by: Acting, to: str = READ, *, kind: str | None = None) -> tuple[str, list[Any]]:
    """The rule of `matters_for` as SQL with its values, for a post; `{id}` and the like stand for columns (`RULED`).

    Building a query costs ten times its answer: the lists that every page asks are written by hand around this.
    """
    if kind is None and to != READ:
        raise ValueError(f"Name the kind for which {to!r} is asked.")
    scope, wanted = scope_of(by), words_for(kind or "", to)
    if isinstance(by, SystemPost):
        return ("true" if wanted is None or by.word in wanted else "false"), []
    if scope.account is None:
        return "false", []
    held: str = _HELD
    values = _whose(scope)
    if wanted is not None:
        held, values = f"{held} and r.kind = any(%s)", [*values, sorted(wanted)]
    by_place = [
        each
        for each in scope.kinds
        if (kind is None or each == kind) and (wanted is None or domain.get(each).place_rights[by.role] in wanted)
    ]
    if by_place and scope.ranges:
        inside = " or ".join(["{place} >= %s and {place} < %s"] * len(scope.ranges))
        related = f"exists (select 1 from relation r where r.matter_id = {{id}} and {held})"  # noqa: S608 - our own words
        sql = f"(({inside}) and {_PLACED} or {related})"
        values = [*(end for code in scope.ranges for end in (code, code + "~")), by_place, scope.depth, *values]
    else:
        sql = f"{{id}} in (select r.matter_id from relation r where {held})"  # noqa: S608
    return f"({sql} and {_BARRED})", [*values, scope.account]


def words(by: Acting, matter: Matter) -> frozenset[str]:
    """In which words this post stands to this matter; empty when it may not know that it exists."""
    scope = scope_of(by)
    if isinstance(by, SystemPost) or scope.account is None:
        return _standing(by, scope, matter, ())
    sql = f"select {_KINDS}, {_BARRED}".format(id="%s")
    held, free = storing.ask(sql, [matter.pk, *_whose(scope), matter.pk, scope.account])[0]
    return _standing(by, scope, matter, held) if free else frozenset()


def locking(by: Acting, *, kind: str, number: str) -> storing.Statement:
    """Locks the matter of that number and tells the words held: `matters_for` and `words` in one prepared question.

    The policies leave out what is hidden or excluded. Ask it inside `acting_as(by)`.
    """
    columns = storing.columns(Matter, "m")
    sql = f"select {columns}, {_KINDS} from matter m where m.kind = %s and m.number = %s for no key update of m"  # noqa: S608
    return sql.format(**RULED), [*_whose(scope_of(by)), kind, number]


def locked(by: Acting, to: str, kind: str, rows: storing.Rows) -> Matter | None:
    """The matter that `locking` found, if `by` may do `to` on it: the words held decide as in `may`."""
    if not rows:
        return None
    matter = storing.made(Matter, rows[0][:-1])
    held, wanted = _standing(by, scope_of(by), matter, rows[0][-1]), words_for(kind, to)
    return matter if (wanted is None and held) or held & (wanted or frozenset()) else None


def _whose(scope: Scope) -> list[Any]:
    moment = now()
    return [scope.unit, scope.post, scope.account, moment, moment]


def _standing(by: Acting, scope: Scope, matter: Matter, held: Iterable[str]) -> frozenset[str]:
    if isinstance(by, SystemPost):
        return frozenset({by.word})
    placed = [domain.get(matter.kind).place_rights[by.role]] if _in_range(scope, matter) else []
    return frozenset([*held, *placed])


def _in_range(scope: Scope, matter: Matter) -> bool:
    return (
        matter.kind in scope.kinds
        and matter.confidentiality != "sealed"
        and matter.reach >= scope.depth
        and any(matter.place_id.startswith(code) for code in scope.ranges)
    )


def may(by: Acting, to: str, matter: Matter) -> bool:
    """The same rule as `matters_for`, on one row. A property test holds the two equal."""
    held = words(by, matter)
    if to == READ:
        return bool(held)
    return bool(held & (words_for(matter.kind, to) or frozenset()))
