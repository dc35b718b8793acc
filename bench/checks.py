"""Before and after measuring: are the answers right? Each check is a sentence with yes or no."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import quote, urlsplit

import orjson

from bench import naive, work
from bench.naive import Plain
from bench.people import Asker
from bench.traffic import Ask, send
from fengqiao.config.server import EmbeddedServer
from fengqiao.kernel import analyse
from fengqiao.kernel.now import today
from fengqiao.offices.figures.recount import recount

PAGE, PAGES = 100, 4
Said = tuple[str, bool]


def searches(port: int, plain: Plain, askers: list[tuple[str, Asker]]) -> Iterator[Said]:
    """Every hit of each rare word, and the first 400 of each common one, in order, as the naive filter finds them."""
    for who, asker in askers:
        for kind, words in (("rare", plain.rare), ("common", plain.common)):
            right = all(_found(port, asker, word) == plain.numbers(asker.post, word)[: PAGE * PAGES] for word in words)
            yield f"search as {who}: {len(words)} {kind} words find what a naive filter finds", right


def _found(port: int, asker: Asker, word: str) -> list[str]:
    path, found = f"{work.API}/matters?q={quote(word)}&limit={PAGE}", []
    for _page in range(PAGES):
        (answer,) = send(port, [Ask(path, headers=asker.bearer)])
        body = orjson.loads(answer.body)
        found += [item["number"] for item in body["items"]]
        if not body["next"]:
            break
        path = f"{work.API}/matters?q={quote(word)}&limit={PAGE}&cursor={quote(body['next'])}"
    return found


def lists(port: int, server: EmbeddedServer, rows: list[work.Row]) -> Iterator[Said]:
    """The whole of a list's JSON, and every number on the worklist's page, against the tables."""
    for row in rows:
        if row.key == "list":
            ask = row.asks(1)[0]
            (answer,) = send(port, [ask])
            key = re.search(r"lead_unit=([\w-]+)", urlsplit(ask.path).query)
            unit = naive.asked(server, "select id from unit where key = %s", key.group(1) if key else "")[0][0]
            numbers = [item["number"] for item in orjson.loads(answer.body)["items"]]
            yield f"list as {row.who}: the newest 20, in order", numbers == naive.newest(server, unit, "in_progress")


def worklists(port: int, server: EmbeddedServer, askers: list[tuple[str, Asker]]) -> Iterator[Said]:
    """Twenty tasks, least time left first."""
    for who, asker in askers:
        (answer,) = send(port, [Ask("/desk/", headers=asker.cookie)])
        numbers = re.findall(r'<span class="num">(热[^<]+)</span>', answer.body.decode())
        yield (
            f"worklist as {who}: the tasks with the least time left, in order",
            numbers == naive.tasks(server, asker.post),
        )


def village(plain: Plain, asker: Asker) -> Iterator[Said]:
    """The village's post reads its forty matters."""
    from bench.history import VILLAGE_MATTERS

    yield (
        f"the village's post may read {VILLAGE_MATTERS} matters",
        len(plain.readable[asker.post.pk]) == VILLAGE_MATTERS,
    )


def figures(port: int, asker: Asker) -> Iterator[Said]:
    """The cells, brought up to date, are what the journal gives anew; the API adds them up to all matters."""
    analyse.update_cells()
    last = today() + timedelta(days=1)
    yield "figures: every cell is what the journal gives anew", not recount(last - timedelta(days=900), last)
    path = f"{work.API}/figures/K-301a?by=month,category&from={date(last.year - 3, 1, 1)}&to={last}"
    (answer,) = send(port, [Ask(path, headers=asker.bearer)])
    told = orjson.loads(answer.body)["total"]["numerator"]
    yield "figures: K-301a over all days is the number of orders", told == naive.matters()
