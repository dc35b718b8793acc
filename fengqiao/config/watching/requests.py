"""How many requests, with which answer, how long: counted in each web process, told as one sum.

Each web process counts into a file of its own below FENGQIAO_DATA/run/metrics (prometheus_client's multiprocess mode),
so that whichever process answers a scrape tells of all. A process that comes back takes over a file that nobody holds
and counts on; a new `up` begins with none.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import CollectorRegistry, Histogram, Metric, values
from prometheus_client.multiprocess import MultiProcessCollector

log = logging.getLogger(__name__)

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
FILE_BYTES = 256 * 2**10
MOST_PROCESSES = 64
_held: list[IO[bytes]] = []
_children: dict[tuple[str, str], Histogram] = {}


def share(folder: Path) -> int | None:
    """Let this process count into a file of `folder` that no other holds; its number, or None when it cannot be.

    To be called before the first request. The file gets its full size at once: a page written through `mmap` for
    which the disk has no room would kill the process.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in range(MOST_PROCESSES):
            handle = (folder / f"histogram_{number}.db").open("a+b")
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                handle.close()
                continue
            _held.append(handle)
            os.posix_fallocate(handle.fileno(), 0, FILE_BYTES)
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
            values.ValueClass = values.MultiProcessValue(partial(int, number))  # type: ignore[no-untyped-call]
            return number
    except OSError as problem:
        log.warning("Requests are counted in each process alone: %s has no room (%s).", folder, problem.strerror)
    return None


def _seconds() -> Histogram:
    return Histogram(
        "fengqiao_request_seconds",
        "Requests by part of the program and class of status: how many, and how long until the answer began.",
        ["part", "status"],
        buckets=BUCKETS,
        registry=None,
    )


_histogram: list[Histogram] = []


def observe(part: str, status: int, seconds: float) -> None:
    """Count one answer."""
    key = (part, f"{status // 100}xx")
    child = _children.get(key)
    if child is None:
        if not _histogram:
            _histogram.append(_seconds())
        child = _children[key] = _histogram[0].labels(*key)
    child.observe(seconds)


def collect() -> Iterator[Metric]:
    """What all web processes of this `up` have counted; without shared files, what this one has."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder and _held:
        yield from MultiProcessCollector(CollectorRegistry(), folder).collect()  # type: ignore[no-untyped-call]
    elif _histogram:
        yield from _histogram[0].collect()


def part_of(request: HttpRequest) -> str:
    """The part that answers: the first name space of the address, `health` without one, `static`, or `nowhere`."""
    found = request.resolver_match
    if found is None:
        return "static" if request.path.startswith(str(settings.STATIC_URL)) else "nowhere"
    return found.namespaces[0].partition("-")[0] if found.namespaces else "health"


class Counting:
    """The outermost middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        answer = self.get_response(request)
        observe(part_of(request), answer.status_code, time.perf_counter() - began)
        return answer
