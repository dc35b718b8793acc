"""Every address has a row here: who gets what (BLUEPRINT 3). One without a row fails; each row draws the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

# nobody signed in · hotline agent · a handler of another town · administrator
ROWS: dict[str, tuple[int, int, int, int]] = {
    "healthz": (200, 200, 200, 200),
    "metrics": (404, 404, 404, 404),  # open to this machine and to the token (tests/config/test_watching.py)
    "face:gallery": (200, 200, 200, 200),
    "accounts:sign_in": (200, 302, 302, 302),
    "accounts:posts": (302, 302, 302, 302),
    "accounts:passkey": (200, 302, 302, 302),
    "accounts:account": (302, 200, 200, 200),
    "accounts:passkey_change": (302, 404, 404, 404),
    "portal:home": (200, 200, 200, 200),
    "portal:elder": (200, 200, 200, 200),
    "portal:rights": (200, 200, 200, 200),
    "portal:privacy": (200, 200, 200, 200),
    "portal:tell": (200, 200, 200, 200),
    "portal:progress": (200, 200, 200, 200),
    "desk:worklist": (302, 200, 200, 200),
    "desk:notices": (302, 200, 200, 200),
    "desk:library": (302, 200, 200, 200),
    "desk:register": (302, 200, 404, 404),
    "desk:figures": (302, 200, 200, 200),
    "desk:matter": (302, 200, 404, 404),
    "desk:do": (302, 200, 404, 404),
    "desk:reveal": (405, 405, 405, 405),
    "desk:reviews": (302, 200, 200, 200),
    "desk:review_do": (302, 404, 404, 404),
    "desk:review_contact": (405, 405, 405, 405),
}
NOBODY = "00000000-0000-7000-8000-000000000000"
# Not pages to be opened by address: answers to forms, steps that follow one, pictures, the machine's own. Each of
# these has its own tests, and the API's operations are walked by the table in tests/api.
ELSEWHERE = (
    "readyz", "face:preferences", "accounts:second_factor", "accounts:enrol", "accounts:picture", "accounts:sign_out",
    "accounts:second_passkey", "accounts:passkey_made",
    "portal:where", "portal:check", "portal:send", "portal:villages", "portal:done", "portal:picture", "portal:leave",
    "portal:add", "portal:urge", "portal:withdraw", "portal:again", "portal:rate",
)  # fmt: skip


def names(patterns: Any, space: str = "") -> Iterator[str]:
    for each in patterns:
        if isinstance(each, URLResolver):
            inner = f"{space}{each.namespace}:" if each.namespace else space
            yield from names(each.url_patterns, inner)
        elif isinstance(each, URLPattern) and each.name:
            yield f"{space}{each.name}"


def test_every_address_has_its_row() -> None:
    known = {*ROWS, *ELSEWHERE}
    found = {name for name in names(get_resolver().url_patterns) if not name.startswith(("api", "open311"))}
    assert found - known == set(), "give each new page a row: who gets what"
    assert known - found == set(), "these pages are gone; take their rows away"


@pytest.mark.parametrize("place", range(4), ids=["nobody", "hotline agent", "handler elsewhere", "administrator"])
def test_everybody_gets_what_the_table_says(db: None, place: int) -> None:
    from django.urls import reverse

    from fengqiao.ground.numbers import parse
    from tests.accounts.entering import enter
    from tests.cast import an_order, build

    cast = build()
    matter = an_order(cast.chen)
    client = Client()
    if place:
        enter(client, (cast.chen, cast.zhao, cast.administrator)[place - 1])
    slug = parse(matter.number).slug
    wanted = {
        "desk:matter": [slug],
        "desk:do": [slug, "remark"],
        "desk:reveal": [slug, NOBODY],
        "accounts:passkey_change": [0, "remove"],
        "desk:review_do": [NOBODY, "right"],
        "desk:review_contact": [NOBODY],
    }
    got = {name: client.get(reverse(name, args=wanted.get(name, []))).status_code for name in ROWS}
    assert got == {name: row[place] for name, row in ROWS.items()}
