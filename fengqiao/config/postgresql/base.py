"""The connection that the settings name."""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base

PREPARED = 400  # statements that a connection keeps planned; the driver's 100 would throw them out in turn


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that is looked at before each request (engineering ruling 2) without a round trip."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """With room for the statements that the program prepares."""
        line = super().get_new_connection(conn_params)
        line.prepared_max = PREPARED
        return line

    def is_usable(self) -> bool:
        """Whether the server still holds the line: one that it closed is readable at once. Only then it is asked."""
        line = self.connection
        if line is None or line.closed:
            return False
        poll = select.poll()
        poll.register(line.fileno(), select.POLLIN)
        return not poll.poll(0) or super().is_usable()
