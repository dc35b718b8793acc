"""The declaration, walked: what it allows and what it forbids is what the one door does (RULINGS 12, SPEC M05)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from fengqiao.config.picture import picture
from fengqiao.domains.hotline.domain import HOTLINE
from fengqiao.ground.refusals import NotNow, NotThere, Refused
from fengqiao.kernel import access, domain, forms, handle
from tests.cast import Cast
from tests.hotline.order import ROADS, brought_to, person

pytestmark = pytest.mark.database
DOCS = Path(__file__).parents[2] / "docs/domains/hotline.md"
STATES = [state.key for state in HOTLINE.states]


class Undone(Exception):
    """Takes an attempt back."""


def attempt(by: Any, key: str, matter: Any) -> type[Refused] | None:
    """How the door answers an empty form; nothing stays."""
    try:
        with transaction.atomic():
            handle.perform(f"hotline.{key}", number=matter.number, data={}, by=by)
            raise Undone
    except Undone:
        return None
    except Refused as refused:
        return type(refused)


def test_every_state_can_be_reached_through_the_door(cast: Cast) -> None:
    assert set(ROADS) == set(STATES)
    for where in STATES:
        assert brought_to(cast, where).state == where


@pytest.mark.parametrize("where", STATES)
def test_every_pair_of_state_move_and_relation_is_answered_as_declared(cast: Cast, where: str) -> None:
    """Not one's own: there is nothing. One's own at the wrong time: not now. Else the form is looked at.

    What is offered is what the door lets pass, and an open order has a way out for its desk.
    """
    matter = brought_to(cast, where)
    final = HOTLINE.state(where).final
    for by in (cast.chen, cast.sun, cast.li, cast.feng, cast.zhao, person(matter)):
        with access.acting_as(by):
            held = access.words(by, matter)
            offered = {move.key for move, locked in handle.can_do(by, matter) if locked is None}
        for move in HOTLINE.moves:
            answer = attempt(by, move.key, matter)
            in_time = where in move.frm or (move.frm == domain.OPEN and not final)
            told = f"{by} {move.key} in {where}: {answer}"
            if not held & set(move.by):
                assert answer is NotThere, told
            elif not in_time or move.key not in offered:
                assert answer is NotNow, told
            else:
                assert answer is not NotThere, told
            assert move.key not in offered or (held & set(move.by) and in_time), told
        ways = [move.key for move in HOTLINE.moves if move.key in offered and move.to]
        assert by != cast.sun or final or ways, where


def test_every_move_names_who_and_why_and_its_form_is_of_the_contract() -> None:
    for move in HOTLINE.moves:
        assert move.by, move.key
        assert move.why, move.key
        if move.form:
            forms.check(move.form)


def test_a_declaration_that_contradicts_itself_is_refused() -> None:
    broken = replace(HOTLINE, key="broken", start="nowhere", moves=HOTLINE.moves[:3])
    with pytest.raises(domain.Misdeclared, match="cannot be reached"):
        domain.register(broken)


def test_the_picture_in_the_docs_is_drawn_from_the_declaration() -> None:
    """Renew it: the fences of docs/domains/hotline.md hold what `picture(HOTLINE)` returns."""
    drawn = DOCS.read_text(encoding="utf-8").split("```mermaid\n")[1].split("\n```")[0]
    assert drawn == picture(HOTLINE)


def test_the_docs_name_every_move() -> None:
    words = DOCS.read_text(encoding="utf-8")
    assert [move.key for move in HOTLINE.moves if f"`{move.key}`" not in words] == []
