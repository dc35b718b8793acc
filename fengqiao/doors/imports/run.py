"""The dry run, the batches, and the job that can be stopped and taken up again (engineering ruling 13).

Each batch of 500 rows of the file is one transaction, which also writes its line into the job: whatever kills the
program, a batch is in with its line or not at all, and the next run goes on behind the last one that is in.
"""

from __future__ import annotations

import gc
import hashlib
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import DatabaseError, DataError, connection, transaction
from django.utils.translation import gettext as _

from fengqiao.doors.imports import mapping as mappings
from fengqiao.doors.imports import reports
from fengqiao.doors.imports.reports import COUNTED, SHOWN, Rejects, Report
from fengqiao.doors.imports.rows import BadRow, Reader
from fengqiao.doors.imports.tables import Row, Table, as_text, open_table
from fengqiao.doors.outages import outage_of
from fengqiao.ground import codes
from fengqiao.ground.refusals import Outage, Refused
from fengqiao.kernel import intake, journal, storing
from fengqiao.kernel.earlier import Earlier
from fengqiao.kernel.intake import Receipt
from fengqiao.kernel.models import Job, Post
from fengqiao.kernel.now import now

BATCH = 500
MOST_ROWS = 1_000_000
KIND = "import"
# Which role may bring in which kind: whoever answers for all matters of that kind, never an administrator.
MAY_IMPORT = {"hotline_supervisor": "hotline"}
FAULTS_SHOWN = 20

Told = Callable[[int, int, float], None]
Read = list[tuple[Row, Receipt]]


@dataclass(frozen=True, slots=True)
class Plan:
    """A file that can be read, with its mapping, for one channel."""

    table: Table
    reader: Reader
    total: int

    @property
    def name(self) -> str:
        """Sixteen hex digits that name this file read in this way."""
        told = [
            self.table.digest.hex(),
            self.reader.kind,
            self.reader.channel,
            str(sorted(self.reader.mapping.items())),
        ]
        return hashlib.sha256("\0".join(told).encode()).hexdigest()[:16]


class Cancelled(Exception):
    """Somebody cancelled the job; what is in stays in."""


class CutOff(Outage):
    """The machine could not go on; what is in stays in, and the same command takes it up there."""

    def __init__(self, outage: Outage, report: Report) -> None:
        last = report.batches[-1]["last"] if report.batches else 0
        told = (
            _("Rows up to %(row)d of the file are in.") % {"row": last} if last else _("No row of the file is in yet.")
        )
        on = _("Give the same command again: it goes on from there, and gives back the rejected rows.")
        super().__init__(outage.code, f"{outage} {told} {on}")
        self.status = outage.status


def may_import(by: Post, kind: str) -> bool:
    """Whether this post may bring in matters of that kind."""
    return by.holds and by.account.is_active and MAY_IMPORT.get(by.role) == kind


def plan(path: Path, mapping: Mapping[str, str] | None, channel: str, by: Post, *, kind: str = "hotline") -> Plan:
    """Read heading and mapping, count the rows. Raises Refused with a sentence."""
    if not may_import(by, kind):
        raise Refused("may_not_import", _("This post may not import. The supervisor of the hotline may."))
    if channel not in codes.keys("channel"):
        known = ", ".join(codes.keys("channel"))
        raise Refused(
            "no_channel",
            _("There is no channel “%(channel)s”. The channels are: %(known)s.") % {"channel": channel, "known": known},
        )
    table = open_table(path)
    chosen = mappings.choose(table.columns, mapping)
    total = sum(1 for _row in islice(table.rows(), MOST_ROWS + 1))
    if not total:
        raise Refused("empty_file", _("The file has a heading and no rows."))
    if total > MOST_ROWS:
        raise Refused(
            "too_many_rows",
            _("The file has more than %(most)d rows. Split it, each part with the heading.") % {"most": MOST_ROWS},
        )
    return Plan(table, Reader(kind, channel, chosen), total)


def preview(path: Path, mapping: Mapping[str, str] | None, channel: str, by: Post, *, kind: str = "hotline") -> Report:
    """The dry run: what would come in, what is refused and why. Nothing is written but the report. Raises Refused."""
    planned = plan(path, mapping, channel, by, kind=kind)
    report = _blank(planned, committed=False)
    here = Earlier(now())
    began = time.monotonic()
    with Rejects(f"preview-{planned.name}", planned.table.columns) as rejects:
        for rows in _batches(planned.table):
            good = _read(planned.reader, rows, report, rejects)
            for (row, receipt), how in zip(good, intake.foresee(by, here, [each for _row, each in good]), strict=True):
                if len(report.first) < SHOWN:
                    report.first.append(_shown(planned, row, receipt, how))
                if how == "archived":
                    _reject(report, rejects, row, _("It is here and filed; nothing is added to it."))
                else:
                    report.count(how)
    report.rejected_file = str(rejects.path) if rejects.count else ""
    report.seconds = time.monotonic() - began
    reports.keep(report, f"preview-{planned.name}")
    return report


def commit(
    path: Path,
    mapping: Mapping[str, str] | None,
    channel: str,
    by: Post,
    *,
    kind: str = "hotline",
    told: Told | None = None,
) -> Report:
    """Bring the file in, or take up where an earlier run of it ended. Raises Refused."""
    planned = plan(path, mapping, channel, by, kind=kind)
    return _work(_job(planned, by), planned, by, told)


def begin(path: Path, mapping: Mapping[str, str] | None, channel: str, by: Post, *, kind: str = "hotline") -> Job:
    """The job of this file: a new one, or the one that was cut off. Raises Refused."""
    return _job(plan(path, mapping, channel, by, kind=kind), by)


def _job(planned: Plan, by: Post) -> Job:
    params = {
        "path": str(planned.table.path.absolute()),
        "name": planned.name,
        "channel": planned.reader.channel,
        "kind": planned.reader.kind,
        "mapping": dict(planned.reader.mapping),
    }
    with transaction.atomic():
        earlier = Job.objects.filter(kind=KIND, digest=planned.table.digest, params__name=planned.name)
        job = earlier.filter(ended_at=None).select_for_update().first()
        if job is None:
            job = Job(kind=KIND, by=by, digest=planned.table.digest, total=planned.total)
            job.counts = {"batches": []}
        job.params, job.cancel_at, job.error = params, None, ""
        job.save()
        journal.note(
            by, "config", "import.began", data={"job": str(job.pk), "rows": planned.total, "channel": params["channel"]}
        )
    return job


def run_job(job_id: uuid.UUID | str, told: Told | None = None) -> Report:
    """Do a job that was begun, from its first batch that is not in. For the worker. Raises Refused."""
    job = Job.objects.select_related("by__account", "by__unit__place").get(pk=job_id, kind=KIND)
    params = job.params
    planned = plan(Path(params["path"]), params["mapping"], params["channel"], job.by, kind=params["kind"])
    return _work(job, planned, job.by, told)


def cancel(job_id: uuid.UUID | str) -> bool:
    """Ask a running job to stop after the batch under way; whether it was running."""
    return bool(Job.objects.filter(pk=job_id, kind=KIND, ended_at=None).update(cancel_at=now()))


def _work(job: Job, planned: Plan, by: Post, told: Told | None) -> Report:
    if planned.table.digest != bytes(job.digest or b""):
        raise Refused("file_changed", _("The file was changed since the import began. Begin again with it."))
    report = _blank(planned, committed=True)
    report.job = str(job.pk)
    began = time.monotonic()
    before = _in_before(job)
    try:
        with _fewer_collections(), Rejects(str(job.pk), planned.table.columns) as rejects:
            for number, rows in enumerate(_batches(planned.table)):
                _one(job, by, planned, number, rows, report, rejects, before)
                if told is not None:
                    told(report.rows, planned.total, time.monotonic() - began)
    except Cancelled:
        report.cancelled = True
    except Exception as error:
        outage = outage_of(error)
        with suppress(DatabaseError):  # it may be the database that is away
            Job.objects.filter(pk=job.pk).update(error=_short(outage or error))
        if outage is not None:
            raise CutOff(outage, report) from error
        raise
    report.rejected_file = str(rejects.path) if rejects.count else ""
    report.seconds = time.monotonic() - began
    _end(job, by, report)
    return report


@contextmanager
def _fewer_collections() -> Iterator[None]:
    """What a batch makes lives to its end: to look for garbage all the while costs a twentieth of the time."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


def _in_before(job: Job) -> set[int]:
    """Batches of the same file, read in the same way, that earlier jobs have brought in whole."""
    earlier = Job.objects.filter(kind=KIND, digest=job.digest, params__name=job.params["name"]).exclude(pk=job.pk)
    return {line["batch"] for counts in earlier.values_list("counts", flat=True) for line in counts.get("batches", ())}


def _one(
    job: Job, by: Post, planned: Plan, number: int, rows: list[Row], report: Report, rejects: Rejects, before: set[int]
) -> None:
    """One batch: its rows and its line in the job in one transaction. Raises Cancelled."""
    began = time.monotonic()
    good = _read(planned.reader, rows, report, rejects)
    wrong = len(rows) - len(good)
    with transaction.atomic():
        held = Job.objects.select_for_update().get(pk=job.pk)
        line = next((each for each in held.counts["batches"] if each["batch"] == number), None)
        if held.cancel_at is not None and line is None:
            report.rows -= wrong
            report.rejected -= wrong
            raise Cancelled
        if line is None:
            line = {"batch": number, "first": rows[0].number, "last": rows[-1].number, "rejected": wrong, "refused": {}}
            line |= dict(Counter(unchanged=len(good))) if number in before else _bring_in(by, planned, good, line)
            line["seconds"] = round(time.monotonic() - began, 3)
            held.counts["batches"].append(line)
            held.done += len(rows)
            held.save(update_fields=["counts", "done"])
    for row, _receipt in good:
        if str(row.number) in line["refused"]:
            _reject(report, rejects, row, line["refused"][str(row.number)])
    for how in ("created", "joined", "unchanged"):
        report.count(how, line.get(how, 0))
    report.batches.append({name: value for name, value in line.items() if name != "refused"})


def _bring_in(by: Post, planned: Plan, good: Read, line: dict[str, Any]) -> dict[str, int]:
    """Hand the receipts to intake; where one is refused, each goes alone and the refused ones are noted."""
    with connection.cursor() as cursor:  # two imports of one channel take turns, else both would open the same matter
        cursor.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"import:{planned.reader.channel}"])
    receipts = [receipt for _row, receipt in good]
    if not receipts:
        return {}
    kind = planned.reader.kind
    try:
        return dict(Counter(each.how for each in intake.receive_many(by, kind, receipts, joining=True)))
    except (Refused, DataError):
        return dict(_one_by_one(by, kind, good, line))


def _one_by_one(by: Post, kind: str, good: Read, line: dict[str, Any]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for row, receipt in good:
        try:
            counts[intake.receive_many(by, kind, [receipt], joining=True)[0].how] += 1
        except Refused as refused:
            line["refused"][str(row.number)] = str(refused)
        except DataError:
            line["refused"][str(row.number)] = _("The database cannot keep this row as it is written.")
    line["rejected"] += len(line["refused"])
    return counts


def _end(job: Job, by: Post, report: Report) -> None:
    counts = {name: getattr(report, name) for name in ("rows", *COUNTED)}
    with transaction.atomic():
        storing.ask("select fold_search()", [])
        held = Job.objects.select_for_update().get(pk=job.pk)
        held.counts |= counts
        held.ended_at = now()
        held.save(update_fields=["counts", "ended_at"])
        what = "import.cancelled" if report.cancelled else "import.ended"
        journal.note(by, "config", what, data={"job": str(job.pk), **counts})


def _batches(table: Table) -> Iterator[list[Row]]:
    rows = table.rows()
    while batch := list(islice(rows, BATCH)):
        yield batch


def _read(reader: Reader, rows: Sequence[Row], report: Report, rejects: Rejects) -> Read:
    good = []
    for row in rows:
        try:
            good.append((row, reader.read(row)))
        except BadRow as wrong:
            _reject(report, rejects, row, str(wrong))
    return good


def _reject(report: Report, rejects: Rejects, row: Row, why: str) -> None:
    report.count("rejected")
    rejects.add(row, why)
    if len(report.faults) < FAULTS_SHOWN:
        report.faults.append({"row": row.number, "why": why})


def _blank(planned: Plan, *, committed: bool) -> Report:
    taken = planned.reader.mapping
    left = [name for name in planned.table.columns if name and name not in taken.values()]
    return Report(committed, columns=dict(taken), left=left)


def _shown(planned: Plan, row: Row, receipt: Receipt, how: str) -> dict[str, str]:
    told = {name: as_text(row.cells.get(column))[:80] for name, column in planned.reader.mapping.items()}
    return {"row": str(row.number), **told, "place": receipt.place, "nature": str(receipt.data["nature"]), "how": how}


def _short(error: Exception) -> str:
    return (str(error) if isinstance(error, Refused) else type(error).__name__)[:300]
