"""Five wrong tries against a query code, then fifteen minutes' wait, whether the code exists or not (A9, ruling 10).

A try is counted before anything is looked up, so that many at once gain nothing; a good one gives its count back.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from fengqiao.doors.portal import flood
from fengqiao.doors.portal.models import Tries
from fengqiao.kernel import ciphers
from fengqiao.kernel.now import now

MOST = 5
WAIT = timedelta(minutes=15)

_COUNT = """
insert into portal_tries as t (code_hash, wrong, last_at) values (%(hash)s, 1, %(now)s)
on conflict (code_hash) do update set
    wrong = case when t.last_at <= %(since)s then 1 else least(t.wrong + 1, %(most)s + 1) end,
    last_at = case when t.last_at > %(since)s and t.wrong >= %(most)s then t.last_at else %(now)s end
returning wrong, last_at
"""


def count(code: str) -> int:
    """Count a try against this code; minutes to wait, 0 when it may be tried."""
    moment = now()
    values: dict[str, Any] = {"hash": _hash(code), "now": moment, "since": moment - WAIT, "most": MOST}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        wrong, last_at = cursor.fetchone()
    return _minutes(last_at) if wrong > MOST else 0


def minutes_to_wait(code: str) -> int:
    """Minutes until this code may be tried again, rounded up; 0 when it may be tried now."""
    row = Tries.objects.filter(pk=_hash(code), wrong__gte=MOST, last_at__gt=now() - WAIT).first()
    return _minutes(row.last_at) if row else 0


def give_back(code: str) -> None:
    """The code alone was right: this try does not count, earlier wrong ones do."""
    with connection.cursor() as cursor:
        cursor.execute("update portal_tries set wrong = wrong - 1 where code_hash = %s and wrong > 0", [_hash(code)])


def clear(code: str) -> None:
    """Code and proof were right: nothing counts any more."""
    Tries.objects.filter(pk=_hash(code)).delete()


def sweep() -> int:
    """Remove counts that have run out, those of addresses too; how many went."""
    return Tries.objects.filter(last_at__lte=now() - WAIT).delete()[0] + flood.sweep()


def _minutes(last_at: datetime) -> int:
    return max(1, math.ceil((last_at + WAIT - now()).total_seconds() / 60))


def _hash(code: str) -> bytes:
    return ciphers.lookup_hash("portal tries", code)
