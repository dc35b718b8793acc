"""Anything sent to the API by anybody in any order: never our fault, never a forbidden change, always a way out.

A hypothesis state machine with a token of every post of the cast. What may happen is said by `tests/api/declared.py`,
which reads the declaration and the raw rows and knows nothing of the program's own rule.
"""

from __future__ import annotations

import json
import tempfile
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from fengqiao.config import upkeep
from fengqiao.ground import numbers
from fengqiao.ground.refusals import Refused
from fengqiao.kernel import access, handle
from fengqiao.kernel.access import SystemPost
from fengqiao.kernel.models import Document, Person, Source, Subject, Task
from fengqiao.kernel.now import at
from fengqiao.offices.accounts import terms
from fengqiao.offices.audit import audit
from fengqiao.offices.supervision.climb import climb
from tests import cast as players
from tests.api import declared
from tests.api.bodies import (
    BODIES,
    BY,
    ETAGS,
    JUNK,
    KINDS,
    LISTS,
    ONWARD,
    PARTS,
    WAY,
    WORDS,
    WORKING,
    Bodies,
)  # fmt: skip
from tests.api.caller import Caller, told
from tests.hotline.order import MONDAY, build, kept, published
from tests.profile import DEEP, examples

pytestmark = pytest.mark.database


# What is to be done, by whom of those who may, and with which words.
WORK = st.tuples(st.sampled_from(ONWARD), st.integers(0, 20), st.integers(0, 40))


class Hostile(Bodies, RuleBasedStateMachine):
    """One world, its people and their programs; every step is compared with the declaration."""

    @initialize()
    def begin(self) -> None:
        self.world = ExitStack()
        self.world.enter_context(transaction.atomic())
        self.moment = MONDAY
        self.callers = {name: Caller(self.cast.posts[name]) for name in BY}
        self.codes: list[str] = ["000000000000"]
        with at(self.moment):
            self.before = declared.look()
            answer = self.register("chen", told())
            assert answer.status_code == 201, answer.content

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            with at(self.moment), tempfile.TemporaryDirectory() as folder:
                assert audit.verify(Path(folder)).verified
        finally:
            transaction.set_rollback(True)
            self.world.close()

    # What people do ----------------------------------------------------------------------------------------------

    @rule(
        who=st.sampled_from(BY),
        change=st.sampled_from(("", "report", "jia", "water", "housing", "unsure", "words", "sealed", "far", "nobody")),
        junk=st.none()
        | st.tuples(st.sampled_from((*told(), "subjects_complained_of", "word", "more")), st.sampled_from(JUNK)),
    )
    def registers(self, who: str, change: str, junk: tuple[str, Any] | None) -> None:
        if len(self.before.matters) > 5:
            return
        body = told(**{
            "report": {"data": {"nature": "report"}},
            "unsure": {"subjects_complained_of": [{"level": "unsure"}]},
            "words": {"subjects_complained_of": [{"words": "镇里那个管事的"}]},
            "sealed": {"confidentiality": "sealed"},
            "far": {"place": "330681902201", "category": "consumer", "data": {"nature": "complaint"}},
            "nobody": {"place": None, "parties": []},
            **{unit: {"subjects_complained_of": [{"unit": unit}]} for unit in ("jia", "water", "housing")},
        }.get(change, {}))  # fmt: skip
        if junk is not None:
            body[junk[0]] = junk[1]
        self.register(who, body)

    @precondition(lambda self: self.before.matters)
    @rule(nth=st.integers(0, 5), work=st.lists(WORK, min_size=2, max_size=9))
    def goes_on(self, nth: int, work: list[tuple[str, int, int]]) -> None:
        """Those who may do what they may, properly: this is how matters get far."""
        for key, which, seed in work:
            self.goes_one_step(self.matter(nth), key, which, seed)

    @precondition(lambda self: len(self.before.matters) > 1)
    @rule(work=st.lists(st.tuples(st.integers(0, 5), WORK), min_size=2, max_size=9))
    def several_go_on(self, work: list[tuple[int, tuple[str, int, int]]]) -> None:
        for nth, (key, which, seed) in work:
            self.goes_one_step(self.matter(nth), key, which, seed)

    def goes_one_step(self, pk: Any, key: str, which: int, seed: int) -> None:
        for way in (*(("resolve",) if self.must_resolve(pk) else ()), key, *WAY):
            names = [name for name in BY if self.may(name, pk).get(way)]
            if names:
                self.act(names[which % len(names)], way, pk, self.proper(way, pk, seed))
                return

    @precondition(lambda self: self.before.matters)
    @rule(
        who=st.sampled_from(BY), key=st.sampled_from(sorted(declared.MOVES)), nth=st.integers(0, 5),
        seed=st.integers(0, 40), spoilt=st.lists(st.tuples(st.integers(0, 6), st.sampled_from(JUNK)), max_size=2),
    )  # fmt: skip
    def tries(self, who: str, key: str, nth: int, seed: int, spoilt: list[tuple[int, Any]]) -> None:
        """Anybody tries anything, with a body that is right but for a field or two."""
        pk = self.matter(nth)
        body = self.proper(key, pk, seed)
        for place, junk in spoilt:
            names = [*sorted(body), "more"]
            body[names[place % len(names)]] = junk
        self.act(who, key, pk, body)

    @precondition(lambda self: self.before.matters)
    @rule(
        who=st.sampled_from(BY), key=st.sampled_from((*sorted(declared.MOVES), "no_such", "..", "行")),
        nth=st.integers(0, 5),
        body=st.sampled_from(BODIES), kind=st.sampled_from(KINDS), match=st.none() | st.sampled_from(ETAGS),
        once=st.none() | st.sampled_from(("a", "x" * 80, "x" * 81, "ключ", "a b", "'")),
    )  # fmt: skip
    def sends_rubbish(
        self, who: str, key: str, nth: int, body: bytes, kind: str, match: str | None, once: str | None
    ) -> None:
        more = {"Content_Type": kind}
        more |= {} if match is None else {"If_Match": match.encode().decode("latin-1")}
        more |= {} if once is None else {"Idempotency_Key": once.encode().decode("latin-1")}
        pk = self.matter(nth)
        answer = self.asks(who, f"{self.path(pk)}/actions/{key}", body, **more)
        if answer.status_code == 200:
            self.did(who, key, pk)
        else:
            self.nothing_changed()

    @precondition(lambda self: self.before.matters)
    @rule(who=st.sampled_from(WORKING), nth=st.integers(0, 5), match=st.sampled_from(ETAGS))
    def holds_an_old_version(self, who: str, nth: int, match: str) -> None:
        pk = self.matter(nth)
        if match == "*" or not self.held(who, pk):
            return
        match = match.encode().decode("latin-1")
        answer = self.asks(who, f"{self.path(pk)}/actions/remark", {"text": "看看"}, If_Match=match)
        assert answer.status_code in ((412, 400) if "remark" in self.may(who, pk) else (412, 400, 404)), match
        self.nothing_changed()

    @precondition(lambda self: self.before.matters)
    @rule(who=st.sampled_from(("chen", "sun", "li")), nth=st.integers(0, 5))
    def sends_it_twice(self, who: str, nth: int) -> None:
        """The same key and body: one event. The same key with another body: refused."""
        pk, key = self.matter(nth), uuid4().hex
        path = f"{self.path(pk)}/actions/remark"
        first = self.asks(who, path, {"text": "记一笔"}, Idempotency_Key=key)
        if first.status_code != 200:
            self.nothing_changed()
            return
        self.did(who, "remark", pk)
        again = self.asks(who, path, {"text": "记一笔"}, Idempotency_Key=key)
        assert (again.status_code, again.json()["version"]) == (200, first.json()["version"])
        self.nothing_changed()
        other = self.asks(who, path, {"text": "另一笔"}, Idempotency_Key=key)
        assert (other.status_code, other.json()["code"]) == (422, "key_reused")
        self.nothing_changed()

    @precondition(lambda self: self.before.matters)
    @rule(who=st.sampled_from(BY), nth=st.integers(0, 5), part=st.sampled_from(PARTS))
    def reads(self, who: str, nth: int, part: str) -> None:
        pk = self.matter(nth)
        answer = self.asks(who, self.path(pk) + part)
        held = self.held(who, pk)
        expected = 401 if who == "gone" else 200 if held else 404
        assert answer.status_code == expected, (who, part, answer.content)
        if part == "/actions" and held:
            said = {item["key"]: item["locked"] is None for item in answer.json()["items"]}
            model = self.may(who, pk)
            assert set(said) == set(model)
            assert not [key for key, free in said.items() if free and not model[key]], "offered where it may not begin"
        self.nothing_changed()

    @rule(who=st.sampled_from(BY), asked=st.sampled_from(LISTS))
    def lists(self, who: str, asked: tuple[str, dict[str, str]]) -> None:
        path, query = asked
        answer = self.asks(who, path, query=query)
        if who == "gone":
            assert answer.status_code == 401
        if path == "/matters" and not query and who != "gone":
            shown = {item["number"] for item in answer.json()["items"]}
            mine = {m.number for pk, m in self.before.matters.items() if self.may_know(who, pk)}
            assert shown == mine
        self.nothing_changed()

    @precondition(lambda self: self.before.matters)
    @rule(who=st.sampled_from(BY), nth=st.integers(0, 5), reason=st.sampled_from(("回电核实", " ", "", "\0\0\0", 5)))
    def wants_to_know_who(self, who: str, nth: int, reason: Any) -> None:
        pk = self.matter(nth)
        person = kept(lambda: Person.objects.filter(matter=pk).values_list("pk", flat=True).first()) or uuid4()
        answer = self.asks(who, f"{self.path(pk)}/people/{person}/reveal", {"reason": reason})
        if answer.status_code == 200:
            held = self.held(who, pk)
            assert any(declared.HOTLINE.opens[word].identity for word in held if word in declared.HOTLINE.opens)
            self.before = declared.look()
        self.nothing_changed()

    @precondition(lambda self: self.before.matters)
    @rule(who=st.sampled_from(BY), nth=st.integers(0, 5), other=st.integers(0, 5))
    def asks_for_papers(self, who: str, nth: int, other: int) -> None:
        """A paper of one matter under the number of another is not there."""
        pk, row = self.matter(nth), kept(lambda: Document.objects.filter(matter=self.matter(other)).first())
        answer = self.asks(who, f"{self.path(pk)}/documents/{row.pk if row else uuid4()}")
        assert answer.status_code in (401, 404)
        self.nothing_changed()

    @rule(
        who=st.sampled_from(("", "gone", "chen")), nth=st.integers(0, 6),
        proof=st.sampled_from(({}, {"phone_tail": "5678"}, {"phone_tail": "0000"}, {"word": "猫"}, {"phone_tail": 1})),
    )  # fmt: skip
    def asks_how_it_goes(self, who: str, nth: int, proof: dict[str, Any]) -> None:
        code = self.codes[nth % len(self.codes)]
        answer = Caller(None).post("/progress", {"code": code, **proof})
        self.checks_answer("", answer, {})
        assert answer.status_code in (200, 404, 422, 429)
        self.nothing_changed()

    @precondition(lambda self: self.before.matters)
    @rule(
        nth=st.integers(0, 5),
        key=st.sampled_from(("urge", "supplement", "withdraw", "take_up_again")),
        words=st.sampled_from(WORDS),
    )
    def the_person_speaks(self, nth: int, key: str, words: str) -> None:
        """Through the portal, which has a machine of its own; here it brings matters into more states."""
        pk = self.matter(nth)
        source = kept(lambda: Source.objects.filter(matter=pk).order_by("pk").first())
        field = "words" if key == "urge" else "text"
        try:
            with at(self.moment), transaction.atomic():
                handle.perform(
                    f"hotline.{key}", number=self.before.matters[pk].number, data={field: words},
                    by=SystemPost("portal", source=source.pk),
                )  # fmt: skip
        except Refused as refused:
            said = str(refused.sentence)
            self.nothing_changed()
        else:
            said = "done"
            with at(self.moment):
                self.before = declared.look()
                self.stands(pk)
        assert said

    @rule(days=st.sampled_from((0.1, 1, 3, 20, 400)))
    def time_passes(self, days: float) -> None:
        """The clocks do what they do."""
        self.moment += timedelta(days=days)
        with at(self.moment):
            climb(self.moment)
            upkeep.forget_due()
            self.before = declared.look()
            for pk in self.before.matters:
                self.stands(pk)

    # How it is done ----------------------------------------------------------------------------------------------

    def matter(self, nth: int) -> Any:
        return sorted(self.before.matters)[nth % len(self.before.matters)]

    def path(self, pk: Any) -> str:
        return f"/matters/{numbers.parse(self.before.matters[pk].number).slug}"

    def may(self, who: str, pk: Any) -> dict[str, bool]:
        with at(self.moment):
            return declared.offered(self.before, self.cast.posts[who], pk)

    def held(self, who: str, pk: Any) -> set[str]:
        with at(self.moment):
            return declared.held(self.before, self.cast.posts[who], pk)

    def may_know(self, who: str, pk: Any) -> bool:
        return bool(self.held(who, pk))

    def register(self, who: str, body: dict[str, Any]) -> Any:
        answer = self.asks(who, "/matters", body)
        if answer.status_code != 201:
            self.nothing_changed()
            return answer
        assert self.cast.posts[who].role in ("hotline_agent", "hotline_supervisor", "village_member", "command_room")
        said = answer.json()
        self.codes.append(said["query_code_plain"])
        with at(self.moment):
            now = declared.look()
            (new,) = set(now.matters) - set(self.before.matters)
            assert now.matters[new].number == said["number"]
            shown = {each["number"] for each in said["possible_duplicates"]}
            assert shown <= {m.number for pk, m in now.matters.items() if declared.held(now, self.cast.posts[who], pk)}
            self.before = now
            self.stands(new)
        return answer

    def asks(
        self, who: str, path: str, body: Any = None, *, query: dict[str, str] | None = None, **headers: str
    ) -> Any:
        with at(self.moment):
            caller = self.callers[who]
            answer = caller.get(path, query, **headers) if body is None else caller.post(path, body, **headers)
        self.checks_answer(who, answer, body, path)
        return answer

    def checks_answer(self, who: str, answer: Any, body: Any, path: str = "") -> None:
        """No fault of ours; a refusal is a problem with a sentence (the caller checks its shape); nothing leaks."""
        assert answer.status_code < 500, answer.content
        text = answer.content.decode()
        if answer.status_code >= 400:
            problem = answer.json()
            assert problem["detail"].strip()
            assert problem["title"].strip()
            assert not any(word in text for word in ("Traceback", "psycopg", "django", "Error:"))
        if not path.endswith("/reveal") and answer.status_code != 401:
            assert "10012345678" not in text
        if not who or answer.status_code == 201:
            return
        asked = json.dumps(body, default=str, ensure_ascii=False) if not isinstance(body, bytes) else ""
        for pk, matter in self.before.matters.items():
            if not self.may_know(who, pk):
                slug = numbers.parse(matter.number).slug
                told_himself = matter.number in asked or slug in asked or slug in path
                assert told_himself or not {matter.number, slug} & set(_words(text)), "a hidden number is told"
                assert str(pk) in asked or str(pk) not in text, "a hidden id is told"

    def act(self, who: str, key: str, pk: Any, body: dict[str, Any]) -> None:
        answer = self.asks(who, f"{self.path(pk)}/actions/{key}", body)
        if answer.status_code != 200:
            self.nothing_changed()
            expected = self.may(who, pk)
            if who == "gone":
                assert answer.status_code == 401
            elif key not in expected and "\\ud800" not in json.dumps(body):
                assert answer.status_code == 404, answer.content
            elif not expected.get(key, True):
                assert answer.status_code in (409, 400), answer.content
            return
        self.did(who, key, pk)

    def did(self, who: str, key: str, pk: Any) -> None:
        """It was done: the declaration allowed it to that post there, and changed is what it says."""
        assert self.may(who, pk).get(key), f"{who} may not {key} in {self.before.matters[pk].state}"
        with at(self.moment):
            now = declared.look()
            before, after = self.before.matters[pk], now.matters[pk]
            assert after.state in declared.may_follow(key, before.state), (key, before.state, after.state)
            assert after.version > before.version
            changed = {each for each in now.prints if now.prints[each] != self.before.prints.get(each)}
            assert changed == {pk} or key in declared.REACH_OTHERS, (key, len(changed))
            for other in changed - {pk}:
                assert now.matters[other].state == self.before.matters[other].state
            self.before = now
            for each in changed:
                self.stands(each)

    def nothing_changed(self) -> None:
        with at(self.moment):
            now = declared.look()
        assert now.prints == self.before.prints

    def stands(self, pk: Any) -> None:
        """An open order lies in somebody's list, and somebody is offered a way out of its state."""
        matter = self.before.matters[pk]
        final = matter.state in declared.FINAL
        merged = pk in self.before.members
        assert (matter.closed_at is not None) == final or merged or matter.archived_at
        if final or merged or matter.archived_at:
            return
        tasks = kept(lambda: list(Task.objects.filter(matter=pk, done_at=None, resting=False)))
        desks = {post.unit_id for post in self.cast.posts.values() if declared.held(self.before, post, pk)}
        assert {task.unit_id for task in tasks} & desks, f"{matter.state}: in nobody's list"
        ways = set()
        for name in BY:
            post = self.cast.posts[name]
            if declared.held(self.before, post, pk) and name != "gone":
                with access.acting_as(post):
                    row = access.matters_for(post).select_related("hotline_order", "lead_unit").get(pk=pk)
                    ways |= {move.key for move, locked in handle.can_do(post, row) if locked is None and move.to}
        assert ways - {"hand_over"} or self.must_resolve(pk), f"{matter.state}: no way out"

    def must_resolve(self, pk: Any) -> bool:
        return bool(kept(lambda: Subject.objects.filter(matter=pk, resolved_at=None).exists()))


def _words(text: str) -> list[str]:
    """What may be a number."""
    return [word for word in text.replace("/", '"').replace(" ", '"').replace(".", '"').split('"') if "-" in word]


# Slower than five seconds: each of a few hundred steps asks the API and compares all that is there before and after.
def test_anything_by_anybody_in_any_order(db: None) -> None:
    cast = build_hostile()
    machine = type("World", (Hostile,), {"cast": cast, "version": str(published(cast))})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples(12),
            stateful_step_count=100 if DEEP else 30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def build_hostile() -> Any:
    """The cast of the hotline with one whose post is over, and one who left a unit a hundred days ago."""
    with at(MONDAY - timedelta(days=200)):
        cast = build()
        account = players.an_account("former")
        ended = players.appoint(cast.units["housing"], "unit_handler", account=account)
        cast.posts["former"] = players.appoint(cast.units["hotline"], "hotline_agent", account=account)
        cast.posts["gone"] = players.appoint(cast.units["hotline"], "hotline_supervisor", username="gone")
    with at(MONDAY - timedelta(days=100)):
        terms.end_post(ended)
        terms.end_post(cast.posts["gone"])
    cast.posts["gone"].refresh_from_db()
    assert connection.in_atomic_block
    return cast
