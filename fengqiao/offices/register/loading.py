"""Loading a register of places: what it would change is told first, then stored in one transaction (SPEC 7.1).

Nothing is deleted: a place ends on a day and names its successor; units follow places that got another code, and
the ranges of units take in what their places absorbed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from fengqiao.ground.refusals import Invalid, Refused
from fengqiao.kernel import access, journal, places, remembered
from fengqiao.kernel.models import Matter, Place, Unit
from fengqiao.kernel.now import today
from fengqiao.kernel.people import KEEPER
from fengqiao.offices.register import places_file, places_plan
from fengqiao.offices.register.places_file import PlaceRow

LOCK = 0x706C6163  # one load of places at a time
_COLUMNS = ("name", "level", "parent_id", "valid_from", "valid_to", "successor_id", "aliases", "demo")


@dataclass(frozen=True, slots=True)
class Report:
    """What a load changes: the plan, and what hangs on the places that end or move.

    `units` and `matters` count, by place code, the open units and open matters there; `retied` names the units
    whose place or ranges change, and is filled by `commit`.
    """

    plan: places_plan.Plan
    units: Mapping[str, int]
    matters: Mapping[str, int]
    retied: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether anything would be stored."""
        plan = self.plan
        return bool(plan.added or plan.renamed or plan.ended or plan.moved or plan.changed)

    def as_json(self) -> dict[str, Any]:
        """Counts, and each change in one short line of codes and names."""
        plan = self.plan
        pairs = {
            name: [[old.code, old.name, new.code, new.name] for old, new in getattr(plan, name)]
            for name in ("renamed", "moved", "changed")
        }
        return {
            "counts": plan.counts(),
            "added": [[row.code, row.name] for row in plan.added],
            "ended": [[row.code, row.name, row.successor] for row in plan.ended],
            **pairs,
            "problems": [str(problem) for problem in plan.problems],
            "units": dict(self.units),
            "matters": dict(self.matters),
            "retied": list(self.retied),
        }


def load_reference() -> None:
    """Put the register that comes with the program into a database without any place. Else do nothing."""
    if Place.objects.exists():
        return
    Place.objects.bulk_create(_place(row) for row in places_file.shipped("zhuji"))
    remembered.forget()


def examine(rows: Sequence[PlaceRow], *, on: date | None = None) -> Report:
    """What loading these rows would change, on the day `on` (today). Reads only."""
    on = on or today()
    register = _register()
    plan = places_plan.plan(register, [replace(row, source="") for row in rows], on=on)
    plan = _with_orphans_ended(_with_other_city_ended(plan, register, on))
    touched = [row.code for row in plan.ended] + [old.code for old, _new in plan.moved]
    with access.acting_as(KEEPER):
        units = Unit.objects.filter(place__in=touched, closed_at=None).values_list("place").annotate(Count("pk"))
        matters = Matter.objects.filter(place__in=touched, closed_at=None).values_list("place").annotate(Count("pk"))
        return Report(plan, dict(units), dict(matters))


def commit(rows: Sequence[PlaceRow], *, by: access.Acting = KEEPER, name: str = "", on: date | None = None) -> Report:
    """Store what `examine` tells, with one line in the journal. A register that is here already changes nothing.

    Raises Invalid with every problem of the file, Refused `other_city` when this installation has matters already
    and the file is of another city.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [LOCK])
        report = examine(rows, on=on)
        _refuse(report)
        if not report.changes:
            return report
        _store(report.plan.rows)
        retied = _retie(report.plan)
        sources = sorted({row.source for row in rows if row.source})
        journal.note(
            by,
            "config",
            "places.loaded",
            data={"file": name, "sources": sources, "retied": len(retied), **report.plan.counts()},
        )
        remembered.forget()
        transaction.on_commit(remembered.forget)  # another thread may have looked meanwhile
        return replace(report, retied=tuple(retied))


def _register() -> list[PlaceRow]:
    return [
        PlaceRow(
            code=place.code,
            name=place.name,
            level=place.level,
            parent=place.parent_id or "",
            valid_from=place.valid_from,
            valid_to=place.valid_to,
            successor=place.successor_id or "",
            aliases=tuple(place.aliases),
        )
        for place in Place.objects.order_by("code")
    ]


def _with_other_city_ended(plan: places_plan.Plan, register: Sequence[PlaceRow], on: date) -> places_plan.Plan:
    """A city is a deployment: with the register of another city, the one that was here ends as a whole."""
    left = {row.code for row in register if row.level == "city" and row.valid_to is None}
    arrived = {row.code for row in plan.rows if row.level == "city" and row.valid_to is None} - left
    if not arrived or not left:
        return plan
    gone = [row for row in register if row.valid_to is None and row.code[:6] in left]
    ended = [replace(row, valid_to=on) for row in gone]
    codes = {row.code for row in ended}
    rows = sorted([*ended, *(row for row in plan.rows if row.code not in codes)], key=lambda row: row.code)
    kept = tuple(row for row in plan.ended if row.code not in codes)
    return replace(plan, ended=(*kept, *ended), rows=tuple(rows))


def _with_orphans_ended(plan: places_plan.Plan) -> places_plan.Plan:
    """What lies in a place that ends, ends with it, or goes on under its successor where that lists the same name."""
    rows = {row.code: row for row in plan.rows}
    heirs = {(row.parent, row.name): row for row in plan.added}
    ended, moved = [], []
    for row in sorted(plan.rows, key=lambda row: len(row.code)):
        above = rows.get(row.parent)
        if row.valid_to is not None or above is None or above.valid_to is None:
            continue
        heir = heirs.get((above.successor, row.name))
        rows[row.code] = replace(row, valid_to=above.valid_to, successor=heir.code if heir else row.successor)
        if heir:
            moved.append((row, heir))
        else:
            ended.append(rows[row.code])
    if not ended and not moved:
        return plan
    arrived = {new.code for _old, new in moved}
    return replace(
        plan,
        added=tuple(row for row in plan.added if row.code not in arrived),
        ended=(*plan.ended, *ended),
        moved=(*plan.moved, *moved),
        unchanged=tuple(row for row in plan.unchanged if rows[row.code].valid_to is None),
        rows=tuple(rows[code] for code in sorted(rows)),
    )


def _refuse(report: Report) -> None:
    if report.plan.problems:
        errors = [{"pointer": f"/{each.code}", "detail": str(each)} for each in report.plan.problems]
        raise Invalid(errors, _("This register cannot be loaded: it contradicts itself. Nothing was changed."))
    if not any(row.level == "city" for row in report.plan.ended):
        return
    with access.acting_as(KEEPER):
        if Matter.objects.exists():
            raise Refused(
                "other_city",
                _("This register is of another city, and there are matters of this one. Load it into an empty system."),
            )


def _place(row: PlaceRow) -> Place:
    return Place(
        code=row.code,
        name=row.name,
        level=row.level,
        parent_id=row.parent or None,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        successor_id=row.successor or None,
        aliases=list(row.aliases),
        demo=places_plan.is_demo_place(row.code),
    )


def _store(rows: Iterable[PlaceRow]) -> None:
    here = Place.objects.in_bulk()
    wanted = [_place(row) for row in rows]
    Place.objects.bulk_create(place for place in wanted if place.code not in here)
    columns = {place.code: _differing(place, here[place.code]) for place in wanted if place.code in here}
    changed = [place for place in wanted if columns.get(place.code)]
    if changed:
        Place.objects.bulk_update(changed, sorted(set().union(*columns.values())), batch_size=500)


def _differing(one: Place, other: Place) -> set[str]:
    return {column for column in _COLUMNS if getattr(one, column) != getattr(other, column)}


def _retie(plan: places_plan.Plan) -> list[str]:
    """Units of a moved place go with it; units of whatever absorbed a place answer for its codes too."""
    moved = {old.code: new.code for old, new in plan.moved}
    for unit in Unit.objects.filter(place__in=moved):
        unit.place_id = moved[unit.place_id]
        unit.save(update_fields=["place"])
    successor = {row.code: row.successor for row in plan.rows if row.successor}
    heirs: set[str] = set()
    for row in (*plan.ended, *(old for old, _new in plan.moved), *(new for _old, new in plan.changed)):
        code = row.code
        while (code := successor.get(code, "")) and code not in heirs:
            heirs.add(code)
    units = list(Unit.objects.filter(place__in=heirs).select_related("place").order_by("pk"))
    before = {unit.pk: list(unit.ranges) for unit in units}
    places.retie(units)
    return [unit.key for unit in units if unit.ranges != before[unit.pk]]


__all__ = ["Report", "commit", "examine", "load_reference"]
