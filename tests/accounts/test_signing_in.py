"""Name and password: the same words for every miss, a lock by name and never by address."""

from datetime import UTC, datetime, timedelta

import pytest

from fengqiao.doors.desk import acting, lockout
from fengqiao.kernel.models import Event
from fengqiao.kernel.now import at
from fengqiao.offices.accounts import terms
from tests.accounts.entering import PASSWORD, enter, words

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def kinds():
    """Kinds of the account events so far, as somebody who may read logs."""
    from fengqiao.kernel import access

    with access.acting_as(access.SystemPost("keeper")):
        rows = Event.objects.filter(stream__startswith="accounts:", kind__startswith="account.")
        return list(rows.order_by("recorded_at", "seq").values_list("kind", "data__account"))


def test_the_page_says_what_it_is_for(someone):
    page = someone.client.get("/desk/sign-in/")
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]


def test_both_factors_lead_to_the_desk_in_the_only_post(someone, li, cast):
    assert someone.types("li").headers["Location"] == "/desk/sign-in/code/"
    assert someone.types_code().headers["Location"] == "/desk/"
    assert someone.client.get("/desk/").content.decode().split()[0] == str(cast.li.pk)
    assert ("account.signed_in", li.pk) in kinds()


def test_the_session_gets_a_new_key_at_each_step(someone, li):
    someone.client.get("/desk/sign-in/")
    someone.types("li")
    half = someone.client.session.session_key
    someone.types_code()
    assert someone.client.session.session_key != half


def test_the_password_alone_opens_nothing(someone, li):
    someone.types("li")
    assert someone.client.get("/desk/").headers["Location"].startswith("/desk/sign-in/?")
    assert someone.client.get("/desk/posts/").headers["Location"].startswith("/desk/sign-in/?")


def test_an_unknown_name_and_a_wrong_password_read_alike(someone, li):
    wrong, unknown = someone.types("li", "wrong-password"), someone.types("nobody-here", "wrong-password")
    assert wrong.status_code == unknown.status_code == 422
    assert words(wrong).replace("li", "") == words(unknown).replace("li", "")
    assert "You can try 4 more times." in words(wrong)


def test_a_wrong_password_and_an_unknown_name_cost_the_same_queries_and_one_hash(someone, li, monkeypatch):
    from django.contrib.auth.hashers import Argon2PasswordHasher
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    hashed, encode = [], Argon2PasswordHasher.encode

    def counting_encode(self, password, salt):
        hashed.append("encode")
        return encode(self, password, salt)

    verify = Argon2PasswordHasher.verify

    def counting_verify(self, password, encoded):
        hashed.append("verify")
        return verify(self, password, encoded)

    monkeypatch.setattr(Argon2PasswordHasher, "encode", counting_encode)
    monkeypatch.setattr(Argon2PasswordHasher, "verify", counting_verify)
    with CaptureQueriesContext(connection) as known:
        someone.types("li", "wrong-password")
    assert len(hashed) == 1
    hashed.clear()
    with CaptureQueriesContext(connection) as unknown:
        someone.types("nobody-here", "wrong-password")
    assert len(hashed) == 1
    assert abs(len(known) - len(unknown)) <= 1


def test_five_wrong_tries_lock_the_name_and_tell_the_waiting_time(someone, li):
    with at(NOON):
        for _try in range(4):
            assert someone.types("li", "wrong-password").status_code == 422
        fifth = someone.types("li", "wrong-password")
        assert fifth.status_code == 429
        assert fifth.headers["Retry-After"] == "900"
        assert "Wait 15 minutes and try again" in words(fifth)
    with at(NOON + timedelta(minutes=10)):
        right = someone.types("li")
        assert right.status_code == 429
        assert right.headers["Retry-After"] == "300"
    assert ("account.locked", li.pk) in kinds()


def test_the_lock_ends_by_itself(someone, li):
    with at(NOON):
        for _try in range(5):
            someone.types("li", "wrong-password")
    with at(NOON + timedelta(minutes=15, seconds=1)):
        assert someone.types("li").headers["Location"] == "/desk/sign-in/code/"


def test_a_name_without_an_account_is_locked_alike(someone, li):
    for _try in range(4):
        someone.types("nobody-here", "wrong-password")
    assert someone.types("nobody-here", "wrong-password").status_code == 429


def test_one_name_locked_does_not_lock_the_hall(someone, li, cast):
    from tests.accounts.entering import give_password, give_second_factor

    give_password(cast.chen.account)
    give_second_factor(cast.chen.account)
    for _try in range(5):
        someone.types("li", "wrong-password")
    assert someone.types("chen").headers["Location"] == "/desk/sign-in/code/"


def test_another_address_does_not_open_a_locked_name(someone, li, client):
    for number in range(5):
        client.post(
            "/desk/sign-in/", {"username": "li", "password": "wrong-password"}, REMOTE_ADDR=f"10.0.0.{number + 1}"
        )
    locked = client.post("/desk/sign-in/", {"username": "li", "password": PASSWORD}, REMOTE_ADDR="10.9.9.9")
    assert locked.status_code == 429


def test_an_administrator_unlocks(someone, li):
    for _try in range(5):
        someone.types("li", "wrong-password")
    assert lockout.unlock("li") is True
    assert lockout.unlock("li") is False
    assert someone.types("li").headers["Location"] == "/desk/sign-in/code/"


def test_a_good_sign_in_forgets_the_wrong_tries(someone, li):
    for _try in range(4):
        someone.types("li", "wrong-password")
    someone.types("li")
    someone.types_code()
    someone.client.logout()
    assert "You can try 4 more times." in words(someone.types("li", "wrong-password"))


def test_a_closed_account_reads_like_a_wrong_password(someone, li):
    li.is_active = False
    li.save(update_fields=["is_active"])
    assert someone.types("li").status_code == 422


def test_nothing_typed_is_a_sentence_and_no_try(someone, li):
    empty = someone.client.post("/desk/sign-in/", {"username": "", "password": ""})
    assert empty.status_code == 422
    assert "err-box" in empty.content.decode()


@pytest.mark.parametrize("address", ["https://elsewhere.example/", "//elsewhere.example", "/open/", "javascript:1"])
def test_the_way_back_stays_at_the_desk(someone, li, address):
    someone.types("li", next=address)
    assert someone.types_code().headers["Location"] == "/desk/"


def test_the_way_back_is_the_page_that_was_asked_for(someone, li):
    asked = someone.client.get("/desk/matters/R1/?tab=2").headers["Location"]
    assert asked == "/desk/sign-in/?next=%2Fdesk%2Fmatters%2FR1%2F%3Ftab%3D2"
    someone.types("li", next="/desk/matters/R1/?tab=2")
    assert someone.types_code().headers["Location"] == "/desk/matters/R1/?tab=2"


def test_signing_out_ends_the_session_on_the_server(someone, li, cast):
    client = enter(someone.client, cast.li)
    key = client.session.session_key
    assert client.post("/desk/sign-out/").headers["Location"] == "/desk/sign-in/"
    client.cookies["fengqiao_session"] = key
    assert client.get("/desk/").status_code == 302
    assert ("account.signed_out", li.pk) in kinds()


def test_signing_out_needs_a_post(someone, li, cast):
    assert enter(someone.client, cast.li).get("/desk/sign-out/").status_code == 405


def test_half_an_hour_without_work_ends_the_session(someone, li, cast):
    with at(NOON):
        client = enter(someone.client, cast.li)
    with at(NOON + timedelta(minutes=29)):
        assert client.get("/desk/").status_code == 200
    with at(NOON + timedelta(minutes=58)):
        assert client.get("/desk/").status_code == 200
    with at(NOON + timedelta(minutes=89)):
        assert client.get("/desk/").status_code == 302


def test_eight_hours_end_the_session_however_busy(someone, li, cast):
    with at(NOON):
        client = enter(someone.client, cast.li)
    for minutes in range(25, 480, 25):
        with at(NOON + timedelta(minutes=minutes)):
            assert client.get("/desk/").status_code == 200
    with at(NOON + timedelta(minutes=481)):
        assert client.get("/desk/").status_code == 302


def test_a_new_password_ends_the_sessions(someone, li, cast):
    from fengqiao.offices.accounts import accounts

    client = enter(someone.client, cast.li)
    accounts.set_password(li, "another-long-evening")
    assert client.get("/desk/").status_code == 302


def test_the_choice_between_posts_is_asked_and_kept(someone, li, cast):
    from tests.cast import appoint

    second = appoint(cast.units["housing"], "unit_head", account=li)
    someone.types("li", next="/desk/matters/R1/")
    chooser = someone.types_code().headers["Location"]
    assert chooser.startswith("/desk/posts/?next=")
    page = someone.client.get(chooser)
    assert "市水务局" in words(page)
    assert "市住建局" in words(page)
    sent = someone.client.post("/desk/posts/", {"post": second.pk, "next": "/desk/matters/R1/"})
    assert sent.headers["Location"] == "/desk/matters/R1/"
    assert someone.client.get("/desk/").content.decode().split()[0] == str(second.pk)


def test_somebody_elses_post_cannot_be_chosen(someone, li, cast):
    client = enter(someone.client, cast.li)
    assert client.post("/desk/posts/", {"post": cast.sun.pk}).status_code == 409
    session = client.session
    session[acting.POST] = cast.sun.pk
    session.save()
    assert client.get("/desk/").headers["Location"].startswith("/desk/posts/")


def test_an_ended_post_loses_everything_at_that_second(someone, li, cast):
    with at(NOON):
        client = enter(someone.client, cast.li)
        terms.end_post(cast.li, at=NOON + timedelta(minutes=5))
    with at(NOON + timedelta(minutes=5) - timedelta(microseconds=1)):
        assert client.get("/desk/").status_code == 200
    with at(NOON + timedelta(minutes=5)):
        asked = client.get("/desk/")
        assert asked.status_code == 302
        page = client.get(asked.headers["Location"])
        assert "err-box" in page.content.decode()
        assert "市水务局" not in words(page)


def test_an_ended_post_does_not_slip_into_the_other_one_unsaid(someone, li, cast):
    from tests.cast import appoint

    appoint(cast.units["housing"], "unit_head", account=li)
    with at(NOON):
        client = enter(someone.client, cast.li)
        terms.end_post(cast.li, at=NOON + timedelta(minutes=5))
    with at(NOON + timedelta(minutes=6)):
        page = client.get(client.get("/desk/").headers["Location"])
        assert "err-box" in page.content.decode()
        assert "市住建局" in words(page)


def test_an_account_without_a_post_is_told_so(someone, li, cast):
    terms.end_post(cast.li)
    someone.types("li")
    chooser = someone.types_code().headers["Location"]
    page = someone.client.get(chooser)
    assert page.status_code == 200
    assert '<button class="b b-l b-block" name="post"' not in page.content.decode()
