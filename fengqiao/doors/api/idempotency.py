"""`Idempotency-Key` on a POST: the kernel's `Once` from a request (ruling 14)."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest

from fengqiao.kernel.idempotency import Once
from fengqiao.kernel.journal import actor_name
from fengqiao.kernel.models import Post

ROUTE_CHARACTERS = 80


def once(request: HttpRequest, by: Post, *, status: int = 200) -> Once | None:
    """What makes a repeated request the same one: post, key, address and body; None without the header."""
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return None
    route = f"POST {request.path.removeprefix('/api/v1')}"[:ROUTE_CHARACTERS]
    # The address is part of the digest, so that a long one is not cut to another's.
    digest = hashlib.sha256(request.path.encode() + b"\0" + _digest(request)).digest()
    return Once(actor_name(by), key, route, digest, status)


def _digest(request: HttpRequest) -> bytes:
    if not request.FILES:
        return hashlib.sha256(request.body).digest()
    parts = hashlib.sha256()
    for name, value in sorted(request.POST.items()):
        parts.update(f"{name}={value}\0".encode())
    for name, file in sorted(request.FILES.items()):
        parts.update(name.encode())
        for chunk in file.chunks():  # type: ignore[union-attr]
            parts.update(chunk)
        file.seek(0)  # type: ignore[union-attr]
    return parts.digest()
