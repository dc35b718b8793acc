"""The worker: runs the jobs that lie in PostgreSQL, and touches a file so that /readyz knows it lives.

`python -m fengqiao.config.worker` until SIGTERM or SIGINT; jobs under way get ten seconds.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import suppress

GRACE_SECONDS = 10.0
LONG_SECONDS, LONGEST_PAUSE_SECONDS = 60.0, 15.0


async def work() -> None:
    """Run jobs until asked to stop. Raises when the database goes away."""
    from procrastinate.contrib.django import app

    beat = asyncio.create_task(_beat())
    try:
        with app.replace_connector(app.connector.get_worker_connector()) as worker_app:  # type: ignore[attr-defined]
            async with worker_app.open_async():
                await worker_app.run_worker_async(
                    concurrency=2,
                    delete_jobs="successful",
                    shutdown_graceful_timeout=GRACE_SECONDS,
                )
    finally:
        beat.cancel()


async def _beat() -> None:
    """On the loop that runs the jobs, so that a stuck loop falls silent."""
    from fengqiao.config.health import HEARTBEAT_SECONDS, heartbeat_file

    while True:
        with suppress(OSError):  # a full disk is told by /readyz, and must not end the worker
            heartbeat_file().touch()
        await asyncio.sleep(HEARTBEAT_SECONDS)


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fengqiao.config.settings")
    os.environ.setdefault("PGAPPNAME", "fengqiao worker")
    import django

    django.setup()
    _go_on()
    return 0


def _go_on() -> None:
    """Work, and go on after a full disk or a database that was away: told once, tried again until it works."""
    from fengqiao.doors.outages import outage_of, telling

    pause = 1.0
    while True:
        began = time.monotonic()
        try:
            asyncio.run(work())
            return
        except Exception as problem:
            outage = outage_of(problem)
            if outage is None:
                raise
            telling.met("The worker", outage)
        pause = 1.0 if time.monotonic() - began > LONG_SECONDS else min(pause * 2, LONGEST_PAUSE_SECONDS)
        time.sleep(pause)


if __name__ == "__main__":
    sys.exit(main())
