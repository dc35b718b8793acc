"""What tests of the hotline share. Imports stand inside: pytest loads this file before Django is set up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cast import Cast


@pytest.fixture
def cast(db: None) -> Cast:
    """The cast; Gu sits at the city government's office, the next desk when the hotline may not read."""
    from tests.hotline.order import build

    return build()


@pytest.fixture(autouse=True)
def on_monday() -> Iterator[None]:
    """It is Monday, September 7th 2026, nine o'clock."""
    from fengqiao.kernel.now import at
    from tests.hotline.order import MONDAY

    with at(MONDAY):
        yield
