from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cast import Cast


@pytest.fixture
def cast(db: None) -> Cast:
    from tests.cast import build

    return build()


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """The city's code and the calendar are kept in memory; a test that changes them must not tell the next."""
    from fengqiao.kernel import remembered, timekeeping

    remembered.forget()
    timekeeping.forget_calendar()
    yield
    remembered.forget()
    timekeeping.forget_calendar()
