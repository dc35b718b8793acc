"""What loading a register of places would change, told before anything is loaded (BLUEPRINT 2 Place).

A place is never deleted: it ends on a day and names its successor where one is known.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from fengqiao.offices.register.places_file import PlaceRow, Problem, lost_successors, validate

Pair = tuple[PlaceRow, PlaceRow]


@dataclass(frozen=True, slots=True)
class Plan:
    """What would change. Pairs are (old, new). `rows` is the whole register afterwards, sorted by code.

    `moved` are places that go on under another code, and are in no other list; `changed` are those whose
    other columns differ. Nothing is to be loaded while there are `problems`.
    """

    added: tuple[PlaceRow, ...]
    renamed: tuple[Pair, ...]
    ended: tuple[PlaceRow, ...]
    moved: tuple[Pair, ...]
    changed: tuple[Pair, ...]
    unchanged: tuple[PlaceRow, ...]
    problems: tuple[Problem, ...]
    rows: tuple[PlaceRow, ...]

    def counts(self) -> dict[str, int]:
        """The size of each list, for the report."""
        lists = ("added", "renamed", "ended", "moved", "changed", "unchanged", "problems")
        return {name: len(getattr(self, name)) for name in lists}


def is_demo_place(code: str) -> bool:
    """Whether a code lies in the invented range, 9xx under a city (engineering rulings, settled)."""
    return code[6:7] == "9"


def plan(old_rows: Sequence[PlaceRow], new_rows: Sequence[PlaceRow], *, on: date) -> Plan:
    """Compare the register `old_rows` with a file; what is absent from the file ends on the day `on`.

    A file speaks only of the places whose brothers it lists: a list of one town's villages ends nothing in
    another town, and a real register ends nothing in the invented range. What the file leaves out about a
    place (beginning, successor, former names, source) is kept.
    """
    old = {row.code: row for row in old_rows}
    new = {row.code: row for row in new_rows}
    gone = _gone(old_rows, new)
    added = [row for code, row in new.items() if code not in old]
    moved = _moved(gone, added)
    to = {before.code: after.code for before, after in moved}
    ended = [replace(row, valid_to=on, successor=row.successor or to.get(row.code, "")) for row in gone]
    kept = [(old[code], _keep(old[code], row)) for code, row in new.items() if code in old]
    after = {**old, **{row.code: row for row in ended}, **dict(_by_code(b for _, b in kept))}
    after |= dict(_by_code(added))
    arrived = {row.code for _, row in moved}
    closed = [b for a, b in kept if a.valid_to is None and b.valid_to is not None]
    still = [(a, b) for a, b in kept if a.valid_to is not None or b.valid_to is None]
    return Plan(
        added=tuple(row for row in added if row.code not in arrived),
        renamed=tuple((a, b) for a, b in still if a.name != b.name),
        ended=tuple([row for row in ended if row.code not in to] + closed),
        moved=tuple(moved),
        changed=tuple((a, b) for a, b in still if a != b and a.name == b.name),
        unchanged=tuple(b for a, b in still if a == b),
        problems=(*validate(new_rows, old), *lost_successors(after.values())),
        rows=tuple(sorted(after.values(), key=lambda row: row.code)),
    )


def _by_code(rows: Iterable[PlaceRow]) -> Iterable[tuple[str, PlaceRow]]:
    return ((row.code, row) for row in rows)


def _gone(old_rows: Sequence[PlaceRow], new: Mapping[str, PlaceRow]) -> list[PlaceRow]:
    """Places in force whose brothers the file lists and they themselves are not; with all beneath them."""
    listed = {row.parent for row in new.values() if row.parent}
    invented = any(map(is_demo_place, new))
    gone: dict[str, PlaceRow] = {}
    for row in sorted(old_rows, key=lambda row: len(row.code)):
        if row.code in new or row.valid_to is not None or (is_demo_place(row.code) and not invented):
            continue
        if row.parent in gone or (row.parent in listed and is_demo_place(row.code) == invented):
            gone[row.code] = row
    return list(gone.values())


def _moved(gone: Sequence[PlaceRow], added: Sequence[PlaceRow]) -> list[Pair]:
    """Places that go on under another code: named as successor, else the only one of that level and name."""
    by_code = dict(_by_code(added))
    arrivals: dict[tuple[str, str], list[PlaceRow]] = {}
    for row in added:
        arrivals.setdefault((row.level, row.name), []).append(row)
    leaving = Counter((row.level, row.name) for row in gone)
    pairs = []
    for row in gone:
        same = arrivals.get((row.level, row.name), [])
        named = by_code.get(row.successor)
        if named is not None and named.name == row.name:
            pairs.append((row, named))
        elif not row.successor and len(same) == 1 and leaving[row.level, row.name] == 1:
            pairs.append((row, same[0]))
    return pairs


def _keep(old: PlaceRow, new: PlaceRow) -> PlaceRow:
    """The new row with what only the old one knows."""
    names = (*old.aliases, *((old.name,) if old.name != new.name else ()), *new.aliases)
    return replace(
        new,
        valid_from=new.valid_from or old.valid_from,
        successor=new.successor or old.successor,
        aliases=tuple(dict.fromkeys(name for name in names if name != new.name)),
        source=new.source or old.source,
    )
