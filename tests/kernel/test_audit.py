"""The journal can be added to and nothing else; who changes it underneath is found out (ruling 7)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from fengqiao.kernel import archive, handle, journal
from fengqiao.kernel.access import SystemPost, acting_as
from fengqiao.kernel.docket import docket
from fengqiao.kernel.models import Event, Matter, Text
from fengqiao.offices.audit import audit
from tests.cast import VILLAGE, Cast
from tests.conftest import Database, test_server
from tests.kernel.sample import a_matter

KEEPER = SystemPost("keeper")


@pytest.fixture
def anchors(tmp_path: Path) -> Path:
    return tmp_path / "anchors"


@pytest.fixture
def three(committed_cast: Cast, kinds: None) -> list[Matter]:
    """Three matters of 甲镇, the second with five lines."""
    chen = committed_cast.chen
    matters = [a_matter(chen, place=VILLAGE) for _each in range(3)]
    for word in ("一", "二", "三", "四"):
        handle.perform("event.remark", number=matters[1].number, data={"text": f"第{word}次去看了。"}, by=chen)
    return matters


@contextmanager
def attacker(database: Database) -> Iterator[Any]:
    """A superuser who switches the triggers off: the only place where this is done."""
    with test_server()._boot(database.name) as boot:
        boot.execute("set session_replication_role = replica")
        yield boot


def links(report: audit.Report) -> list[tuple[str, int, str]]:
    return [(each.number, each.seq, each.what) for each in report.broken]


# Append-only ----------------------------------------------------------------------------------------------------------


@pytest.mark.database
@pytest.mark.parametrize("change", ["update event set law = 'x'", "delete from event", "truncate event"])
def test_the_program_can_neither_change_nor_remove_a_line(cast: Cast, change: str) -> None:
    journal.note(KEEPER, "config", "test.noted")
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


@pytest.mark.database
def test_the_owner_can_neither_change_nor_remove_a_line(three: list[Matter], owner_connection: Any) -> None:
    year = three[0].opened_year
    for change in (
        "update event set law = 'x'",
        "delete from event",
        "truncate event",
        f"update event_{year} set law = 'x'",
        f"delete from event_{year}",
        f"truncate event_{year}",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            owner_connection.execute(change)


def test_what_was_written_can_be_added_to(three: list[Matter], committed_cast: Cast, anchors: Path) -> None:
    before = audit.verify(anchors)
    handle.perform("event.begin", number=three[0].number, data={}, by=committed_cast.he)
    after = audit.verify(anchors)
    assert before.verified
    assert after.verified
    assert after.events == before.events + 1


def sealed(anchors: Path) -> int:
    """The next root, over all that was written before: transactions of other tests' databases are waited for."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        mark = cursor.fetchone()[0]
        for _try in range(600):
            cursor.execute("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            if cursor.fetchone()[0] >= mark:
                break
            time.sleep(0.1)
    return audit.seal_root(anchors)


# Verify ---------------------------------------------------------------------------------------------------------------


def test_an_untouched_journal_verifies_to_the_last_root(three: list[Matter], anchors: Path) -> None:
    number = sealed(anchors)
    report = audit.verify(anchors)
    assert (report.verified, report.root) == (True, number)
    assert report.at is not None
    assert report.newer == 1  # the line that says that the root was sealed
    assert report.events == report.newer + 7 + _day_lines()


def _day_lines() -> int:
    with acting_as(KEEPER):
        return Event.objects.filter(matter=None).exclude(kind=audit.SEALED).count()


def test_events_after_the_last_root_are_counted_as_newer(
    three: list[Matter], committed_cast: Cast, anchors: Path
) -> None:
    sealed(anchors)
    before = audit.verify(anchors).newer
    handle.perform("event.remark", number=three[0].number, data={"text": "后来又看了。"}, by=committed_cast.chen)
    assert audit.verify(anchors).newer == before + 1


def test_a_changed_row_is_named(three: list[Matter], own_database: Database, anchors: Path) -> None:
    with attacker(own_database) as boot:
        boot.execute("update event set law = '某条' where stream = %s and seq = 3", [str(three[1].pk)])
    assert links(audit.verify(anchors)) == [(three[1].number, 3, "changed")]


def test_only_the_first_broken_link_of_a_stream_is_named(
    three: list[Matter], own_database: Database, anchors: Path
) -> None:
    with attacker(own_database) as boot:
        boot.execute("update event set actor = 'post:999' where stream = %s and seq >= 2", [str(three[1].pk)])
        boot.execute("update event set kind = 'matter.closed' where stream = %s", [str(three[2].pk)])
    assert links(audit.verify(anchors)) == [(three[1].number, 2, "changed"), (three[2].number, 1, "changed")]


def test_a_changed_mac_is_named(three: list[Matter], own_database: Database, anchors: Path) -> None:
    with attacker(own_database) as boot:
        boot.execute(
            "update event set mac = decode(repeat('00', 32), 'hex') where stream = %s and seq = 2", [str(three[1].pk)]
        )
    assert links(audit.verify(anchors)) == [(three[1].number, 2, "changed")]


def test_a_removed_row_is_named(three: list[Matter], own_database: Database, anchors: Path) -> None:
    with attacker(own_database) as boot:
        boot.execute("delete from event where stream = %s and seq = 3", [str(three[1].pk)])
    assert links(audit.verify(anchors)) == [(three[1].number, 3, "removed")]


def test_a_removed_row_is_named_though_the_rest_was_renumbered(
    three: list[Matter], own_database: Database, anchors: Path
) -> None:
    with attacker(own_database) as boot:
        boot.execute("delete from event where stream = %s and seq = 3", [str(three[1].pk)])
        for seq in (4, 5):
            boot.execute("update event set seq = %s where stream = %s and seq = %s", [seq - 1, str(three[1].pk), seq])
    assert links(audit.verify(anchors)) == [(three[1].number, 3, "removed")]


def test_an_inserted_row_is_named(three: list[Matter], own_database: Database, anchors: Path) -> None:
    stream = str(three[1].pk)
    with attacker(own_database) as boot:
        for seq in (5, 4, 3):
            boot.execute("update event set seq = %s where stream = %s and seq = %s", [seq + 1, stream, seq])
        boot.execute(COPIED, [3, stream, 2])
    assert links(audit.verify(anchors)) == [(three[1].number, 3, "inserted")]


def test_a_row_inserted_at_the_end_is_named(three: list[Matter], own_database: Database, anchors: Path) -> None:
    with attacker(own_database) as boot:
        boot.execute(COPIED, [6, str(three[1].pk), 5])
    assert links(audit.verify(anchors)) == [(three[1].number, 6, "inserted")]


# Another line after seq: as an attacker without the key would write it.
COPIED = (
    "insert into event (opened_year, stream, seq, matter_id, kind, happened_at, recorded_at, actor, post_id,"
    " account_id, unit_id, visibility, law, data, prev, mac, key_id)"
    " select opened_year, stream, %s, matter_id, 'event.agreed', happened_at, recorded_at, actor,"
    " post_id, account_id, unit_id, visibility, law, data, mac,"
    " decode(repeat('ab', 32), 'hex'), key_id from event where stream = %s and seq = %s"
)


def test_a_cut_off_end_is_named(three: list[Matter], own_database: Database, anchors: Path) -> None:
    with attacker(own_database) as boot:
        boot.execute("delete from event where stream = %s and seq > 3", [str(three[1].pk)])
    assert links(audit.verify(anchors)) == [(three[1].number, 4, "cut")]


def test_a_cut_off_end_whose_matter_was_set_back_is_told_by_the_anchors(
    three: list[Matter], own_database: Database, anchors: Path
) -> None:
    sealed(anchors)
    _cut_and_set_back(own_database, three[1], 3)
    assert links(audit.verify(anchors)) == [(three[1].number, 4, "cut")]


def test_without_an_anchor_such_a_cut_is_not_seen(three: list[Matter], own_database: Database, anchors: Path) -> None:
    _cut_and_set_back(own_database, three[1], 3)
    report = audit.verify(anchors)
    assert (report.verified, report.root) == (True, 0)


def _cut_and_set_back(database: Database, matter: Matter, to: int) -> None:
    with attacker(database) as boot:
        boot.execute("delete from event where stream = %s and seq > %s", [str(matter.pk), to])
        boot.execute(
            "update matter set version = %s, head = (select mac from event where stream = %s and seq = %s)"
            " where id = %s",
            [to, str(matter.pk), to, matter.pk],
        )


def test_a_matter_whose_row_disagrees_with_its_journal_is_named(
    three: list[Matter], own_database: Database, anchors: Path
) -> None:
    with attacker(own_database) as boot:
        boot.execute("update matter set version = 4 where id = %s", [three[1].pk])
    assert links(audit.verify(anchors)) == [(three[1].number, 5, "head")]


def test_a_whole_matter_gone_is_named_by_its_number(three: list[Matter], own_database: Database, anchors: Path) -> None:
    sealed(anchors)
    with attacker(own_database) as boot:
        for table, column in (("event", "matter_id"), ("text", "matter_id"), ("search_row", "matter_id")):
            boot.execute(f"delete from {table} where {column} = %s", [three[1].pk])
        boot.execute("delete from matter where id = %s", [three[1].pk])
    assert links(audit.verify(anchors)) == [(three[1].number, 1, "gone")]
    assert links(audit.verify(anchors, number=three[1].number)) == [(three[1].number, 1, "gone")]
    assert audit.verify(anchors, number=three[0].number).verified


def test_chains_that_cross_chunks_are_read_whole(
    three: list[Matter], own_database: Database, anchors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = audit.verify(anchors)
    with attacker(own_database) as boot:
        boot.execute("update event set law = 'x' where stream = %s and seq = 5", [str(three[1].pk)])
    for size in range(1, 6):
        monkeypatch.setattr(audit, "CHUNK", size)
        found = audit.verify(anchors)
        assert (found.events, found.streams) == (whole.events, whole.streams) > (7, 3)
        assert links(found) == [(three[1].number, 5, "changed")]


def test_a_journal_without_its_matter_is_named(three: list[Matter], own_database: Database, anchors: Path) -> None:
    with attacker(own_database) as boot:
        boot.execute("delete from matter where id = %s", [three[2].pk])
    assert [(each.stream, each.what) for each in audit.verify(anchors).broken] == [(str(three[2].pk), "orphan")]


def test_a_journal_written_anew_with_the_key_is_told_by_the_anchors(
    three: list[Matter], own_database: Database, anchors: Path
) -> None:
    sealed(anchors)
    with acting_as(KEEPER):
        rows = list(Event.objects.filter(stream=str(three[1].pk)).order_by("seq"))
    prev = journal.START
    with attacker(own_database) as boot:
        for row in rows:
            row.law = "某条"
            row.mac = journal.mac(row, prev, audit.keys.current("journal"))
            boot.execute(
                "update event set law = %s, prev = %s, mac = %s where stream = %s and seq = %s",
                [row.law, prev, row.mac, row.stream, row.seq],
            )
            prev = row.mac
        boot.execute("update matter set head = %s where id = %s", [prev, three[1].pk])
    assert links(audit.verify(anchors)) == [(three[1].number, 5, "rewritten")]


def test_a_row_under_a_key_that_is_not_here_is_named(
    three: list[Matter], own_database: Database, anchors: Path
) -> None:
    with attacker(own_database) as boot:
        boot.execute("update event set key_id = 'none' where stream = %s and seq = 2", [str(three[1].pk)])
    assert links(audit.verify(anchors)) == [(three[1].number, 2, "unknown_key")]


def test_a_day_stream_is_held_like_a_matter(three: list[Matter], own_database: Database, anchors: Path) -> None:
    with attacker(own_database) as boot:
        boot.execute("update event set data = '{}' where matter_id is null and seq = 2")
    found = audit.verify(anchors).broken
    assert [(each.stream.split(":")[0], each.seq, each.what) for each in found] == [("accounts", 2, "changed")]


def test_one_matter_is_verified_by_its_number(three: list[Matter], own_database: Database, anchors: Path) -> None:
    with attacker(own_database) as boot:
        boot.execute("update event set law = '某条' where stream = %s", [str(three[2].pk)])
    assert audit.verify(anchors, number=three[1].number).events == 5
    assert audit.verify(anchors, number=three[1].number).verified
    assert links(audit.verify(anchors, number=three[2].number)) == [(three[2].number, 1, "changed")]


def test_the_chain_holds_after_forgetting(three: list[Matter], committed_cast: Cast, anchors: Path) -> None:
    sealed(anchors)
    handle.perform("event.close", number=three[1].number, data={}, by=KEEPER)
    with docket(KEEPER) as book:
        archive.forget(book, book.take("read", pk=three[1].pk))
    with acting_as(KEEPER):
        assert not Text.objects.filter(matter=three[1]).exists()
    assert audit.verify(anchors).verified


# Anchors --------------------------------------------------------------------------------------------------------------


def test_a_root_is_one_private_line_with_the_heads_that_changed(
    three: list[Matter], committed_cast: Cast, anchors: Path
) -> None:
    sealed(anchors)
    handle.perform("event.begin", number=three[0].number, data={}, by=committed_cast.he)
    assert sealed(anchors) == 2
    path = anchors / audit.file_name(2)
    lines = path.read_text().splitlines()
    body = json.loads(lines[0])
    assert len(lines) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert body["matters"] == 3
    assert [head[3] for head in body["heads"] if head[3]] == [three[0].number]
    assert body["previous"] == json.loads((anchors / audit.file_name(1)).read_text())["root"]


def test_a_transaction_under_way_is_left_to_the_next_root(
    three: list[Matter], committed_cast: Cast, own_database: Database, anchors: Path
) -> None:
    with psycopg.connect(own_database.url) as slow:
        slow.execute("select pg_current_xact_id()")
        audit.seal_root(anchors)
        handle.perform("event.begin", number=three[0].number, data={}, by=committed_cast.he)
        assert _heads(anchors, audit.seal_root(anchors)) == []
    assert three[0].number in [head[3] for head in _heads(anchors, sealed(anchors))]


def _heads(folder: Path, number: int) -> list[Any]:
    found: list[Any] = json.loads((folder / audit.file_name(number)).read_text())["heads"]
    return found


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda path: path.write_text(path.read_text().replace('"matters":3', '"matters":2')), "root_changed"),
        (lambda path: path.write_text("{"), "root_changed"),
        (lambda path: path.unlink(), "root_missing"),
    ],
)
def test_an_anchor_that_was_changed_or_taken_away_is_named(
    three: list[Matter], anchors: Path, spoil: Any, what: str
) -> None:
    for _each in range(3):
        sealed(anchors)
    spoil(anchors / audit.file_name(2))
    found = audit.verify(anchors).broken
    assert ("anchors", 2, what) in [(each.stream, each.seq, each.what) for each in found]


def test_anchors_taken_away_as_a_whole_are_missed_by_the_journal(three: list[Matter], anchors: Path) -> None:
    sealed(anchors)
    (anchors / audit.file_name(1)).unlink()
    assert [(each.seq, each.what) for each in audit.verify(anchors).broken] == [(1, "root_missing")]


def test_no_root_is_hung_on_a_damaged_one(three: list[Matter], anchors: Path) -> None:
    sealed(anchors)
    path = anchors / audit.file_name(1)
    path.write_text(path.read_text().replace('"matters":3', '"matters":2'))
    with pytest.raises(audit.AnchorDamaged, match=path.name):
        sealed(anchors)


def test_of_two_sealers_one_is_enough(three: list[Matter], anchors: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed(anchors)
    twin = audit._last_root(anchors)
    assert sealed(anchors) == 2
    monkeypatch.setattr(audit, "_last_root", lambda folder: twin)
    assert sealed(anchors) == 0
    assert sorted(path.name for path in anchors.iterdir()) == [audit.file_name(1), audit.file_name(2)]
    assert audit.verify(anchors).verified


def test_heads_are_sealed_again_after_a_restore_into_a_younger_server(
    three: list[Matter], anchors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed(anchors)
    last = audit._last_root(anchors)
    assert last is not None
    monkeypatch.setattr(audit, "_last_root", lambda folder: {**last, "below": last["below"] + 10**9})
    assert len([head for head in _heads(anchors, sealed(anchors)) if head[3]]) == 3


def test_the_journal_has_a_partition_for_this_year_and_the_next(db: None) -> None:
    assert audit.years_ahead() == []


def test_a_missing_year_is_told_in_a_sentence(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import date

    monkeypatch.setattr(audit, "today", lambda: date(2040, 10, 1))
    assert audit.years_ahead() == ["The journal has no partition for 2041: install the current release and migrate."]


# The command ----------------------------------------------------------------------------------------------------------


def test_the_command_answers_as_one_object_and_ends_with_one_when_broken(
    three: list[Matter], own_database: Database, capsys: pytest.CaptureFixture[str], anchors: Path, settings: Any
) -> None:
    from fengqiao.config.command import main

    settings.FENGQIAO_ANCHORS = anchors
    audit.seal_root()
    assert main(["audit", "verify", "--json"]) == 0
    good = json.loads(capsys.readouterr().out)
    assert (good["verified"], good["root"], good["broken"]) == (True, 1, [])
    with attacker(own_database) as boot:
        boot.execute("update event set law = '某条' where stream = %s and seq = 3", [str(three[1].pk)])
    assert main(["audit", "verify", "--json"]) == 1
    bad = json.loads(capsys.readouterr().out)
    assert bad["broken"] == [{"stream": str(three[1].pk), "number": three[1].number, "seq": 3, "what": "changed"}]
    assert main(["audit", "verify", three[1].number]) == 1
    assert f"BROKEN {three[1].number} at 3: this row was changed." in capsys.readouterr().out


def test_the_command_refuses_a_number_that_nothing_names(
    three: list[Matter], capsys: pytest.CaptureFixture[str], anchors: Path, settings: Any
) -> None:
    from fengqiao.config.command import main
    from fengqiao.ground import numbers

    settings.FENGQIAO_ANCHORS = anchors
    unknown = numbers.compose("event", 2026, "901", 999_999).display
    assert main(["audit", "verify", unknown]) == 2
    assert unknown in capsys.readouterr().err
    assert main(["audit", "verify", "事2026-901-1"]) == 2
