"""What a file really is, found out in a child process without rights (engineering rulings 18 and 22).

The parent writes the bytes to the child's standard input. Before the child reads them it has loaded its parsers,
given up root, and limited itself to no open files, no new processes, little memory and little time: whatever a
file makes of a parser can reach nothing. It answers with one line of JSON and, for an image, the image made anew
without EXIF, places or any other metadata. The child is `uploads_child.py`; this module imports neither Django
nor a parser.

Started by root, the child becomes `nobody` and has no network. Started by an ordinary user it keeps that user's
number, and only the limits hold it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import IO, Final

SECONDS = 30.0
# Run by its path, so that nothing else of the program is loaded there.
CHILD = os.path.join(os.path.dirname(__file__), "uploads_child.py")

# The kinds that are kept, with the media type under which each is kept.
KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "jpeg": "image/jpeg",
        "png": "image/png",
        "webp": "image/webp",
        "pdf": "application/pdf",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "mp3": "audio/mpeg",
        "m4a": "audio/mp4",
        "amr": "audio/amr",
        "wav": "audio/wav",
        "ogg": "audio/ogg",
        "webm": "audio/webm",
        "txt": "text/plain",
    }
)


class Unkept(Exception):
    """The file is not kept. `code` is one of those that the child names, or `too_hard`, `unreadable`."""

    def __init__(self, code: str, found: str = "") -> None:
        super().__init__(code)
        self.code, self.found = code, found


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file that may be kept: its kind and its bytes, made anew if it is an image."""

    kind: str
    data: bytes

    @property
    def media_type(self) -> str:
        return KINDS[self.kind]


def parse(data: bytes) -> Parsed:
    """Ask a child what these bytes are. Raises Unkept."""
    child = subprocess.Popen(
        [sys.executable, "-I", CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"LC_ALL": "C.UTF-8"},  # the secrets may lie in ours
        start_new_session=True,
        cwd="/",
    )
    late = threading.Timer(SECONDS, child.kill)
    late.daemon = True
    late.start()
    try:
        writer = threading.Thread(target=_feed, args=(child.stdin, data), daemon=True)
        writer.start()
        answer = child.stdout.read(2 * len(data) + 64 * 1024 * 1024) if child.stdout else b""
    finally:
        late.cancel()
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()
    writer.join()
    return _read(answer, data)


def _feed(stdin: IO[bytes] | None, data: bytes) -> None:
    if stdin:
        with suppress(BrokenPipeError), stdin:
            stdin.write(data)


def _read(answer: bytes, data: bytes) -> Parsed:
    line, newline, made = answer.partition(b"\n")
    try:
        told = json.loads(line) if newline else {}
    except ValueError:
        told = {}
    if not told or told.get("size") not in (None, len(made)):
        raise Unkept("too_hard")  # the child met one of its limits
    if "code" in told:
        raise Unkept(str(told["code"]), str(told.get("found", "")))
    if told.get("kind") not in KINDS:
        raise Unkept("too_hard")
    return Parsed(str(told["kind"]), made if "size" in told else data)
