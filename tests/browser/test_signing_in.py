"""The pages of signing in, in a real browser: axe, keyboard, both themes, both languages, without scripts."""

from typing import Any

import pytest

from tests.browser.conftest import Served
from tests.browser.looking import Looker

pytestmark = [pytest.mark.browser, pytest.mark.commits]
SIGN_IN = "/desk/sign-in/"


@pytest.fixture
def accounts(own_database: Any) -> None:
    """Li with a password and no second factor yet, holding two posts."""
    from tests.accounts.entering import give_password
    from tests.cast import appoint, build

    cast = build()
    give_password(cast.li.account)
    appoint(cast.units["housing"], "unit_head", account=cast.li.account)


@pytest.mark.parametrize(
    ("size", "theme", "lang"), [("desk", "light", "zh-CN"), ("phone", "dark", "en"), ("narrow", "light", "zh-CN")]
)
def test_the_sign_in_page_holds(served: Served, browser_page: Looker, size: str, theme: str, lang: str) -> None:
    browser_page.look(served.url(SIGN_IN), "sign-in", size, theme, lang)


@pytest.mark.parametrize("scripts", [True, False])
def test_from_the_password_to_the_posts(accounts: None, served: Served, browser_page: Looker, scripts: bool) -> None:
    from fengqiao.kernel.now import now
    from fengqiao.offices.accounts import secondfactor
    from tests.accounts.entering import PASSWORD

    with browser_page.open(served.url(SIGN_IN), scripts=scripts) as seen:
        page = seen.page
        page.locator("[name=username]").fill("li")
        page.locator("[name=password]").fill("wrong-password")
        page.keyboard.press("Enter")
        page.wait_for_selector(".err-box")
        assert page.locator("[name=username]").input_value() == "li"
        page.locator("[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("img[src$='picture.svg']")
        page.wait_for_load_state("load")  # the picture comes after the words
        assert page.locator("img[src$='picture.svg']").evaluate("image => image.naturalWidth") > 0
        if scripts:
            assert seen.axe() == []
        secret = "".join(page.locator("p.num").inner_text().split())
        page.locator("[name=code]").fill(secondfactor.code_at(secret, now()))
        page.keyboard.press("Enter")
        page.wait_for_selector("ul.duo")
        assert page.locator("ul.duo li").count() == 10
        if scripts:
            assert seen.axe() == []
        page.locator("a.b-1").click()
        page.wait_for_selector("button[name=post]")
        assert page.locator("button[name=post]").count() == 2
        if scripts:
            assert seen.axe() == []
