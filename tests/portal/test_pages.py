"""First page, large and simple, rights and data: two phones everywhere, nothing asked of the database's matters."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fengqiao.doors import portal
from tests.portal.conftest import Resident

PAGES = ["/", "/elder/", "/tell/", "/progress/", "/rights/", "/privacy/", "/tell/done/"]


@pytest.mark.parametrize("path", PAGES)
def test_each_page_names_both_phones_and_the_switch_to_large_and_simple(resident: Resident, path: str) -> None:
    text = resident.browser.get(path).content.decode()
    assert "tel:12345" in text
    assert "tel:110" in text
    assert 'name="elder"' in text


def test_large_and_simple_has_four_choices_and_the_first_is_a_call(resident: Resident) -> None:
    text = resident.browser.get("/elder/").content.decode()
    main = text[text.index("<main") : text.index("</main>")]
    choices = re.findall(r'<a class="e-btn[^"]*" href="([^"]+)"', main)
    assert choices == ["tel:12345", "tel:110", "/tell/", "/progress/"]
    assert resident.browser.get("/").content.decode().count("e-btn") == text.count("e-btn")


def test_the_way_back_to_the_ordinary_size_does_not_lead_back_to_large(resident: Resident) -> None:
    assert 'name="next" value="/"' in resident.browser.get("/elder/").content.decode()
    resident.browser.post("/preferences/", {"elder": "0", "next": "/"})
    assert "e-btn" not in resident.browser.get("/").content.decode()


def test_the_first_page_offers_one_big_choice(resident: Resident) -> None:
    text = resident.browser.get("/").content.decode()
    assert text.count('class="say"') == 1
    assert 'class="b b-1' not in text


def test_pages_that_are_read_are_not_written(resident: Resident) -> None:
    for path in ("/", "/rights/", "/privacy/", "/elder/"):
        assert resident.browser.post(path).status_code == 405


def test_a_form_that_is_not_from_here_is_refused(resident: Resident) -> None:
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/tell/send/", resident.words()).status_code == 403


def test_no_page_has_two_primary_actions() -> None:
    folder = Path(portal.__file__).parent / "templates/portal"
    for template in folder.glob("*.html"):
        assert len(re.findall(r"\bb-1\b", template.read_text(encoding="utf-8"))) <= 1, template.name
