"""What is sent to the API: bodies that fit, junk for their fields, and what is no body at all."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from fengqiao.kernel.models import Merge, Source, Subject
from fengqiao.offices.supervision.models import Step
from tests.api import declared
from tests.hotline.order import kept

BY = (
    "chen", "sun", "li", "lin", "feng", "gu", "he", "shen", "qian", "zhao", "zhou", "envelope", "lawyer",
    "administrator", "auditor", "dpo", "former", "gone",
)  # fmt: skip
WORKING = ("chen", "sun", "li", "lin", "feng", "gu")
# The usual way of an order; and what is done on the way more often than the rest.
WAY = ("dispatch", "settle_return", "take", "reply", "call_back", "close", "archive")
ONWARD = (
    *("dispatch", "take", "start", "reply", "call_back", "supervise", "add_co", "assign") * 2,
    *sorted(set(declared.MOVES) - {"hand_over", "answer_now", "not_accept"}),
)
UNITS = ("water", "housing", "jia", "jia_roads", "yi", "government", "hotline", "sealed", "nowhere")
WORDS = ("修好了。", "所长收了钱，镇里不管。", "请到现场查看。", "a", "李局长和派出所都知道。")
JUNK: tuple[Any, ...] = (
    None, "", " ", "\0", "x" * 7000, "'; drop table matter; --", "<script>alert(1)</script>", "\ud800", 0, -1, 1.5,
    2**31, 2**63, 2**64, 1e308, True, False, [], {}, ["water", "water"], [None], [[]], {"$ne": 1}, "9999-12-31",
    "0001-01-01", "2026-02-30", "water", "330681", "330681901201", "3306819012019", "٣٣٠٦٨١", "sealed", "normal",
    "00000000-0000-7000-8000-000000000000", "热2026-000-0418729", "R2026-000-0418729 R2026-000-0418729",
)  # fmt: skip
ETAGS = ('"0"', '"999999999"', 'W/"1"', '"x"', "1", "*", "", '"1", "2"', '"\u00e9"')
BODIES = (b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"a":' * 3000, b"1e999", b'{"text": "\\ud800"}', b"\0")
KINDS = ("application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
PARTS = ("", "/events", "/tasks", "/people", "/sources", "/documents", "/actions")
LISTS = (
    ("/matters", {}), ("/matters", {"q": "路灯"}), ("/matters", {"q": "灯"}), ("/matters", {"q": "'; --"}),
    ("/matters", {"open": "true", "limit": "1"}), ("/matters", {"place": "330681901"}), ("/matters", {"cursor": "x"}),
    ("/matters", {"cursor": "MjAyNi0wOS0wN1QwMTowMDowMCswMDowMHwx"}), ("/matters", {"state": "closed", "q": "x" * 100}),
    ("/matters", {"lead_unit": "water"}), ("/matters", {"due_before": "2199-12-31T23:59:59-23:59"}),
    ("/matters", {"nothing": "1"}), ("/worklist", {}), ("/worklist", {"due": "soon"}), ("/worklist", {"cursor": "fA"}),
    ("/figures/K-301a", {}), ("/figures/K-301c", {"by": "place", "from": "1900-01-01", "to": "2199-12-31"}),
    ("/figures/K-999", {}), ("/figures/K-301a", {"from": "2026-02-01", "to": "2026-01-01"}), ("/places", {}),
    ("/codes", {}), ("/reviews", {}),
)  # fmt: skip


class Bodies:
    """Makes a proper body for each action in the machine's world."""

    cast: Any
    version: str
    before: Any
    matter: Any

    def proper(self, key: str, pk: Any, seed: int) -> dict[str, Any]:
        """A body that fits, as far as one can be known."""
        unit, words = UNITS[seed % len(UNITS)], WORDS[seed % len(WORDS)]
        other = self.before.matters[self.matter(seed)]
        lead = self.unit_of(pk) if seed % 4 else None
        grade = ("good", "poor", "very_poor", None)[seed % 4]
        return {
            "answer_now": {"version": self.version},
            "dispatch": {"unit": unit, "co_units": [UNITS[seed % 5]]},
            "assign": {"post": self.somebody_of(lead, seed)},
            "ask_return": {"reason": words},
            "settle_return": {"upheld": bool(seed % 2), "note": words, **({"unit": unit} if seed % 2 else {})},
            "add_co": {"co_units": [unit]},
            "co_opinion": {"text": words},
            "extend": {"days": seed % 61, "explanation": words},
            "reply": {"text": words, "solved": ("yes", "no", "partly")[seed % 3]},
            "call_back": {"reached": True, "solved": "yes", "grade": grade} if seed % 3 else {"reached": False},
            "redo": {"ground": "not_done", "note": words},
            "not_accept": {"reason": "litigation", "way": words},
            "hand_over": {"to": "110"},
            "take_back": {"reason": words},
            "locate": {"place": ("330681902201", "330681", "330681901")[seed % 3], "category": "consumer"},
            "resolve": {"subject": self.id_of(Subject, pk), "units": [unit] if seed % 2 else [], "reason": words},
            "exclude": {"units": [unit], "reason": words},
            "protect": {"level": "protected", "reason": words},
            "remark": {"text": words},
            "merge": {"numbers": other.number, "reason": words},
            "unmerge": {"act": self.id_of(Merge, pk, "act", "master"), "reason": words},
            "link": {"number": other.number},
            "renew_code": {"source": self.id_of(Source, pk), "shown": "身份证"},
            "supplement": {"text": words},
            "withdraw": {}, "take_up_again": {"text": words},
            "confirm_withdrawal": {"reached": True, "own_will": bool(seed % 2)},
            "close_history": {"text": words, "replied_at": "2026-01-01T10:00:00+08:00"},
            "urge": {"words": words},
            "supervise": self.demand(seed, lead),
            "list_publicly": {**self.demand(seed, lead), "title": "路灯", "level": "city", "leader": "government"},
            "answer_supervision": {"text": words},
            "end_supervision": {"reached": bool(seed % 2), "content": "yes" if seed % 2 else ""},
            "extend_supervision": {"days": seed % 31, "why": words, "step": self.id_of(Step, pk) if seed % 2 else None},
        }.get(key, {})  # fmt: skip

    def unit_of(self, pk: Any) -> str | None:
        """The key of the unit that leads it."""
        lead = self.before.matters[pk].lead_unit_id
        return next((key for key, unit in self.cast.units.items() if unit.pk == lead), None)

    def somebody_of(self, unit: str | None, seed: int) -> int:
        posts = [post.pk for post in self.cast.posts.values() if unit is None or post.unit.key == unit]
        return int(posts[seed % len(posts)]) if posts else seed

    def demand(self, seed: int, lead: str | None) -> dict[str, Any]:
        until = ("2026-09-20", "2027-03-01", "2199-12-31", "9999-12-31", "2020-01-01")[seed % 5]
        when = {"days": seed % 31} if seed % 2 else {"answer_by": until}
        ground = ("major", "red_light", "dissatisfied")[seed % 3]
        return {"unit": lead or UNITS[seed % 5], "ground": ground, "act": "visit", "demand": "请到现场查看。", **when}

    def id_of(self, model: Any, pk: Any, name: str = "pk", key: str = "matter") -> str:
        rows = model.objects.filter(**{key: pk}).order_by("-pk").values_list(name, flat=True)
        return str(kept(rows.first) or uuid4())
