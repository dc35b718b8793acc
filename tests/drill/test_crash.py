"""Kill anything at any moment: what was acknowledged is there, once, and the journal verifies (BLUEPRINT 7).

It runs one to two minutes: the real program starts, and ruling 19 asks for 2 × 10 s of work under random kill -9; in
`make test-all` it is 10 × 60 s, and then as long as the lease of a message that a killed worker had in hand.
"""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.drill.city import PEOPLE, City, Work, a_city
from tests.outbox.twins import GatewayTwin, gateway
from tests.profile import DEEP

pytestmark = pytest.mark.drill
ROUNDS = int(os.environ.get("FENGQIAO_DRILL_ROUNDS", "10" if DEEP else "2"))
SECONDS = int(os.environ.get("FENGQIAO_DRILL_SECONDS", "60" if DEEP else "10"))
CLIENTS = 4
BETWEEN_KILLS = (0.8, 2.0)
LEASE_SECONDS = 420  # five minutes, and the worker's next sweeps
PHONE = "13800138000"

FOUND = """
import json
from fengqiao.config import command
with command.database():
    command.set_up_django()
    from fengqiao.kernel.access import SystemPost, acting_as
    from fengqiao.kernel.models import Matter, Message
    with acting_as(SystemPost("keeper")):
        rows = list(Matter.objects.values_list("title", "number", "state"))
        told = list(Message.objects.filter(template="dispatched").values_list("matter__number", flat=True))
        sms = [
            [str(row.pk), row.sent_at is not None, row.dead_at is not None or row.cancelled_at is not None]
            for row in Message.objects.filter(way="sms")
        ]
    print(json.dumps({"rows": rows, "told": told, "sms": sms}))
"""


def kill_at_random(city: City, until: float, killed: Counter[str], dice: random.Random) -> None:
    """One process after the other; the supervisor, with whom all go down, once a round, and it is started again."""
    spared: set[str] = set()
    while time.monotonic() < until:
        with suppress(OSError, ValueError, KeyError, IndexError):
            found = city.victims()
            name = dice.choice(sorted(found.keys() - spared))
            os.kill(dice.choice(found[name]), signal.SIGKILL)
            killed[name] += 1
            spared |= {name} & {"supervisor"}
        time.sleep(dice.uniform(*BETWEEN_KILLS))
        city.keep()


def work_under_fire(city: City, work: Work, killed: Counter[str], dice: random.Random) -> None:
    for turn in range(ROUNDS):
        until = time.monotonic() + SECONDS
        clients = [threading.Thread(target=work.client, args=(f"{turn}-{n}", until)) for n in range(CLIENTS)]
        for each in clients:
            each.start()
        kill_at_random(city, until, killed, dice)
        while any(each.is_alive() for each in clients):
            city.keep()
            time.sleep(0.2)
        city.wait()


def found_at_last(city: City) -> dict[str, list[list[object]]]:
    """What is there; in the deep profile after the last message went out."""
    until = time.monotonic() + (LEASE_SECONDS if DEEP else 0)
    while True:
        found: dict[str, list[list[object]]] = json.loads(city.asked("-c", FOUND))
        if time.monotonic() > until or all(sent or ended for _id, sent, ended in found["sms"]):
            return found
        time.sleep(10)


def check_orders(found: dict[str, list[list[object]]], work: Work) -> None:
    rows = {str(title).removeprefix("路灯 "): (number, now) for title, number, now in found["rows"]}
    assert len(rows) == len(found["rows"]), "a key has twins"
    assert set(rows) <= work.tried
    assert {key: rows[key][0] for key in work.numbers} == work.numbers
    assert all(rows[key][1] == "dispatched" for key in work.dispatched)
    assert all(rows[key][1] == "not_accepted" for key in work.answered)
    letters = Counter(map(str, found["told"]))
    assert all(letters[work.numbers[key]] == 1 for key in work.dispatched)
    assert max(letters.values()) == 1


def check_messages(found: dict[str, list[list[object]]], work: Work, twin: GatewayTwin) -> None:
    """At least once, each under the id of its row: nothing counts as sent that the gateway never had."""
    ids = {str(id_) for id_, _sent, _ended in found["sms"]}
    assert len(ids) == len(found["sms"]) >= len(work.answered) > 0
    assert set(twin.accepted) <= ids
    assert {str(id_) for id_, sent, _ended in found["sms"] if sent} <= set(twin.accepted)
    assert not any(ended for _id, _sent, ended in found["sms"])
    if DEEP:
        assert set(twin.accepted) == ids


def test_no_acknowledged_order_is_lost_and_none_is_there_twice(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    dice, killed, deaths = random.Random(seed), Counter[str](), tmp_path / "deaths"
    dying = {
        "PYTHONPATH": str(Path(__file__).with_name("dying")),
        "FENGQIAO_DRILL_DEATHS": str(deaths),
        "FENGQIAO_DRILL_CHANCE": "0.03" if DEEP else "0.15",
    }
    with gateway() as twin, a_city(FENGQIAO_SMS_URL=twin.url, **dying) as city:
        work = Work(f"http://127.0.0.1:{city.port}", city.asked("-c", PEOPLE), PHONE)
        work_under_fire(city, work, killed, dice)
        found = found_at_last(city)
        verified = json.loads(city.asked("-m", "fengqiao.config.command", "audit", "verify", "--json"))
    killed["between commit and answer"] = len(deaths.read_text().split()) if deaths.exists() else 0
    what = (
        f"seed {seed}, killed {dict(killed)}, {len(work.numbers)} acknowledged, {len(work.dispatched)} dispatched, "
        f"{len(work.answered)} answered, "
        f"{work.again} sent again, {len(found['sms'])} messages sent in {len(twin.asked)} requests"
    )
    print(what)
    record_property("drill", what)
    assert work.strange == [], what
    check_orders(found, work)
    check_messages(found, work, twin)
    assert verified["ok"], (what, verified)
    assert len(work.dispatched) >= 8, what
    assert sum(killed.values()) >= 6, what
    assert killed["between commit and answer"] > 0 or not DEEP, what
