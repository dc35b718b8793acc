"""The database of the tests: one embedded server a run, a template made once by the owner, a copy for each worker.

Tests connect as the program's role, which owns nothing, with every policy and trigger on (engineering ruling 9).
Ordinary tests (`db`) roll back. Tests that need real commits take `own_database`, a fresh copy that is dropped
afterwards. Only tests about tampering take `owner_connection`. No test connects as superuser.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from fengqiao.config import folders, migrate, os_user, roles, secrets
from fengqiao.config.server import EmbeddedServer
from tests import profile  # noqa: F401 - registers how deep hypothesis goes

HOME = "FENGQIAO_TEST_HOME"
TEMPLATE = "FENGQIAO_TEST_TEMPLATE"
# The tests' cluster is thrown away: nothing has to survive a power cut.
QUICK = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "archive_mode": "off",
}
PREFIX = "fengqiao-test-"
_held = pytest.StashKey[EmbeddedServer]()


@dataclass(frozen=True)
class Database:
    """A database of its own: its name and its addresses for the program and the owner."""

    name: str
    url: str
    owner_url: str


def pytest_configure(config: pytest.Config) -> None:
    """The controller makes server and template; every process that runs tests makes its own copy."""
    if not hasattr(config, "workerinput"):
        _prepare_run(config)
    if hasattr(config, "workerinput") or not getattr(config.option, "numprocesses", None):
        _prepare_process(getattr(config, "workerinput", {}).get("workerid", "main"))


def pytest_unconfigure(config: pytest.Config) -> None:
    server = config.stash.get(_held, None)
    if server is None:
        return
    _close_connections()
    server.leave()
    shutil.rmtree(os.environ[HOME], ignore_errors=True)


def _prepare_run(config: pytest.Config) -> None:
    _end_left_over_runs()
    home = Path(tempfile.mkdtemp(prefix=PREFIX))
    home.chmod(0o711 if os_user.is_root() else 0o700)
    for name in ("DATABASE_URL", "FENGQIAO_OWNER_URL", "FENGQIAO_DEMO", "PORT", "DJANGO_SETTINGS_MODULE"):
        os.environ.pop(name, None)
    keys = secrets.ensure(home / "data", {})
    os.environ |= {secrets.variable(name): secrets.as_text(entries) for name, entries in keys.items()}
    os.environ |= {HOME: str(home), "FENGQIAO_DATA": str(home / "data")}
    server = EmbeddedServer(home / "database", settings=QUICK)
    server.join()
    config.stash[_held] = server
    template = f"template_{uuid4().hex[:8]}"
    server.create_database(template)
    try:
        migrate.in_own_process(server.url(roles.OWNER, template))
    except migrate.MigrationFailed as failure:
        server.leave()
        shutil.rmtree(home, ignore_errors=True)
        pytest.exit(str(failure), returncode=3)
    os.environ[TEMPLATE] = template


def _prepare_process(worker: str) -> None:
    data = Path(os.environ[HOME]) / f"data-{worker}"
    folders.prepare(data)
    name = f"test_{worker}"
    server = test_server()
    server.clone_database(os.environ[TEMPLATE], name)
    os.environ |= {"FENGQIAO_DATA": str(data), "DATABASE_URL": server.url(roles.PROGRAM, name)}
    # Named only here: with it in the environment pytest-django would read the settings before the address is known.
    os.environ["DJANGO_SETTINGS_MODULE"] = "fengqiao.config.settings"
    import django

    django.setup()


def test_server() -> EmbeddedServer:
    """The run's server, for making and dropping databases; the run itself holds it open."""
    return EmbeddedServer(Path(os.environ[HOME]) / "database", settings=QUICK)


test_server.__test__ = False  # type: ignore[attr-defined]


def _close_connections() -> None:
    from django.conf import settings

    if settings.configured:
        from django.db import connections

        connections.close_all()


def _end_left_over_runs() -> None:
    """Servers of runs that were killed before they could stop theirs; one that anybody uses is left alone."""
    for home in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        found = home.stat()
        if found.st_uid == os.geteuid() and time.time() - found.st_mtime > 3600:
            server = EmbeddedServer(home / "database")
            if not server.in_use():
                server.stop()
                shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Sentences are compared in the language of the code; a request brings its own language."""
    from django.utils import translation

    with translation.override("en"):
        yield


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The database is there already; pytest-django must make none (the program's role could not)."""


@pytest.fixture
def transactional_db() -> None:
    """Tables cannot be emptied between tests: the journal refuses it."""
    pytest.fail("Use own_database: real commits need a database of their own.")


@contextmanager
def fresh_database() -> Iterator[Database]:
    """A copy of the template, dropped in the end."""
    server, name = test_server(), f"own_{uuid4().hex[:12]}"
    server.clone_database(os.environ[TEMPLATE], name)
    try:
        yield Database(name, server.url(roles.PROGRAM, name), server.url(roles.OWNER, name))
    finally:
        server.drop_database(name)


@contextmanager
def default_connection_to(name: str) -> Iterator[None]:
    """Let Django's default connection, in every thread that opens one, lead to another database."""
    from django.db import connections

    settings = connections["default"].settings_dict
    before = settings["NAME"]
    connections.close_all()
    settings["NAME"] = name
    try:
        yield
    finally:
        connections.close_all()
        settings["NAME"] = before


@pytest.fixture
def own_database(django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database with real commits, for this test alone; processes started by the test get it by DATABASE_URL."""
    with fresh_database() as database, django_db_blocker.unblock(), default_connection_to(database.name):
        monkeypatch.setenv("DATABASE_URL", database.url)
        yield database


@pytest.fixture
def owner_connection(own_database: Database) -> Iterator[Any]:
    """The owner's own connection to `own_database`; for tests about tampering only."""
    import psycopg

    with psycopg.connect(own_database.owner_url, autocommit=True) as connection:
        yield connection
