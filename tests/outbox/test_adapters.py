"""Every way out keeps the same promises; the gateway and the mail server are real sockets."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from fengqiao.adapters.mail.console import Console as MailConsole
from fengqiao.adapters.mail.smtp import Smtp
from fengqiao.adapters.sms import gateway as gateway_module
from fengqiao.adapters.sms.console import Console as SmsConsole
from fengqiao.adapters.sms.gateway import Gateway, e164
from fengqiao.kernel import ports
from tests.outbox.twins import GatewayTwin, MailTwin, gateway, mail_server

REAL = "13800138000"


@pytest.fixture
def twin() -> Iterator[GatewayTwin]:
    with gateway() as made:
        yield made


@pytest.fixture
def post_office() -> Iterator[MailTwin]:
    with mail_server() as made:
        yield made


@pytest.fixture(params=["console", "gateway"])
def sms(request: pytest.FixtureRequest, twin: GatewayTwin) -> Any:
    return SmsConsole() if request.param == "console" else Gateway(twin.url)


@pytest.fixture(params=["console", "smtp"])
def mail(request: pytest.FixtureRequest, post_office: MailTwin) -> Any:
    return MailConsole() if request.param == "console" else Smtp(post_office.url)


@pytest.mark.parametrize("number", ["10012345678", "+86 100 1234 5678", "0086-10012345678", "100-1234-5678"])
def test_every_sms_adapter_refuses_the_number_of_an_invented_person(sms: Any, twin: GatewayTwin, number: str) -> None:
    with pytest.raises(ports.DemoRefused):
        sms.send(number, "hello", uuid.uuid4())
    assert twin.asked == []


def test_every_sms_adapter_sends_to_a_real_number(sms: Any) -> None:
    assert sms.send(REAL, "您有一条新消息", uuid.uuid4()) is None


@pytest.mark.parametrize("address", ["wang@city.example", "wang@example.com", "wang@a.test", "wang@b.invalid"])
def test_every_mail_adapter_refuses_addresses_nobody_can_own(mail: Any, post_office: MailTwin, address: str) -> None:
    with pytest.raises(ports.DemoRefused):
        mail.send(address, "s", "t", uuid.uuid4())
    assert post_office.mails == []


@pytest.mark.parametrize("address", ["", "nobody", "a@b\r\nBcc: c@d.cn", "a b@c.cn", "a@b.cn,c@d.cn"])
def test_every_mail_adapter_refuses_what_is_no_address(mail: Any, address: str) -> None:
    with pytest.raises(ports.NeverSent):
        mail.send(address, "s", "t", uuid.uuid4())


def test_every_mail_adapter_sends_to_a_real_address(mail: Any) -> None:
    assert mail.send("desk@zhuji.gov.cn", "新消息", "请看工作台", uuid.uuid4()) is None


def test_the_console_shows_no_whole_number_and_no_whole_address(capsys: pytest.CaptureFixture[str]) -> None:
    SmsConsole().send(REAL, "您有一条新消息", uuid.uuid4())
    MailConsole().send("zhou.ming@zhuji.gov.cn", "s", "t", uuid.uuid4())
    shown = capsys.readouterr().out
    assert "138****8000" in shown
    assert REAL not in shown
    assert "zhou" not in shown


def test_a_message_reaches_the_gateway_once_however_often_it_is_sent(twin: GatewayTwin) -> None:
    message = uuid.uuid4()
    for _again in range(3):
        Gateway(twin.url).send(REAL, "您有一条新消息", message)
    assert len(twin.asked) == 3
    assert list(twin.accepted) == [str(message)]
    assert twin.accepted[str(message)] == {"id": str(message), "to": "+8613800138000", "text": "您有一条新消息"}
    assert {headers["Idempotency-Key"] for headers in twin.headers} == {str(message)}


@pytest.mark.parametrize(
    ("mood", "code"),
    [
        ("down", "gateway_503"),
        ("half", "gateway_not_signed"),
        ("unsigned", "gateway_not_signed"),
        ("other", "gateway_other_message"),
        ("moved", "gateway_302"),
    ],
)
def test_a_gateway_that_fails_or_cannot_be_believed_is_asked_again_later(
    twin: GatewayTwin, mood: str, code: str
) -> None:
    twin.mood = mood
    with pytest.raises(ports.TryLater) as refused:
        Gateway(twin.url).send(REAL, "x", uuid.uuid4())
    assert refused.value.code == code


def test_a_busy_gateway_says_how_long_to_wait(twin: GatewayTwin) -> None:
    twin.mood = "busy"
    with pytest.raises(ports.TryLater) as refused:
        Gateway(twin.url).send(REAL, "x", uuid.uuid4())
    assert refused.value.wait == 7200


def test_a_slow_gateway_is_not_waited_for(twin: GatewayTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    twin.mood = "slow"
    monkeypatch.setattr(gateway_module, "SOCKET_SECONDS", 0.3)
    with pytest.raises(ports.TryLater, match="gateway_slow"):
        Gateway(twin.url).send(REAL, "x", uuid.uuid4())


def test_an_answer_that_drips_is_cut_off_in_time(twin: GatewayTwin, monkeypatch: pytest.MonkeyPatch) -> None:
    twin.mood = "slow"
    monkeypatch.setattr(gateway_module, "WHOLE_SECONDS", 0.3)
    with pytest.raises(ports.TryLater, match="gateway_cut_off"):
        Gateway(twin.url).send(REAL, "x", uuid.uuid4())


def test_a_wrong_secret_is_a_matter_for_the_administrator_and_loses_no_message(twin: GatewayTwin) -> None:
    with pytest.raises(ports.TryLater, match="gateway_refuses_key"):
        Gateway(twin.url.replace("secret", "Secret")).send(REAL, "x", uuid.uuid4())
    assert twin.accepted == {}


def test_a_gateway_that_is_away_is_asked_again_later() -> None:
    with pytest.raises(ports.TryLater, match="gateway_unreachable"):
        Gateway("http://k:s@127.0.0.1:1/").send(REAL, "x", uuid.uuid4())


def test_a_number_the_gateway_refuses_is_never_sent_again(twin: GatewayTwin) -> None:
    twin.mood = "bad number"
    with pytest.raises(ports.NeverSent, match="gateway_bad_number"):
        Gateway(twin.url).send(REAL, "x", uuid.uuid4())


@pytest.mark.parametrize("number", ["87012345", "057587012345", "1380013800", ""])
def test_what_is_no_mobile_number_is_never_sent(number: str) -> None:
    with pytest.raises(ports.NeverSent, match="bad_number"):
        e164(number)


@pytest.mark.parametrize(
    "address", ["http://k:s@gateway.gov.cn/", "https://gateway.gov.cn/", "ftp://k:s@127.0.0.1/", "https://k@g.cn/"]
)
def test_a_gateway_address_without_key_or_encryption_is_refused_at_start(address: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        Gateway(address)


def test_a_mail_carries_the_stable_id_and_says_it_is_made_by_a_program(post_office: MailTwin) -> None:
    message = uuid.uuid4()
    Smtp(post_office.url).send("desk@zhuji.gov.cn", "新消息", "请看工作台", message)
    assert f"Message-ID: <{message}@city.gov.cn>" in post_office.mails[0]
    assert "Auto-Submitted: auto-generated" in post_office.mails[0]


@pytest.mark.parametrize(
    ("mood", "kind", "code"), [("refused", ports.NeverSent, "mail_550"), ("later", ports.TryLater, "mail_451")]
)
def test_a_mail_server_that_refuses_for_good_differs_from_one_that_is_busy(
    post_office: MailTwin, mood: str, kind: type[Exception], code: str
) -> None:
    post_office.mood = mood
    with pytest.raises(kind, match=code):
        Smtp(post_office.url).send("desk@zhuji.gov.cn", "s", "t", uuid.uuid4())


def test_a_mail_server_that_is_away_is_asked_again_later() -> None:
    with pytest.raises(ports.TryLater, match="mail_unreachable"):
        Smtp("smtp://127.0.0.1:1?from=a@city.gov.cn").send("desk@zhuji.gov.cn", "s", "t", uuid.uuid4())


def test_a_mail_server_elsewhere_must_encrypt(post_office: MailTwin) -> None:
    server = Smtp(post_office.url)
    server.here = False
    with pytest.raises(ports.TryLater, match="mail_no_encryption"):
        server.send("desk@zhuji.gov.cn", "s", "t", uuid.uuid4())
    assert post_office.mails == []


@pytest.mark.parametrize("address", ["smtp://host", "http://host?from=a@b.cn", "smtp://?from=a@b.cn"])
def test_a_mail_address_without_host_or_sender_is_refused_at_start(address: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        Smtp(address)
