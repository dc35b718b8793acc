"""The connection that the settings name."""

from __future__ import annotations

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that is looked at before each request (engineering ruling 2) without a round trip."""

    def is_usable(self) -> bool:
        """Whether the server still holds the line: one that it closed is readable at once. Only then it is asked."""
        line = self.connection
        if line is None or line.closed:
            return False
        poll = select.poll()
        poll.register(line.fileno(), select.POLLIN)
        return not poll.poll(0) or super().is_usable()
