"""Anything allowed, by anybody, in any order: refused in words or done; always a way on, and the journal whole."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fengqiao.domains.hotline.domain import HOTLINE
from fengqiao.ground.refusals import Refused
from fengqiao.kernel import access, handle
from fengqiao.kernel.models import Clock, Subject
from fengqiao.offices.audit import audit
from tests.cast import FAR_VILLAGE, Cast
from tests.hotline.order import KEEPER, do, fresh, kept, later, person, published, source, told
from tests.profile import examples

pytestmark = pytest.mark.database
BY = ("chen", "sun", "li", "feng", "gu", "person")
PLAIN: dict[str, dict[str, Any]] = {
    "dispatch": {"unit": "water", "co_units": ["housing"]},
    "ask_return": {"reason": "不属我局。"},
    "settle_return": {"upheld": True, "unit": "housing", "note": "是。"},
    "add_co": {"co_units": ["government"]},
    "co_opinion": {"text": "看过了。"},
    "extend": {"days": 3, "explanation": "配件未到。"},
    "reply": {"text": "修好了。", "solved": "yes"},
    "call_back": {"reached": True, "solved": "yes", "grade": "good"},
    "redo": {"ground": "not_done", "note": "没修好。"},
    "not_accept": {"reason": "litigation", "way": "请找承办法官。"},
    "hand_over": {"to": "110"},
    "take_back": {"reason": "派错了。"},
    "locate": {"place": FAR_VILLAGE, "category": "consumer"},
    "exclude": {"units": ["water"], "reason": "补充材料里写的。"},
    "protect": {"level": "protected", "reason": "怕报复。"},
    "remark": {"text": "记一笔。"},
    "supplement": {"text": "所长收了钱。"},
    "confirm_withdrawal": {"reached": True, "own_will": True},
    "supervise": {"unit": "water", "ground": "major", "act": "visit", "demand": "到现场查看。", "days": 3},
    "answer_supervision": {"text": "看过了。"},
    "end_supervision": {"reached": True, "content": "yes"},
    "extend_supervision": {"days": 2, "why": "再给两天。"},
}
LEADS = ("dispatch", "take", "start", "reply", "call_back", "supervise", "withdraw", "exclude", "supplement", "resolve")
KEYS = st.one_of(st.sampled_from(LEADS), st.sampled_from([move.key for move in HOTLINE.moves]))
STEPS = st.lists(st.tuples(st.sampled_from(BY), KEYS, st.integers(0, 2)), min_size=4, max_size=14)


class Undone(Exception):
    """Takes a world back."""


@settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_order_of_actions_is_refused_in_words_or_done(cast: Cast, steps: list[tuple[str, str, int]]) -> None:
    with pytest.raises(Undone):
        live(cast, steps)


@transaction.atomic
def live(cast: Cast, steps: list[tuple[str, str, int]]) -> None:
    words: list[str] = []
    version, matter, days = str(published(cast)), told(cast), 0
    for name, key, pause in steps:
        days += pause
        by = person(matter) if name == "person" else cast.posts[name]
        with later(days=days):
            try:
                with transaction.atomic():
                    do(by, key, matter, **data_for(key, matter, version, cast))
            except Refused as refused:
                words.append(str(refused.sentence))
            holds(cast, matter)
    assert all(words)
    with tempfile.TemporaryDirectory() as folder:
        assert audit.verify(Path(folder)).verified
    raise Undone


def data_for(key: str, matter: Any, version: str, cast: Cast) -> dict[str, Any]:
    if key == "answer_now":
        return {"version": version}
    if key == "assign":
        return {"post": cast.li.pk}
    if key == "renew_code":
        return {"source": str(source(matter).pk), "shown": "身份证"}
    if key == "resolve":
        row = kept(lambda: Subject.objects.filter(matter=matter, resolved_at=None).first())
        return {"subject": str(row.pk if row else matter.pk), "units": ["water"], "reason": "问清楚了。"}
    return PLAIN.get(key, {})


def holds(cast: Cast, matter: Any) -> None:
    """The nearest running limit is the one shown; an open order lies in somebody's list and can go on."""
    now = fresh(matter)
    running = kept(
        lambda: list(
            Clock.objects.filter(matter=matter, stopped_at=None, paused_since=None, resting=False).values_list(
                "due_at", flat=True
            )
        )
    )
    final = HOTLINE.state(now.state).final
    assert (now.closed_at is not None) == final
    assert now.due_at == (None if final else min(running, default=None)), now.state
    assert not (final and running), now.state
    waiting = kept(lambda: list(matter.tasks.filter(done_at=None).values_list("unit", flat=True)))
    assert bool(waiting) != final, now.state
    if final:
        return
    ways = set()
    for by in (*cast.posts.values(), KEEPER):
        with access.acting_as(by):
            if by is KEEPER or access.words(by, now):
                ways |= {move.key for move, locked in handle.can_do(by, now) if locked is None and move.to}
    assert ways - {"hand_over", "close_history"}, now.state
