"""Prove the journal: every chain recomputed, compared with its end, and held against the anchors (ruling 7).

A chain alone shows that a row was changed, removed or inserted. The anchors, roots sealed every ten minutes into files
outside the database, show that an end was cut off, that a whole matter is gone, or that a chain was written anew.
"""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import psycopg
from django.conf import settings
from django.db import connection, transaction

from fengqiao.ground import durable, numbers
from fengqiao.kernel import journal, keys, storing
from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.kernel.now import now, today

KEEPER = SystemPost("keeper")
SEALED = "anchor.sealed"
CHUNK = 500  # some 200 kB, what waits in a socket
TOLD_EVERY = 50_000
BEGINNING = re.compile(rb'\{"number":(\d+),"at":"([^"]+)","below":(\d+),')  # of an anchor, as `seal_root` writes it

# Instants come as `journal.canonical` writes them: reading them as datetimes would take a third of the time.
_UTC = """to_char({} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00'"""
EVENTS = (
    "select opened_year, stream, seq, matter_id::text as matter_id, kind,"  # noqa: S608 - constants alone
    f" {_UTC.format('happened_at')}, {_UTC.format('recorded_at')}, actor, post_id,"
    " account_id, unit_id, visibility, law, data::text as data, prev, mac, key_id from event"
)
ENDS = (
    'select opened_year, stream, seq, head, number from (select opened_year, id::text collate "C" as stream,'
    " version as seq, head, number from matter union all"
    " select opened_year, stream, seq, head, '' from chain) ends"
)


class Row(NamedTuple):
    """One stored event, as `journal.canonical` reads it."""

    opened_year: int
    stream: str
    seq: int
    matter_id: str | None
    kind: str
    happened_at: str
    recorded_at: str
    actor: str
    post_id: int | None
    account_id: int | None
    unit_id: int | None
    visibility: str
    law: str
    data: str
    prev: bytes
    mac: bytes
    key_id: str


class End(NamedTuple):
    """Where a stream ends, by the row of its matter or by its row in `chain`."""

    opened_year: int
    stream: str
    seq: int
    head: bytes
    number: str


class Head(NamedTuple):
    """The end of a stream as a root sealed it."""

    seq: int
    mac: bytes
    number: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The first broken link of one stream.

    `what`: `changed`, `removed`, `inserted` (a row of the journal) · `cut` (its end is missing) · `head` (the matter's
    row disagrees with its journal) · `orphan` (the journal is here, the matter is not) · `gone` (the whole stream) ·
    `rewritten` (chained well, but not as anchored) · `unknown_key` · `root_changed`, `root_missing` (an anchor file;
    `seq` is the root's number).
    """

    stream: str
    number: str
    seq: int
    what: str


@dataclass(slots=True)
class Report:
    """What `verify` found. `root` and `at` name the last anchor; `newer` events are chained and not yet anchored.

    `restored` are the restores on record: number of their root, `at`, `set`, `until`, and
    the roots that they made void.
    """

    events: int = 0
    streams: int = 0
    root: int = 0
    at: datetime | None = None
    newer: int = 0
    broken: list[Broken] = field(default_factory=list)
    restored: list[dict[str, Any]] = field(default_factory=list)

    @property
    def verified(self) -> bool:
        return not self.broken


class Anchors:
    """The sealed roots of a folder, read in order: the last head of each stream, and what is wrong with the files."""

    def __init__(self, folder: Path) -> None:
        self.heads: dict[str, Head] = {}
        self.roots: dict[int, str] = {}
        self.broken: list[Broken] = []
        self.restored: list[dict[str, Any]] = []
        self.last: dict[str, Any] = {"number": 0, "root": "", "below": 0, "matters": 0, "at": None}
        for path in sorted(folder.glob("root-*.json")):
            self._read(path)

    def _read(self, path: Path) -> None:
        body = _parsed(path)
        expected = self.last["number"] + 1
        if body is None or path.name != file_name(body["number"]) or _root(body) != body["root"]:
            self.broken.append(Broken("anchors", "", expected, "root_changed"))
            return
        if body["number"] != expected or body["previous"] != self.last["root"]:
            self.broken.append(Broken("anchors", "", expected, "root_missing"))
        if "restored" in body:  # sealed by `fengqiao restore` over every head: what was sealed before is no measure
            self.heads.clear()
            self.restored.append({"number": body["number"], **body["restored"]})
        for stream, seq, mac, number in body.pop("heads"):
            self.heads[stream] = Head(seq, bytes.fromhex(mac), number)
        self.roots[body["number"]] = body["root"]
        self.last = body


def verify(folder: Path | None = None, *, number: str = "", progress: Callable[[int], None] | None = None) -> Report:
    """Recompute every chain (or that of the matter `number`, in its stored form) and compare it with the anchors.

    Reads with server-side cursors in one snapshot; memory grows with the number of streams, not of events.
    `progress` is told the count of events now and then. An unknown number gives a report without streams.
    """
    anchors = Anchors(folder or Path(str(settings.FENGQIAO_ANCHORS)))
    report = Report(root=anchors.last["number"], broken=list(anchors.broken), restored=anchors.restored)
    report.at = datetime.fromisoformat(anchors.last["at"]) if anchors.last["at"] else None
    with _snapshot():
        only = _stream_of(number, anchors) if number else None
        if not number:
            _walk(report, dict(anchors.heads), anchors, _events(), _ends(), progress)
        elif only:
            year = numbers.parse(number).year
            waiting = {only: anchors.heads[only]} if only in anchors.heads else {}
            _walk(report, waiting, anchors, _events(only, year), _ends(only), progress)
    return report


@contextmanager
def _snapshot() -> Iterator[None]:
    """The keeper's view of one moment, so that matters and events read one after the other agree."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read, read only")
        with acting_as(KEEPER), storing.streaming():
            yield


def _stream_of(number: str, anchors: Anchors) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("select id::text from matter where number = %s", [number])
        row = cursor.fetchone()
    return row[0] if row else next((stream for stream, head in anchors.heads.items() if head.number == number), None)


def _walk(
    report: Report,
    waiting: dict[str, Head],
    anchors: Anchors,
    events: Iterator[Row],
    ends: Iterator[End],
    progress: Callable[[int], None] | None,
) -> None:
    told, known = TOLD_EVERY, {key.id: key for key in keys.all_of("journal")}
    for stream, rows, end in _side_by_side(events, ends):
        report.streams += 1
        report.events += len(rows)
        head = waiting.pop(stream, None)
        report.newer += max(0, len(rows) - (head.seq if head else 0))
        found = _first_break(rows, end, head, known)
        if found:
            seq, what = found
            report.broken.append(Broken(stream, end.number if end else head.number if head else "", seq, what))
        report.broken += _roots_told(rows, anchors)
        if progress and report.events >= told:
            progress(report.events)
            told = report.events + TOLD_EVERY
    report.broken += (Broken(stream, head.number, 1, "gone") for stream, head in waiting.items())


def _side_by_side(events: Iterable[Row], ends: Iterator[End]) -> Iterator[tuple[str, list[Row], End | None]]:
    """Each stream once, with its rows and its end; either may be missing. Both come in the order (year, stream)."""
    end = next(ends, None)
    for where, group in groupby(events, key=lambda row: row[:2]):
        while end is not None and end[:2] < where:
            yield end.stream, [], end
            end = next(ends, None)
        if end is not None and end[:2] == where:
            yield end.stream, list(group), end
            end = next(ends, None)
        else:
            yield where[1], list(group), None
    while end is not None:
        yield end.stream, [], end
        end = next(ends, None)


def _first_break(
    rows: list[Row], end: End | None, anchored: Head | None, known: dict[str, keys.Key]
) -> tuple[int, str] | None:
    """(seq, what) of the first link that does not hold, or None."""
    running = journal.START
    for place, row in enumerate(rows):
        if row.seq != place + 1:
            return place + 1, "removed"
        if row.key_id not in known:
            return row.seq, "unknown_key"
        after = rows[place + 1] if place + 1 < len(rows) else None
        what = _wrong(row, running, after, end, known[row.key_id])
        if what:
            return row.seq, what
        running = row.mac
        if anchored and anchored.seq == row.seq and anchored.mac != row.mac:
            return row.seq, "rewritten"
    last = len(rows)
    if end is None:
        return last, "orphan"
    if end.seq > last or (anchored and anchored.seq > last):
        return last + 1, "cut"
    return (last, "head") if (end.seq, end.head) != (last, running) else None


def _wrong(row: Row, running: bytes, after: Row | None, end: End | None, key: keys.Key) -> str:
    """Why this row does not follow the MAC `running`; empty when it does."""
    if hmac.compare_digest(journal.mac(row, running, key), row.mac):
        return "" if row.prev == running else "changed"
    if (after is not None and after.prev == running) or (end is not None and row.seq > end.seq):
        return "inserted"
    return "changed" if row.prev == running else "removed"


def _roots_told(rows: list[Row], anchors: Anchors) -> Iterator[Broken]:
    """The journal names each sealed root: an anchor file that was taken away since is missed here."""
    for row in rows:
        if row.kind == SEALED:
            told = orjson.loads(row.data)
            if anchors.roots.get(told["root"]) != told["value"]:
                yield Broken("anchors", "", told["root"], "root_missing")


def _events(only: str = "", year: int = 0) -> Iterator[Row]:
    where, params = (" where opened_year = %s and stream = %s", [year, only]) if only else ("", [])
    return map(Row._make, _chunks("events", f"{EVENTS}{where} order by opened_year, stream, seq", params))


def _ends(only: str = "") -> Iterator[End]:
    where = " where stream = %s" if only else ""
    return map(End._make, _chunks("ends", f"{ENDS}{where} order by opened_year, stream", [only] if only else []))


def _chunks(name: str, query: str, params: list[Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, inside `storing.streaming`: the next chunk is asked for before one is worked on, so that the
    database makes it meanwhile.
    """
    declared = psycopg.ClientCursor(connection.connection).mogrify(query, params)  # it takes no parameters
    storing.send([(f"declare {name} no scroll cursor for {declared}", [])])
    chunk = f"fetch {CHUNK} from {name}"
    coming = storing.ask_later(chunk, [])
    while True:
        this, coming = coming, storing.ask_later(chunk, [])
        rows = this()
        if not rows:
            break
        yield from rows
    storing.send([(f"close {name}", [])])


# Anchors -------------------------------------------------------------------------------------------------------------


def seal_root(folder: Path | None = None, *, restored: dict[str, Any] | None = None) -> int:
    """Seal the heads that changed since the last root into a new file; the root's number, or 0 when a twin was faster.

    Called by the worker every ten minutes. A transaction still under way is left to the next root: only events below
    the snapshot's horizon are taken. The file is on disk (fsync) before the journal says so. `restored` says what was
    restored: such a root holds all heads, and the roots before it no longer bind.
    """
    folder = folder or Path(str(settings.FENGQIAO_ANCHORS))
    last = _last_root(folder)
    with acting_as(KEEPER):
        horizon, matters = _horizon()
        whole = last is None or last["below"] > horizon or restored is not None
        heads = _all_heads() if last is None or whole else _changed_heads(last["below"], horizon)
    body: dict[str, Any] = {
        "number": last["number"] + 1 if last else 1,
        "at": now().astimezone(UTC).isoformat(timespec="seconds"),
        "below": horizon,
        "matters": matters,
        "previous": last["root"] if last else "",
        "heads": heads,
        "key": keys.current("journal").id,
    }
    if restored is not None:
        body["restored"] = restored
    body["root"] = _root(body)
    if not _write(folder, body):
        return 0
    with acting_as(KEEPER):
        journal.note(KEEPER, "config", SEALED, data={"root": body["number"], "value": body["root"]})
    return int(body["number"])


def last_number(folder: Path) -> int:
    """The number of the newest root in a folder; 0 when there is none."""
    newest = _newest(folder)
    return int(newest.stem.removeprefix("root-")) if newest else 0


def last_sealed(folder: Path) -> tuple[int, int, datetime | None]:
    """Number, horizon (`below`) and time of the newest root, as its file begins, not verified; zeros without one.

    For watching: a root may hold the heads of a whole city, so only its first bytes are read. Raises OSError.
    """
    newest = _newest(folder)
    if newest is None:
        return 0, 0, None
    with newest.open("rb") as file:
        found = BEGINNING.match(file.read(200))
    return (int(found[1]), int(found[3]), datetime.fromisoformat(found[2].decode())) if found else (0, 0, None)


def _newest(folder: Path) -> Path | None:
    return max(folder.glob("root-*.json"), default=None)


def file_name(number: int) -> str:
    """`root-000000042.json`."""
    return f"root-{number:09d}.json"


def _horizon() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint, (select count(*) from matter)")
        horizon, matters = cursor.fetchone()
    return horizon, matters


def _changed_heads(since: int, below: int) -> list[list[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct on (e.opened_year, e.stream) e.stream, e.seq, encode(e.mac, 'hex'), coalesce(m.number, '')"
            " from event e left join matter m on m.id = e.matter_id and m.id::text = e.stream"
            " where e.xid >= %s::text::xid8 and e.xid < %s::text::xid8 order by e.opened_year, e.stream, e.seq desc",
            [since, below],
        )
        return [list(row) for row in cursor.fetchall()]


def _all_heads() -> list[list[Any]]:
    with storing.streaming():
        return [[end.stream, end.seq, end.head.hex(), end.number] for end in _ends()]


def _root(body: dict[str, Any]) -> str:
    """HMAC-SHA256 of the file's content without the root itself, hex; empty when its key is not here."""
    try:
        key = keys.by_id("journal", body["key"])
    except keys.KeyMissing:
        return ""
    content = {name: value for name, value in body.items() if name != "root"}
    return hmac.digest(key.secret, orjson.dumps(content, option=orjson.OPT_SORT_KEYS), "sha256").hex()


def _parsed(path: Path) -> dict[str, Any] | None:
    try:
        body = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    wanted = {"number", "at", "below", "matters", "previous", "heads", "key", "root"}
    return body if isinstance(body, dict) and wanted <= set(body) else None


def _last_root(folder: Path) -> dict[str, Any] | None:
    paths = sorted(folder.glob("root-*.json"))
    if not paths:
        return None
    body = _parsed(paths[-1])
    if body is None or _root(body) != body["root"]:
        raise AnchorDamaged(f"The anchor {paths[-1].name} was changed; no root is sealed after it. Run `audit verify`.")
    return body


class AnchorDamaged(RuntimeError):
    """The last anchor does not hold, so nothing may be hung on it."""


def _write(folder: Path, body: dict[str, Any]) -> bool:
    """Beside first, then linked under its name, which refuses a second file of that number."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / file_name(body["number"])
    part = folder / f".{target.name}.{os.getpid()}"
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(orjson.dumps(body) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(part, target)
    except FileExistsError:
        return False
    finally:
        part.unlink(missing_ok=True)
    durable.sync_folder(folder)
    return True


def years_ahead() -> list[str]:
    """For `fengqiao check`: whether the journal has a partition for this year and the next (docs/decisions/0002)."""
    with connection.cursor() as cursor:
        cursor.execute("select inhrelid::regclass::text from pg_inherits where inhparent = 'event'::regclass")
        names = {row[0] for row in cursor.fetchall()}
    missing = [year for year in (today().year, today().year + 1) if f"event_{year}" not in names]
    return [f"The journal has no partition for {year}: install the current release and migrate." for year in missing]
