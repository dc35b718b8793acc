"""What is measured: each row's requests, with what their answers must hold."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from urllib.parse import quote

from bench import naive
from bench.naive import Plain
from bench.people import Asker
from bench.seed import SEED, VILLAGE_PLACE
from bench.traffic import Ask
from bench.words import Vocabulary
from fengqiao.config.server import EmbeddedServer
from fengqiao.ground import numbers

API = "/api/v1"
WORDS, NOTE_WORDS = 60, 20


@dataclass(frozen=True)
class Bar:
    """What the row must reach: CPU milliseconds, and requests a second with eight clients; the best peer's CPU."""

    cpu: float | None = None
    rate: float | None = None
    peer: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the table. `asks(n)` are n requests, each sent once; a `writes` row gives new ones at each call."""

    key: str
    label: str
    who: str
    bar: Bar
    asks: Callable[[int], list[Ask]]
    writes: bool = False


def every(server: EmbeddedServer, plain: Plain, city: Asker, village: Asker, units: dict[int, Asker]) -> list[Row]:
    """All rows, readers first, so that what they read is what the seed made."""
    rows = []
    busiest = naive.asked(
        server, "select lead_unit_id from matter where state = 'in_progress' group by 1 order by count(*) desc limit 1"
    )[0][0]
    for who, asker, unit in (("city", city, busiest), ("village", village, village.post.unit_id)):
        rows += [
            Row(
                "list",
                "list, newest 20 of a unit and state, JSON",
                who,
                Bar(8, peer="RT 19"),
                _list(server, asker, unit),
            ),
            Row("worklist", "worklist page, HTML", who, Bar(25, peer="Roundup 36"), _worklist(server, asker)),
            Row("rare", "search, rare word", who, Bar(10, peer="RT 12"), _search(plain, asker, plain.rare)),
            Row("common", "search, common word", who, Bar(15, peer="RT 20"), _search(plain, asker, plain.common)),
            Row("figure", "figure by month and category, 24 months", who, Bar(40, peer="Redmine 96"), _figure(asker)),
        ]  # fmt: skip
    bodies = _bodies()
    return [
        *rows,
        Row("create", "create", "city", Bar(10, 120, "django-helpdesk 11"), _create(city, bodies), writes=True),
        Row("dispatch", "transition with remark: dispatch", "city", Bar(12, peer="django-helpdesk 13"),
            _dispatch(server, city, list(units)), writes=True),
        Row("return", "transition with remark: ask to return", "unit", Bar(12, peer="django-helpdesk 13"),
            _return(server, units), writes=True),
    ]  # fmt: skip


def _repeated(asks: Sequence[Ask]) -> Callable[[int], list[Ask]]:
    return lambda count: list(islice(cycle(asks), count))


def _list(server: EmbeddedServer, asker: Asker, unit: int) -> Callable[[int], list[Ask]]:
    key = naive.asked(server, "select key from unit where id = %s", unit)[0][0]
    expected = naive.newest(server, unit, "in_progress")
    path = f"{API}/matters?lead_unit={key}&state=in_progress&limit=20"
    return _repeated([Ask(path, headers=asker.bearer, holds=f'"items":[{{"number":"{expected[0]}"')])


def _worklist(server: EmbeddedServer, asker: Asker) -> Callable[[int], list[Ask]]:
    return _repeated(
        [Ask("/desk/", headers=asker.cookie, holds=numbers.parse(naive.tasks(server, asker.post)[-1]).slug)]
    )


def _search(plain: Plain, asker: Asker, words: Sequence[str]) -> Callable[[int], list[Ask]]:
    asks = []
    for word in words:
        found = plain.numbers(asker.post, word)
        holds = f'"items":[{{"number":"{found[0]}"' if found else '"items":[]'
        asks.append(Ask(f"{API}/matters?q={quote(word)}&limit=20", headers=asker.bearer, holds=holds))
    return _repeated(asks)


def _figure(asker: Asker) -> Callable[[int], list[Ask]]:
    path = f"{API}/figures/K-301a?by=month,category&from={_month_ago(24)}&to={_month_ago(0)}"
    return _repeated([Ask(path, headers=asker.bearer, holds='"by":"month,category"')])


def _month_ago(months: int) -> str:
    from fengqiao.kernel.now import today

    day = today()
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return f"{year:04d}-{month + 1:02d}-{1 if months else day.day:02d}"


def _bodies() -> Iterator[str]:
    """What callers say, each another 60 words from another village, most with a phone."""
    from fengqiao.kernel.models import Place

    chance, vocabulary = random.Random(SEED + 5), Vocabulary(SEED)
    places = list(Place.objects.filter(level="village").order_by("code").values_list("code", flat=True))
    while True:
        party = {"role": "applicant", "name": "来电人", "phone": f"100{chance.randrange(10**8):08d}"}
        body = {
            "kind": "hotline",
            "title": "".join(vocabulary.draw(chance, 5)),
            "content": vocabulary.text(chance, WORDS),
            "place": chance.choice(places),
            "category": chance.choice(("environment", "transport", "construction", "education")),
            "channel": "12345",
            "parties": [party] if chance.random() < 0.75 else [],
            "data": {"nature": "help"},
        }
        yield json.dumps(body, ensure_ascii=False)


def _create(asker: Asker, bodies: Iterator[str]) -> Callable[[int], list[Ask]]:
    def asks(count: int) -> list[Ask]:
        return [
            Ask(f"{API}/matters", "POST", body, asker.bearer, 201, '"query_code":"') for body in islice(bodies, count)
        ]

    return asks


def _dispatch(server: EmbeddedServer, asker: Asker, units: Sequence[int]) -> Callable[[int], list[Ask]]:
    """The newest orders at the desk, each to a unit, with a note of 20 words."""
    chance, vocabulary = random.Random(SEED + 6), Vocabulary(SEED)
    keys = [row[0] for row in naive.asked(server, "select key from unit where id = any(%s)", list(units))]

    def asks(count: int) -> list[Ask]:
        found = naive.asked(
            server, "select number from matter where state = 'received' order by opened_at desc limit %s", count
        )
        _enough(found, count)
        return [
            _action(number, "dispatch", asker, "dispatched",
                    unit=chance.choice(keys), note=vocabulary.text(chance, NOTE_WORDS))
            for (number,) in found
        ]  # fmt: skip

    return asks


def _return(server: EmbeddedServer, units: dict[int, Asker]) -> Callable[[int], list[Ask]]:
    """The newest dispatched orders, each sent back by its unit with a reason of 20 words."""
    chance, vocabulary = random.Random(SEED + 7), Vocabulary(SEED)

    def asks(count: int) -> list[Ask]:
        found = naive.asked(
            server, "select number, lead_unit_id from matter where state = 'dispatched' and lead_unit_id = any(%s)"
            " order by last_at desc limit %s", list(units), count,
        )  # fmt: skip
        _enough(found, count)
        return [
            _action(number, "ask_return", units[unit], "return_asked", reason=vocabulary.text(chance, NOTE_WORDS))
            for number, unit in found
        ]

    return asks


def _enough(found: Sequence[object], count: int) -> None:
    if len(found) < count:
        raise SystemExit(f"Only {len(found)} orders are in the state that {count} transitions need.")


def _action(number: str, action: str, asker: Asker, state: str, **data: object) -> Ask:
    slug = numbers.parse(number).slug
    body = json.dumps(data, ensure_ascii=False)
    return Ask(f"{API}/matters/{slug}/actions/{action}", "POST", body, asker.bearer, 200, f'"state":"{state}"')


__all__ = ["API", "VILLAGE_PLACE", "Bar", "Row", "every"]
