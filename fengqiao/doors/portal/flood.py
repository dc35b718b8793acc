"""So many forms and photos an hour from one address; who sends more waits, others and the staff do not notice.

Kept is the keyed hash of the address and a count, for an hour. A village committee or a hall of service sits behind
one address, so the limits are generous, and the administrator sets them (docs/operations/running.md).
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fengqiao.doors.face import errors
from fengqiao.doors.face.address import client_address, network_of
from fengqiao.doors.portal.models import Flood
from fengqiao.kernel import ciphers
from fengqiao.kernel.now import now

WINDOW = timedelta(hours=1)
PHOTOS_EACH = 3

_COUNT = """
insert into portal_flood as f (address_hash, count, since) values (%(hash)s, %(by)s, %(now)s)
on conflict (address_hash) do update set
    count = case when f.since <= %(before)s then %(by)s else f.count + %(by)s end,
    since = case when f.since <= %(before)s then %(now)s else f.since end
"""


def form_answer(request: HttpRequest) -> HttpResponse | None:
    """Count a form that is sent; the page that asks to wait when there were too many."""
    return _answer(request, "form", settings.FENGQIAO_FORMS_PER_HOUR, 1)


def photos_answer(request: HttpRequest) -> HttpResponse | None:
    """Count the photos of a request, before anybody looks at them; the page that asks to wait, or None."""
    photos = len(request.FILES.getlist("photos"))
    return _answer(request, "photo", PHOTOS_EACH * settings.FENGQIAO_FORMS_PER_HOUR, photos) if photos else None


def _answer(request: HttpRequest, kind: str, most: int, by: int) -> HttpResponse | None:
    address = client_address(request)
    if not most or not address:
        return None
    seconds = _seconds_to_wait(ciphers.lookup_hash(f"portal {kind}", network_of(address)), most, by)
    return _wait(request, seconds) if seconds else None


def _seconds_to_wait(key: bytes, most: int, by: int) -> int:
    """Count, or tell the seconds to wait; a try that is refused is not counted and writes nothing."""
    moment = now()
    row = Flood.objects.filter(pk=key, since__gt=moment - WINDOW).first()
    if row is not None and row.count >= most:
        return max(1, math.ceil((row.since + WINDOW - moment).total_seconds()))
    values: dict[str, Any] = {"hash": key, "by": by, "now": moment, "before": moment - WINDOW}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
    return 0


def _wait(request: HttpRequest, seconds: int) -> HttpResponse:
    minutes = math.ceil(seconds / 60)
    why = ngettext(
        "Very many forms came from your address within an hour. Please wait one minute, then send it again. "
        "In a hurry, call 12345.",
        "Very many forms came from your address within an hour. Please wait {n} minutes, then send it again. "
        "In a hurry, call 12345.",
        minutes,
    )
    words = errors.Trouble(
        _("Please wait a little"),
        why,
        (_("Wait a little, then try again. You need not type it a second time."),),
    )
    return errors.later(request, 429, words, why=why.format(n=minutes), seconds=seconds)


def sweep() -> int:
    """Remove counts that have run out; how many went."""
    return Flood.objects.filter(since__lte=now() - WINDOW).delete()[0]
