"""The search, which runs with its own role's rights, finds what a naive filter finds in any world (ruling 1)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fengqiao.ground import tokens
from fengqiao.kernel.access import SystemPost, acting_as, matters_for
from fengqiao.kernel.docket import docket
from fengqiao.kernel.models import Exclusion, Matter
from tests.cast import FAR_VILLAGE, JIA, VILLAGE, Cast
from tests.kernel.sample import a_matter
from tests.profile import examples

KEEPER = SystemPost("keeper")
TEXTS = ("路灯坏了", "路 灯 坏", "灯坏了，路上黑", "水管漏水", "漏水，路灯也坏了", "100%漏_水", "ＡＢ１２ 路灯")
WORDS = ("路灯", "灯坏", "坏了", "漏水", "路灯坏", "ab12", "0%漏", "漏_水", "水漏")
VIEWERS = ("chen", "he", "shen", "zhou", "li", "administrator", "auditor")
pytestmark = pytest.mark.database


def search(word: str, most: int = 100, **narrow: Any) -> list[uuid.UUID]:
    names = ("before", "before_id", "of_kind", "in_place", "of_category", "since", "until")
    with connection.cursor() as cursor:
        cursor.execute(
            "select matter_id from search_hits(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [tokens.query_tokens(word), tokens.like_pattern(word), most, *(narrow.get(name) for name in names)],
        )
        return [row[0] for row in cursor.fetchall()]


matters = st.lists(
    st.tuples(
        st.sampled_from(("event", "event", "petition")),
        st.sampled_from((VILLAGE, FAR_VILLAGE, JIA, "330681")),
        st.sampled_from(("normal", "normal", "public", "protected", "sealed")),
        st.sampled_from((15, 15, 9, 6)),
        st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3),
        st.sampled_from((None, "water", "village")),
        st.sets(st.sampled_from(VIEWERS), max_size=2),
    ),
    min_size=1,
    max_size=5,
)


# Slower than five seconds: seven posts search each world for nine words.
@settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(told=matters)
def test_the_search_finds_what_a_naive_filter_finds(cast: Cast, kinds: None, told: Any) -> None:
    with transaction.atomic():
        searchable: dict[uuid.UUID, list[str]] = {}
        for kind, place, level, reach, texts, unit, barred in told:
            matter = _make(cast, kind, place, level, reach, texts, unit)
            Exclusion.objects.bulk_create(
                Exclusion(matter=matter, account=getattr(cast, name).account) for name in sorted(barred)
            )
            if level in ("normal", "public"):
                searchable[matter.pk] = [tokens.normalise(f"一件事\n{texts[0]}"), *map(tokens.normalise, texts[1:])]
        for name in VIEWERS:
            _compare(getattr(cast, name), searchable)
        transaction.set_rollback(True)


def _make(cast: Cast, kind: str, place: str, level: str, reach: int, texts: list[str], unit: str | None) -> Matter:
    related = {"lead": {"unit": cast.units[unit]}} if unit else {}
    matter = a_matter(
        KEEPER, kind=kind, place=place, confidentiality=level, reach=reach, title="一件事", content=texts[0],
        related=related,
    )  # fmt: skip
    with docket(KEEPER) as book:
        held = book.take("read", pk=matter.pk)
        for text in texts[1:]:
            book.text(held, "remark", text)
        book.text(held, "sealed", "路灯坏了", visibility="sealed")
        book.event(held, "event.remark")
    return matter


def _compare(viewer: Any, searchable: dict[uuid.UUID, list[str]]) -> None:
    with acting_as(viewer):
        seen = list(matters_for(viewer).order_by("-opened_at", "-pk").values_list("pk", flat=True))
        for word in WORDS:
            wanted = tokens.normalise(word)
            naive = [pk for pk in seen if any(wanted in text for text in searchable.get(pk, ()))]
            assert search(word) == naive, (viewer.role, word)
            assert search(word, most=1) == naive[:1]
            assert search(word, in_place=VILLAGE) == [
                matter.pk
                for matter in Matter.objects.filter(pk__in=naive, place_id=VILLAGE).order_by("-opened_at", "-pk")
            ]


def test_a_rare_word_is_found_by_the_index_among_many_texts(cast: Cast, kinds: None) -> None:
    matter = a_matter(cast.chen, place=VILLAGE)
    _many_texts(matter)
    with acting_as(cast.chen):
        before = _scans()
        assert search("孔雀") == [matter.pk]
        assert search("凤凰") == []
        after = _scans()
    assert after[0] == before[0], "the search read the whole table"
    assert after[1] > before[1]


def test_a_small_posts_search_reads_its_own_matters_by_index(cast: Cast, kinds: None) -> None:
    matter = a_matter(cast.chen, place=VILLAGE, related={"lead": {"unit": cast.units["water"]}})
    _many_texts(matter, of=a_matter(cast.chen, place=VILLAGE))
    with acting_as(cast.li):
        before = _scans()
        assert search("路灯") == [matter.pk]
        after = _scans()
    assert after[0] == before[0], "the search read the whole table"


def test_a_common_word_is_found_among_the_newest_page_by_page(cast: Cast, kinds: None) -> None:
    matters = [a_matter(cast.chen, place=VILLAGE if n % 3 else FAR_VILLAGE) for n in range(33)]
    with docket(KEEPER) as book, connection.cursor() as cursor:
        book.take_many([matter.pk for matter in matters])
        cursor.execute(
            "insert into search_row (text_id, matter_id, kind, place, category, reach, opened_at, tokens, body)"
            " select gen_random_uuid(), m.id, 'event', m.place, '', 15, m.opened_at, array_to_tsvector(array['路灯']),"
            " '路灯' from matter m, generate_series(1, 12) n where m.id = any(%s)",
            [[matter.pk for matter in matters]],
        )
        cursor.execute("select count_bigrams()")
        cursor.execute("select n from bigram where token = '路灯'")
        assert cursor.fetchone()[0] >= 200  # common enough for pages of 20 to come from the newest texts
    by_day = sorted(matters, key=lambda matter: (matter.opened_at, matter.pk), reverse=True)
    everywhere, village = by_day, [matter for matter in by_day if matter.place_id == VILLAGE]
    for by, expected in ((cast.chen, everywhere), (cast.zhou, village)):
        with acting_as(by):
            assert search("路灯", most=20) == [matter.pk for matter in expected[:20]]
            last = expected[19]
            rest = search("路灯", most=20, before=last.opened_at, before_id=last.pk)
            assert rest == [matter.pk for matter in expected[20:]]


def test_pairs_are_counted_among_the_texts_of_a_quarter_within_bounds(cast: Cast, kinds: None) -> None:
    for _n in range(30):
        a_matter(cast.chen, place=VILLAGE)
    with acting_as(KEEPER), connection.cursor() as cursor:
        counted = {}
        for least, most in ((10, 20), (15, 1000), (40, 1000)):
            cursor.execute("select count_bigrams(%s, %s)", [least, most])
            cursor.execute("select max(n) from bigram")
            counted[least] = cursor.fetchone()[0]
    # Every text holds the commonest pair: `n` is of the least number, whichever were read.
    assert counted == {10: 10, 15: 15, 40: 30}


def _many_texts(rare: Matter, of: Matter | None = None) -> None:
    with docket(KEEPER) as book, connection.cursor() as cursor:
        held = book.take("read", pk=rare.pk)
        book.text(held, "remark", "孔雀飞走了")
        book.event(held, "event.remark")
        if of:
            book.take("read", pk=of.pk)
        cursor.execute(
            "insert into search_row (text_id, matter_id, kind, place, category, reach, opened_at, tokens, body)"
            " select gen_random_uuid(), %s, 'event', %s, '', 15, now() - n * interval '1 minute',"
            " array_to_tsvector(array['路灯', '灯坏', 'w' || n]), '路灯坏 w' || n from generate_series(1, 6000) n",
            [(of or rare).pk, VILLAGE],
        )
        cursor.execute("select fold_search()")  # as the worker does; entries not folded in make the index look dear


def _scans() -> tuple[int, int]:
    """(whole reads, index reads) of the search table in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("select seq_scan, idx_scan from pg_stat_xact_user_tables where relname = 'search_row'")
        row: tuple[int, int] = cursor.fetchone()
        return row
