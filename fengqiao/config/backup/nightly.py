"""The nightly set and the ten-minute collection of WAL, started by the supervisor in processes of their own.

They are not jobs of the worker: a backup needs the owner's role and the secrets' files, and the worker has neither
(rulings 2 and 22).
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time as clock
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from fengqiao.config import children, environment
from fengqiao.config.backup import shelf, wal
from fengqiao.kernel.now import HERE

COLLECT_SECONDS, AGAIN_SECONDS = 600.0, 3600.0
GRACE_SECONDS = 5.0


def hour(*, embedded: bool) -> time | None:
    """FENGQIAO_BACKUP_AT, city time: 02:40 on the embedded server; `off`, and off by default with DATABASE_URL."""
    value = environment.text("FENGQIAO_BACKUP_AT", "02:40" if embedded else "off")
    if value == "off":
        return None
    try:
        return time.fromisoformat(value)
    except ValueError:
        raise ImproperlyConfigured(f"FENGQIAO_BACKUP_AT must be a time such as 02:40, or off, not {value!r}.") from None


def first_start(data: Path) -> datetime | None:
    """When the secrets were made here."""
    try:
        return datetime.fromtimestamp((data / "secrets" / "made").stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


def due(data: Path, at: time, now: datetime) -> bool:
    """Whether the hour has passed since the newest set, or since the first start when there is none."""
    today = datetime.combine(now.astimezone(HERE).date(), at, HERE)
    last_hour = today if today <= now else today - timedelta(days=1)
    sets = shelf.of_data(data).sets()
    since = sets[-1].finished_at if sets else first_start(data)
    return since is not None and since < last_hour


@dataclass
class Nightly:
    """The supervisor asks `keep` now and then. `hours` None: no nightly set, WAL is collected all the same."""

    data: Path
    environment: Mapping[str, str]
    hours: time | None
    process: subprocess.Popen[bytes] | None = None
    what: str = ""
    asked_at: float = 0.0
    collect_at: float = 0.0
    again_at: float = 0.0

    def keep(self, moment: float) -> str | None:
        """Start what is due; a sentence when something went wrong."""
        if self.process is not None:
            return self._look(moment)
        if moment < self.asked_at:
            return None
        self.asked_at = moment + 30
        if self.hours and moment >= self.again_at and due(self.data, self.hours, datetime.now(UTC)):
            self._begin("backup", ["fengqiao.config.command", "backup", "--json"])
        elif moment >= self.collect_at and wal.key_file(self.data).exists():
            self.collect_at = moment + COLLECT_SECONDS
            self._begin("collection of WAL", ["fengqiao.config.backup.wal"])
        return None

    def _begin(self, what: str, module: list[str]) -> None:
        self.what = what
        self.process = children.start([sys.executable, "-m", *module], self.environment)

    def _look(self, moment: float) -> str | None:
        if self.process is None or self.process.poll() is None:
            return None
        code, self.process = self.process.returncode, None
        if code == 0:
            return None
        if self.what == "backup":
            self.again_at = moment + AGAIN_SECONDS
            return f"The nightly backup failed ({code}); the lines above say why. It is tried again in an hour."
        return f"The {self.what} failed ({code}); the lines above say why. It is tried again in ten minutes."

    def stop(self) -> None:
        """End what is under way; it leaves nothing half that counts."""
        if self.process is None:
            return
        children.kill_group(self.process.pid, signal.SIGINT)
        until = clock.monotonic() + GRACE_SECONDS
        while self.process.poll() is None and clock.monotonic() < until:
            clock.sleep(0.05)
        children.kill_group(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
