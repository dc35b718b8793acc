"""systemd is told when the program is ready and when it stops."""

import socket

import pytest

from fengqiao.config import notify
from fengqiao.config.supervisor import Plan, Supervisor


@pytest.fixture
def listening(tmp_path, monkeypatch):
    """What systemd hears."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield lambda: heard.recv(100).decode()


def test_up_tells_that_it_is_ready_and_that_it_stops(listening, tmp_path, capsys):
    supervisor = Supervisor(Plan(tmp_path, "127.0.0.1", 8000, demo=False, database_url="", owner_url=""))
    supervisor._announce()
    assert listening() == "READY=1"
    supervisor._stop()
    assert listening() == "STOPPING=1"


def test_an_abstract_address_is_understood(monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind("\0fengqiao-test-notify")
        heard.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", "@fengqiao-test-notify")
        notify.tell("READY=1")
        assert heard.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "/nowhere/at/all"])
def test_where_nobody_listens_nothing_happens(monkeypatch, address):
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    notify.tell("READY=1")
