"""The measuring itself: warm up, run each row with one and with eight clients, read the CPU, drain the queue."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from bench import bringing, ceiling, checks, naive, people, processes, traffic, work
from bench.house import House, open_house
from fengqiao.config import roles
from fengqiao.config.server import DATABASE, EmbeddedServer

CLIENTS = (1, 8)
WARM, WARM_CLIENTS = 64, 8
QUIET_SECONDS = 5.0
CREATE_CLIENTS_FOR_CEILING = 8

Say = Callable[[str], None]


def everything(args: argparse.Namespace, server: EmbeddedServer, say: Say) -> dict[str, Any]:
    """All rows, the import, the memory, the ceiling and the checks, as they are kept in results.json."""
    from django.conf import settings

    data = Path(settings.FENGQIAO_DATA)
    city, village = people.askers()
    plain = naive.look(server, args.orders, [city.post, village.post])
    rows = work.every(server, plain, city, village, people.handlers())
    wanted = set(args.only.split(",")) if args.only else None
    statements = Statements(server)
    found: dict[str, Any] = {"generator": "wrk" if traffic.has_wrk() else "asyncio", "rows": [], "checks": {}}
    with open_house(server, data) as house:
        found["settled_s"] = round(house.settle(), 1)
        say(f"the worker came to rest after {found['settled_s']:.0f} s")
        both = [("city", city), ("village", village)]
        for said in (checks.village(plain, village), checks.searches(house.port, plain, both),
                     checks.lists(house.port, server, rows), checks.worklists(house.port, server, both)):  # fmt: skip
            found["checks"] |= _told(said, say)
        for row in rows:
            if wanted is None or row.key in wanted:
                found["rows"].append(_row(args, house, row, statements, say))
        if wanted is None or "import" in wanted:
            found["import"] = _import(args, data, house, say)
        found["memory"] = _memory(house, say)
        found["checks"] |= _told(checks.figures(house.port, city), say)
        if wanted is None or "ceiling" in wanted:
            found["ceiling"] = _ceiling(args, server, house, city.post, say)
    return found


def _told(said: Any, say: Say) -> dict[str, bool]:
    found = {}
    for sentence, right in said:
        found[sentence] = right
        say(f"{'yes' if right else 'NO '} {sentence}")
    return found


def _row(args: argparse.Namespace, house: House, row: work.Row, statements: Statements, say: Say) -> dict[str, Any]:
    """One row, warm, with one and with eight clients; of several passes the one with the least CPU."""
    count = args.writes if row.writes else args.reads
    _warm(house, row)
    found: dict[str, Any] = {
        "key": row.key, "label": row.label, "who": row.who,
        "bar": {"cpu": row.bar.cpu, "rate": row.bar.rate, "peer": row.bar.peer},
    }  # fmt: skip
    for clients in CLIENTS:
        passes = [_pass(house, row, count, clients, statements) for _i in range(args.passes)]
        found[str(clients)] = min(passes, key=lambda each: each["cpu_ms"])
        found[str(clients)]["cpu_ms_all"] = [each["cpu_ms"] for each in passes]
        said = found[str(clients)]
        say(
            f"{row.label} ({row.who}), {clients} client(s): {said['cpu_ms']:.1f} ms CPU "
            f"(web {said['web_ms']:.1f}, PostgreSQL {said['database_ms']:.1f}), p50 {said['p50_ms']:.1f}, "
            f"p95 {said['p95_ms']:.1f} ms, {said['rate']:.0f}/s, {said['queries']} queries; load {said['load']}"
            + "".join(f"\n    WRONG {fault}" for fault in said["wrong"])
        )
    return found


def _warm(house: House, row: work.Row) -> None:
    """Every thread of every web process answers a few times, and each answer is read."""
    asks = row.asks(WARM)
    answers = traffic.send(house.port, asks, clients=WARM_CLIENTS)
    for ask, answer in zip(asks, answers, strict=True):
        if fault := traffic.wrong_with(ask, answer):
            raise SystemExit(f"{row.label} ({row.who}): {fault}")
    house.drain()


def _pass(house: House, row: work.Row, count: int, clients: int, statements: Statements) -> dict[str, Any]:
    asks = row.asks(count)
    statements.reset()
    before = house.family.cpu()
    run = traffic.drive(house.port, asks, clients=clients)
    used = house.family.cpu().since(before)
    queries = statements.a_request(count)
    drained = house.drain()
    worker = house.family.cpu().since(before).worker
    return {
        "cpu_ms": round(1000 * used.served / run.count, 2),
        "web_ms": round(1000 * used.web / run.count, 2),
        "database_ms": round(1000 * used.database / run.count, 2),
        "worker_ms": round(1000 * worker / run.count, 2),
        "p50_ms": round(1000 * run.p50, 1),
        "p95_ms": round(1000 * run.p95, 1),
        "rate": round(run.rate, 1),
        "count": run.count,
        "queries": queries,
        "drained_s": round(drained, 1),
        "load": processes.load(),
        "wrong": run.wrong,
    }


class Statements:
    """How many queries an answer takes, counted by PostgreSQL itself (pg_stat_statements)."""

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server
        self._there = False
        with suppress(psycopg.Error):
            self._ask("create extension if not exists pg_stat_statements")
            self._there = True

    def reset(self) -> None:
        if self._there:
            self._ask("select pg_stat_statements_reset()")

    def a_request(self, count: int) -> int | None:
        """Queries and writes of one request; what only the worker asks is left out."""
        if not self._there:
            return None
        rows = self._ask(
            "select s.calls from pg_stat_statements s join pg_database d on d.oid = s.dbid where d.datname = %s"
            " and s.toplevel and s.query !~* '^(begin|commit|rollback|savepoint|release|set )'",
            DATABASE,
        )
        return sum(round(calls / count) for (calls,) in rows)

    def time_planning(self) -> None:
        """From the next connection on, the time of planning counts too."""
        from django.db import connections

        self._ask(f"alter database {DATABASE} set pg_stat_statements.track_planning = on")
        connections.close_all()

    def dearest(self, most: int) -> list[tuple[Any, ...]]:
        """(milliseconds of planning, of execution, calls, text) of the statements that took longest since `reset`."""
        return self._ask(
            "select s.total_plan_time, s.total_exec_time, s.calls, s.query from pg_stat_statements s"
            " join pg_database d on d.oid = s.dbid where d.datname = %s and s.toplevel"
            " order by s.total_plan_time + s.total_exec_time desc limit %s",
            DATABASE,
            most,
        )

    def _ask(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(
            host=str(self._server.socket), user=roles.BOOT, dbname="postgres", autocommit=True
        ) as connection:
            cursor = connection.execute(question, values or None)
            return cursor.fetchall() if cursor.description else []


def _import(args: argparse.Namespace, data: Path, house: House, say: Say) -> dict[str, Any]:
    runs = []
    for serial in range(args.passes):
        house.settle()
        runs.append(bringing.measure(data, house.family, args.imports, serial))
    best = max(runs, key=lambda each: each.rate)
    house.drain()
    say(f"import: {best.rate:.0f} rows/s, {best.cpu_ms:.2f} ms CPU a row, {best.created} of {best.rows} created; "
        f"load {processes.load()}")  # fmt: skip
    return {
        "rows": best.rows, "rate": round(best.rate, 1), "cpu_ms": round(best.cpu_ms, 2), "created": best.created,
        "rejected": best.rejected, "rates": [round(each.rate, 1) for each in runs],
    }  # fmt: skip


def _memory(house: House, say: Say) -> dict[str, float]:
    house.drain()
    time.sleep(QUIET_SECONDS)
    found = house.family.memory()
    say(
        f"memory, warm and idle: web {found['web']}, worker {found['worker']}, PostgreSQL {found['database']} MiB (PSS)"
    )
    return found


def _ceiling(args: argparse.Namespace, server: EmbeddedServer, house: House, post: Any, say: Say) -> dict[str, Any]:
    clients = CREATE_CLIENTS_FOR_CEILING
    bare = ceiling.measure(server, house.family, post, count=args.writes * 5, clients=clients)
    for key, each in bare.items():
        say(f"ceiling, bare SQL of {key}: {each.cpu_ms:.2f} ms CPU, {each.rate:.0f}/s with {clients} clients")
    return {key: {"cpu_ms": round(each.cpu_ms, 2), "rate": round(each.rate, 1)} for key, each in bare.items()}
