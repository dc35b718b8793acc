"""Where the CPU goes: operations in this process under cProfile, and PostgreSQL's dearest statements of the same."""

from __future__ import annotations

import cProfile
import pstats
from functools import cache
from typing import Any

import psycopg

from bench import naive, people, work
from bench.measure import Statements
from bench.traffic import Ask
from fengqiao.config.server import EmbeddedServer

WARM, COUNT, LINES, STATEMENTS = 15, 40, 28, 8


def show(server: EmbeddedServer, orders: int, keys: list[str]) -> None:
    """Print both for each row, as the city's supervisor."""
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["*"]
    city, village = people.askers()
    plain = naive.look(server, orders, [city.post, village.post])
    rows = [row for row in work.every(server, plain, city, village, people.handlers()) if row.who != "village"]
    statements = Statements(server)
    statements.time_planning()
    for row in rows:
        if keys and row.key not in keys:
            continue
        for ask in row.asks(WARM):
            _answer(ask)
        asks = row.asks(COUNT)
        statements.reset()
        profile = cProfile.Profile()
        profile.enable()
        for ask in asks:
            _answer(ask)
        profile.disable()
        print(f"\n== {row.label}: {COUNT} times ==")
        pstats.Stats(profile).strip_dirs().sort_stats("cumulative").print_stats(r"\.py", LINES)
        pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(LINES // 2)
        _print_statements(statements)


def _answer(ask: Ask) -> None:
    """Through every layer of the program but the web server. Raises SystemExit for a wrong answer."""
    headers: dict[str, str] = dict(ask.headers)
    client = _client()
    client.cookies.clear()
    answer = client.generic(ask.method, ask.path, ask.body, content_type="application/json", headers=headers)
    if answer.status_code != ask.status:
        raise SystemExit(f"{ask.path}: {answer.status_code} {answer.content[:300]!r}")


@cache
def _client() -> Any:
    """One for all: each new one would load the middleware anew."""
    from django.test import Client

    return Client()


def _print_statements(statements: Statements) -> None:
    print("PostgreSQL, ms of planning + execution, calls a request:")
    try:
        rows = statements.dearest(STATEMENTS)
    except psycopg.Error as error:
        print(f"  not to be had: {error}")
        return
    for planned, executed, calls, query in rows:
        print(
            f"  {planned / COUNT:6.2f} + {executed / COUNT:6.2f} {calls / COUNT:5.1f}  {' '.join(query.split())[:170]}"
        )
