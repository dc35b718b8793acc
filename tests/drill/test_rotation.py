"""All four secrets get new keys while people work: nobody is refused, nobody is signed out, nothing stops verifying.

About half a minute: the real program starts, and each rotation waits twice three seconds for every process.
"""

from __future__ import annotations

import http.cookiejar
import json
import re
import threading
import time
import urllib.parse
import urllib.request

import pytest

from fengqiao.kernel.keys import NAMES
from tests.drill.city import PEOPLE, Work, asked, city
from tests.drill.test_crash import FOUND

pytestmark = pytest.mark.drill
PASSWORD = "a-long-way-in-2026"
WITH_PASSWORD = PEOPLE.replace(
    "print(tokens.make(build().chen))",
    "post = build().chen\n"
    f"    post.account.set_password({PASSWORD!r})\n"
    "    post.account.save()\n"
    "    print(tokens.make(post))",
)


def signed_in(origin: str) -> urllib.request.OpenerDirector:
    """Chen's browser after his sign-in at the desk."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    page = browser.open(f"{origin}/desk/sign-in/", timeout=10).read().decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found
    form = {"csrfmiddlewaretoken": found[1], "username": "chen", "password": PASSWORD}
    browser.open(f"{origin}/desk/sign-in/", urllib.parse.urlencode(form).encode(), timeout=10).read()
    assert at_the_desk(browser, origin)
    return browser


def at_the_desk(browser: urllib.request.OpenerDirector, origin: str) -> bool:
    with browser.open(f"{origin}/desk/", timeout=10) as answer:
        return "/sign-in/" not in answer.url and answer.status == 200


def test_each_secret_is_rotated_under_load_and_nobody_notices() -> None:
    with city() as (folder, port):
        work = Work(f"http://127.0.0.1:{port}", asked(folder, port, "-c", WITH_PASSWORD))
        browser = signed_in(work.origin)
        stop = threading.Event()
        until = time.monotonic() + 3600
        clients = [threading.Thread(target=work.client, args=(str(n), until, stop)) for n in range(2)]
        for each in clients:
            each.start()
        made = {}
        try:
            for name in NAMES:
                answer = asked(folder, port, "-m", "fengqiao.config.command", "keys", "rotate", name, "--json")
                made[name] = json.loads(answer)
                assert at_the_desk(browser, work.origin), name
        finally:
            stop.set()
            for each in clients:
                each.join()
        assert at_the_desk(signed_in(work.origin), work.origin)
        rows = json.loads(asked(folder, port, "-c", FOUND))["rows"]
        verified = json.loads(asked(folder, port, "-m", "fengqiao.config.command", "audit", "verify", "--json"))
        checked = json.loads(asked(folder, port, "-m", "fengqiao.config.command", "keys", "list", "--json"))
    assert work.strange == []
    assert work.again == 0
    assert {number for _title, number, _state in rows} == set(work.numbers.values())
    assert verified["ok"], verified
    assert {name: ids[0] for name, ids in checked.items()} == {name: answer["id"] for name, answer in made.items()}
    assert made["hash"]["matters"] > 0
