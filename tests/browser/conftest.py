"""A browser, and the program served over HTTP on a database of its own."""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.looking import Looker, chromium


class _Server(ThreadingMixIn, WSGIServer):
    # Chromium opens several connections; a waiting one must not hold the others up.
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Tests read pages, not access logs."""


@dataclass(frozen=True)
class Served:
    """The program under test: its address, and `url("/path")`."""

    origin: str

    def url(self, path: str) -> str:
        return f"{self.origin}{path}"


def _serve(application: Any) -> Iterator[Served]:
    server = make_server("127.0.0.1", 0, application, server_class=_Server, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Served(f"http://localhost:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def _without_database(application: Any) -> Any:
    """Close each thread's connections after its request, so that the database can be dropped in the end."""
    from django.db import connections

    def answer(environ: Any, start_response: Any) -> Any:
        response = application(environ, start_response)
        try:
            yield from response
        finally:
            getattr(response, "close", lambda: None)()
            connections.close_all()

    return answer


@pytest.fixture(scope="session")
def chromium_browser() -> Iterator[Any]:
    # Playwright keeps a loop running in this thread, and Django would refuse every query of the tests beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def browser_page(chromium_browser: Any) -> Looker:
    """Looks at pages: `browser_page.look(url, name, …)` and `with browser_page.open(url, …) as seen`."""
    return Looker(chromium_browser)


@pytest.fixture
def served(own_database: Any) -> Iterator[Served]:
    """The WSGI program on a database of its own with real commits."""
    from fengqiao.config.wsgi import application

    yield from _serve(_without_database(application))


@pytest.fixture
def served_face() -> Iterator[Served]:
    """The program without a database, for pages that need none."""
    from fengqiao.config.wsgi import application

    yield from _serve(application)
