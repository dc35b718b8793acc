"""One backup set: written whole or not at all, sealed, its keys apart; and a dump restored to another database."""

import json
import os
import resource
import stat
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

import psycopg
import pytest

from fengqiao.config import secrets
from fengqiao.config.backup import (
    BackupFailed,
    RestoreFailed,
    checks,
    forgotten,
    keyring,
    make,
    nightly,
    restore,
    sealed,
    shelf,
    unfinished,
    wal,
)
from fengqiao.kernel import keys
from fengqiao.kernel.now import HERE
from tests import profile
from tests.config.test_migrate import take_back_the_last
from tests.config.test_sealed import KEY, turned
from tests.conftest import test_server

WORDS = "楼上漏水，已经三天了。"


def silent(sentence):
    pass


# The set --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def city(own_database, settings, tmp_path):
    """Chen's three orders with real commits: the second protected, the third with a file."""
    from fengqiao.kernel import secrecy
    from fengqiao.kernel.docket import docket
    from fengqiao.offices.papers import papers
    from tests.cast import an_order, build

    data = tmp_path / "data"
    (data / "files").mkdir(parents=True)
    settings.FENGQIAO_DATA, settings.FENGQIAO_ANCHORS = data, data / "anchors"
    settings.FENGQIAO_PORTS = {
        **settings.FENGQIAO_PORTS, "storage": (settings.FENGQIAO_PORTS["storage"][0], data / "files"),
    }  # fmt: skip
    cast = build()
    matters = [an_order(cast.chen, content=WORDS) for _each in range(3)]
    with docket(cast.chen) as book:
        secrecy.raise_level(book, book.take("read", pk=matters[1].pk), "protected")
    with docket(cast.chen) as book:
        third = book.take("read", pk=matters[2].pk)
        file = papers.Accepted("txt", WORDS.encode())
        papers.add_document(book, third, kind="photo", title="漏水", file=file)
    return make.House(data, own_database.owner_url, None, data / "files", data / "anchors"), matters


@pytest.fixture
def house(city):
    return city[0]


def backed_up(house):
    answer = make.make(house, shelf.of_data(house.data), house.data / "backup-keys", say=silent)
    return shelf.load(shelf.of_data(house.data).sets_folder / answer["set"].rpartition("/")[2]), answer


def keys_of(house, found):
    return keyring.path(house.data / "backup-keys", found.name)


def test_a_set_says_what_it_holds_and_gives_nothing_away_without_its_keys(city):
    house, matters = city
    found, answer = backed_up(house)
    assert (answer["matters"], answer["files"], answer["kind"], found.facts["files_missing"]) == (3, 1, "dump", 0)
    assert found.facts["migrations"]
    for path in (path for path in house.data.glob("backups/**/*") if path.is_file()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 or path.name == "backup.lock"
        assert WORDS.encode() not in path.read_bytes()
        assert str(matters[0].number).encode() not in path.read_bytes()
    archive = keys_of(house, found)
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert archive.parent not in found.path.parents
    assert sorted(row[0] for row in keyring.read(archive).matter_keys) == sorted(str(m.pk) for m in matters[1:])


def test_the_wrapped_keys_are_in_the_archive_and_not_in_the_dump(house):
    found, _answer = backed_up(house)
    archive = keyring.read(keys_of(house, found))
    plain = b"".join(sealed.read(found.path / shelf.DATABASE, archive.key, f"{found.name}/{shelf.DATABASE}"))
    assert WORDS.encode() in plain  # an open text; the dump is readable with its key
    for _matter, _key, wrapped in archive.matter_keys:
        assert wrapped.hex().encode() not in plain


def test_keys_that_came_after_the_set_are_taken_from_later_archives(tmp_path):
    """What is restored to a moment after a rotation was sealed with the new key."""
    old, new, other = ({name: [secrets.new_key()] for name in keys.NAMES} for _n in range(3))
    coming = replace(secrets.new_key(), coming=True)
    later = {name: [*new[name], *old[name], *([coming] if name == "hash" else [])] for name in keys.NAMES}
    key = secrets.new_key()
    for name, known in (("set-1", old), ("set-2", later), ("set-3", other)):
        keyring.write(tmp_path, keyring.Archive(name, key, known))
    archives = keyring.beside(keyring.path(tmp_path, "set-1"))
    assert archives[0].secrets == old
    assert keyring.all_secrets(archives[0], archives) == later
    assert keyring.all_secrets(archives[1], []) == later
    assert keyring.all_secrets(archives[2], archives) == other


def test_the_set_stands_in_the_journal(house):
    from fengqiao.kernel.access import SystemPost, acting_as
    from fengqiao.kernel.models import Event

    found, _answer = backed_up(house)
    with acting_as(SystemPost("keeper")):
        (event,) = Event.objects.filter(kind=make.MADE)
    assert (event.data["set"], event.data["kind"]) == (found.name, "dump")


def test_a_second_set_copies_only_the_files_that_are_new(house):
    first, _answer = backed_up(house)
    (stored,) = (house.data / "backups/files").glob("??/*")
    before = stored.stat().st_ino
    second, _answer = backed_up(house)
    assert stored.stat().st_ino == before
    assert first.name != second.name
    assert first.files() == second.files()


def test_a_second_backup_at_once_is_told_to_wait(house):
    at = shelf.of_data(house.data)
    at.prepare()
    with at.alone(), pytest.raises(BackupFailed, match="Another backup is being made"):
        backed_up(house)
    assert at.sets() == []


@contextmanager
def full_disk():
    """Files may not grow over 16 KiB in this process: writing fails as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16 * 1024, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_on_a_full_disk_nothing_half_is_left_and_the_earlier_set_stays(house):
    first, _answer = backed_up(house)
    with full_disk(), pytest.raises(BackupFailed, match=r"is full; nothing of this backup was kept"):
        backed_up(house)
    at = shelf.of_data(house.data)
    assert [each.name for each in at.sets()] == [first.name]
    assert [path.name for path in at.sets_folder.iterdir()] == [first.name]
    assert [path.name for path in (house.data / "backup-keys").iterdir()] == [f"{first.name}.keys"]
    backed_up(house)
    assert len(at.sets()) == 2


def test_what_a_cut_off_run_left_is_removed_by_the_next(house):
    half = house.data / "backups/sets/.20261101T000000Z.part"
    half.mkdir(parents=True)
    (half / shelf.DATABASE).write_bytes(b"half")
    backed_up(house)
    assert not half.exists()


def aged(found, days, house):
    """Let a set be so many days old."""
    key = keyring.read(keys_of(house, found)).key
    facts = dict(found.facts) | {"finished_at": (datetime.now(UTC) - timedelta(days=days)).isoformat()}
    shelf.write_manifest(found.path, facts, key.secret)


def test_sets_older_than_35_days_go_with_their_keys_and_files_but_never_the_last(city):
    house, (*_others, with_file) = city
    first, _answer = backed_up(house)
    aged(first, 40, house)
    (stored,) = (house.data / "backups/files").glob("??/*")
    os.utime(stored, (1, 1))
    at = shelf.of_data(house.data)
    assert at.prune(datetime.now(UTC), house.data / "backup-keys", verified="") == []
    forget(with_file)
    second, answer = backed_up(house)
    assert answer["removed"] == [first.name]
    assert [each.name for each in at.sets()] == [second.name]
    assert not keys_of(house, first).exists()
    assert not stored.exists()


def test_a_file_that_was_lost_stays_in_the_sets_and_one_that_nobody_has_is_counted(house):
    backed_up(house)
    (lost,) = (house.data / "files").glob("??/*")
    lost.unlink()
    second, _answer = backed_up(house)
    assert (second.files(), second.facts["files_missing"]) == ([lost.name], 0)
    shelf.of_data(house.data).stored(lost.name).unlink()
    third, _answer = backed_up(house)
    assert (third.files(), third.facts["files_missing"]) == ([], 1)
    assert "were missing" in checks.backup_age()[0]


def test_archived_wal_that_no_set_needs_goes_and_the_rest_stays(house):
    found, _answer = backed_up(house)
    key = keyring.read(keys_of(house, found)).key
    shelf.write_manifest(found.path, dict(found.facts) | {"wal_from": "000000010000000000000005"}, key.secret)
    names = ["000000010000000000000004", "000000010000000000000005", "000000020000000000000006", "00000002.history"]
    at = shelf.of_data(house.data)
    for name in names:
        (at.wal / f"{name}.{found.name}.sealed").write_bytes(b"")
    at.prune(datetime.now(UTC), house.data / "backup-keys", verified="")
    assert sorted(path.name.partition(f".{found.name}")[0] for path in at.wal.iterdir()) == sorted(names[1:])


def test_wal_waits_while_the_disk_of_the_backups_is_full_and_is_bounded(short_folder, monkeypatch):
    data = short_folder / "data"
    spool = data / "database/wal"
    spool.mkdir(parents=True)
    names = [f"00000001000000000000000{n}" for n in range(3)]
    for name in names:
        (spool / name).write_bytes(os.urandom(64 * 1024))
    secrets.ensure(data, {})
    wal.use_key(data, KEY)
    at = shelf.of_data(data)
    at.prepare()
    with full_disk(), pytest.raises(BackupFailed, match="archived WAL waits"):
        wal.drain(at, data)
    assert sorted(path.name for path in spool.iterdir()) == names
    monkeypatch.setattr(wal, "MOST_WAITING_BYTES", 128 * 1024)
    with full_disk(), pytest.raises(BackupFailed, match="1 old segments were dropped"):
        wal.drain(at, data)
    assert wal.drain(at, data) == 2
    assert sorted(path.name for path in at.wal.iterdir()) == [f"{name}.{KEY.id}.sealed" for name in names[1:]]
    assert list(spool.iterdir()) == []


@pytest.mark.parametrize(("value", "well"), [("1", True), ("35", True), ("36", False), ("0", False), ("x", False)])
def test_sets_live_at_most_35_days(monkeypatch, value, well):
    monkeypatch.setenv("FENGQIAO_BACKUP_DAYS", value)
    if well:
        assert shelf.keep_days() == int(value)
    else:
        with pytest.raises(BackupFailed, match="from 1 to 35"):
            shelf.keep_days()


# Refusals of the way back ---------------------------------------------------------------------------------------------


def wish(house, found, into, **more):
    keys = more.pop("keys", None) or keys_of(house, found)
    return restore.Wish(found, keys, into, say=silent, **more)


def refused(house, found, into, words, **more):
    with pytest.raises(RestoreFailed, match=words):
        restore.restore(wish(house, found, into, **more))


def test_every_damage_is_told_before_anything_is_written(house, tmp_path):
    found, _answer = backed_up(house)
    second, _answer = backed_up(house)
    into = tmp_path / "new"
    refused(house, found, into, f"the keys of set {second.name}", keys=keys_of(house, second))
    refused(house, found, into, "no archive of keys", keys=tmp_path / "nothing.keys")
    (stored,) = (house.data / "backups/files").glob("??/*")
    good = stored.read_bytes()
    stored.write_bytes(good[:-1] + b"x")
    refused(house, found, into, f"1 stored files of .*{stored.name}")
    stored.write_bytes(good)
    database = found.path / shelf.DATABASE
    database.write_bytes(turned(database.read_bytes()))
    refused(house, found, into, "part database.sealed of .* is damaged")
    found.facts["matters"] = 4
    refused(house, found, into, "manifest of .* was changed")
    assert not into.exists()


def test_a_set_of_a_newer_release_is_refused(house, tmp_path):
    found, _answer = backed_up(house)
    key = keyring.read(keys_of(house, found)).key
    migrations = [*found.facts["migrations"], "kernel.0999_later"]
    shelf.write_manifest(found.path, dict(found.facts) | {"migrations": migrations}, key.secret)
    refused(house, shelf.load(found.path), tmp_path / "new", "newer release .*kernel.0999_later")


def test_a_folder_with_anything_in_it_is_refused(house, tmp_path):
    found, _answer = backed_up(house)
    into = tmp_path / "new"
    into.mkdir()
    (into / "own.txt").write_text("mine")
    refused(house, found, into, "is not empty.*--set-aside")
    assert [path.name for path in into.iterdir()] == ["own.txt"]


NOWHERE = "postgresql://somebody@/none?host=/nowhere"


def test_a_restore_that_was_cut_off_marks_the_folder_and_begins_anew(house, tmp_path):
    found, _answer = backed_up(house)
    into = tmp_path / "new"
    for _try in range(2):
        with pytest.raises(psycopg.OperationalError):
            restore.restore(wish(house, found, into, external=(NOWHERE, NOWHERE)))
        assert "has not come to its end" in unfinished.sentence(into)
        assert not (into / "half").exists()
        (into / "half").write_text("of the first try")


def test_what_lies_in_the_folder_is_set_aside_when_that_was_asked_for(house, short_folder):
    found, _answer = backed_up(house)
    into = short_folder / "new"
    (into / "backups").mkdir(parents=True)
    (into / "own.txt").write_text("mine")
    with pytest.raises(psycopg.OperationalError):
        restore.restore(wish(house, found, into, external=(NOWHERE, NOWHERE), set_aside=True))
    (aside,) = into.glob("aside-*")
    assert [path.name for path in aside.iterdir()] == ["own.txt"]
    assert (into / "backups").is_dir()


def test_a_dump_knows_no_other_moment(house, tmp_path):
    found, _answer = backed_up(house)
    refused(house, found, tmp_path / "new", "keeps no WAL", until=datetime.now(UTC))


# A dump into another database -----------------------------------------------------------------------------------------


@pytest.fixture
def empty():
    """(program's address, owner's address) of a database without tables."""
    from fengqiao.config import roles

    server, name = test_server(), f"empty_{uuid4().hex[:8]}"
    server.create_database(name)
    yield server.url(roles.PROGRAM, name), server.url(roles.OWNER, name)
    server.drop_database(name)


def ask(url, question, *values):
    with psycopg.connect(url) as connection:
        return connection.execute(question, values).fetchone()[0]


def forget(matter):
    from fengqiao.kernel import archive
    from fengqiao.kernel.access import SystemPost
    from fengqiao.kernel.docket import docket

    with docket(SystemPost("keeper")) as book:
        (taken,) = book.take_many([matter.pk])
        archive.forget(book, taken)


@pytest.mark.database
def test_what_was_forgotten_after_the_set_is_forgotten_again_and_the_rest_is_back(city, empty, own_database, tmp_path):
    """Slow: a dump is loaded, migrated and verified by processes of their own."""
    house, (open_one, _protected, with_file) = city
    with psycopg.connect(own_database.url) as connection:
        connection.execute("insert into django_session values ('k', 'd', now() + interval '1 day')")
    found, _answer = backed_up(house)
    forget(with_file)
    assert list((house.data / "files").glob("??/*")) == []
    shelf.of_data(house.data).sync_anchors(house.anchors)
    url, owner_url = empty
    into = tmp_path / "new"
    answer = restore.restore(wish(house, found, into, external=empty))
    assert (answer["ok"], answer["matters"], answer["forgotten_again"]) == (True, 3, 1)
    assert (answer["people_opened"], answer["files"]) == (2, 0)
    for table in ("text", "person", "matter_key", "search_row"):
        counted = ask(owner_url, f"select count(*) from {table} where matter_id = %s", with_file.pk)
        assert counted == 0, table
    assert ask(owner_url, "select body from text where matter_id = %s and kind = 'content'", open_one.pk) == WORDS
    assert ask(owner_url, "select count(*) from matter_key") == 1
    assert ask(owner_url, "select count(*) from django_session") == 0
    assert ask(owner_url, "select last_kind from matter where id = %s", with_file.pk) == "matter.forgotten"
    assert ask(owner_url, "select count(*) from event where kind = 'system.restored'") == 1
    assert ask(owner_url, "select max(xid::text::bigint) from event where kind = 'matter.received'") in (None, 3)
    assert unfinished.sentence(into) is None
    assert [path for path in (into / "files").rglob("*") if path.is_file()] == []
    told = restored_command(into, url, "audit", "verify", "--json")
    assert told["verified"]
    assert [each["set"] for each in told["restored"]] == [found.name]
    refused(house, found, tmp_path / "other", "is not empty", external=empty)


@pytest.mark.database
@pytest.mark.skipif(not profile.DEEP, reason="the same way as above, with one migration more")
def test_a_set_of_an_older_release_is_brought_up_to_date(house, empty, tmp_path):
    take_back_the_last(house.owner_url)
    found, _answer = backed_up(house)
    assert "sessions.0001_initial" not in found.facts["migrations"]
    assert restore.restore(wish(house, found, tmp_path / "new", external=empty))["ok"]
    assert ask(empty[1], "select count(*) from django_migrations where app = 'sessions'") == 1
    assert ask(empty[0], "select count(*) from django_session") == 0


def restored_command(into, url, *arguments):
    environment = {n: v for n, v in os.environ.items() if not n.startswith(("FENGQIAO_KEY", "FENGQIAO_ANCHORS"))}
    done = subprocess.run(
        [sys.executable, "-m", "fengqiao.config.command", *arguments],
        env=environment | {"FENGQIAO_DATA": str(into), "DATABASE_URL": url},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


# The list of what was forgotten ---------------------------------------------------------------------------------------


def test_forgetting_adds_a_line_and_what_a_crash_kept_from_the_list_is_caught_up(city):
    house, (first, second, _third) = city
    forget(first)
    target = house.anchors / forgotten.FILE
    assert [each["matter"] for each in forgotten.read(target)] == [str(first.pk)]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    forget(second)
    target.write_text(target.read_text().splitlines()[0] + '\n{"matter": "cut o')
    assert forgotten.catch_up() == 1
    assert forgotten.catch_up() == 0


def test_a_line_that_somebody_else_wrote_counts_for_nothing(city):
    _house, (first, *_rest) = city
    from fengqiao.kernel import keys

    good = forgotten.line(str(first.pk), "2026-11-23T10:00:00+00:00")
    forged = {**good, "matter": str(uuid4())}
    stranger = {**good, "key": "unknown"}
    assert forgotten.holding([good, good, forged, stranger], keys.all_of("journal")) == ([good], 2)


def test_forgetting_that_is_rolled_back_adds_no_line(city):
    house, (first, *_rest) = city
    with pytest.raises(ZeroDivisionError):
        broken_off(first)
    assert forgotten.read(house.anchors / forgotten.FILE) == []


def broken_off(matter):
    from fengqiao.kernel import archive
    from fengqiao.kernel.access import SystemPost
    from fengqiao.kernel.docket import docket

    with docket(SystemPost("keeper")) as book:
        (taken,) = book.take_many([matter.pk])
        archive.forget(book, taken)
        raise ZeroDivisionError


# By itself, and told --------------------------------------------------------------------------------------------------


def test_the_nightly_set_is_due_once_its_hour_has_passed(house):
    morning = datetime(2026, 11, 23, 2, 39, tzinfo=HERE)
    at = time(2, 40)
    assert not nightly.due(house.data, at, morning)
    secrets.ensure(house.data, {})
    mark = house.data / "secrets/made"
    os.utime(mark, (morning.timestamp() - 3600, morning.timestamp() - 3600))
    assert not nightly.due(house.data, at, morning)
    assert nightly.due(house.data, at, morning + timedelta(minutes=2))
    backed_up(house)
    now = datetime.now(UTC)
    assert not nightly.due(house.data, (now.astimezone(HERE) - timedelta(minutes=1)).time(), now - timedelta(minutes=2))
    assert nightly.due(house.data, at, now + timedelta(days=1))


def test_its_hour_can_be_set_and_switched_off(monkeypatch):
    assert nightly.hour(embedded=True) == time(2, 40)
    assert nightly.hour(embedded=False) is None
    monkeypatch.setenv("FENGQIAO_BACKUP_AT", "04:15")
    assert nightly.hour(embedded=False) == time(4, 15)
    monkeypatch.setenv("FENGQIAO_BACKUP_AT", "off")
    assert nightly.hour(embedded=True) is None
    monkeypatch.setenv("FENGQIAO_BACKUP_AT", "late")
    with pytest.raises(Exception, match="must be a time such as 02:40"):
        nightly.hour(embedded=True)


def test_a_nightly_set_that_failed_is_told_and_tried_again_in_an_hour(tmp_path):
    secrets.ensure(tmp_path, {})
    long_ago = (datetime.now(UTC) - timedelta(days=2)).timestamp()
    os.utime(tmp_path / "secrets/made", (long_ago, long_ago))
    (tmp_path / unfinished.MARK).write_text("{}")  # the command will refuse this folder
    environment = {n: v for n, v in os.environ.items() if n != "DATABASE_URL"} | {"FENGQIAO_DATA": str(tmp_path)}
    clock = nightly.Nightly(tmp_path, environment, time(2, 40))
    assert clock.keep(0) is None
    clock.process.wait(120)
    assert "failed (2)" in clock.keep(1)
    for moment in (2, 60, 3000):
        assert clock.keep(moment) is None
        assert clock.process is None
    clock.keep(3700)
    assert clock.process is not None
    clock.stop()
    assert shelf.of_data(tmp_path).sets() == []


def test_check_tells_of_a_backup_older_than_26_hours_and_of_none(house, monkeypatch):
    monkeypatch.setenv("FENGQIAO_BACKUP_AT", "02:40")
    secrets.ensure(house.data, {})
    assert checks.backup_age() == []
    long_ago = (datetime.now(UTC) - timedelta(hours=30)).timestamp()
    os.utime(house.data / "secrets/made", (long_ago, long_ago))
    assert checks.backup_age() == ["There is no backup yet."]
    found, _answer = backed_up(house)
    assert checks.backup_age() == []
    aged(found, 2, house)
    assert checks.backup_age()[0].startswith("The newest backup is 48 hours old")


def test_up_and_the_commands_refuse_a_folder_whose_restore_was_cut_off(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / unfinished.MARK).write_text("{}")
    environment = {n: v for n, v in os.environ.items() if n not in ("DATABASE_URL", "FENGQIAO_OWNER_URL")}
    for command in (["up"], ["check"], ["migrate"]):
        done = subprocess.run(
            [sys.executable, "-m", "fengqiao.config.command", *command],
            env=environment | {"FENGQIAO_DATA": str(data)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert "has not come to its end" in done.stderr
    assert [path.name for path in data.iterdir()] == [unfinished.MARK]
