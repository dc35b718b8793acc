"""How deep the tests go: `ci` by default, `deep` for `make test-all` (engineering ruling 19)."""

from __future__ import annotations

import os

from hypothesis import settings

DEEP = os.environ.get("FENGQIAO_TEST_PROFILE") == "deep"
TIMES = 5

settings.register_profile("ci", deadline=None)
settings.register_profile("deep", deadline=None, max_examples=100 * TIMES)
settings.load_profile("deep" if DEEP else "ci")


def examples(count: int) -> int:
    """So many examples, five times as many in the deep profile."""
    return count * TIMES if DEEP else count
