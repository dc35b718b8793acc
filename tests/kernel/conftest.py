"""What tests of the kernel share. Imports stand inside: pytest loads this file before Django is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cast import Cast


@pytest.fixture
def cast(db: None) -> Cast:
    """The cast in the rolled-back database."""
    from tests.cast import build

    return build()


@pytest.fixture
def committed_cast(own_database: Any) -> Cast:
    """The cast in a database of its own, with real commits."""
    from tests.cast import build

    return build()


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two sample kinds are registered."""
    from tests.kernel import sample

    sample.stand_in(monkeypatch)
