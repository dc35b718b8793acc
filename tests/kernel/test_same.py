"""The same matter again: found by rare pairs that recur, by day, and only as far as the reader may see (decision 6)."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from fengqiao.ground import likeness
from fengqiao.kernel import intake, same
from fengqiao.kernel.access import acting_as
from fengqiao.kernel.models import Matter
from fengqiao.kernel.now import at, now
from tests.cast import WANG, Cast, a_receipt, an_order, do
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


def test_the_same_phone_is_found_without_a_word_in_common(committed_cast: Cast) -> None:
    told = an_order(committed_cast.chen, content="水管漏水。", title="漏水", place="330681901203")
    new = an_order(committed_cast.chen, content=WORDS)
    with acting_as(committed_cast.chen):
        found, of_all = same.candidates(committed_cast.chen, new, WORDS, [WANG.phone])
    assert [(each.number, each.reasons) for each in found] == [(told.number, ("same_phone",))]
    assert of_all >= 1
    with acting_as(committed_cast.zhao):
        assert same.candidates(committed_cast.zhao, new, WORDS, [WANG.phone]) == ([], 0)


def test_a_batch_finds_what_single_receipts_find(committed_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = an_order(committed_cast.chen, content=WORDS, place="330681901203", parties=())
    monkeypatch.setattr(intake, "AT_ONCE", 2)
    others = ["楼上漏水，天花板湿了一大片。", "垃圾三天没有人来收，味道很大。", WORDS, "河边护栏断了一截。", WORDS]
    batch = [a_receipt(content=words, external_id=f"批-{n}", parties=()) for n, words in enumerate(others)]
    done = intake.receive_many(committed_cast.chen, "hotline", batch, joining=True)
    found = [{each.number for each in received.likely if each.score >= 60} for received in done]
    assert found == [set(), set(), {earlier.number}, set(), {earlier.number, done[2].matter.number}]


def test_a_row_that_was_stored_ahead_follows_its_matter(
    committed_cast: Cast, own_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second line of the same number names an organ: what was stored of the first is hidden from the place too."""
    monkeypatch.setattr(intake, "AT_ONCE", 1)
    lines = [a_receipt(external_id="批-1", content=words) for words in (WORDS, "村主任说不归他管。")]
    done = intake.receive_many(committed_cast.chen, "hotline", lines, joining=True)
    assert [each.how for each in done] == ["created", "joined"]
    with psycopg.connect(own_database.owner_url) as owner:
        reach = owner.execute(
            "select distinct reach from search_row where matter_id = %s", [done[0].matter.pk]
        ).fetchall()
    assert reach == [(done[0].matter.reach,)] == [(6,)]
