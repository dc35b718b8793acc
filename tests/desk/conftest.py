"""The desk's tests walk in by its pages. Imports stand inside: pytest loads this file before Django is set up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fengqiao.kernel.models import Post
    from tests.cast import Cast


@pytest.fixture
def cast(db: None) -> Cast:
    """The cast in the rolled-back database."""
    from tests.cast import build

    return build()


@pytest.fixture
def at_desk() -> Callable[[Post], Any]:
    """A browser that sits at the desk of a post."""
    from django.test import Client

    from tests.accounts.entering import enter

    return lambda post: enter(Client(HTTP_ACCEPT_LANGUAGE="en"), post)
