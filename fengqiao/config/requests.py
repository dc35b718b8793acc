"""A request whose body came whole, or that says so.

Django takes a body that ended early for a shorter one: a form loses its last words, a file its end, and nobody hears
of it. Here a body shorter than its Content-Length, and a form with files without its closing mark, cannot be read.
"""

from __future__ import annotations

from typing import IO, Any

from django.core.exceptions import RequestDataTooBig
from django.core.handlers.wsgi import LimitedStream, WSGIHandler, WSGIRequest
from django.http import UnreadablePostError
from django.utils.http import parse_header_parameters

MOST_BYTES = 64 * 2**20  # three photos of 20 MiB with the rest of their form
TAIL_BYTES = 1024


class WholeStream(LimitedStream):
    """Reads as much as is asked for, to the announced length and no shorter. Raises UnreadablePostError."""

    ended_early = False
    _pos: int
    limit: int

    def read(self, size: int | None = -1, /) -> bytes:
        left = self.limit - self._pos
        wanted = left if size is None or size < 0 else min(size, left)
        found: list[bytes] = []
        while wanted:
            data: bytes = super().read(wanted)
            if not data:
                self.ended_early = True
                raise UnreadablePostError("The body ended early.")
            found.append(data)
            wanted -= len(data)
        return b"".join(found)


class Tailed:
    """Passes a body on and remembers its end."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream, self.tail = stream, b""

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.tail = (self.tail + data)[-TAIL_BYTES:]
        return data


class Request(WSGIRequest):
    """A request as the program wants it. `cut_off`: its body ended before its end."""

    cut_off = False

    def __init__(self, environ: dict[str, Any]) -> None:
        super().__init__(environ)
        announced: Any = self._stream
        self._stream = WholeStream(self.environ["wsgi.input"], announced.limit)  # type: ignore[assignment]

    def read(self, *args: Any, **kwargs: Any) -> bytes:
        stream = self._stream
        try:
            return super().read(*args, **kwargs)
        except UnreadablePostError:
            self.cut_off = getattr(stream, "ended_early", False)
            raise

    def parse_file_upload(self, META: Any, post_data: Any) -> Any:  # noqa: N803 - Django's name
        """Raises RequestDataTooBig before anything is read, UnreadablePostError where the closing mark is missing."""
        length = str(META.get("CONTENT_LENGTH") or "0")
        if length.isdecimal() and int(length) > MOST_BYTES:
            raise RequestDataTooBig("A form with files is larger than MOST_BYTES.")
        stream = Tailed(post_data)
        told = super().parse_file_upload(META, stream)  # type: ignore[arg-type]
        boundary = parse_header_parameters(META.get("CONTENT_TYPE", ""))[1].get("boundary", "")
        if stream.tail and f"--{boundary}--".encode() not in stream.tail:
            self.cut_off = True
            raise UnreadablePostError("The closing mark of the form is missing.")
        return told


class Handler(WSGIHandler):
    """The handler with our requests."""

    request_class = Request
