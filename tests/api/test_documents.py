"""The dossier by API: adding, listing, opening, and who may not."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import cast as people_of
from tests.api.caller import path_of

TEXT = "路灯已修好，现场照片另附。".encode()


def a_file(data: bytes = TEXT, kind: str = "text/plain") -> SimpleUploadedFile:
    return SimpleUploadedFile("记录.txt", data, content_type=kind)


@pytest.fixture
def order(cast: Any) -> Any:
    found = people_of.an_order(cast.chen)
    return people_of.do(cast.chen, "hotline.dispatch", found, unit="water")


def test_a_file_is_added_listed_and_opened(calls: Any, order: Any) -> None:
    li = calls("li")
    added = li.send(path_of(order, "/documents"), {"title": "处理记录", "file": a_file()})
    assert added.status_code == 201, added.content
    (row,) = li.get(path_of(order, "/documents")).json()["items"]
    assert row == added.json()
    opened = li.get(row["href"].removeprefix("/api/v1"))
    assert opened.content == TEXT
    assert opened["Content-Disposition"].startswith("attachment")
    assert added["Location"] == row["href"]


def test_a_paper_for_the_staff_is_not_there_for_a_place(calls: Any, order: Any) -> None:
    added = calls("li").send(path_of(order, "/documents"), {"title": "处理记录", "file": a_file()}).json()
    assert calls("he").get(path_of(order, "/documents")).json()["items"] == []
    assert calls("he").get(added["href"].removeprefix("/api/v1")).status_code == 404
    assert calls("feng").get(added["href"].removeprefix("/api/v1")).status_code == 404


def test_a_place_adds_nothing_and_a_stranger_finds_nothing(calls: Any, order: Any) -> None:
    there = path_of(order, "/documents")
    assert calls("he").send(there, {"title": "处理记录", "file": a_file()}).status_code == 403
    assert calls("feng").send(there, {"title": "处理记录", "file": a_file()}).status_code == 404


def test_the_same_upload_twice_is_one_paper(calls: Any, order: Any) -> None:
    li = calls("li")
    there = path_of(order, "/documents")
    answers = [li.send(there, {"title": "处理记录", "file": a_file()}, Idempotency_Key="k") for _i in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert len(li.get(there).json()["items"]) == 1
    other = li.send(there, {"title": "处理记录", "file": a_file("别的。".encode())}, Idempotency_Key="k")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


def test_a_program_is_not_kept(calls: Any, order: Any) -> None:
    answer = calls("li").send(
        path_of(order, "/documents"), {"title": "x", "file": a_file(b"MZ\x90\0" * 40, "application/octet-stream")}
    )
    assert answer.status_code == 422


def test_a_form_without_file_or_title_is_refused(calls: Any, order: Any) -> None:
    li = calls("li")
    assert li.send(path_of(order, "/documents"), {"title": "x"}).status_code == 422
    assert li.send(path_of(order, "/documents"), {"file": a_file()}).status_code == 422
    assert li.post(path_of(order, "/documents"), {"title": "x"}).status_code == 415
