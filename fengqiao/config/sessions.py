"""Django's sessions in the database, read by hand: every page of the desk begins with this question."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib.sessions.backends import db
from django.utils import timezone

from fengqiao.kernel import storing

if TYPE_CHECKING:
    from django.contrib.sessions.models import Session

ASKED = "select session_key, session_data, expire_date from django_session where session_key = %s and expire_date > %s"


class SessionStore(db.SessionStore):
    """A session's row without building the query anew."""

    def _get_session_from_db(self) -> Session | None:
        rows = storing.ask(ASKED, [self.session_key, timezone.now()])
        if rows:
            key, data, until = rows[0]
            return cast("Session", self.model(session_key=key, session_data=data, expire_date=until))
        self._session_key = None
        return None
