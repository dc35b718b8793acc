"""The supervisor's child processes: each leads a group, dies with the supervisor, comes back when it dies."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

PR_SET_PDEATHSIG = 1
LONGEST_PAUSE_SECONDS = 30.0
LONG_LIFE_SECONDS = 60.0  # a child that lived this long starts again at the shortest pause
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def start(
    command: Sequence[str], environment: Mapping[str, str], user: pwd.struct_passwd | None = None
) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own that gets SIGTERM when this one dies. Only from the main thread."""
    drop = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    return subprocess.Popen(  # type: ignore[call-overload,no-any-return]
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_die_with_parent,
        **drop,
    )


def kill_group(number: int, how: signal.Signals) -> None:
    """Signal a whole process group; nothing happens when it is gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(number, how)


@dataclass
class Child:
    """One process that must be there: web or worker."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    user: pwd.struct_passwd | None = None
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 1.0
    again_at: float = 0.0
    returned: list[int] = field(default_factory=list)

    def keep(self, now: float) -> str | None:
        """Start it when it is not there and its pause is over; a sentence when something happened."""
        if self.process is not None and self.process.poll() is not None:
            return self._has_died(now)
        if self.process is None and now >= self.again_at:
            self.process = start(self.command, self.environment, self.user)
            self.started = now
        return None

    def _has_died(self, now: float) -> str:
        process = self.process
        if process is None:
            return ""
        kill_group(process.pid, signal.SIGKILL)  # its own children may have outlived it and hold the port
        self.returned.append(process.returncode)
        if now - self.started >= LONG_LIFE_SECONDS:
            self.pause = 1.0
        self.again_at = now + self.pause
        sentence = f"The {self.name} ended ({process.returncode}); it starts again in {self.pause:.0f} s."
        self.pause = min(self.pause * 2, LONGEST_PAUSE_SECONDS)
        self.process = None
        return sentence

    def stop(self, grace: float) -> None:
        """Ask it to end, wait `grace` seconds, then end its whole group."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(grace)
        kill_group(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


def end_left_over(groups: Mapping[str, int], marks: Sequence[str]) -> None:
    """End groups that an earlier supervisor left, if their processes are still ours (their command line says so)."""
    for number in groups.values():
        ours = [pid for pid in members(number) if any(mark in _command_line(pid) for mark in marks)]
        if ours:
            kill_group(number, signal.SIGTERM)
            deadline = time.monotonic() + 10
            while members(number) and time.monotonic() < deadline:
                time.sleep(0.1)
            kill_group(number, signal.SIGKILL)


def members(group: int) -> list[int]:
    """Living processes of a group."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            with suppress(OSError, IndexError, ValueError):
                with open(f"/proc/{entry}/stat") as handle:
                    fields = handle.read().rpartition(")")[2].split()
                if int(fields[2]) == group and fields[0] != "Z":
                    found.append(int(entry))
    return found


def _command_line(pid: int) -> str:
    with suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as handle:
        return handle.read().replace(b"\0", b" ").decode(errors="replace")
    return ""
