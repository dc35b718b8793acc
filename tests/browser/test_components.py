"""The components in a real browser: every size, both themes, both languages, by keyboard and without scripts."""

import pytest

from tests.browser.conftest import Served
from tests.browser.looking import Looker

pytestmark = pytest.mark.browser
GALLERY = "/desk/components/"


@pytest.mark.parametrize(
    ("size", "theme", "lang"),
    [("desk", "light", "zh-CN"), ("desk", "dark", "en"), ("phone", "dark", "zh-CN"), ("phone", "light", "en")],
)
def test_every_component_holds_at_every_size_and_theme(
    served_face: Served, browser_page: Looker, size: str, theme: str, lang: str
) -> None:
    browser_page.look(served_face.url(GALLERY), "components", size, theme, lang)


def test_a_page_that_is_not_there_says_so_in_the_same_face(served_face: Served, browser_page: Looker) -> None:
    browser_page.look(served_face.url("/nowhere"), "error-404", expected_status=404)


def test_a_tooltip_opens_on_focus_and_closes_on_escape(served_face: Served, browser_page: Looker) -> None:
    with browser_page.open(served_face.url(GALLERY)) as seen:
        light = seen.page.locator("button.light")
        light.focus()
        assert seen.page.locator(".tip").is_visible()
        seen.page.keyboard.press("Escape")
        assert not seen.page.locator(".tip").is_visible()


def test_the_error_summary_takes_the_focus_and_leads_to_the_field(served_face: Served, browser_page: Looker) -> None:
    with browser_page.open(served_face.url(GALLERY)) as seen:
        assert seen.page.evaluate("document.activeElement.className") == "err-box"
        seen.page.locator("form .err-box a").click()
        assert seen.page.evaluate("document.activeElement.name") == "phone"


def test_the_theme_chosen_stays_after_the_next_page(served_face: Served, browser_page: Looker) -> None:
    with browser_page.open(served_face.url(GALLERY)) as seen:
        seen.page.locator("[data-theme-toggle]").click()
        seen.page.reload()
        assert seen.page.locator("html").get_attribute("data-bs-theme") == "dark"


def test_without_scripts_the_theme_is_chosen_by_a_form(served_face: Served, browser_page: Looker) -> None:
    with browser_page.open(served_face.url(GALLERY), scripts=False) as seen:
        seen.page.locator("[data-theme-toggle]").click()
        assert seen.page.url.endswith(GALLERY)
        assert seen.page.locator("html").get_attribute("data-bs-theme") == "dark"


def test_a_question_mark_lists_the_keys_and_a_dialog_closes_on_escape(
    served_face: Served, browser_page: Looker
) -> None:
    with browser_page.open(served_face.url(GALLERY)) as seen:
        seen.page.locator("h1").click()
        seen.page.keyboard.press("Shift+?")
        assert seen.page.locator("#keys").is_visible()
        seen.page.keyboard.press("Escape")
        assert not seen.page.locator("#keys").is_visible()
