from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.accounts.entering import Person
    from tests.cast import Cast


@pytest.fixture(autouse=True)
def light_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 as in the program, with less work."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    for name, value in {"time_cost": 1, "memory_cost": 64, "parallelism": 1}.items():
        monkeypatch.setattr(Argon2PasswordHasher, name, value)


@pytest.fixture
def cast(db: None) -> Cast:
    from tests.cast import build

    return build()


@pytest.fixture
def pages(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.accounts.pages"
    settings.FENGQIAO_DEMO = False
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def someone(client: Any, pages: None) -> Person:
    from tests.accounts.entering import Person

    return Person(client)


@pytest.fixture
def li(cast: Cast) -> Any:
    """Li's account, with a password and a second factor."""
    from tests.accounts.entering import give_password, give_second_factor

    give_password(cast.li.account)
    give_second_factor(cast.li.account)
    return cast.li.account
