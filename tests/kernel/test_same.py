"""The same matter again: found by rare pairs that recur, by day, and only as far as the reader may see (decision 6)."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from fengqiao.ground import likeness
from fengqiao.kernel import same
from fengqiao.kernel.access import acting_as
from fengqiao.kernel.models import Matter
from fengqiao.kernel.now import at, now
from tests.cast import Cast, an_order, do
from tests.conftest import Database

pytestmark = [pytest.mark.database, pytest.mark.commits]
WORDS = "示例一村晒场东头的路灯从上周起不亮了，老人晚上走路怕摔，请派人来看看。"
rank = import_module("fengqiao.kernel.migrations.0011_rare_pairs_of_earlier_texts").rank


def likely(by: Any, matter: Matter) -> list[str]:
    """Numbers of the candidates by words alone."""
    with acting_as(by):
        found, _of_all = same.candidates(by, matter, WORDS, [])
    return [each.number for each in found if "same_text" in each.reasons or "like_text" in each.reasons]


def rows(database: Database, matter: Matter) -> int:
    with psycopg.connect(database.owner_url) as owner:
        found = owner.execute("select count(*) from rare_pair where matter_id = %s", [matter.pk]).fetchone()
    return int(found[0]) if found else 0


def test_a_copy_is_found_within_ninety_days_and_not_behind(committed_cast: Cast, own_database: Database) -> None:
    with at(now() - timedelta(days=100)):
        old = an_order(committed_cast.chen, content=WORDS, place="330681901202")
    with at(now() - timedelta(days=80)):
        near = an_order(committed_cast.chen, content=WORDS, place="330681901203")
    new = an_order(committed_cast.chen, content=WORDS)
    assert rows(own_database, new) == likeness.KEPT
    assert near.number in likely(committed_cast.chen, new)
    assert old.number not in likely(committed_cast.chen, new)
    assert likely(committed_cast.zhao, new) == []


def test_what_is_protected_leaves_no_mark(committed_cast: Cast, own_database: Database) -> None:
    first, second = (an_order(committed_cast.chen, content=WORDS) for _n in range(2))
    do(committed_cast.chen, "hotline.protect", first, level="protected", reason="牵涉未成年人。")
    assert (rows(own_database, first), rows(own_database, second)) == (0, likeness.KEPT)
    assert likely(committed_cast.chen, second) == []


def test_matters_that_were_here_before_the_marks_get_them(committed_cast: Cast, own_database: Database) -> None:
    earlier = an_order(committed_cast.chen, content=WORDS, place="330681901203")
    new = an_order(committed_cast.chen, content=WORDS)
    with psycopg.connect(own_database.owner_url) as owner:
        before = owner.execute("select mark from rare_pair where matter_id = %s order by 1", [earlier.pk]).fetchall()
        owner.execute("delete from rare_pair where matter_id = %s", [earlier.pk])
        owner.execute("update search_row set rare = '{}' where matter_id = %s", [earlier.pk])
        owner.commit()
        assert likely(committed_cast.chen, new) == []
        rank(None, SimpleNamespace(connection=owner))
        owner.commit()
        after = owner.execute("select mark from rare_pair where matter_id = %s order by 1", [earlier.pk]).fetchall()
    assert after == before
    assert likely(committed_cast.chen, new) == [earlier.number]
