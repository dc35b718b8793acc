"""Where the desk says what its shell shows. The face asks only when a page draws it."""

from collections.abc import Callable

from django.http import HttpRequest

from fengqiao.doors.face.parts import Frame

Provider = Callable[[HttpRequest], Frame | None]
_provider: Provider | None = None


def provide(provider: Provider) -> None:
    """Name the function that makes the frame of a request (None where nobody is signed in)."""
    global _provider
    _provider = provider


def frame_of(request: HttpRequest) -> Frame | None:
    """The frame of this request, or None where no shell belongs round the page."""
    return _provider(request) if _provider is not None else None
