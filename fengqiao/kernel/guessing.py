"""Guessing takes too long: five wrong tries at one secret, then a quarter of an hour (A9, domain ruling 12).

Counted by a keyed hash of what was tried, whether it exists or not, so that waiting tells nothing.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from fengqiao.kernel import ciphers
from fengqiao.kernel.models import Guess
from fengqiao.kernel.now import now

TRIES = 5
WAIT = timedelta(minutes=15)
KEPT = timedelta(days=1)
_COUNT = """
insert into guess (key, wrong, last_at) values (%s, 1, %s)
on conflict (key) do update
    set wrong = case when guess.last_at <= %s then 1 else least(guess.wrong + 1, 1000) end, last_at = excluded.last_at
"""


def seconds_to_wait(purpose: str, tried: str) -> int:
    """How long nobody may try this any more; 0 when he may."""
    row = Guess.objects.filter(key=_key(purpose, tried), wrong__gte=TRIES).first()
    left = (row.last_at + WAIT - now()).total_seconds() if row else 0
    return max(int(left + 0.999), 0)


def wrong(purpose: str, tried: str) -> None:
    """One more wrong try."""
    moment = now()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [_key(purpose, tried), moment, moment - WAIT])


def right(purpose: str, tried: str) -> None:
    """The proof was right: earlier slips do not count any more."""
    Guess.objects.filter(key=_key(purpose, tried)).delete()


def sweep() -> int:
    """Remove what is older than a day; how many went."""
    return Guess.objects.filter(last_at__lt=now() - KEPT).delete()[0]


def _key(purpose: str, tried: str) -> bytes:
    return ciphers.lookup_hash(f"guess {purpose}", tried)
