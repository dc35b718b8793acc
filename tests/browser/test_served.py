"""The program served on a database of its own answers beside a test that asks the database itself."""

import pytest
from django.db import connection

from tests.browser.conftest import Served
from tests.browser.looking import Looker

pytestmark = [pytest.mark.browser, pytest.mark.commits]


def test_browser_and_test_share_one_database(served: Served, browser_page: Looker, own_database) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select current_database()")
        assert cursor.fetchone() == (own_database.name,)
    with browser_page.open(served.url("/readyz")) as seen:
        assert seen.page.locator("body").inner_text()
