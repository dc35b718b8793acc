"""Passkeys in Chromium with its virtual authenticator: registered, used after the password and alone, lost, reset.

Slow (ten seconds and more each): every page on the way is looked at in two shapes with axe, in four by `make test-all`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.browser.conftest import Served
from tests.browser.looking import SHOTS, SIZES, Looker, Seen
from tests.browser.test_journey import at_the_desk, sound
from tests.browser.test_portal import press
from tests.profile import DEEP

pytestmark = [pytest.mark.browser, pytest.mark.commits]
SIGN_IN, ACCOUNT = "/desk/sign-in/", "/desk/account/"
NAME = "我的手机"
SHAPES = [("desk", "light"), ("phone", "dark")] + ([("desk", "dark"), ("phone", "light")] if DEEP else [])


class Device:
    """The virtual authenticator of one browser: a phone that recognises its person."""

    def __init__(self, seen: Seen) -> None:
        self.seen, self.wire = seen, seen.page.context.new_cdp_session(seen.page)
        self.wire.send("WebAuthn.enable")
        told = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made = self.wire.send("WebAuthn.addVirtualAuthenticator", {"options": told})
        self.id = {"authenticatorId": made["authenticatorId"]}

    def recognises(self, person: bool) -> None:
        self.wire.send("WebAuthn.setUserVerified", {**self.id, "isUserVerified": person})

    def kept(self) -> list[dict[str, Any]]:
        return list(self.wire.send("WebAuthn.getCredentials", self.id)["credentials"])

    def forgets(self) -> None:
        self.wire.send("WebAuthn.clearCredentials", self.id)

    def keeps(self, credential: dict[str, Any]) -> None:
        self.wire.send("WebAuthn.addCredential", {**self.id, "credential": credential})


@pytest.fixture
def li(served: Served, settings: Any) -> Any:
    """Li with password and app, committed; outside the demo, at the address that browsers see."""
    from tests.accounts.entering import give_password, give_second_factor
    from tests.cast import build

    settings.FENGQIAO_DEMO = False
    settings.PORT = int(served.origin.rpartition(":")[2])
    post = build().li
    give_password(post.account)
    give_second_factor(post.account)
    return post


@contextmanager
def at_home(browser_page: Looker, served: Served, post: Any = None, **looks: str) -> Iterator[tuple[Seen, Device]]:
    """A browser with its device, signed in by password and app where a post is named."""
    with browser_page.open(served.url(SIGN_IN), **looks) as seen:  # type: ignore[arg-type]
        if post:
            at_the_desk(seen, served, post)
        yield seen, Device(seen)


def picture(seen: Seen, name: str) -> None:
    """Keep the page as it stands; nothing is wrong with it in any of these shapes."""
    SHOTS.mkdir(exist_ok=True)
    before = seen.page.viewport_size
    for size, theme in SHAPES:
        width, height = SIZES[size]
        seen.page.set_viewport_size({"width": width, "height": height})
        seen.page.evaluate("theme => document.documentElement.setAttribute('data-bs-theme', theme)", theme)
        seen.page.screenshot(path=SHOTS / f"{name}-{size}-{theme}-zh-CN.png", full_page=True)
        assert seen.axe() == []
        assert seen.sideways() == []
    seen.page.evaluate("document.documentElement.setAttribute('data-bs-theme', 'light')")
    seen.page.set_viewport_size(before)  # type: ignore[arg-type]


def registers(seen: Seen, served: Served, name: str = NAME) -> None:
    """On the page of the account: name, password, and what the device asks, by keyboard."""
    from tests.accounts.entering import PASSWORD

    page = seen.page
    page.goto(served.url(ACCOUNT), wait_until="networkidle")
    page.locator("[name=name]").fill(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"strong:text-is('{name}')")


def types_the_password(seen: Seen, served: Served) -> None:
    from tests.accounts.entering import PASSWORD

    seen.page.goto(served.url(SIGN_IN), wait_until="networkidle")
    seen.page.locator("[name=username]").fill("li")
    seen.page.locator("[name=password]").fill(PASSWORD)
    seen.page.keyboard.press("Enter")


def signs_out(seen: Seen) -> None:
    seen.page.context.clear_cookies()


def events(kind: str) -> int:
    from fengqiao.kernel import access
    from fengqiao.kernel.models import Event

    with access.acting_as(access.SystemPost("keeper")):
        return Event.objects.filter(stream__startswith="accounts:", kind=kind).count()


def test_registered_then_used_after_the_password_and_alone(li: Any, served: Served, browser_page: Looker) -> None:
    with at_home(browser_page, served, li) as (seen, device):
        page = seen.page
        registers(seen, served)
        assert [each["isResidentCredential"] for each in device.kept()] == [True]
        assert events("account.passkey_added") == 1
        sound(seen)
        picture(seen, "account")

        signs_out(seen)
        types_the_password(seen, served)
        page.wait_for_selector("[name=code]")
        picture(seen, "second-step")
        offer = page.locator("a[data-passkey-offer]")
        assert offer.is_visible()
        offer.focus()
        page.keyboard.press("Enter")
        page.wait_for_url(served.url("/desk/"))
        sound(seen)

        signs_out(seen)
        page.goto(served.url(f"{SIGN_IN}?next=/desk/figures/"), wait_until="networkidle")
        picture(seen, "sign-in-passkey")
        page.get_by_role("link", name="使用通行密钥登录").press("Enter")
        page.wait_for_url(served.url("/desk/figures/"))
        sound(seen)
        assert events("account.signed_in") == 2


def test_a_device_that_does_not_confirm_is_told_and_asked_again(li: Any, served: Served, browser_page: Looker) -> None:
    with at_home(browser_page, served, li) as (seen, device):
        page = seen.page
        registers(seen, served)
        page.locator("[name=name]").fill("又一个")
        page.locator("[name=password]").fill("a-long-quiet-evening")
        page.keyboard.press("Enter")
        page.locator("[data-trouble]:has-text('已经有您的通行密钥')").wait_for()
        sound(seen)
        picture(seen, "passkey-make")
        signs_out(seen)
        device.recognises(False)
        page.goto(served.url("/desk/sign-in/passkey/"), wait_until="networkidle")
        page.locator("[data-trouble]:has-text('设备没有确认')").wait_for()
        assert page.evaluate("document.activeElement.tagName") == "BUTTON"
        picture(seen, "passkey")
        device.recognises(True)
        page.keyboard.press("Enter")
        page.wait_for_url(served.url("/desk/"))
        sound(seen)


def test_lost_recovered_and_removed(li: Any, served: Served, browser_page: Looker) -> None:
    from fengqiao.offices.accounts import secondfactor
    from tests.accounts.entering import PASSWORD

    with at_home(browser_page, served, li) as (seen, device):
        page = seen.page
        registers(seen, served)
        lost = device.kept()
        device.forgets()
        signs_out(seen)
        codes = secondfactor.renew_recovery_codes(li.account)
        types_the_password(seen, served)
        page.locator("[name=code]").fill(codes[0])
        page.keyboard.press("Enter")
        page.wait_for_url(served.url("/desk/"))
        page.locator("details.eave-menu summary").press("Enter")
        page.locator(".eave-menu a[href='/desk/account/']").press("Enter")
        page.wait_for_url(served.url(ACCOUNT))
        press(seen, "a[href$='/remove/']")
        picture(seen, "passkey-remove")
        page.locator("[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(served.url(ACCOUNT))
        assert "还没有" in page.locator("main").inner_text()
        sound(seen)
        assert events("account.passkey_removed") == 1
        # Whoever finds the device gets no further with it.
        device.keeps(lost[0])
        signs_out(seen)
        page.goto(served.url("/desk/sign-in/passkey/"))
        page.locator(".err-box[data-focus]:has-text('已被删除')").wait_for()
        sound(seen, status=422)
        picture(seen, "passkey-unknown")


def test_a_copied_passkey_is_stopped_and_the_owner_reads_of_it(li: Any, served: Served, browser_page: Looker) -> None:
    with at_home(browser_page, served, li) as (seen, device):
        page = seen.page
        registers(seen, served)
        copy = device.kept()[0]
        signs_out(seen)
        page.goto(served.url("/desk/sign-in/passkey/"))
        page.wait_for_url(served.url("/desk/"))
        device.forgets()
        device.keeps({**copy, "signCount": 0})
        signs_out(seen)
        page.goto(served.url("/desk/sign-in/passkey/"))
        page.locator(".err-box[data-focus]:has-text('可能被复制过')").wait_for()
        assert events("account.passkey_doubted") == 1
        at_the_desk(seen, served, li)
        page.goto(served.url(ACCOUNT), wait_until="networkidle")
        assert "已停用" in page.locator("main").inner_text()
        picture(seen, "account-doubted")


def test_the_administrator_resets_and_the_person_registers_anew(li: Any, served: Served, browser_page: Looker) -> None:
    from fengqiao.config.commands import account_reset_second_factor
    from fengqiao.kernel.now import now
    from fengqiao.offices.accounts import secondfactor

    class Asked:
        user = "li"

    with at_home(browser_page, served, li) as (seen, _device):
        page = seen.page
        registers(seen, served)
        assert account_reset_second_factor.run(Asked()) == {"user": "li", "had_one": True, "passkeys": 1}  # type: ignore[arg-type]
        page.goto(served.url(ACCOUNT))
        assert page.url.startswith(served.url(SIGN_IN))
        page.goto(served.url("/desk/sign-in/passkey/"))
        page.locator(".err-box[data-focus]").wait_for()
        types_the_password(seen, served)
        page.wait_for_selector("img[src$='picture.svg']")
        secret = "".join(page.locator("p.num").inner_text().split())
        page.locator("[name=code]").fill(secondfactor.code_at(secret, now()))
        page.keyboard.press("Enter")
        page.wait_for_selector("ul.duo")
        page.locator("a.b-1").click()
        page.wait_for_url(served.url("/desk/"))
        registers(seen, served, "新手机")


def test_where_the_browser_cannot_the_code_serves(li: Any, served: Served, browser_page: Looker) -> None:
    elsewhere = served.origin.replace("localhost", "127.0.0.1")
    for origin, scripts in ((elsewhere, True), (served.origin, False)):
        with browser_page.open(f"{origin}{SIGN_IN}", scripts=scripts) as seen:
            page = seen.page
            assert page.locator("[data-passkey-offer]").count() == 1
            assert not page.locator("[data-passkey-offer]").is_visible()
            page.goto(f"{origin}/desk/sign-in/passkey/", wait_until="networkidle")
            assert page.locator("[data-passkey-cannot]").is_visible()
            press(seen, "main a.b-block")
            assert page.locator("[name=username]").is_visible()
