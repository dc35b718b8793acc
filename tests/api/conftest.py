"""What tests of the API share. Imports stand inside: pytest loads this file before Django is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.caller import Caller
    from tests.cast import Cast


@pytest.fixture(autouse=True)
def invented_people(settings: Any) -> None:
    """Wang's phone begins with 100: it is read in the demo only."""
    settings.FENGQIAO_DEMO = True


@pytest.fixture
def cast(db: None) -> Cast:
    """The cast in the rolled-back database."""
    from tests.cast import build

    return build()


@pytest.fixture
def calls(cast: Cast) -> Any:
    """`calls("chen")` is a program with a token of Chen's post; `calls()` has none."""
    from tests.api.caller import Caller

    def of(name: str = "") -> Caller:
        return Caller(getattr(cast, name) if name else None)

    return of
