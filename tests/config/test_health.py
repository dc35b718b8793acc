"""/healthz and /readyz; /metrics is in test_watching."""

import os
import time

import pytest

from fengqiao.config import health


@pytest.fixture
def beating(settings, tmp_path):
    settings.FENGQIAO_RUN = tmp_path
    health.heartbeat_file().touch()


def test_alive_needs_no_database(client):
    assert client.get("/healthz").content == b"ok\n"


def test_ready_when_database_worker_and_disk_serve(client, db, beating):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert "no-store" in answer["Cache-Control"]


def test_not_ready_without_a_worker(client, db, settings, tmp_path):
    settings.FENGQIAO_RUN = tmp_path
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["worker"]) == (503, "The worker has not started.")


def test_not_ready_when_the_worker_fell_silent(client, db, beating):
    long_ago = time.time() - 60
    os.utime(health.heartbeat_file(), (long_ago, long_ago))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["worker"].startswith("The worker has been silent for 6")


def test_not_ready_on_a_full_disk(client, db, beating, monkeypatch):
    monkeypatch.setattr(health, "LEAST_FREE_BYTES", 2**70)
    answer = client.get("/readyz")
    assert (answer.status_code, "MiB are free" in answer.json()["disk"]) == (503, True)


def test_not_ready_when_the_database_is_gone(client, own_database, beating):
    from django.db import connections

    from tests.conftest import test_server

    connections.close_all()
    test_server().drop_database(own_database.name)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "The database does not answer.")


def test_health_pages_change_nothing(client):
    assert client.post("/healthz").status_code == 405


def test_every_page_carries_the_strict_policy(client):
    policy = client.get("/healthz")["Content-Security-Policy"]
    for part in ("default-src 'self'", "object-src 'none'", "form-action 'self'", "img-src 'self' blob:"):
        assert part in policy
    assert "unsafe" not in policy
