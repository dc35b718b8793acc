"""Passkeys: made with the password typed anew, good after the password and alone, named, removed, doubted."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2.cose import ES384

from fengqiao.doors.desk import acting, lockout
from fengqiao.kernel import access
from fengqiao.kernel.models import Account, Event
from fengqiao.kernel.now import at
from fengqiao.offices.accounts import accounts, ceremony, passkeys, secondfactor, terms
from fengqiao.offices.accounts.models import Passkey
from tests.accounts.authenticator import PRESENT, Device
from tests.accounts.entering import PASSWORD, Person, enter, give_password, give_second_factor, words

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
ACCOUNT, ALONE, SECOND = "/desk/account/", "/desk/sign-in/passkey/", "/desk/sign-in/code/passkey/"
PHONE = "梅的手机"


@pytest.fixture(autouse=True)
def outside_the_demo(settings: Any) -> None:
    settings.FENGQIAO_DEMO = False
    settings.LANGUAGE_CODE = "en"
    settings.PORT = 8000


@pytest.fixture
def phone(li: Account, cast: Any) -> Device:
    """Li's phone, which has made a passkey here."""
    device = Device()
    assert made(enter(Client(), cast.li), device).status_code == 302
    return device


def options_of(page: Any) -> str:
    """What the script of this page would hand to the browser."""
    found = re.search(r'data-options="([^"]*)"', page.content.decode())
    assert found, page.content.decode()
    return html.unescape(found[1])


def made(client: Any, device: Device, name: str = PHONE, password: str = PASSWORD, **wrongly: Any) -> Any:
    """Walk through both halves of making a passkey."""
    asked = client.post(ACCOUNT, {"name": name, "password": password})
    if asked.status_code != 200:
        return asked
    return client.post(f"{ACCOUNT}passkeys/made/", {"answer": device.makes(options_of(asked), **wrongly)})


def shown(client: Any, device: Device, where: str = ALONE, **wrongly: Any) -> Any:
    """Open the page of a passkey, let the device answer, and send it."""
    return client.post(where, {"answer": device.answers(options_of(client.get(where)), **wrongly)})


def the_password(who: str = "li") -> Any:
    """A browser in which name and password were typed."""
    client = Client()
    Person(client).types(who)
    return client


def events(*kinds: str) -> list[tuple[str, dict[str, Any]]]:
    with access.acting_as(access.SystemPost("keeper")):
        rows = Event.objects.filter(stream__startswith="accounts:", kind__in=[f"account.{kind}" for kind in kinds])
        return list(rows.order_by("recorded_at", "seq").values_list("kind", "data"))


def is_in(client: Any) -> bool:
    return bool(client.get(ACCOUNT).status_code == 200)


# Making one


def test_a_passkey_is_made_with_the_password_and_listed_by_its_name(li: Account, cast: Any) -> None:
    with at(NOON):
        client = enter(Client(), cast.li)
        assert made(client, Device()).headers["Location"] == ACCOUNT
        page = words(client.get(ACCOUNT))
    assert PHONE in page
    assert "made 24 Nov" in page
    assert "not used yet" in page
    kept = Passkey.objects.get(account=li)
    assert events("passkey_added") == [("account.passkey_added", {"account": li.pk, "passkey": kept.pk})]


def test_the_browser_is_asked_for_a_credential_that_recognises_its_person(li: Account, cast: Any) -> None:
    asked = json.loads(options_of(enter(Client(), cast.li).post(ACCOUNT, {"name": PHONE, "password": PASSWORD})))
    assert asked["rp"]["id"] == "localhost"
    assert asked["authenticatorSelection"] == {
        "residentKey": "required", "requireResidentKey": True, "userVerification": "required",
    }  # fmt: skip
    assert asked["attestation"] == "none"
    assert [each["alg"] for each in asked["pubKeyCredParams"]] == list(ceremony.ALGORITHMS)
    assert str(li.pk).encode() != asked["user"]["id"]


def test_a_wrong_password_makes_nothing_and_counts_as_at_the_sign_in(li: Account, cast: Any) -> None:
    with at(NOON):
        client = enter(Client(), cast.li)
        for left in ("4 more times", "3 more times", "2 more times", "once more"):
            answer = made(client, Device(), password="wrong-password")
            assert answer.status_code == 422
            assert left in words(answer)
            assert f'value="{PHONE}"' in answer.content.decode()
        assert "locked" in words(made(client, Device(), password="wrong-password"))
        assert "locked" in words(made(client, Device()))
        assert Person(Client()).types("li").status_code == 429
    assert not Passkey.objects.exists()


def test_nobody_makes_one_without_both_factors(li: Account) -> None:
    halfway = the_password()
    for client in (Client(), halfway):
        assert (
            client.post(ACCOUNT, {"name": PHONE, "password": PASSWORD}).headers["Location"].startswith("/desk/sign-in/")
        )
        assert client.post(f"{ACCOUNT}passkeys/made/", {"answer": "{}"}).status_code == 302


def test_in_the_demo_the_apps_code_comes_first(cast: Any, settings: Any) -> None:
    settings.FENGQIAO_DEMO = True
    give_password(cast.chen.account)
    client = the_password("chen")
    assert "Set up the second step with the app first" in words(client.get(ACCOUNT))
    assert "Set up the second step with the app first" in words(made(client, Device()))
    assert not Passkey.objects.exists()


@pytest.mark.parametrize(
    "wrongly",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": "http://localhost:8001"},
        {"flags": PRESENT},
        {"public": ES384.from_cryptography_key(ec.generate_private_key(ec.SECP384R1()).public_key())},
    ],
    ids=["another site", "another port", "nobody recognised", "a kind of key not asked for"],
)
def test_what_does_not_fit_is_not_kept(li: Account, cast: Any, wrongly: dict[str, Any]) -> None:
    answer = made(enter(Client(), cast.li), Device(), **wrongly)
    assert answer.status_code == 422
    assert "does not fit" in words(answer)
    assert not Passkey.objects.exists()


RUBBISH = (
    "",
    "{",
    "[]",
    "null",
    '{"id": 1}',
    "[" * 5000,
    "x" * 30_000,
    '{"rawId": "é"}',
    '{"rawId": "AA", "id": "AB"}',
)


def test_rubbish_gets_a_sentence(li: Account, cast: Any) -> None:
    client, stranger = enter(Client(), cast.li), Client()
    for answer in RUBBISH:
        client.post(ACCOUNT, {"name": PHONE, "password": PASSWORD})
        assert "does not fit" in words(client.post(f"{ACCOUNT}passkeys/made/", {"answer": answer})), answer
        stranger.get(ALONE)
        assert "does not fit" in words(stranger.post(ALONE, {"answer": answer})), answer
    assert not Passkey.objects.exists()


def test_a_challenge_makes_one_passkey_and_waits_five_minutes(li: Account, cast: Any) -> None:
    device, late = Device(), Device()
    with at(NOON):
        client = enter(Client(), cast.li)
        asked = options_of(client.post(ACCOUNT, {"name": PHONE, "password": PASSWORD}))
        assert client.post(f"{ACCOUNT}passkeys/made/", {"answer": device.makes(asked)}).status_code == 302
        again = client.post(f"{ACCOUNT}passkeys/made/", {"answer": Device().makes(asked)})
        assert "answered already" in words(again)
        asked = options_of(client.post(ACCOUNT, {"name": "2", "password": PASSWORD}))
    with at(NOON + timedelta(seconds=301)):
        assert client.post(f"{ACCOUNT}passkeys/made/", {"answer": late.makes(asked)}).status_code == 422
    assert Passkey.objects.count() == 1


def test_a_credential_is_nobody_elses_too(li: Account, cast: Any, phone: Device) -> None:
    give_password(cast.chen.account)
    answer = made(enter(Client(), cast.chen), phone)
    assert "known here already" in words(answer)
    assert Passkey.objects.get().account_id == li.pk


def test_names_are_the_persons_own_and_differ(li: Account, cast: Any, phone: Device) -> None:
    client = enter(Client(), cast.li)
    assert "passkey of this name" in words(made(client, Device(), f" {PHONE} "))
    assert made(client, Device(), "  ").status_code == 422
    assert made(client, Device(), "<b>key</b>").status_code == 302
    assert "&lt;b&gt;key&lt;/b&gt;" in client.get(ACCOUNT).content.decode()


def test_ten_are_enough(li: Account, cast: Any) -> None:
    client = enter(Client(), cast.li)
    for number in range(10):
        assert made(client, Device(), f"key {number}").status_code == 302
    assert "You have ten passkeys" in words(client.get(ACCOUNT))
    assert "You have ten passkeys" in words(made(client, Device(), "key 11"))


# Signing in


def test_after_the_password_it_stands_for_the_code(li: Account, cast: Any, phone: Device) -> None:
    client = the_password()
    assert "Use a passkey instead" in words(client.get("/desk/sign-in/code/"))
    with at(NOON):
        client = the_password()
        assert shown(client, phone, SECOND).headers["Location"] == "/desk/"
        assert "last used 24 Nov" in words(client.get(ACCOUNT))
    kept = Passkey.objects.get()
    told = {"account": li.pk, "second_factor": "passkey", "passkey": kept.pk}
    assert events("signed_in")[-1] == ("account.signed_in", told)


def test_alone_it_is_a_whole_sign_in_that_leads_where_one_wanted_to_go(li: Account, phone: Device) -> None:
    client = Client()
    assert f"{ALONE}?next=/desk/figures/" in client.get("/desk/sign-in/?next=/desk/figures/").content.decode()
    page = client.get(f"{ALONE}?next=/desk/figures/")
    assert "allowCredentials" not in json.loads(options_of(page))
    answer = client.post(ALONE, {"answer": phone.answers(options_of(page)), "next": "/desk/figures/"})
    assert answer.headers["Location"] == "/desk/figures/"
    assert is_in(client)
    assert events("signed_in")[-1][1]["password"] is False
    assert client.get(ALONE).headers["Location"] == "/desk/"


def test_the_session_gets_a_new_key(li: Account, phone: Device) -> None:
    client = Client()
    client.get(ALONE)
    before = client.session.session_key
    shown(client, phone)
    assert client.session.session_key != before


def test_who_holds_several_posts_chooses_and_who_holds_none_is_told(li: Account, cast: Any, phone: Device) -> None:
    from tests.cast import appoint

    second = appoint(cast.units["housing"], "unit_head", account=li)
    client = Client()
    assert shown(client, phone).headers["Location"].startswith("/desk/posts/")
    terms.end_post(second)
    terms.end_post(cast.li)
    client = Client()
    assert "You hold no post" in words(client.get(shown(client, phone).headers["Location"]))


WRONG = {
    "from another site": {"origin": "https://elsewhere.example"},
    "for another site": {"rp": "elsewhere.example"},
    "nobody recognised": {"flags": PRESENT},
    "nobody there": {"flags": 0},
    "not signed": {"signature": b"0" * 70},
    "for somebody else": {"handle": b"somebody else"},
}


@pytest.mark.parametrize("where", [ALONE, SECOND])
def test_an_answer_that_does_not_fit_opens_nothing(li: Account, phone: Device, where: str) -> None:
    for why, wrongly in WRONG.items():
        lockout.unlock("li")
        client = the_password()
        answer = shown(client, phone, where, **wrongly)
        assert answer.status_code == 422, why
        assert "does not fit" in words(answer), why
        assert not is_in(client), why
        assert events("failed")[-1][1] == {"account": li.pk, "step": "passkey", "why": "passkey_wrong"}, why


def test_alone_the_device_says_for_whom_it_answers(li: Account, phone: Device) -> None:
    assert shown(Client(), phone, handle=None).status_code == 422
    assert shown(the_password(), phone, SECOND, handle=None).headers["Location"] == "/desk/"


def test_an_answer_opens_once_and_only_in_the_session_that_was_asked(li: Account, phone: Device) -> None:
    client, other = Client(), Client()
    answer = {"answer": phone.answers(options_of(client.get(ALONE)))}
    other.get(ALONE)
    assert other.post(ALONE, answer).status_code == 422
    assert Client().post(ALONE, answer).status_code == 422
    assert client.post(ALONE, answer).status_code == 302
    client.post("/desk/sign-out/")
    again = client.post(ALONE, answer)
    assert "answered already" in words(again)
    assert not is_in(client)


def test_a_refused_answer_has_used_its_challenge_up(li: Account, phone: Device) -> None:
    client = Client()
    asked = options_of(client.get(ALONE))
    client.post(ALONE, {"answer": phone.answers(asked, flags=PRESENT)})
    assert client.post(ALONE, {"answer": phone.answers(asked)}).status_code == 422


def test_a_challenge_of_one_step_does_not_serve_the_other(li: Account, phone: Device) -> None:
    client = the_password()
    asked = options_of(client.get(ALONE))
    assert client.post(SECOND, {"answer": phone.answers(asked)}).status_code == 422
    asked = options_of(client.get(SECOND))
    assert client.post(ALONE, {"answer": phone.answers(asked)}).status_code == 422


def test_a_challenge_waits_five_minutes(li: Account, phone: Device) -> None:
    client = Client()
    with at(NOON):
        asked = options_of(client.get(ALONE))
    with at(NOON + timedelta(seconds=301)):
        assert "took too long" in words(client.post(ALONE, {"answer": phone.answers(asked)}))
        assert shown(client, phone).status_code == 302


def test_somebody_elses_passkey_is_no_second_factor(li: Account, cast: Any, phone: Device) -> None:
    give_password(cast.chen.account)
    give_second_factor(cast.chen.account)
    own = Device()
    made(enter(Client(), cast.chen), own)
    client = the_password("chen")
    answer = client.post(SECOND, {"answer": phone.answers(options_of(client.get(SECOND)))})
    assert "not known here" in words(answer)
    assert not is_in(client)
    assert events("failed")[-1][1] == {"account": cast.chen.account_id, "step": "passkey", "why": "passkey_unknown"}


def test_the_second_step_needs_the_first(li: Account, phone: Device) -> None:
    assert Client().get(SECOND).headers["Location"] == "/desk/sign-in/"
    assert Client().post(SECOND, {"answer": "{}"}).headers["Location"] == "/desk/sign-in/"


def test_who_has_none_is_led_to_the_code(li: Account) -> None:
    client = the_password()
    assert "Use a passkey instead" not in words(client.get("/desk/sign-in/code/"))
    assert client.get(SECOND).headers["Location"] == "/desk/sign-in/code/"


def test_a_removed_passkey_opens_nothing_and_is_told_like_an_unknown_one(li: Account, phone: Device) -> None:
    passkeys.remove(Passkey.objects.get())
    removed, unknown = shown(Client(), phone), shown(Client(), Device(handle=b"x"))
    assert "not known here" in words(removed)
    assert words(removed) == words(unknown)


def test_a_closed_account_is_told_like_an_unknown_passkey(li: Account, phone: Device) -> None:
    accounts.set_active(li, False)
    answer = shown(Client(), phone)
    assert answer.status_code == 422
    assert words(answer) == words(shown(Client(), Device(handle=b"x")))


def test_a_locked_name_is_locked_for_its_passkey_too(li: Account, phone: Device) -> None:
    with at(NOON):
        for _try in range(5):
            Person(Client()).types("li", "wrong-password")
        answer = shown(Client(), phone)
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "900"
    with at(NOON + timedelta(minutes=16)):
        assert shown(Client(), phone).status_code == 302


@pytest.mark.parametrize("where", [ALONE, SECOND])
def test_wrong_answers_count_like_wrong_passwords(li: Account, phone: Device, where: str) -> None:
    with at(NOON):
        client = the_password()
        for _try in range(4):
            assert shown(client, phone, where, signature=b"0" * 70).status_code == 422
        assert shown(client, phone, where, signature=b"0" * 70).status_code == 429
        assert Person(Client()).types("li").status_code == 429
    assert events("locked")[-1][1] == {"account": li.pk}


def test_a_device_that_does_not_count_is_believed(li: Account, cast: Any) -> None:
    device = Device(counts=False)
    made(enter(Client(), cast.li), device)
    assert [shown(Client(), device).status_code for _time in range(3)] == [302, 302, 302]


@pytest.mark.parametrize("back", [0, 1, 2])
def test_a_counter_that_does_not_go_on_ends_the_passkey_for_both_copies(li: Account, phone: Device, back: int) -> None:
    for _time in range(2):
        assert shown(Client(), phone).status_code == 302
    signed_in = Client()
    shown(signed_in, phone)
    copy = Device(counter=phone.counter - 1 - back, key=phone.key, id=phone.id, handle=phone.handle)
    answer = shown(Client(), copy)
    assert "may have been copied" in words(answer)
    assert "may have been copied" in words(shown(Client(), phone))
    assert not is_in(signed_in)
    kept = Passkey.objects.get()
    assert events("passkey_doubted") == [("account.passkey_doubted", {"account": li.pk, "passkey": kept.pk})]
    client = the_password()
    assert client.get(SECOND).headers["Location"] == "/desk/sign-in/code/"
    Person(client).types_code()
    assert "there may be a copy of it" in words(client.get(ACCOUNT))


def test_a_copy_that_is_refused_does_not_lock_its_owner_out(li: Account, phone: Device) -> None:
    shown(Client(), phone)
    copy = Device(counter=0, key=phone.key, id=phone.id, handle=phone.handle)
    for _try in range(6):
        copy.counter = 0
        assert shown(Client(), copy).status_code == 422
    assert Person(Client()).types("li").headers["Location"] == "/desk/sign-in/code/"


def test_of_two_answers_with_one_number_one_opens(li: Account, phone: Device) -> None:
    first, second = Passkey.objects.get(), Passkey.objects.get()
    asked, options = passkeys.ask_to_open(passkeys.ALONE)
    answer = phone.answers(options)
    passkeys.check(first, asked, answer)
    with pytest.raises(passkeys.Refused, match="may have been copied"):
        passkeys.check(second, asked, answer)


# Lost, renamed, removed, reset


def test_who_lost_the_device_comes_in_by_a_recovery_code_and_removes_it(li: Account, phone: Device) -> None:
    thief = Client()
    assert shown(thief, phone).status_code == 302
    codes = secondfactor.renew_recovery_codes(li)
    client = the_password()
    Person(client).types_code(codes[0])
    kept = Passkey.objects.get()
    address = f"{ACCOUNT}passkeys/{kept.pk}/remove/"
    assert address in client.get(ACCOUNT).content.decode()
    assert client.post(address, {"password": "wrong-password"}).status_code == 422
    assert is_in(thief)
    assert client.post(address, {"password": PASSWORD}).headers["Location"] == ACCOUNT
    assert "You have none yet." in words(client.get(ACCOUNT))
    assert not is_in(thief)
    assert shown(Client(), phone).status_code == 422
    assert events("passkey_removed") == [("account.passkey_removed", {"account": li.pk, "passkey": kept.pk})]


def test_who_removes_the_passkey_he_came_in_with_is_told_and_signed_out(li: Account, phone: Device) -> None:
    client = Client()
    shown(client, phone)
    address = f"{ACCOUNT}passkeys/{Passkey.objects.get().pk}/remove/"
    assert "you will be signed out" in words(client.get(address))
    client.post(address, {"password": PASSWORD})
    assert not is_in(client)


def test_a_passkey_gets_another_name_that_stays_out_of_the_journal(li: Account, cast: Any, phone: Device) -> None:
    client, kept = enter(Client(), cast.li), Passkey.objects.get()
    made(client, Device(), "the key in the drawer")
    address = f"{ACCOUNT}passkeys/{kept.pk}/rename/"
    assert f'value="{PHONE}"' in client.get(address).content.decode()
    assert client.post(address, {"name": "the key in the drawer"}).status_code == 422
    assert client.post(address, {"name": PHONE}).status_code == 302
    assert client.post(address, {"name": "old phone"}).status_code == 302
    assert "old phone" in words(client.get(ACCOUNT))
    told = str(events("passkey_added", "passkey_renamed", "passkey_removed", "signed_in"))
    assert "passkey_renamed" in told
    assert PHONE not in told
    assert "old phone" not in told


@pytest.mark.parametrize("what", ["rename", "remove"])
def test_somebody_elses_passkey_looks_like_none(li: Account, cast: Any, phone: Device, what: str) -> None:
    client, kept = enter(Client(), cast.chen), Passkey.objects.get()
    theirs, missing = (
        client.get(f"{ACCOUNT}passkeys/{kept.pk}/{what}/"),
        client.get(f"{ACCOUNT}passkeys/{kept.pk + 1}/{what}/"),
    )
    assert theirs.status_code == missing.status_code == 404
    assert words(theirs) == words(missing)
    assert (
        client.post(f"{ACCOUNT}passkeys/{kept.pk}/{what}/", {"name": "mine", "password": PASSWORD}).status_code == 404
    )
    assert Passkey.objects.get().name == PHONE


def test_a_reset_takes_the_passkeys_too_and_the_way_in_begins_anew(li: Account, cast: Any, phone: Device) -> None:
    signed_in = Client()
    shown(signed_in, phone)
    kept = Passkey.objects.get().pk
    secondfactor.reset(li)
    assert not is_in(signed_in)
    assert shown(Client(), phone).status_code == 422
    assert events("second_factor_reset") == [("account.second_factor_reset", {"account": li.pk, "passkeys": [kept]})]
    client = the_password()
    assert client.get(SECOND).headers["Location"] == "/desk/sign-in/code/"
    assert Person(Client()).types("li").headers["Location"] == "/desk/sign-in/second-factor/"
    give_second_factor(Account.objects.get(pk=li.pk))
    again = Device()
    assert made(enter(Client(), cast.li), again).status_code == 302
    assert again.handle == phone.handle


def test_a_new_password_ends_what_a_passkey_opened_and_leaves_the_passkey(li: Account, phone: Device) -> None:
    client = Client()
    shown(client, phone)
    accounts.set_password(li, "another-long-evening")
    assert not is_in(client)
    assert shown(Client(), phone).status_code == 302


def test_after_a_passkey_a_code_opens_a_session_of_its_own(li: Account, phone: Device) -> None:
    client = Client()
    shown(client, phone)
    assert client.session[acting.PASSKEY] == Passkey.objects.get().pk
    client.post("/desk/sign-out/")
    Person(client).types("li")
    Person(client).types_code()
    passkeys.remove(Passkey.objects.get())
    assert is_in(client)


# Where it is offered

ORIGINS = {
    "": "http://localhost:8000",
    "https://city.example": "https://city.example",
    "https://city.example:443": "https://city.example",
    "https://City.example:8443": "https://city.example:8443",
    "http://localhost:9000": "http://localhost:9000",
    "http://city.example": "",
    "https://10.0.0.8": "",
    "https://[::1]:8000": "",
}


def test_the_origin_is_the_settings_where_browsers_allow_it(settings: Any) -> None:
    for told, origin in ORIGINS.items():
        settings.FENGQIAO_ORIGIN = told
        assert ceremony.origin() == origin, told


@pytest.mark.parametrize("told", ["https://city.example", "http://city.example"])
def test_pages_offer_what_the_origin_can_do(li: Account, cast: Any, settings: Any, told: str) -> None:
    settings.FENGQIAO_ORIGIN = told
    offered = told.startswith("https")
    page = Client().get("/desk/sign-in/").content.decode()
    assert (f'data-passkey-offer="{told}"' in page) is offered
    assert ("passkey" in page) is offered
    assert Client().get(ALONE).status_code == (200 if offered else 404)
    account = enter(Client(), cast.li)
    assert ("Add a passkey" in words(account.get(ACCOUNT))) is offered
    assert made(account, Device(), origin=told).status_code == (302 if offered else 422)


def test_without_the_script_the_offer_stays_hidden_and_the_code_serves(li: Account, phone: Device) -> None:
    client = the_password()
    for page in (client.get("/desk/sign-in/"), client.get("/desk/sign-in/code/")):
        offers = re.findall(r"<[^>]*data-passkey-offer[^>]*>", page.content.decode())
        assert offers
        assert all(" hidden " in offer for offer in offers)
    assert Person(client).types_code().headers["Location"] == "/desk/"
