"""Very many forms from one address: a sentence and how long to wait; others and the staff do not notice."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from fengqiao.doors.face.address import network_of
from fengqiao.doors.portal import flood, throttle
from fengqiao.doors.portal.models import Flood
from fengqiao.kernel.now import at, now
from tests.api.caller import Caller, how_many, told
from tests.papers.conftest import picture
from tests.portal.conftest import Resident

HERE, ELSEWHERE = "203.0.113.7", "203.0.113.8"


def from_address(resident: Resident, address: str) -> Resident:
    resident.browser.defaults["REMOTE_ADDR"] = address
    return resident


@pytest.fixture
def two_an_hour(settings: Any) -> None:
    settings.FENGQIAO_FORMS_PER_HOUR = 2


def test_after_so_many_forms_the_next_is_asked_to_wait_and_keeps_its_words(
    resident: Resident, two_an_hour: None
) -> None:
    from_address(resident, HERE)
    assert [resident.tell().status_code for _ in range(2)] == [302, 302]
    answer = resident.tell(text="第三盏路灯也坏了。")
    assert answer.status_code == 429
    assert 3500 < int(answer["Retry-After"]) <= 3600
    page = answer.content.decode()
    assert "Very many forms came from your address within an hour. Please wait 60 minutes" in page
    assert 'name="text" value="第三盏路灯也坏了。"' in page
    assert how_many() == 2


def test_another_address_and_the_staffs_api_are_served_meanwhile(resident: Resident, two_an_hour: None) -> None:
    from_address(resident, HERE)
    for _ in range(3):
        resident.tell()
    assert from_address(Resident(resident.cast), ELSEWHERE).tell().status_code == 302
    caller = Caller(resident.cast.chen)
    caller.client.defaults["REMOTE_ADDR"] = HERE
    assert [caller.post("/matters", told(title=f"路灯 {n}")).status_code for n in range(5)] == [201] * 5


def test_after_an_hour_it_goes_on_and_a_refused_try_does_not_lengthen_the_wait(
    resident: Resident, two_an_hour: None
) -> None:
    from_address(resident, HERE)
    began = now()
    assert [resident.tell().status_code for _ in range(5)] == [302, 302, 429, 429, 429]
    assert Flood.objects.get().count == 2
    with at(began + timedelta(minutes=50)):
        assert resident.tell().status_code == 429
    with at(began + timedelta(minutes=61)):
        assert resident.tell().status_code == 302


def test_the_limit_is_the_administrators_and_0_sets_none(resident: Resident, settings: Any) -> None:
    from_address(resident, HERE)
    settings.FENGQIAO_FORMS_PER_HOUR = 0
    assert [resident.tell().status_code for _ in range(4)] == [302] * 4
    assert not Flood.objects.exists()


def test_photos_are_counted_before_anybody_looks_at_them(
    resident: Resident, two_an_hour: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from_address(resident, HERE)
    looked: list[int] = []
    monkeypatch.setattr("fengqiao.doors.portal.filing.papers.accept", lambda data: looked.append(1) or 1 / 0)
    settings_most = flood.PHOTOS_EACH * 2
    Flood.objects.create(address_hash=flood.ciphers.lookup_hash("portal photo", HERE), count=settings_most, since=now())
    photo = io.BytesIO(picture())
    photo.name = "a.jpg"
    answer = resident.browser.post("/tell/2/", {"text": "村口的路灯坏了。", "nature": "help", "photos": [photo]})
    assert (answer.status_code, looked) == (429, [])
    assert "村口的路灯坏了。" in answer.content.decode()


def test_the_address_itself_is_nowhere_and_the_count_goes_when_its_hour_is_over(
    resident: Resident, two_an_hour: None
) -> None:
    from_address(resident, HERE).tell()
    with connection.cursor() as cursor:
        cursor.execute("select f::text from portal_flood f")
        (row,) = cursor.fetchall()
    assert HERE not in row[0]
    assert HERE.encode().hex() not in row[0]
    with at(now() + timedelta(minutes=61)):
        assert throttle.sweep() == 1
    assert not Flood.objects.exists()


def test_behind_a_proxy_of_this_machine_nobody_is_held_for_all_others(resident: Resident, settings: Any) -> None:
    settings.FENGQIAO_FORMS_PER_HOUR = 1
    settings.FENGQIAO_ORIGIN = "https://city.example"
    settings.ALLOWED_HOSTS = ["*"]
    from_address(resident, "127.0.0.1")
    assert [resident.tell().status_code for _ in range(3)] == [302] * 3
    settings.FENGQIAO_ORIGIN = ""
    assert [resident.tell().status_code for _ in range(2)] == [302, 429]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
    ],
)
def test_a_subscriber_is_one_address_of_ipv4_or_64_bits_of_ipv6(address: str, network: str) -> None:
    assert network_of(address) == network
