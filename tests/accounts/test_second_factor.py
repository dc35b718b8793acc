"""The second factor: thirty seconds either side, never twice, ten ways in without the phone."""

from datetime import UTC, datetime, timedelta

import pytest

from fengqiao.ground.refusals import NotNow, Refused
from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.kernel.models import Account, Event, RecoveryCode
from fengqiao.kernel.now import at, now
from fengqiao.offices.accounts import secondfactor
from tests.accounts.entering import PASSWORD, SECRET, enter, give_password

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(("seconds", "opens"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)])
def test_a_clock_that_is_thirty_seconds_off_still_opens(li, seconds, opens):
    with at(NOON):
        code = secondfactor.code_at(SECRET, NOON + timedelta(seconds=seconds))
        assert bool(secondfactor.check(li, code)) is opens


def test_a_code_opens_once(li):
    with at(NOON):
        code = secondfactor.code_at(SECRET, NOON)
        assert secondfactor.check(li, code) == "totp"
        assert secondfactor.check(li, code) == ""
        assert secondfactor.check(Account.objects.get(pk=li.pk), code) == ""


def test_after_a_later_code_an_earlier_one_is_refused(li):
    with at(NOON):
        assert secondfactor.check(li, secondfactor.code_at(SECRET, NOON + timedelta(seconds=30)))
        assert not secondfactor.check(li, secondfactor.code_at(SECRET, NOON))


def test_of_two_uses_at_once_one_opens(li):
    twin = Account.objects.get(pk=li.pk)
    with at(NOON):
        code = secondfactor.code_at(SECRET, NOON)
        assert [secondfactor.check(each, code) for each in (li, twin)] == ["totp", ""]


def test_the_secret_lies_sealed_and_is_bound_to_its_account(li, cast):
    assert SECRET.encode() not in bytes(li.totp)
    other = cast.chen.account
    other.totp = li.totp
    from fengqiao.kernel.ciphers import CannotOpen

    with at(NOON), pytest.raises(CannotOpen):
        secondfactor.check(other, secondfactor.code_at(SECRET, NOON))


def test_ten_recovery_codes_open_once_each_and_lie_hashed(li):
    codes = secondfactor.renew_recovery_codes(li)
    assert len(set(codes)) == 10
    assert secondfactor.check(li, codes[0].lower().replace("-", " ")) == "recovery"
    assert secondfactor.check(li, codes[0]) == ""
    assert secondfactor.recovery_codes_left(li) == 9
    stored = [bytes(row.digest) for row in RecoveryCode.objects.all()]
    assert not any(code.replace("-", "").encode() in digest for code in codes for digest in stored)


def test_a_recovery_code_of_somebody_else_opens_nothing(li, cast):
    codes = secondfactor.renew_recovery_codes(cast.chen.account)
    assert secondfactor.check(li, codes[0]) == ""


def test_new_recovery_codes_make_the_old_ones_void(li):
    old = secondfactor.renew_recovery_codes(li)
    secondfactor.renew_recovery_codes(li)
    assert secondfactor.check(li, old[0]) == ""


def test_new_codes_are_given_on_a_page_for_the_password_and_stand_in_the_journal(client, li, cast, settings):
    settings.LANGUAGE_CODE, settings.FENGQIAO_DEMO = "en", False
    old, *_others = secondfactor.renew_recovery_codes(li)
    enter(client, cast.li)
    assert "10 of those are left" in client.get("/desk/account/codes/").content.decode()
    wrong = client.post("/desk/account/codes/", {"password": "another-evening"})
    assert (wrong.status_code, "not your password" in wrong.content.decode()) == (422, True)
    given = client.post("/desk/account/codes/", {"password": PASSWORD})
    assert "no-store" in given.headers["Cache-Control"]
    codes = given.context["codes"]
    assert all(code in given.content.decode() for code in codes)
    assert [secondfactor.check(li, code) for code in (old, codes[0])] == ["", "recovery"]
    with acting_as(SystemPost("keeper")):
        noted = list(Event.objects.filter(kind="account.recovery_codes_renewed").values_list("actor", "data"))
    assert noted == [(f"post:{cast.li.pk}", {"account": li.pk})]


def test_without_a_second_step_there_are_no_codes_to_renew(someone, cast, settings):
    settings.FENGQIAO_DEMO = True
    give_password(cast.chen.account)
    someone.types("chen")
    sent = someone.client.post("/desk/account/codes/", {"password": PASSWORD})
    assert sent.headers["Location"] == "/desk/account/"
    with pytest.raises(NotNow):
        secondfactor.give_new_codes(cast.chen.account, by=cast.chen)
    assert secondfactor.recovery_codes_left(cast.chen.account) == 0


def test_a_recovery_code_signs_in(someone, li):
    codes = secondfactor.renew_recovery_codes(li)
    someone.types("li")
    assert someone.types_code(codes[3]).headers["Location"] == "/desk/"


def test_wrong_codes_count_like_wrong_passwords(someone, li):
    with at(NOON):
        someone.types("li", "wrong-password")
        someone.types("li")
        for _try in range(3):
            assert someone.types_code("000000").status_code == 422
        assert someone.types_code("000000").status_code == 429
        assert someone.types("li").status_code == 429


def test_a_right_password_between_does_not_forgive_wrong_codes(someone, li):
    with at(NOON):
        for _try in range(4):
            someone.types("li")
            assert someone.types_code("000000").status_code == 422
        someone.types("li")
        assert someone.types_code("000000").status_code == 429


def test_the_second_step_waits_ten_minutes(someone, li):
    with at(NOON):
        someone.types("li")
    with at(NOON + timedelta(minutes=11)):
        assert someone.types_code().headers["Location"] == "/desk/sign-in/"


def test_the_second_step_without_the_first_leads_back(someone, li):
    assert someone.client.get("/desk/sign-in/code/").headers["Location"] == "/desk/sign-in/"
    assert someone.client.get("/desk/sign-in/second-factor/").headers["Location"] == "/desk/sign-in/"
    assert someone.client.get("/desk/sign-in/second-factor/picture.svg").status_code == 404


def test_without_a_second_factor_the_way_in_leads_through_setting_it_up(someone, cast):
    give_password(cast.chen.account)
    assert someone.types("chen").headers["Location"] == "/desk/sign-in/second-factor/"
    assert someone.client.get("/desk/").status_code == 302
    page = someone.client.get("/desk/sign-in/second-factor/")
    picture = someone.client.get("/desk/sign-in/second-factor/picture.svg")
    assert picture.headers["Content-Type"] == "image/svg+xml"
    assert picture.content.startswith(b"<svg")
    secret = "".join(page.context["secret"].split())
    wrong = someone.client.post("/desk/sign-in/second-factor/", {"code": "000000"})
    assert wrong.status_code == 422
    assert "".join(wrong.context["secret"].split()) == secret
    done = someone.client.post("/desk/sign-in/second-factor/", {"code": secondfactor.code_at(secret, now())})
    assert len(done.context["codes"]) == 10
    assert all(code in done.content.decode() for code in done.context["codes"])
    assert someone.client.get("/desk/").status_code == 200
    assert someone.client.get("/desk/sign-in/second-factor/").status_code == 302


def test_the_picture_is_no_data_address(someone, cast):
    give_password(cast.chen.account)
    someone.types("chen")
    page = someone.client.get("/desk/sign-in/second-factor/").content.decode()
    assert 'src="/desk/sign-in/second-factor/picture.svg"' in page
    assert "data:image" not in page


def test_in_the_demo_a_password_is_enough(someone, cast, settings):
    settings.FENGQIAO_DEMO = True
    give_password(cast.chen.account)
    assert someone.types("chen").headers["Location"] == "/desk/"
    assert someone.client.get("/desk/").status_code == 200


def test_a_session_of_the_demo_opens_nothing_outside_it(someone, cast, settings):
    settings.FENGQIAO_DEMO = True
    give_password(cast.chen.account)
    someone.types("chen")
    settings.FENGQIAO_DEMO = False
    assert someone.client.get("/desk/").status_code == 302


def test_in_the_demo_who_has_one_is_asked_for_it(someone, li, settings):
    settings.FENGQIAO_DEMO = True
    assert someone.types("li").headers["Location"] == "/desk/sign-in/code/"


def test_a_reset_ends_the_sessions_and_leads_to_a_new_one(someone, li, cast):
    client = enter(someone.client, cast.li)
    secondfactor.reset(li)
    assert client.get("/desk/").status_code == 302
    assert someone.types("li").headers["Location"] == "/desk/sign-in/second-factor/"


def test_a_wrong_code_sets_nothing_up(cast):
    with pytest.raises(Refused):
        secondfactor.enrol(cast.chen.account, SECRET, "000000")
    assert Account.objects.get(pk=cast.chen.account_id).totp is None
