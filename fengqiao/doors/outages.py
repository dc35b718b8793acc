"""A full disk, a database that is away, a lost key, told from faults of the program: one sentence for every door.

The page (`doors/face`), the API, the import, the command and the worker all ask `outage_of`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import psycopg

from fengqiao.ground import durable
from fengqiao.ground.refusals import Away, Locked, NoRoom, Outage, Refused
from fengqiao.kernel.keys import KeyMissing

log = logging.getLogger("fengqiao.outages")
DISK_FULL, INTERNAL, QUERY_CANCELED, TOO_MANY_CONNECTIONS = "53100", "XX000", "57014", "53300"
AGAIN_SECONDS = 600
AWAY = ("08", "57P")  # the connection broke; the server stops, crashed, or recovers


def outage_of(problem: BaseException) -> Outage | None:
    """The refusal that this exception comes to when nothing but the machine stood in the way; else None."""
    if isinstance(problem, Refused):
        return problem if isinstance(problem, Outage) else None
    return next((found for each in _behind(problem) if (found := _one(each)) is not None), None)


def _behind(problem: BaseException) -> Iterator[BaseException]:
    """The exception, and what it was raised from or wraps."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [problem]
    while waiting:
        each = waiting.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += getattr(each, "exceptions", ())  # of a group
        waiting += [each.__cause__, None if each.__suppress_context__ else each.__context__]
        waiting += [told for told in each.args[:1] if isinstance(told, BaseException)]


def _one(problem: BaseException) -> Outage | None:
    if isinstance(problem, Outage):
        return problem
    if isinstance(problem, OSError) and problem.errno in durable.FULL:
        return NoRoom()
    if isinstance(problem, KeyMissing):
        return Locked(str(problem.args[0]))
    if not isinstance(problem, psycopg.Error):
        return None
    state = problem.sqlstate or ""
    # PostgreSQL has no state of its own for a file that may not grow.
    if state == DISK_FULL or (state == INTERNAL and "File too large" in str(problem)):
        return NoRoom()
    if state.startswith(AWAY) or state == TOO_MANY_CONNECTIONS:
        return Away()
    silent = isinstance(problem, psycopg.OperationalError | psycopg.InterfaceError) and not state
    return Away() if silent else None


class Telling:
    """Tells the log of an outage once in a while, not at each of thousands of tries: the log may lie on that disk."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], float] = {}

    def met(self, who: str, outage: Outage) -> None:
        """`who` could not work because of `outage`."""
        last, moment = self._told.get((who, outage.code)), time.monotonic()
        if last is None or moment - last > AGAIN_SECONDS:
            self._told[who, outage.code] = moment
            log.error("%s: %s", who, outage.which if isinstance(outage, Locked) else str.__str__(outage.sentence))

    def over(self, who: str) -> None:
        """`who` worked."""
        found = [key for key in list(self._told) if key[0] == who]
        if found:
            log.warning("%s: it works again.", who)
        for key in found:
            self._told.pop(key, None)


telling = Telling()


class Short(logging.Filter):
    """What a library logs with a traceback because of an outage is told once, in one line."""

    def filter(self, record: logging.LogRecord) -> bool:
        problem = record.exc_info[1] if record.exc_info else None
        outage = outage_of(problem) if problem else None
        if outage is not None:
            telling.met(f"The part {record.name}", outage)
        return outage is None
