"""In any world, `matters_for`, `may`, the policies underneath and a naive reading of the rules say the same.

Each generated world is built in one savepoint and rolled back. The naive reading is plain Python over what the world
was made of; it asks neither the database nor `access`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fengqiao.ground import codes
from fengqiao.kernel.access import READ, SystemPost, acting_as, matters_for, may, words_for
from fengqiao.kernel.docket import docket
from fengqiao.kernel.models import Exclusion, Matter, Post, Relation
from fengqiao.kernel.now import now
from fengqiao.offices.accounts import terms
from tests.cast import FAR_VILLAGE, JIA, NEXT_VILLAGE, VILLAGE, Cast, an_account, appoint
from tests.kernel.sample import MOVES_BY_PLACE, a_matter
from tests.profile import examples

KEEPER = SystemPost("keeper")
PLACES = ("330681", JIA, VILLAGE, NEXT_VILLAGE, FAR_VILLAGE)
ACTIONS = ("remark", "begin", "close")
VIEWERS = (
    ("hotline", "hotline_agent"),
    ("water", "unit_handler"),
    ("jia", "unit_head"),
    ("jia_room", "command_room"),
    ("yi_room", "command_room"),
    ("village", "village_member"),
    ("village", "command_room"),
    ("hotline", "administrator"),
    ("water", "auditor"),
)
TERMS = (None, "ended", "to come")
pytestmark = pytest.mark.database


@dataclass
class Given:
    """One matter of a world. `rights`: (word, whose, which viewer, since days, until days or None)."""

    kind: str
    place: str
    level: str
    reach: int
    rights: list[tuple[str, str, int, int, int | None]] = field(default_factory=list)
    barred: set[int] = field(default_factory=set)


def worlds() -> st.SearchStrategy[tuple[list[str | None], list[Given]]]:
    which = st.integers(0, len(VIEWERS) - 1)
    right = st.tuples(
        st.sampled_from(("lead", "co", "handler", "overseer")),
        st.sampled_from(("unit", "post", "account")),
        which,
        st.sampled_from((-5, 0, 3)),
        st.sampled_from((None, -1, 4)),
    )
    matter = st.builds(
        Given,
        st.sampled_from(("event", "event", "petition")),
        st.sampled_from(PLACES),
        st.sampled_from(("public", "normal", "normal", "protected", "sealed")),
        st.sampled_from((15, 15, 12, 9, 6)),
        st.lists(right, max_size=3),
        st.sets(which, max_size=2),
    )
    terms = st.lists(st.sampled_from(TERMS), min_size=len(VIEWERS), max_size=len(VIEWERS))
    return st.tuples(terms, st.lists(matter, min_size=1, max_size=5))


# Slower than five seconds: each of the worlds asks the database some two hundred questions.
@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds())
def test_lists_single_rows_policies_and_the_rules_themselves_agree(cast: Cast, kinds: None, world: Any) -> None:
    terms, told = world
    with transaction.atomic():
        viewers = _viewers(cast, terms)
        matters = _make(told, viewers)
        for number, viewer in enumerate(viewers):
            _compare(viewer, number, viewers, matters, told)
        transaction.set_rollback(True)


def _viewers(cast: Cast, terms: list[str | None]) -> list[Post]:
    span = {
        None: {"since": now() - timedelta(days=30)},
        "ended": {"since": now() - timedelta(days=30), "until": now() - timedelta(days=1)},
        "to come": {"since": now() + timedelta(days=2)},
    }
    return [
        appoint(cast.units[unit], role, account=an_account(), **span[term])
        for (unit, role), term in zip(VIEWERS, terms, strict=True)
    ]


def _make(told: list[Given], viewers: list[Post]) -> list[Matter]:
    made = []
    for each in told:
        matter = a_matter(KEEPER, kind=each.kind, place=each.place, confidentiality=each.level, reach=each.reach)
        for word, whose, who, since, until in each.rights:
            held = {"unit": viewers[who].unit, "post": viewers[who], "account": viewers[who].account}[whose]
            Relation.objects.create(
                matter=matter, kind=word, since=_day(since), until=None if until is None else _day(until),
                **{whose: held},
            )  # fmt: skip
        Exclusion.objects.bulk_create(
            Exclusion(matter=matter, account=viewers[who].account) for who in sorted(each.barred)
        )
        made.append(matter)
    return made


def _day(days: int) -> datetime:
    return now() + timedelta(days=days, seconds=-1)


def _compare(viewer: Post, number: int, viewers: list[Post], matters: list[Matter], told: list[Given]) -> None:
    mine = {matter.pk for matter in matters}
    naive = [_words(viewer, number, viewers, each) for each in told]
    with acting_as(viewer):
        read = _of(matters_for(viewer), mine)
        assert read == _of(Matter.objects.all(), mine), "the policies differ from matters_for"
        assert read == {m.pk for m in matters if may(viewer, READ, m)}
        assert read == {m.pk for m, words in zip(matters, naive, strict=True) if words}
        for action in ACTIONS:
            for kind in ("event", "petition"):
                can = _of(matters_for(viewer, action, kind=kind), mine)
                assert can == {m.pk for m in matters if m.kind == kind and may(viewer, action, m)}
                by = words_for(kind, action) or frozenset()
                assert can == {m.pk for m, words in zip(matters, naive, strict=True) if m.kind == kind and words & by}


def _of(rows: Iterable[Matter], mine: set[Any]) -> set[Any]:
    return {row.pk for row in rows} & mine


def _words(viewer: Post, number: int, viewers: list[Post], matter: Given) -> set[str]:
    """The rules, read aloud: who holds no post or sees no contents, nothing; who is excluded, nothing; else each
    right in its term, and what the place opens."""
    if not viewer.holds or codes.get("role", viewer.role).extra["contents"] != "yes":
        return set()
    if number in matter.barred:
        return set()
    found = set()
    for word, whose, who, since, until in matter.rights:
        theirs = {
            "unit": viewers[who].unit_id == viewer.unit_id,
            "post": who == number,
            "account": who == number,
        }[whose]
        if theirs and _day(since) <= now() and (until is None or _day(until) > now()):
            found.add(word)
    own = viewer.unit.place_id
    by_place = viewer.role in MOVES_BY_PLACE and matter.kind == "event" and matter.level != "sealed"
    if by_place and matter.place.startswith(own) and matter.reach >= len(own):
        found.add(MOVES_BY_PLACE[viewer.role])
    return found


# The rules one by one -------------------------------------------------------------------------------------------------


def seen(by: Any) -> set[str]:
    with acting_as(by):
        raw = {matter.number for matter in Matter.objects.all()}
        assert raw == {matter.number for matter in matters_for(by)}
    return raw


def test_a_village_sees_its_own_village_and_not_the_next(cast: Cast, kinds: None) -> None:
    own = a_matter(cast.chen, place=VILLAGE)
    a_matter(cast.chen, place=NEXT_VILLAGE)
    assert seen(cast.zhou) == {own.number}


def test_the_next_town_may_not_look(cast: Cast, kinds: None) -> None:
    a_matter(cast.chen, place=VILLAGE)
    assert seen(cast.zhao) == seen(cast.shen) == set()


def test_a_place_opens_no_kind_that_does_not_say_so(cast: Cast, kinds: None) -> None:
    a_matter(KEEPER, kind="petition", place=VILLAGE)
    assert seen(cast.zhou) == seen(cast.he) == seen(cast.chen) == set()


def test_a_sealed_matter_is_never_seen_by_place(cast: Cast, kinds: None) -> None:
    a_matter(KEEPER, place=VILLAGE, confidentiality="sealed", related={"recipient": {"unit": cast.units["sealed"]}})
    assert seen(cast.chen) == seen(cast.he) == seen(cast.zhou) == set()
    assert len(seen(cast.envelope)) == 1


def test_exclusion_wins_over_every_right(cast: Cast, kinds: None) -> None:
    matter = a_matter(
        cast.chen, place=VILLAGE, related={"lead": {"unit": cast.units["water"]}, "handler": {"post": cast.li}}
    )
    Exclusion.objects.create(matter=matter, account=cast.li.account)
    assert seen(cast.li) == set()
    assert seen(cast.lin) == {matter.number}


def test_a_post_whose_term_is_over_sees_nothing_from_that_second(cast: Cast, kinds: None) -> None:
    a_matter(cast.chen, place=VILLAGE, related={"lead": {"unit": cast.units["water"]}})
    assert len(seen(cast.li)) == 1
    terms.end_post(cast.li)
    assert seen(cast.li) == set()


def test_a_blocked_account_sees_nothing(cast: Cast, kinds: None) -> None:
    a_matter(cast.chen, place=VILLAGE)
    cast.zhou.account.is_active = False
    assert seen(cast.zhou) == set()


def test_the_administrator_sees_no_contents(cast: Cast, kinds: None) -> None:
    matter = a_matter(cast.chen, place=VILLAGE, related={"lead": {"post": cast.administrator}})
    assert seen(cast.administrator) == seen(cast.auditor) == seen(cast.dpo) == set()
    assert not may(cast.administrator, READ, matter)


def test_nothing_set_means_no_rows(cast: Cast, kinds: None) -> None:
    a_matter(cast.chen, place=VILLAGE)
    assert not Matter.objects.exists()


def test_a_scope_inside_another_gives_way_to_it_again(cast: Cast, kinds: None) -> None:
    matter = a_matter(cast.chen, place=VILLAGE)
    with acting_as(cast.zhou):
        with acting_as(cast.zhao):
            assert not Matter.objects.exists()
            with acting_as(KEEPER):
                assert Matter.objects.get() == matter
            assert not Matter.objects.exists()
        assert Matter.objects.get() == matter
        with pytest.raises(ZeroDivisionError), acting_as(cast.zhao):
            raise ZeroDivisionError
        assert Matter.objects.get() == matter
    assert not Matter.objects.exists()


def test_what_a_post_holds_in_hand_does_not_outlive_the_docket(cast: Cast, kinds: None) -> None:
    matter = a_matter(cast.chen, place=VILLAGE)
    with acting_as(cast.zhao):
        with docket(cast.chen) as book:
            book.take(READ, pk=matter.pk)
        assert not Matter.objects.exists()


def test_a_unit_of_a_merged_place_keeps_what_lay_in_its_predecessors(cast: Cast, kinds: None) -> None:
    from fengqiao.kernel import places
    from fengqiao.kernel.models import Place

    matter = a_matter(cast.chen, place=NEXT_VILLAGE)
    assert seen(cast.zhou) == set()
    Place.objects.filter(pk=NEXT_VILLAGE).update(successor=VILLAGE, valid_to=now().date())
    places.retie([cast.units["village"]])
    zhou = Post.objects.select_related("account", "unit__place").get(pk=cast.zhou.pk)
    assert seen(zhou) == {matter.number}


def test_an_unknown_action_is_a_fault_and_not_a_refusal(cast: Cast, kinds: None) -> None:
    with pytest.raises(KeyError):
        matters_for(cast.chen, "no_such_thing", kind="event")
    with pytest.raises(ValueError, match="Name the kind"):
        matters_for(cast.chen, "remark")


def test_there_are_only_the_named_system_posts() -> None:
    with pytest.raises(ValueError, match="no system post"):
        SystemPost("root")
