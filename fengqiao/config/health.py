"""Is it alive, is it ready: /healthz, /readyz. How it fares is told by `watching`.

The worker tells that it lives by touching a file in FENGQIAO_DATA/run; a table would need a write every few seconds.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from fengqiao.config.server import database_home, socket_folder

HEARTBEAT_SECONDS = 3
STALE_AFTER_SECONDS = 20
LEAST_FREE_BYTES = 32 * 2**20  # two segments of PostgreSQL's log


def heartbeat_file() -> Path:
    """The file the worker touches."""
    return Path(settings.FENGQIAO_RUN) / "worker.alive"


@require_safe
@never_cache
def alive(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """200 when database, worker and disk serve, else 503; the body says which does not."""
    state = {"database": database_state(), "worker": worker_state(), "disk": disk_state()}
    well = all(value == "ok" for value in state.values())
    return JsonResponse({"ready": well, **state}, status=200 if well else 503)


def database_state() -> str:
    """`ok` or one sentence."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return "The database does not answer."
    return "ok"


def worker_state() -> str:
    """`ok` or one sentence."""
    try:
        age = time.time() - heartbeat_file().stat().st_mtime
    except OSError:
        return "The worker has not started."
    return "ok" if age < STALE_AFTER_SECONDS else f"The worker has been silent for {int(age)} seconds."


def disk_state() -> str:
    """`ok` or one sentence, for the disk of the data folder and that of the embedded database."""
    data = Path(settings.FENGQIAO_DATA)
    places, home = {"data folder": data}, database_home(data)
    if settings.DATABASES["default"].get("HOST") == str(socket_folder(home)):
        places["database"] = home
    for name, folder in places.items():
        try:
            free = shutil.disk_usage(folder).free
        except OSError:
            return f"The folder of the {name} cannot be read."
        if free < LEAST_FREE_BYTES:
            return f"Only {free // 2**20} MiB are free on the disk of the {name}."
    return "ok"
