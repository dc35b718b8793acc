"""Locking an account after wrong tries, by its name and never by address (one hall, one address, many desks).

The counting is django-axes'; the time is ours, so that validity is asked and tests can set it (engineering ruling 16).
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_cool_off, get_failure_limit
from axes.models import AccessAttempt
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import ngettext

from fengqiao.kernel import journal
from fengqiao.kernel.models import Account
from fengqiao.kernel.now import now
from fengqiao.kernel.people import KEEPER


def prepare(request: HttpRequest) -> None:
    """Give the counting our time. Call it before a try is judged."""
    AxesProxyHandler.update_request(request)
    request.axes_attempt_time = now()  # type: ignore[attr-defined]


def tries_left(request: HttpRequest, username: str) -> int:
    """How many more wrong tries this name has; the same for names that have no account."""
    tries: int = sum(attempt.failures_since_start for attempt in _counting(request, username))
    return max(0, _limit(request, username) - tries)


def minutes_to_wait(request: HttpRequest, username: str) -> int:
    """Minutes until this name may try again, rounded up; 0 when it is not locked."""
    attempts = _counting(request, username)
    over = sum(attempt.failures_since_start for attempt in attempts) - _limit(request, username) + 1
    opens: datetime | None = None
    for attempt in attempts:
        if over <= 0:
            break
        over -= attempt.failures_since_start
        opens = attempt.attempt_time + get_cool_off(request)
    return max(1, math.ceil((opens - now()).total_seconds() / 60)) if opens else 0


def words(wait: int) -> str:
    """What a locked name is told."""
    return ngettext(
        "This account is locked after too many wrong tries. Wait one minute and try again, "
        "or ask the administrator of your unit to unlock it.",
        "This account is locked after too many wrong tries. Wait %(n)s minutes and try again, "
        "or ask the administrator of your unit to unlock it.",
        wait,
    ) % {"n": wait}


def counted(request: HttpRequest, username: str) -> None:
    """Date the try that was just counted by our time; a new row has the database package's own."""
    AccessAttempt.objects.filter(
        username=username,
        ip_address=request.axes_ip_address,  # type: ignore[attr-defined]
        user_agent=request.axes_user_agent,  # type: ignore[attr-defined]
    ).update(attempt_time=request.axes_attempt_time)  # type: ignore[attr-defined]


def count_wrong(request: HttpRequest, username: str) -> None:
    """A wrong second factor, passkey or password typed anew counts like a wrong password at the sign-in."""
    prepare(request)
    user_login_failed.send(sender=__name__, credentials={"username": username}, request=request)
    counted(request, username)


def unlock(username: str) -> bool:
    """Let a name try again at once; whether anything had been counted against it."""
    with transaction.atomic():
        held = AxesProxyHandler.reset_attempts(username=username)
        if held:
            account = Account.objects.filter(username=username).values_list("pk", flat=True).first()
            journal.note(KEEPER, "accounts", "account.unlocked", data={"account": account})
    return bool(held)


def answer(request: HttpRequest, original: HttpResponse, credentials: dict[str, Any] | None = None) -> HttpResponse:
    """What the middleware of django-axes sends for a locked name: our own page, as it is."""
    return original


def _limit(request: HttpRequest, username: str) -> int:
    return int(get_failure_limit(request, {"username": username}))


def _counting(request: HttpRequest, username: str) -> list[Any]:
    """The tries that still count, oldest first."""
    since = now() - get_cool_off(request)
    return list(AccessAttempt.objects.filter(username=username, attempt_time__gte=since).order_by("attempt_time"))
