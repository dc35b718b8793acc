"""What is watched, as sentences for `fengqiao check`. Silent while it cannot be said, such as when nothing runs."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

from django.conf import settings

from fengqiao.config import health
from fengqiao.config.watching import state
from fengqiao.kernel.now import today

OUTBOX_SECONDS = 3600
ROOT_SECONDS = 1800  # roots are sealed every ten minutes
# In the ten years before 2026 the notice of the next year came out between 25 October and 8 December.
NOTICE_EXPECTED = (12, 10)


def late_worker() -> list[str]:
    """Whether the worker of the running program is silent, or leaves jobs lying."""
    if not state.running():
        return []
    if (silence := health.worker_state()) != "ok":
        return [f"{silence} `up` starts it again; its output says why it ended."]
    with state.asking() as ask:
        late = ask(state.LATE_JOBS)[0][0]
    return [f"{late} jobs should have begun {state.LATE_SECONDS} seconds ago; see the worker's output."] if late else []


def old_outbox() -> list[str]:
    """Whether a message to the outside waits for more than an hour."""
    with state.asking() as ask:
        waiting, oldest = ask(state.OUTBOX)[0]
    if oldest <= OUTBOX_SECONDS:
        return []
    return [
        f"{waiting} messages wait, the oldest for {oldest / 3600:.0f} h; try the way out with "
        "`fengqiao outbox try-sms` or `try-mail`."
    ]


def unsealed_root() -> list[str]:
    """Whether the running program has sealed no root for half an hour."""
    told = Path(settings.FENGQIAO_DATA) / "up.json"
    if not state.running() or time.time() - told.stat().st_mtime < ROOT_SECONDS:
        return []
    number, _below, at = state.sealed()
    if at and state.root_age() < ROOT_SECONDS:
        return []
    last = f"root {number} of {at:%Y-%m-%d %H:%M} UTC" if at else "none"
    return [
        f"The journal has not been sealed for half an hour (last: {last}); see the worker's output and the anchors."
    ]


def provisional_calendar() -> list[str]:
    """Whether limits run into a year whose holidays should be known by now."""
    year = today().year
    wanted = year + 1 if today() >= date(year, *NOTICE_EXPECTED) else year
    if state.last_year() >= wanted:
        return []
    with state.asking() as ask:
        count = ask(state.PROVISIONAL)[0][0]
    if not count:
        return []
    return [f"{count} limits are provisional: the holidays of {wanted} are not known; `fengqiao load calendar FILE`."]
