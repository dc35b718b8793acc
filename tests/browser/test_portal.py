"""A resident's way in a real browser: tell, keep the receipt, see the progress; with keys alone, without scripts."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.conftest import Served
from tests.browser.looking import Looker, Seen

pytestmark = [pytest.mark.browser, pytest.mark.commits]
STORY = "村口的路灯坏了一个星期。晚上老人走路看不见。"
READ = ["/", "/elder/", "/tell/", "/progress/", "/rights/", "/privacy/", "/tell/done/"]


@pytest.fixture
def city(settings: Any, served: Served) -> Any:
    """The cast, committed, in a demonstration."""
    from tests.cast import build

    settings.FENGQIAO_DEMO = True
    return build()


def go_on(seen: Seen) -> None:
    """Press the one primary button of the page."""
    press(seen, "main .b-1")


def press(seen: Seen, selector: str) -> None:
    """Press what leads to another page."""
    with seen.page.expect_navigation(wait_until="networkidle"):
        seen.page.click(selector)


def sound(seen: Seen, name: str, *, status: int = 200) -> None:
    """Keep a picture, and find nothing wrong, at no width."""
    from tests.browser.looking import SHOTS

    SHOTS.mkdir(exist_ok=True)
    seen.page.screenshot(path=SHOTS / f"portal-{name}.png", full_page=True)
    faults = seen.faults(expected_status=status)
    size = seen.page.viewport_size
    seen.page.set_viewport_size({"width": 320, "height": 640})
    faults += [f"sideways at 320: {line}" for line in seen.sideways()]
    if size:
        seen.page.set_viewport_size(size)
    assert not faults, f"{name}:\n" + "\n".join(faults)
    seen.complaints.clear()


def fill_in(seen: Seen) -> None:
    """Both steps, as far as the read-back."""
    page = seen.page
    page.fill("textarea[name=text]", STORY)
    page.check("input[name=nature][value=complaint]")
    go_on(seen)
    page.select_option("select[name=town]", "330681901")
    if page.locator("[data-by-hand]").is_visible():
        press(seen, "[data-by-hand]")
    page.locator("select[name=village] option[value='330681901201']").wait_for(state="attached")
    page.select_option("select[name=village]", "330681901201")
    page.fill("input[name=phone]", "100 1234 5678")
    page.check("input[name=kept_away][value=village]")
    go_on(seen)


def ask(seen: Seen, served: Served, code: str, proof: str) -> None:
    seen.page.goto(served.url("/progress/"), wait_until="networkidle")
    seen.page.fill("input[name=code]", code)
    seen.page.fill("input[name=proof]", proof)
    go_on(seen)


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
def test_from_telling_to_the_answer(served: Served, browser_page: Looker, city: Any, scripts: bool) -> None:
    from fengqiao.kernel.access import SystemPost, acting_as
    from fengqiao.kernel.models import Matter
    from tests.cast import do

    with browser_page.open(served.url("/"), "phone", scripts=scripts) as seen:
        page = seen.page
        press(seen, "a.say")
        page.fill("textarea[name=text]", " ")
        go_on(seen)
        assert page.locator(".err-box").count() == 1
        fill_in(seen)
        assert "示例一村" in page.locator("main").inner_text()
        go_on(seen)
        assert page.url == served.url("/tell/done/")
        code = page.locator(".code").inner_text()
        assert re.fullmatch(r"\d{4} \d{4} \d{4}", code)
        assert page.locator("main img").evaluate("image => image.complete && image.naturalWidth > 0")
        with acting_as(SystemPost("keeper")):
            matter = Matter.objects.get()
        assert matter.number in page.locator("main").inner_text()
        do(city.chen, "hotline.dispatch", matter, unit="water")
        do(city.li, "hotline.take", matter)
        do(city.li, "hotline.reply", matter, text="路灯已经修好，今晚会亮。", solved="yes")
        ask(seen, served, code, "0000")
        assert page.locator(".err-box").count() == 1
        ask(seen, served, code, "5678")
        text = page.locator("main").inner_text()
        assert "路灯已经修好，今晚会亮。" in text
        assert "市水务局" in text
        assert re.search(r"[?&#](?!$)", page.url) is None


def test_a_draft_stays_on_the_device_until_it_is_sent_and_not_if_one_says_no(
    served: Served, browser_page: Looker, city: Any
) -> None:
    with browser_page.open(served.url("/tell/"), "phone") as seen:
        page = seen.page
        page.fill("textarea[name=text]", STORY)
        page.locator("textarea[name=text]").blur()
        page.reload(wait_until="networkidle")
        assert page.input_value("textarea[name=text]") == STORY
        fill_in(seen)
        go_on(seen)
        assert page.evaluate("localStorage.length") == 0
        page.goto(served.url("/tell/"), wait_until="networkidle")
        assert page.input_value("textarea[name=text]") == ""
        page.check("[data-draft-off]")
        page.fill("textarea[name=text]", STORY)
        page.locator("textarea[name=text]").blur()
        assert page.evaluate("localStorage.length") == 0


def test_the_code_of_a_qr_fills_the_field_and_leaves_the_address(
    served: Served, browser_page: Looker, city: Any
) -> None:
    with browser_page.open(served.url("/progress/#123456789012"), "phone") as seen:
        assert seen.page.input_value("input[name=code]") == "1234 5678 9012"
        assert seen.page.url == served.url("/progress/")


def test_the_form_is_filled_in_with_keys_alone_and_enter_goes_on(
    served: Served, browser_page: Looker, city: Any
) -> None:
    with browser_page.open(served.url("/tell/"), "desk") as seen:
        page = seen.page
        for _n in range(12):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.name") == "text":
                break
        page.keyboard.insert_text(STORY)
        while page.evaluate("document.activeElement.className.indexOf('b-1') < 0"):
            page.keyboard.press("Tab")
        with page.expect_navigation(wait_until="networkidle"):
            page.keyboard.press("Enter")
        assert page.url == served.url("/tell/2/")
        page.focus("input[name=spot]")
        with page.expect_navigation(wait_until="networkidle"):
            page.keyboard.press("Enter")
        # Enter means “next”, not the first button in the header.
        assert page.url == served.url("/tell/check/")
        assert page.locator("body.is-elder").count() == 0


def test_large_and_simple_has_large_words_and_targets(served: Served, browser_page: Looker, city: Any) -> None:
    with browser_page.open(served.url("/elder/"), "phone") as seen:
        for path in ("/elder/", "/tell/", "/progress/", "/rights/"):
            seen.page.goto(served.url(path), wait_until="networkidle")
            small = seen.page.evaluate(
                """() => [...document.querySelectorAll(
                    'main a, main button, main input, main select, main .tick, header button')]
                  .filter(e => e.offsetParent && !e.matches('.sr, .inline-link, [type=radio], [type=checkbox]'))
                  .filter(e => e.getBoundingClientRect().height < 60).map(e => e.outerHTML.slice(0, 80))"""
            )
            assert small == [], path
            sizes = seen.page.evaluate(
                """() => [...document.querySelectorAll('main *')]
                  .filter(e => e.offsetParent && !e.matches('.sr, option') && e.childNodes.length
                    && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
                  .map(e => parseFloat(getComputedStyle(e).fontSize)).filter(size => size < 18)"""
            )
            assert sizes == [], path


@pytest.mark.parametrize("path", READ)
@pytest.mark.parametrize(("size", "theme", "elder"), [("phone", "light", 0), ("desk", "dark", 0), ("phone", "dark", 1)])
def test_each_page_holds(
    served: Served, browser_page: Looker, city: Any, path: str, size: str, theme: str, elder: int
) -> None:
    status = 404 if path == "/tell/done/" else 200
    browser_page.cookies = [{"name": "elder", "value": str(elder), "url": served.origin}]
    name = f"portal-{path.strip('/').replace('/', '-') or 'home'}{'-large' if elder else ''}"
    browser_page.look(served.url(path), name, size, theme, expected_status=status)


@pytest.mark.parametrize(
    ("size", "theme", "elder"), [("phone", "light", 0), ("desk", "dark", 0), ("phone", "light", 1)]
)
def test_each_step_holds(served: Served, browser_page: Looker, city: Any, size: str, theme: str, elder: int) -> None:
    from fengqiao.kernel.access import SystemPost, acting_as
    from fengqiao.kernel.models import Matter
    from tests.cast import do

    look = f"{size}-{theme}{'-large' if elder else ''}"
    browser_page.cookies = [{"name": "elder", "value": str(elder), "url": served.origin}]
    with browser_page.open(served.url("/tell/"), size, theme) as seen:
        page = seen.page
        go_on(seen)
        sound(seen, f"tell-wrong-{look}", status=422)
        page.fill("textarea[name=text]", STORY)
        page.check("input[name=nature][value=report]")
        go_on(seen)
        page.select_option("select[name=town]", "330681901")
        page.locator("select[name=village] option[value='330681901201']").wait_for(state="attached")
        sound(seen, f"where-{look}")
        page.fill("input[name=phone]", "1001234567")
        page.check("input[name=kept_away][value=none]")
        go_on(seen)
        sound(seen, f"where-wrong-{look}", status=422)
        page.fill("input[name=phone]", "10012345678")
        go_on(seen)
        sound(seen, f"check-{look}")
        go_on(seen)
        sound(seen, f"done-{look}")
        code = page.locator(".code").inner_text()
        with acting_as(SystemPost("keeper")):
            matter = Matter.objects.get()
        ask(seen, served, code, "0000")
        sound(seen, f"ask-wrong-{look}", status=422)
        do(city.chen, "hotline.dispatch", matter, unit="water")
        do(city.li, "hotline.take", matter)
        ask(seen, served, code, "5678")
        sound(seen, f"status-{look}")
        do(city.li, "hotline.reply", matter, text="路灯已经修好，今晚会亮。", solved="yes")
        page.reload(wait_until="networkidle")
        page.click("details summary")
        sound(seen, f"status-answered-{look}")
