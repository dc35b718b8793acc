"""PostgreSQL's own programs at work on a stream: what they write is read as it comes, what they say is kept."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from fengqiao.config.backup import BackupFailed

CHUNK = 2**20


def clean_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Neither our secrets nor the user's settings reach the program."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", **(more or {})}


def output(command: Sequence[str | Path], more: Mapping[str, str] | None = None) -> Iterator[bytes]:
    """The standard output of a program, in chunks. Raises BackupFailed at its end when it failed."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=clean_environment(more), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            while chunk := process.stdout.read(CHUNK):
                yield chunk
        finally:
            if process.stdout is not None:
                process.stdout.close()
            if not _ends_soon(process):
                process.kill()
            process.wait()
        if process.returncode:
            said.seek(0)
            words = said.read().decode(errors="replace").strip()[-600:]
            raise BackupFailed(f"The backup was not written: {words or f'{command[0]} ended with an error'}")


def _ends_soon(process: subprocess.Popen[bytes]) -> bool:
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    return process.poll() is not None


def feed(
    command: Sequence[str | Path], chunks: Iterable[bytes], more: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Give a program a stream on its standard input; its exit code and what it wrote. It may stop reading early."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=clean_environment(more), stdin=subprocess.PIPE, stdout=said, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert process.stdin is not None
        try:
            with suppress(BrokenPipeError):
                for chunk in chunks:
                    process.stdin.write(chunk)
        finally:
            with suppress(BrokenPipeError):
                process.stdin.close()
            process.wait()
        said.seek(0)
        return process.returncode, said.read().decode(errors="replace")
