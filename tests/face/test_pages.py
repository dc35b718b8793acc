"""Gallery, error pages and the small choices a device remembers."""

import pytest
from django.test import Client, RequestFactory
from django.utils import translation

from fengqiao.doors.face import errors


@pytest.fixture(autouse=True)
def in_chinese():
    with translation.override("zh-hans"):
        yield


def test_the_components_page_opens_without_a_database():
    answer = Client().get("/desk/components/")
    assert answer.status_code == 200
    assert "style=" not in answer.content.decode()


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 429])
def test_each_error_says_what_happened_and_names_two_phones(status):
    answer = errors.error_page(RequestFactory().get("/x"), status)
    text = answer.content.decode()
    assert answer.status_code == status
    assert errors.trouble(status).happened in text
    assert "tel:12345" in text
    assert "tel:110" in text


def test_a_missing_page_is_the_same_to_the_byte_each_time():
    first, second = (errors.not_found(RequestFactory().get("/desk/m/R2026-000-0418729")) for _ in "ab")
    assert first.content == second.content
    assert b"0418729" not in first.content


def test_the_last_error_page_needs_neither_session_nor_database():
    answer = errors.server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert b"E500-" in answer.content


def test_large_and_simple_is_remembered_and_taken_back():
    client = Client()
    answer = client.post("/preferences/", {"elder": "1", "next": "/desk/components/"})
    assert answer["Location"] == "/desk/components/"
    assert client.cookies["elder"].value == "1"
    client.post("/preferences/", {"elder": "0"})
    assert client.cookies["elder"].value == "0"


def test_scripts_read_no_cookie_but_those_that_they_write():
    client = Client()
    page = client.get("/progress/")
    client.post("/preferences/", {"elder": "1", "language": "en", "theme": "dark", "dense": "1"})
    hidden = {name: bool(cookie["httponly"]) for name, cookie in client.cookies.items()}
    assert page.status_code == 200
    assert hidden == {"csrftoken": True, "elder": True, "fengqiao_language": True, "theme": False, "dense": False}


def test_a_language_that_we_do_not_speak_is_not_remembered():
    client = Client()
    client.post("/preferences/", {"language": "fr", "theme": "purple"})
    assert not client.cookies


def test_another_site_is_never_the_next_page():
    assert Client().post("/preferences/", {"next": "https://elsewhere.example/"})["Location"] == "/"
    assert Client().post("/preferences/", {"next": "//elsewhere.example/"})["Location"] == "/"


def test_single_keys_are_turned_off_on_a_device_and_on_again(db: None) -> None:
    from tests.accounts.entering import enter
    from tests.cast import build

    chen = enter(Client(HTTP_ACCEPT_LANGUAGE="en"), build().chen)
    assert "data-keys-off" not in chen.get("/desk/account/").content.decode()
    chen.post("/preferences/", {"keys": "off"})
    page = chen.get("/desk/account/").content.decode()
    assert "data-keys-off" in page
    assert "Turn single keys on" in page
    chen.post("/preferences/", {"keys": "perhaps"})
    assert "data-keys-off" in chen.get("/desk/").content.decode()
    chen.post("/preferences/", {"keys": "on"})
    assert "data-keys-off" not in chen.get("/desk/").content.decode()


def test_choices_are_made_by_post_only():
    assert Client().get("/preferences/").status_code == 405
