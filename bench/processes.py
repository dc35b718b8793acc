"""What processes cost, read from the operating system: CPU seconds and memory of the web, the worker, PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cpu:
    """CPU seconds so far, by part."""

    web: float
    database: float
    worker: float

    def since(self, before: Cpu) -> Cpu:
        """What was used between two readings."""
        return Cpu(self.web - before.web, self.database - before.database, self.worker - before.worker)

    @property
    def served(self) -> float:
        """Web and PostgreSQL: what the bars count."""
        return self.web + self.database


@dataclass(frozen=True, slots=True)
class Family:
    """The running program: first processes of the web, the worker, and PostgreSQL."""

    web: int
    worker: int
    database: int
    # Process numbers of the backends that serve the worker now: their work is the worker's.
    of_worker: Callable[[], list[int]]

    def cpu(self) -> Cpu:
        behind = sum(_own(number) for number in self.of_worker())
        return Cpu(_spent(self.web), _spent(self.database) - behind, _spent(self.worker) + behind)

    def memory(self) -> dict[str, float]:
        """Proportional set size in MiB: two web workers with their parent, the worker, PostgreSQL."""
        return {
            name: round(sum(map(_pss, _with_children(getattr(self, name)))) / 1024, 1)
            for name in ("web", "worker", "database")
        }


def _stat(number: int) -> list[str]:
    with open(f"/proc/{number}/stat") as handle:
        return handle.read().rpartition(")")[2].split()


def _children(number: int) -> Iterable[int]:
    for entry in Path(f"/proc/{number}/task").glob("*/children"):
        with suppress(OSError):
            yield from map(int, entry.read_text().split())


def _with_children(first: int) -> list[int]:
    found, waiting = [], [first]
    while waiting:
        number = waiting.pop()
        found.append(number)
        with suppress(OSError):
            waiting += _children(number)
    return found


def _spent(first: int) -> float:
    """User and system seconds of a process and all below it, those that ended and were waited for included."""
    return sum(_own(number) for number in _with_children(first))


def _own(number: int) -> float:
    with suppress(OSError, IndexError):
        return sum(map(int, _stat(number)[11:15])) / TICKS
    return 0.0


def _pss(number: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{number}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def load() -> str:
    """The machine's load average over one and five minutes."""
    one, five, _fifteen = os.getloadavg()
    return f"{one:.1f}, {five:.1f}"
