"""Django's sessions in the database, read by hand: every page of the desk begins with this question.

On a full disk reading goes on: that somebody was seen just now need not be written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import Error
from django.utils import timezone

from fengqiao.doors.outages import outage_of, telling
from fengqiao.kernel import storing

if TYPE_CHECKING:
    from django.contrib.sessions.models import Session

MAY_WAIT = frozenset({"seen"})
ASKED = "select session_key, session_data, expire_date from django_session where session_key = %s and expire_date > %s"


class SessionStore(db.SessionStore):
    """A session's row without building the query anew."""

    _stored: dict[str, Any] | None = None
    _session: dict[str, Any]

    def load(self) -> dict[str, Any]:
        data: dict[str, Any] = super().load()
        self._stored = dict(data)
        return data

    def save(self, must_create: bool = False) -> None:
        """Raises NoRoom or Away where it matters; what may wait is left for the next page."""
        try:
            super().save(must_create)
        except (Error, UpdateError) as problem:
            outage = outage_of(problem)
            if outage is None:
                raise
            if must_create or not self._may_wait():
                raise outage from problem
            telling.met("The sessions", outage)

    def _may_wait(self) -> bool:
        if self._stored is None:
            return False
        new, old = self._session, self._stored
        return {name for name in {*new, *old} if new.get(name) != old.get(name)} <= MAY_WAIT

    def _get_session_from_db(self) -> Session | None:
        rows = storing.ask(ASKED, [self.session_key, timezone.now()])
        if rows:
            key, data, until = rows[0]
            return cast("Session", self.model(session_key=key, session_data=data, expire_date=until))
        self._session_key = None
        return None
