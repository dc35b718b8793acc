"""One connection, as the program's role, kept open per thread with a health check (engineering ruling 2).

Without DATABASE_URL it is the embedded server of FENGQIAO_DATA. Reading the settings starts nothing.
"""

from typing import Any

from fengqiao.config import environment, roles
from fengqiao.config.server import database_home, socket_url
from fengqiao.config.settings.paths import FENGQIAO_DATA

FENGQIAO_PROGRAM_ROLE = roles.PROGRAM
FENGQIAO_SEARCH_ROLE = roles.SEARCH
FENGQIAO_OWNER_ROLE = roles.OWNER

_url = environment.text("DATABASE_URL") or socket_url(database_home(FENGQIAO_DATA), roles.PROGRAM)
_connection: dict[str, Any] = environment.database(_url, "DATABASE_URL")
# Whose a connection is, for whoever looks at pg_stat_activity: the worker names itself.
_connection["OPTIONS"].setdefault("application_name", environment.text("PGAPPNAME", "fengqiao"))
# Policies make planning the dearest part of a question; a prepared one is planned once (docs/operations/bench.md).
_connection["OPTIONS"].setdefault("server_side_binding", True)
_connection["OPTIONS"].setdefault("prepare_threshold", 2)

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "fengqiao.config.postgresql",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        **_connection,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
