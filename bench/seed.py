"""The bench's data folder: a seeded city on its own embedded server, made once and copied for each run.

The made database is kept as `seeded`; each run works on a fresh copy called `fengqiao`, so that no run sees another's
writes. A change of the seed's code or of any migration makes a new folder.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from fengqiao.config import folders, migrate, roles, secrets
from fengqiao.config.server import DATABASE, EmbeddedServer, database_home

PROJECT = Path(__file__).resolve().parents[1]
SEEDED = "seeded"
FACTS = "bench.json"
SEED = 20261122
BATCH = 1000
STALE = timedelta(days=14)  # limits of open orders lie ahead of the day of seeding
SUPERVISOR, VILLAGE = "bench-supervisor", "bench-village"
DEPARTMENTS = ("streets", "housing", "transport", "market", "environment", "water", "labour", "education")
VILLAGE_PLACE = "330681901201"
# A database just copied lies on the disk; one that has served for a day lies in memory.
IN_MEMORY = "select sum(pg_prewarm(oid)) from pg_class where relkind in ('r', 'i', 't') and relpersistence = 'p'"


def folder_for(count: int) -> Path:
    """Where the data of `count` orders lie, by what made them."""
    sources = [
        *PROJECT.glob("fengqiao/**/migrations/*.py"),
        *(PROJECT / "bench" / f"{n}.py" for n in ("words", "history", "seed")),
    ]
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in sorted(sources))).hexdigest()[:8]
    return PROJECT / "build" / f"bench-{count}-{digest}"


def prepare(count: int, say: Any) -> tuple[EmbeddedServer, dict[str, Any]]:
    """A joined server whose database `fengqiao` is a fresh copy of `count` orders, and what is known of them.

    Sets the environment (FENGQIAO_DATA, DATABASE_URL) and Django up for this process.
    """
    data = folder_for(count)
    _remove_older(data, count)
    server = EmbeddedServer(database_home(_fresh(data)))
    server.join()
    _environment(data, server)
    if not (data / FACTS).exists():
        say(f"Making {count:,} orders in {data.relative_to(PROJECT)} (once) …")
        _make(count, server, data, say)
    shutil.rmtree(data / "anchors", ignore_errors=True)
    folders.prepare(data)
    server.drop_database(DATABASE)
    server.clone_database(SEEDED, DATABASE)
    _boot(server, DATABASE, "checkpoint", "create extension if not exists pg_prewarm", IN_MEMORY)
    return server, json.loads((data / FACTS).read_text())


def _fresh(data: Path) -> Path:
    facts = data / FACTS
    if facts.exists():
        made = datetime.fromisoformat(json.loads(facts.read_text())["made_at"])
        if datetime.now(UTC) - made > STALE:
            _remove(data)
    elif data.exists():
        _remove(data)  # made half
    folders.prepare(data)
    return data


def _remove_older(data: Path, count: int) -> None:
    for other in data.parent.glob(f"bench-{count}-*"):
        if other != data and not EmbeddedServer(database_home(other)).in_use():
            _remove(other)


def _remove(data: Path) -> None:
    home = database_home(data)
    server = EmbeddedServer(home)
    if server.in_use():
        raise SystemExit(f"{data} is in use by another run.")
    server.stop()
    shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(data, ignore_errors=True)


def _environment(data: Path, server: EmbeddedServer) -> None:
    secrets.ensure(data)
    os.environ.pop("FENGQIAO_OWNER_URL", None)
    os.environ |= {
        "FENGQIAO_DATA": str(data),
        "FENGQIAO_DEMO": "1",
        "DATABASE_URL": server.url(roles.PROGRAM),
        "DJANGO_SETTINGS_MODULE": "fengqiao.config.settings",
    }
    import django

    django.setup()


def _boot(server: EmbeddedServer, database: str, *statements: str) -> None:
    with psycopg.connect(host=str(server.socket), user=roles.BOOT, dbname=database, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def _make(count: int, server: EmbeddedServer, data: Path, say: Any) -> None:
    began = time.monotonic()
    for name in (SEEDED, DATABASE):
        server.drop_database(name)
    server.create_database(DATABASE)
    migrate.in_own_process(server.url(roles.OWNER), static=True)
    from django.db import connections

    from fengqiao.config import upkeep
    from fengqiao.kernel import analyse
    from fengqiao.offices.audit import audit

    city = _city()
    facts = _orders(city, count, server.url(roles.OWNER), say)
    say(f"  {time.monotonic() - began:.0f} s; figures, words, the journal …")
    upkeep.count_words()
    analyse.update_cells()
    report = audit.verify()
    if not report.verified:
        raise SystemExit(f"The seeded journal does not verify: {report.broken[:3]}")
    connections.close_all()
    with psycopg.connect(server.url(roles.OWNER), autocommit=True) as connection:
        connection.execute("vacuum analyze")
    server.create_database(SEEDED, template=DATABASE)
    facts |= {
        "made_at": datetime.now(UTC).isoformat(),
        "seconds": round(time.monotonic() - began, 1),
        "events": report.events,
        "handlers": {post.account.username: post.pk for post in city.handlers},
        "hotline": city.hotline.pk,
    }
    (data / FACTS).write_text(json.dumps(facts, ensure_ascii=False, indent=1))
    (data / "demo.loaded").touch()
    say(f"  made in {facts['seconds']:.0f} s.")


# -- the city -----------------------------------------------------------------


def _city() -> Any:
    from bench.history import City
    from fengqiao.kernel.models import Place

    _demo_places()
    towns = list(Place.objects.filter(level="town").order_by("code"))
    villages = list(Place.objects.filter(level="village").order_by("code").values_list("code", flat=True))
    random.Random(SEED).shuffle(villages)
    hotline = _unit("hotline", "12345 热线办公室", "hotline_office", "330681")
    supervisor = _post(SUPERVISOR, hotline, "hotline_supervisor")
    handlers = [
        _post(f"bench-{key}", _unit(key, f"示例部门{at}", "department", "330681"), "unit_handler")
        for at, key in enumerate(DEPARTMENTS, 1)
    ]
    for town in towns:
        unit = _unit(f"town-{town.code[6:]}", f"{town.name}人民政府", "town_government", town.code)
        handlers.append(_post(f"bench-{unit.key}", unit, "unit_handler"))
    village = _post(
        VILLAGE, _unit("village-bench", "示例村村民委员会", "village_committee", VILLAGE_PLACE), "village_member"
    )
    return City(hotline=hotline, supervisor=supervisor, handlers=handlers, village=village, places=villages)


def _demo_places() -> None:
    from fengqiao.offices.register import loading, places_file

    loading.commit(places_file.shipped("demo"), name="demo")


def _unit(key: str, name: str, kind: str, place: str) -> Any:
    from fengqiao.kernel.models import Place
    from fengqiao.offices.accounts import terms

    return terms.open_unit(key=key, name=name, kind=kind, place=Place.objects.get(pk=place))


def _post(username: str, unit: Any, role: str) -> Any:
    from fengqiao.kernel.models import Account, Post
    from fengqiao.kernel.now import now
    from fengqiao.offices.accounts import terms

    account = Account.objects.create_user(username, None, name=username)
    made = terms.appoint(account, unit, role, since=now() - timedelta(days=900))
    return Post.objects.select_related("account", "unit__place").get(pk=made.pk)


# -- the orders ---------------------------------------------------------------


def _orders(city: Any, count: int, owner_url: str, say: Any) -> dict[str, Any]:
    """Write the history through the owner's connections, a process for each core; what the checks must know of it."""
    from django.db import connections

    ended_at = datetime.now(UTC).replace(microsecond=0)
    states: Counter[str] = Counter()
    with psycopg.connect(owner_url) as connection:
        index = connection.execute("select pg_get_indexdef('search_row_tokens'::regclass)").fetchone()
        connection.execute("drop index search_row_tokens")
        connection.commit()
        connections.close_all()  # what is forked must not share one
        shares = len(os.sched_getaffinity(0))
        with ProcessPoolExecutor(shares, mp_context=multiprocessing.get_context("fork")) as pool:
            told = [pool.submit(_share, (at, shares), city, count, owner_url, ended_at, say) for at in range(shares)]
            for each in told:
                states += each.result()
        connection.execute(index[0] if index else "")
        connection.execute("select setval('matter_number_hotline', %s)", [count + 1])
        connection.commit()
    return {"count": count, "states": dict(states), "ended_at": ended_at.isoformat()}


def _share(which: tuple[int, int], city: Any, count: int, owner_url: str, ended_at: datetime, say: Any) -> Counter[str]:
    """Every n-th of the stories; how many of them are in which state."""
    from bench.history import Writer, stories
    from bench.words import Vocabulary

    mine, shares = which
    vocabulary = Vocabulary(SEED)
    writer = Writer(city, vocabulary, random.Random(f"{SEED}-{mine}"), ended_at, _often(vocabulary, count))
    states: Counter[str] = Counter()
    began = time.monotonic()
    with psycopg.connect(owner_url) as connection:
        connection.execute("set synchronous_commit to off")
        for serial, story in enumerate(stories(city, vocabulary, count, ended_at, SEED + 2), 1):
            if serial % shares == mine:
                writer.write(story)
                states[story.state] += 1
            if serial % (BATCH * shares) == 0 or serial == count:
                _copy(connection, writer.take())
            if serial % 20_000 == 0 and mine == 0:
                say(f"  {serial:,} orders, {time.monotonic() - began:.0f} s")
    return states


def _often(vocabulary: Any, orders: int) -> dict[str, int]:
    """How common each pair of characters is, as the program will count it among the texts of a quarter."""
    from fengqiao.ground import tokens

    chance, counted = random.Random(SEED + 3), Counter[str]()
    texts = min(max(20_000, orders // 8), 125_000)
    for _serial in range(texts):
        counted.update(tokens.bigrams(vocabulary.text(chance, 60)))
    return {pair: max(2, round(n * 20_000 / texts)) for pair, n in counted.items() if n >= 10}


def _copy(connection: psycopg.Connection[Any], rows: dict[str, list[tuple[Any, ...]]]) -> None:
    from bench.history import COLUMNS, given_another_code

    codes = [row[COLUMNS["source"].index("code_hash")] for row in rows["source"]]
    taken = connection.execute("select code_hash from source where code_hash = any(%s)", [codes]).fetchall()
    given_another_code(rows["source"], {bytes(code) for (code,) in taken})
    with connection.cursor() as cursor:
        for table, columns in COLUMNS.items():
            with cursor.copy(f"copy {table} ({', '.join(columns)}) from stdin") as copy:
                for row in rows[table]:
                    copy.write_row(row)
    connection.commit()


def texts_of(server: EmbeddedServer) -> Iterator[tuple[str, str]]:
    """(matter, title or words) of every text that may be searched, read by the owner."""
    with psycopg.connect(server.url(roles.OWNER)) as connection, connection.cursor("texts") as cursor:
        cursor.itersize = 5000
        cursor.execute(
            "select m.id::text, case when t.kind = 'content' then m.title || E'\\n' || t.body else t.body end"
            " from text t join matter m on m.id = t.matter_id where t.body is not null"
            " and t.visibility in ('public', 'parties', 'staff') and m.confidentiality in ('public', 'normal')"
        )
        yield from cursor
