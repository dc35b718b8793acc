"""What a domain declares. One frozen `Domain`, registered once, checked when it is registered.

The declaration is data: kernel tests walk it, the state picture is drawn from it, the API describes it, and
`access` reads from it who may do what. A domain's own code hangs on it by named functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django import forms
    from django_stubs_ext import StrOrPromise

    from fengqiao.kernel.docket import Docket
    from fengqiao.kernel.intake import Receipt
    from fengqiao.kernel.models import Matter

Do = Callable[..., None]
Guard = Callable[["Docket", "Matter"], "StrOrPromise | None"]

STAYS = ()
OPEN = ("*",)
STAGES = ("new", "working", "answer", "calling", "closing")


class Misdeclared(Exception):
    """A declaration that contradicts itself; the program does not start with it."""


@dataclass(frozen=True, slots=True)
class State:
    """Where a matter can be. `clock` names the limit at work in it; else `no_clock` says why there is none."""

    key: str
    label: StrOrPromise
    told: StrOrPromise
    clock: str = ""
    no_clock: str = ""
    step: int = 0
    final: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """An action: from which states, to which (empty: the state stays), by which relation, with which form.

    `by` holds words of `Relation.kind`, of the domain's `place_rights`, or `party` (the person, through the
    portal) and `system`. `why` says in one sentence why the move exists; `law` the rule it rests on. `many` says that
    one form may do for several matters at once.
    """

    key: str
    label: StrOrPromise
    frm: tuple[str, ...]
    to: tuple[str, ...]
    by: tuple[str, ...]
    do: Do
    why: str
    form: type[forms.Form] | None = None
    law: str = ""
    starts: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    guard: Guard | None = None
    rank: int = 5
    quiet: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True)
class TaskKind:
    """A kind of task: what it asks for, as a verb, and the one of `STAGES` in which a worklist shows it."""

    key: str
    label: StrOrPromise
    stage: str


@dataclass(frozen=True, slots=True)
class Opens:
    """What a relation opens: which visibilities of texts, and whether the person's identity may be revealed."""

    texts: frozenset[str] = frozenset({"public", "parties", "staff"})
    identity: bool = True


@dataclass(frozen=True, slots=True)
class Keep:
    """How long a closed matter is kept, and on what ground (SPEC 10.6)."""

    years: int
    because: str


@dataclass(frozen=True, slots=True)
class Domain:
    """One kind of matter. Its fields stand in the order in which a reader should meet them."""

    key: str
    label: StrOrPromise
    intake: type[forms.Form]
    admit: Callable[[Docket, Matter, Receipt], None]
    states: tuple[State, ...]
    moves: tuple[Move, ...]
    task_kinds: tuple[TaskKind, ...]
    start: str
    first_reading: Callable[[Receipt], Receipt] | None = None
    place_rights: Mapping[str, str] = field(default_factory=dict)
    opens: Mapping[str, Opens] = field(default_factory=dict)
    categories: str = ""
    keep: Keep = field(default_factory=lambda: Keep(2, "SPEC 10.6"))
    measures: tuple[Any, ...] = ()
    record: str = ""

    def state(self, key: str) -> State:
        """The state of that key. Raises KeyError."""
        return _STATES[self.key][key]

    def move(self, key: str) -> Move:
        """The action of that key. Raises KeyError."""
        return _MOVES[self.key][key]

    def task_kind(self, key: str) -> TaskKind:
        """The kind of task of that key. Raises KeyError."""
        return {task.key: task for task in self.task_kinds}[key]

    def leaving(self, state: str) -> Iterator[Move]:
        """The moves that may be asked for in that state."""
        final = self.state(state).final
        for move in self.moves:
            if state in move.frm or (move.frm == OPEN and not final):
                yield move


_DOMAINS: dict[str, Domain] = {}
_STATES: dict[str, dict[str, State]] = {}
_MOVES: dict[str, dict[str, Move]] = {}


def register(domain: Domain) -> Domain:
    """Take a declaration in. Raises Misdeclared with every fault found, one a line."""
    if domain.key in _DOMAINS:
        raise Misdeclared(f"Domain {domain.key!r} is registered twice.")
    faults = list(_faults(domain))
    if faults:
        raise Misdeclared(f"Domain {domain.key!r}:\n" + "\n".join(f"  {fault}" for fault in faults))
    _DOMAINS[domain.key] = domain
    _STATES[domain.key] = {state.key: state for state in domain.states}
    _MOVES[domain.key] = {move.key: move for move in domain.moves}
    return domain


def get(kind: str) -> Domain:
    """The domain of that kind. Raises KeyError."""
    return _DOMAINS[kind]


def every() -> tuple[Domain, ...]:
    """All registered domains, in order of registration."""
    return tuple(_DOMAINS.values())


def kinds_by_place(role: str) -> tuple[str, ...]:
    """The kinds that a place range opens for that role (RULINGS, the settled list)."""
    return tuple(domain.key for domain in _DOMAINS.values() if role in domain.place_rights)


def _faults(domain: Domain) -> Iterator[str]:
    keys = [state.key for state in domain.states]
    for what, found in (("state", domain.states), ("move", domain.moves), ("task", domain.task_kinds)):
        yield from (f"{what} {key} is declared twice" for key in _twice(each.key for each in found))
    yield from (f"task {task.key} stands in no stage" for task in domain.task_kinds if task.stage not in STAGES)
    if domain.start not in keys:
        yield f"starts in {domain.start}, which is no state"
    for move in domain.moves:
        unknown = [key for key in (*move.frm, *move.to) if key != "*" and key not in keys]
        yield from (f"move {move.key} names the unknown state {key}" for key in unknown)
        if not move.by or not move.why:
            yield f"move {move.key} does not name who and why"
    reached = _reachable(domain)
    for state in domain.states:
        if state.key not in reached:
            yield f"state {state.key} cannot be reached"
        if state.final:
            continue
        if not any(state.key in move.frm or move.frm == OPEN for move in domain.moves if move.to):
            yield f"state {state.key} has no way out"
        if bool(state.clock) == bool(state.no_clock):
            yield f"state {state.key} needs a clock or a reason for none, and not both"


def _twice(keys: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    return {key for key in keys if key in seen or seen.add(key)}  # type: ignore[func-returns-value]


def _reachable(domain: Domain) -> set[str]:
    final = {state.key for state in domain.states if state.final}
    reached, waiting = {domain.start}, [domain.start]
    while waiting:
        here = waiting.pop()
        for move in domain.moves:
            if here in move.frm or (move.frm == OPEN and here not in final):
                fresh = set(move.to) - reached
                reached |= fresh
                waiting.extend(fresh)
    return reached
