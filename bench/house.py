"""The program under measurement: `fengqiao up` as anybody starts it, on the bench's data and a port of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.processes import Family
from fengqiao.config import roles
from fengqiao.config.server import EmbeddedServer

WORKER = "fengqiao worker"
DRAIN_SECONDS, READY_SECONDS = 120.0, 120.0
# A house that starts on data of yesterday does the jobs of a day first: counting words, figures, roots.
SETTLE_SECONDS, QUIET_SECONDS, BUSY = 600.0, 5.0, 0.05


@dataclass(frozen=True)
class House:
    """Its port and its processes."""

    port: int
    family: Family

    def settle(self) -> float:
        """Wait until the worker has nothing to do but to look; how many seconds that took."""
        began = time.monotonic()
        while time.monotonic() - began < SETTLE_SECONDS:
            before = self.family.cpu()
            time.sleep(QUIET_SECONDS)
            if self.family.cpu().since(before).worker < BUSY * QUIET_SECONDS:
                break
        return time.monotonic() - began

    def drain(self) -> float:
        """Wait until the outbox is empty; how many seconds that took."""
        from fengqiao.kernel.access import SystemPost, acting_as
        from fengqiao.kernel.models import Message
        from fengqiao.kernel.now import now

        began = time.monotonic()
        while time.monotonic() - began < DRAIN_SECONDS:
            with acting_as(SystemPost("outbox")):
                waiting = Message.objects.filter(sent_at=None, cancelled_at=None, dead_at=None, not_before__lte=now())
                if not waiting.exists():
                    break
            time.sleep(0.25)
        return time.monotonic() - began


@contextmanager
def open_house(server: EmbeddedServer, data: Path) -> Iterator[House]:
    """Start it, wait until it is ready, and end it."""
    port = _free_port()
    # Without DATABASE_URL `up` joins the embedded server of the folder, as it does for everybody.
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"PORT": str(port), "FENGQIAO_BACKUP_AT": "off"}  # a nightly backup would be measured with the rest
    log = (data / "run" / "bench-up.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "fengqiao.config.command", "up"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    try:
        _wait_until_ready(process, port, log.name)
        groups = json.loads((data / "up.json").read_text())["groups"]
        database = server.pid()
        if database is None:
            raise SystemExit("The database is not running.")
        yield House(port, Family(groups["web"], groups["worker"], database, lambda: _backends_of_worker(server)))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        log.close()


def _backends_of_worker(server: EmbeddedServer) -> list[int]:
    with psycopg.connect(host=str(server.socket), user=roles.BOOT, dbname="postgres") as connection:
        rows = connection.execute("select pid from pg_stat_activity where application_name = %s", [WORKER]).fetchall()
    return [pid for (pid,) in rows]


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with (
            suppress(OSError, urllib.error.URLError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.2)
    raise SystemExit(f"The program did not start; see {log}.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
