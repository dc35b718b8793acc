"""The dossier: sealed at rest, numbered, versioned, frozen once issued, and hidden with its matter."""

from __future__ import annotations

import errno
import os
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from fengqiao.adapters.storage.disk import Disk
from fengqiao.ground.refusals import NoRoom, NotNow, NotThere, Refused
from fengqiao.kernel import access, archive, ciphers, ports, route
from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.kernel.docket import docket
from fengqiao.kernel.models import Document, Event, Matter, MatterKey, Source, Upload
from fengqiao.kernel.now import at, now
from fengqiao.offices.papers import papers
from fengqiao.offices.papers.papers import Accepted
from tests.cast import Cast, an_order

WORDS = "楼上漏水，已经三天了。".encode()
FILE = Accepted("txt", WORDS)


def added(cast: Cast, matter: Matter, **more: Any) -> Document:
    with docket(cast.chen) as book:
        taken = book.take("read", pk=matter.pk)
        told: dict[str, Any] = {"kind": "photo", "title": "漏水", "file": FILE, "visibility": "parties", **more}
        return papers.add_document(book, taken, **told)


def test_what_lies_on_the_disk_tells_nothing_and_is_named_by_its_own_hash(cast: Cast, disk: Disk) -> None:
    document = added(cast, an_order(cast.chen))
    (path,) = [each for each in disk.folder.rglob("*") if each.is_file()]
    lying = path.read_bytes()
    assert WORDS not in lying
    assert "漏水".encode() not in lying
    assert path == disk.folder / document.stored[:2] / document.stored
    assert path.name == ciphers.sha256(lying).hex() == bytes(document.sha256).hex()
    assert path.stat().st_mode & 0o077 == 0


def test_the_same_file_in_two_matters_is_two_files_under_two_keys(cast: Cast, disk: Disk) -> None:
    first, second = added(cast, an_order(cast.chen)), added(cast, an_order(cast.chen))
    assert first.stored != second.stored
    with acting_as(cast.chen), pytest.raises(ciphers.CannotOpen):
        ciphers.unseal(disk.get(first.stored), first.pk.bytes, key=papers._key_of(second.matter))
    with pytest.raises(LookupError):
        ciphers.unseal(disk.get(first.stored), first.pk.bytes)


def test_who_may_see_it_opens_it_and_the_look_is_on_record(cast: Cast, disk: Disk) -> None:
    document = added(cast, an_order(cast.chen))
    row, plain = papers.open_document(cast.chen, document.pk)
    assert (plain, row.media_type, row.size) == (WORDS, "text/plain", len(WORDS))
    with acting_as(SystemPost("keeper")):
        look = Event.objects.get(kind="document.opened")
    assert (look.matter_id, look.post_id) == (document.matter_id, cast.chen.pk)


def test_the_document_of_a_hidden_matter_is_not_there(cast: Cast, disk: Disk) -> None:
    document = added(cast, an_order(cast.chen))
    for stranger in (cast.zhao, cast.li, cast.administrator, cast.auditor):
        with pytest.raises(NotThere) as hidden:
            papers.open_document(stranger, document.pk)
        with pytest.raises(NotThere) as missing:
            papers.open_document(stranger, uuid.uuid4())
        assert str(hidden.value) == str(missing.value)


def test_an_excluded_unit_loses_the_document_with_the_matter(cast: Cast, disk: Disk) -> None:
    matter = an_order(cast.chen)
    with docket(cast.chen) as book:
        taken = book.take("read", pk=matter.pk)
        route.lead(book, taken, cast.units["water"])
        book.event(taken, "hotline.tried")
    document = added(cast, matter)
    assert papers.open_document(cast.li, document.pk)[1] == WORDS
    with docket(cast.sun) as book:
        route.exclude(book, book.take("read", pk=matter.pk), [cast.units["water"]])
    with pytest.raises(NotThere):
        papers.open_document(cast.li, document.pk)


def test_a_relation_that_opens_only_what_the_parties_see_opens_no_staff_paper(cast: Cast, disk: Disk) -> None:
    matter = an_order(cast.chen)
    staff, parties = added(cast, matter, visibility="staff"), added(cast, matter)
    assert access.may(cast.he, "read", matter), "the command room of the place sees the order"
    with acting_as(cast.he):
        assert [row.pk for row in papers.documents_of(cast.he, matter)] == [parties.pk]
    with pytest.raises(NotThere):
        papers.open_document(cast.he, staff.pk)


def test_the_person_sees_what_is_for_the_parties_and_only_his_own_files(cast: Cast, disk: Disk) -> None:
    matter, other = an_order(cast.chen), an_order(cast.chen)
    with acting_as(cast.chen):
        source, stranger = Source.objects.get(matter=matter), Source.objects.get(matter=other)
    shown, staff = added(cast, matter), added(cast, matter, visibility="staff")
    own = added(cast, matter, source=source)
    person, somebody = SystemPost("portal", source.pk), SystemPost("portal", stranger.pk)
    assert papers.open_document(person, shown.pk)[1] == papers.open_document(person, own.pk)[1] == WORDS
    for by, document in ((person, staff), (somebody, shown), (somebody, own), (SystemPost("portal"), shown)):
        with pytest.raises(NotThere):
            papers.open_document(by, document.pk)


@pytest.mark.parametrize("how", ["changed", "gone", "swapped"])
def test_a_stored_file_that_was_tampered_with_is_never_shown(cast: Cast, disk: Disk, how: str) -> None:
    matter = an_order(cast.chen)
    document, other = added(cast, matter), added(cast, matter)
    path = disk.path(document.stored)
    if how == "changed":
        lying = bytearray(path.read_bytes())
        lying[-1] ^= 1
        path.write_bytes(lying)
    elif how == "gone":
        path.unlink()
    else:
        path.write_bytes(disk.get(other.stored))
    with pytest.raises(papers.Damaged):
        papers.open_document(cast.chen, document.pk)
    assert bool(papers.missing()) == (how == "gone")


def test_pieces_are_numbered_in_the_order_of_the_catalogue_even_within_one_act(cast: Cast, disk: Disk) -> None:
    matter = an_order(cast.chen)
    with docket(cast.chen) as book:
        taken = book.take("read", pk=matter.pk)
        first, second = (
            papers.add_document(book, taken, kind="photo", title="", file=FILE, visibility="staff") for _n in "ab"
        )
    third = added(cast, matter)
    assert [row.piece for row in (first, second, third)] == [1, 2, 3]
    with acting_as(cast.chen):
        told = archive.catalogue(matter)
        lines = Event.objects.filter(matter=matter, kind="document.added")
        assert [line.data["piece"] for line in lines.order_by("seq")] == [1, 2, 3]
        assert all("漏水" not in str(line.data) for line in lines)
    assert [(row["piece"], row["sha256"]) for row in told] == [
        (row.piece, row.stored) for row in (first, second, third)
    ]


def test_a_new_version_keeps_the_old_one_and_the_piece(cast: Cast, disk: Disk) -> None:
    matter = an_order(cast.chen)
    first = added(cast, matter)
    with docket(cast.chen) as book:
        book.take("read", pk=matter.pk)
        second = papers.add_version(book, first, Accepted("txt", b"newer"))
    assert (second.piece, second.version) == (first.piece, 2)
    assert papers.open_document(cast.chen, first.pk)[1] == WORDS
    with acting_as(cast.chen):
        assert [row.pk for row in papers.documents_of(cast.chen, matter)] == [second.pk]
    with docket(cast.chen) as book:
        book.take("read", pk=matter.pk)
        with pytest.raises(NotNow):
            papers.add_version(book, first, FILE)


def test_an_issued_paper_is_frozen_for_the_program_and_in_the_database(cast: Cast, disk: Disk) -> None:
    matter = an_order(cast.chen)
    document = added(cast, matter)
    with docket(cast.chen) as book:
        book.take("read", pk=matter.pk)
        papers.issue(book, document, law="SPEC 4")
    with docket(cast.chen) as book:
        book.take("read", pk=matter.pk)
        for act in (lambda: papers.issue(book, document), lambda: papers.add_version(book, document, FILE)):
            with pytest.raises(NotNow):
                act()
        for change in ({"stored": "0" * 64}, {"sha256": b"0" * 32}, {"issued_at": None}, {"visibility": "staff"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Document.objects.filter(pk=document.pk).update(**change)


def test_service_is_recorded_once_after_issue_and_not_in_the_future(cast: Cast, disk: Disk) -> None:
    matter = an_order(cast.chen)
    document = added(cast, matter)
    with docket(cast.chen) as book:
        book.take("read", pk=matter.pk)
        with pytest.raises(NotNow):
            papers.record_service(book, document, how="post")
        papers.issue(book, document)
        with pytest.raises(Refused):
            papers.record_service(book, document, how="pigeon")
        with pytest.raises(Refused):
            papers.record_service(book, document, how="post", at=now() + timedelta(days=1))
        papers.record_service(book, document, how="in_person")
        with pytest.raises(NotNow):
            papers.record_service(book, document, how="post")
    with acting_as(cast.chen):
        stored = Document.objects.get(pk=document.pk)
        line = Event.objects.get(matter=matter, kind="document.served")
    assert stored.served_how == line.data["how"] == "in_person"
    assert stored.served_at is not None


def test_a_matter_takes_no_more_than_its_number_of_papers(
    cast: Cast, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(papers, "MOST_DOCUMENTS", 2)
    matter = an_order(cast.chen)
    added(cast, matter)
    added(cast, matter)
    with pytest.raises(Refused) as refused:
        added(cast, matter)
    assert refused.value.code == "too_many_documents"


def test_a_full_disk_says_so_and_leaves_nothing_half_written(
    cast: Cast, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    matter = an_order(cast.chen)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(NoRoom) as refused:
            added(cast, matter)
    assert refused.value.status == 507
    assert [each for each in disk.folder.rglob("*") if each.is_file()] == []
    with acting_as(cast.chen):
        assert not Document.objects.exists()
    assert added(cast, matter).piece == 1


# Before there is a matter --------------------------------------------------------------------------------------------


def attached(cast: Cast, matter: Matter, upload: Upload, owner: str) -> Document:
    with docket(cast.chen) as book:
        taken = book.take("read", pk=matter.pk)
        return papers.attach(book, taken, upload.pk, owner=owner, kind="photo", title="漏水")


def test_a_file_handed_in_first_waits_sealed_and_is_named_by_its_id(
    cast: Cast, disk: Disk, django_capture_on_commit_callbacks: Any
) -> None:
    owner = papers.owner_of(cast.chen)
    upload = papers.hold(owner, FILE)
    assert WORDS not in disk.get(upload.stored)
    with django_capture_on_commit_callbacks(execute=True):
        document = attached(cast, an_order(cast.chen), upload, owner)
    assert papers.open_document(cast.chen, document.pk)[1] == WORDS
    assert not disk.has(upload.stored)
    assert not Upload.objects.exists()


def test_nobody_names_the_file_of_another_or_one_twice_or_a_day_later(cast: Cast, disk: Disk) -> None:
    matter, owner = an_order(cast.chen), papers.owner_of(cast.chen)
    upload = papers.hold(owner, FILE)
    with pytest.raises(NotThere):
        attached(cast, matter, upload, papers.owner_of(cast.li))
    with at(now() + timedelta(hours=25)), pytest.raises(NotThere):
        attached(cast, matter, upload, owner)
    attached(cast, matter, upload, owner)
    with pytest.raises(NotThere):
        attached(cast, matter, upload, owner)


def test_one_owner_cannot_fill_the_disk_with_waiting_files(
    cast: Cast, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(papers, "MOST_WAITING", 2)
    papers.hold("form:1", FILE)
    papers.hold("form:1", FILE)
    with pytest.raises(Refused):
        papers.hold("form:1", FILE)
    assert papers.hold("form:2", FILE)


# Keeping order -------------------------------------------------------------------------------------------------------


def age(disk: Disk) -> None:
    for path in disk.folder.rglob("*"):
        os.utime(path, (1, 1))


def test_the_sweep_removes_what_a_lost_transaction_left_and_keeps_the_rest(cast: Cast, disk: Disk) -> None:
    matter = an_order(cast.chen)
    kept, waiting = added(cast, matter), papers.hold("form:1", FILE)

    def fails_late() -> None:
        with docket(cast.chen) as book:
            papers.add_document(book, book.take("read", pk=matter.pk), kind="photo", title="", file=FILE)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails_late()
    assert papers.sweep() == {"uploads": 0, "orphans": 0}, "it may belong to a transaction under way"
    age(disk)
    (disk.folder / "ab").mkdir(exist_ok=True)
    torn = disk.folder / "ab" / ".1.part"
    torn.write_bytes(b"half")
    os.utime(torn, (1, 1))
    assert papers.sweep() == {"uploads": 0, "orphans": 1}
    assert disk.has(kept.stored)
    assert disk.has(waiting.stored)
    assert not torn.exists()
    with at(now() + timedelta(hours=25)):
        assert papers.sweep() == {"uploads": 1, "orphans": 0}
    assert not disk.has(waiting.stored)


def test_with_a_database_that_knows_none_of_the_files_the_sweep_removes_none(cast: Cast, disk: Disk) -> None:
    for n in range(papers.FEW_ORPHANS + 1):
        data = bytes([n])
        disk.put(ciphers.sha256(data).hex(), data)
    age(disk)
    assert papers.sweep()["orphans"] == 0
    assert len(disk.older_than(1)) == papers.FEW_ORPHANS + 1


def test_when_a_matter_is_forgotten_its_files_go_and_cannot_be_opened(
    cast: Cast, disk: Disk, django_capture_on_commit_callbacks: Any
) -> None:
    document = added(cast, an_order(cast.chen))
    copy = disk.get(document.stored)
    with django_capture_on_commit_callbacks(execute=True), docket(SystemPost("keeper")) as book:
        (matter,) = book.take_many([document.matter_id])
        papers.forget(book, matter)
        archive.forget(book, matter)
    assert not disk.has(document.stored)
    disk.put(document.stored, copy)
    with acting_as(cast.chen):
        assert not MatterKey.objects.filter(matter=document.matter_id).exists()
        assert Document.objects.get(pk=document.pk).title == ""
    with pytest.raises(papers.Damaged):
        papers.open_document(cast.chen, document.pk)


def test_the_store_takes_no_name_that_leads_elsewhere(disk: Disk) -> None:
    for name in ("../../etc/passwd", "A" * 64, "ab", ""):
        with pytest.raises(ValueError, match="no name"):
            disk.get(name)
    assert isinstance(ports.storage(), Disk)
