"""The same request twice does the thing once (ruling 14)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.utils.translation import gettext_lazy as _

from fengqiao.ground.refusals import Refused
from fengqiao.kernel.models import Idempotency
from fengqiao.kernel.now import now

KEPT = timedelta(hours=48)


class Repeated(Exception):
    """The key was used before for the same request: `matter` is what it made, `status` what it answered."""

    def __init__(self, matter: uuid.UUID | None, status: int) -> None:
        super().__init__("repeated")
        self.matter, self.status = matter, status


@dataclass(frozen=True, slots=True)
class Once:
    """One request: whose key, which route, and the SHA-256 of its body."""

    owner: str
    key: str
    route: str
    body: bytes
    status: int = 201

    def claim(self, matter: uuid.UUID | None) -> None:
        """Insert the key first in the transaction; a twin waits here until the first one is through.

        Raises Repeated for the same request, Refused (422) when the key was used for another.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into idempotency (owner, key, route, body, matter, status, at) "
                "values (%s, %s, %s, %s, %s, %s, %s) on conflict (owner, key) do nothing",
                [self.owner, self.key, self.route, self.body, matter, self.status, now()],
            )
            if cursor.rowcount:
                return
        earlier = Idempotency.objects.get(owner=self.owner, key=self.key)
        if earlier.route != self.route or bytes(earlier.body) != self.body:
            raise Refused(
                "key_reused",
                _("This Idempotency-Key was used for another request. Take a new key for a new request."),
            )
        raise Repeated(earlier.matter, earlier.status)


def sweep() -> int:
    """Remove keys older than 48 hours; how many went."""
    return Idempotency.objects.filter(at__lt=now() - KEPT).delete()[0]
