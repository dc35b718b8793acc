"""A city is backed up, goes on, makes a mistake, and comes back: to the set, and to the moment before the mistake."""

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from fengqiao.config import migrate, roles
from fengqiao.config.backup import (
    RestoreFailed,
    checks,
    cluster,
    forgotten,
    keyring,
    make,
    nightly,
    restore,
    shelf,
    wal,
)
from fengqiao.config.server import EmbeddedServer, database_home
from fengqiao.kernel.now import HERE
from tests import profile
from tests.conftest import QUICK

KEEPS_WAL = QUICK | {"archive_mode": "on"}
WORDS = "楼上漏水，已经三天了。"


def silent(sentence):
    pass


@contextmanager
def django_on(server, data, settings):
    """Let this process work in the house, as its program does."""
    from django.db import connections

    known = connections["default"].settings_dict
    before = {name: known[name] for name in ("HOST", "NAME", "USER")}
    connections.close_all()
    known |= {"HOST": str(server.socket), "NAME": "fengqiao", "USER": roles.PROGRAM}
    settings.FENGQIAO_DATA, settings.FENGQIAO_ANCHORS = data, data / "anchors"
    settings.FENGQIAO_PORTS = {
        **settings.FENGQIAO_PORTS, "storage": (settings.FENGQIAO_PORTS["storage"][0], data / "files"),
    }  # fmt: skip
    try:
        yield
    finally:
        connections.close_all()
        known |= before


@pytest.fixture
def house(short_folder, settings, monkeypatch, django_db_blocker):
    """A city on a server of its own, which keeps its WAL once it is told to."""
    from fengqiao.config import folders, secrets

    data = short_folder / "data"
    folders.prepare(data)
    secrets.keep(data, secrets.read(data))  # the run's keys, as files: what is restored brings its own
    monkeypatch.setenv("FENGQIAO_DATA", str(data))
    monkeypatch.delenv("DATABASE_URL")
    server = EmbeddedServer(database_home(data), settings=KEEPS_WAL)
    server.join()
    try:
        migrate.in_own_process(server.url(roles.OWNER))
        with django_db_blocker.unblock(), django_on(server, data, settings):
            yield make.house_of(data, server, "")
    finally:
        server.leave()
        assert not server.is_alive()


def backed_up(house):
    at = shelf.of_data(house.data)
    answer = make.make(house, at, shelf.keys_folder(house.data), say=silent)
    return next(each for each in at.sets() if str(each.path) == answer["set"])


def keys_of(house, found):
    return keyring.path(shelf.keys_folder(house.data), found.name)


def collected(house):
    wal.flush(house.server)
    return wal.collect(shelf.of_data(house.data), house.data)


def a_moment():
    """Now, with something committed before and after it."""
    time.sleep(0.05)
    moment = datetime.now(UTC)
    time.sleep(0.05)
    return moment


def with_a_paper(cast, matter):
    from fengqiao.kernel.docket import docket
    from fengqiao.offices.papers import papers

    with docket(cast.chen) as book:
        file = papers.Accepted("txt", WORDS.encode())
        return papers.add_document(book, book.take("read", pk=matter.pk), kind="photo", title="漏水", file=file)


def forget(matter):
    from fengqiao.kernel import archive
    from fengqiao.kernel.access import SystemPost
    from fengqiao.kernel.docket import docket

    with docket(SystemPost("keeper")) as book:
        (taken,) = book.take_many([matter.pk])
        archive.forget(book, taken)


@contextmanager
def owner_of(into):
    """The restored database, looked at as its owner; the program is not running."""
    server = EmbeddedServer(database_home(into), settings=QUICK)
    with server, psycopg.connect(server.url(roles.OWNER), autocommit=True) as connection:
        yield lambda question, *values: connection.execute(question, values).fetchone()[0]


def command(into, *arguments):
    left_out = ("FENGQIAO_KEY", "FENGQIAO_ANCHORS", "DATABASE_URL")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    done = subprocess.run(
        [sys.executable, "-m", "fengqiao.config.command", *arguments, "--json"],
        env=environment | {"FENGQIAO_DATA": str(into)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


@pytest.mark.database
@pytest.mark.commits
def test_a_city_comes_back_to_its_set_and_to_the_moment_before_a_mistake(house, short_folder):
    """Slow: a server is made, copied while it runs, and brought back three times, each on a server of its own."""
    from fengqiao.offices.audit import audit
    from tests.cast import an_order, build

    cast = build()
    first, gone = an_order(cast.chen, content=WORDS), an_order(cast.chen, content=WORDS)
    with_a_paper(cast, gone)
    kept_paper = with_a_paper(cast, first)
    audit.seal_root()
    found = backed_up(house)
    assert (found.facts["kind"], found.facts["matters"], found.facts["root"]) == ("copy", 2, 1)
    assert not [
        path for path in house.data.glob("backups/**/*") if path.is_file() and WORDS.encode() in path.read_bytes()
    ]

    second = an_order(cast.chen, content="第二天的事。")
    late_paper = with_a_paper(cast, second)
    forget(gone)
    audit.seal_root()
    before_the_mistake = a_moment()
    mistake = an_order(cast.chen, content="不该有的。")
    audit.seal_root()
    assert collected(house) >= 1
    assert checks.archived_wal() == []

    the_set_verifies(found, house)
    back_to_the_moment(house, found, before_the_mistake, short_folder / "a", first, second, gone, mistake, late_paper)
    back_to_the_set(house, found, short_folder / "b", first, second, gone, kept_paper)
    a_silent_roll_back_is_told(house, short_folder / "b")
    too_early_and_too_late_are_refused(house, found, short_folder / "c")
    if profile.DEEP:
        a_dump_moves_it_to_a_new_server(house)


def a_dump_moves_it_to_a_new_server(house):
    at = shelf.Shelf(house.data.parent / "elsewhere")
    keys = house.data.parent / "keys"
    made = make.make(house, at, keys, dumped=True, say=silent)
    (found,) = at.sets()
    assert (made["kind"], found.facts["wal_from"]) == ("dump", None)
    answer = restore.verify(found, keyring.path(keys, found.name), say=silent)
    assert (answer["ok"], answer["matters"], answer["root"]) == (True, 4, 3)


def the_set_verifies(found, house):
    answer = restore.verify(found, keys_of(house, found), say=silent)
    assert (answer["ok"], answer["matters"], answer["root"], answer["forgotten_again"]) == (True, 2, 1, 1)
    assert answer["people_opened"] == 1
    assert answer["files_opened"] == 1
    assert not list(found.shelf.folder.glob("trial-*"))


def back_to_the_moment(house, found, moment, into, first, second, gone, mistake, late_paper):
    answer = restore.restore(restore.Wish(found, keys_of(house, found), into, until=moment, say=silent))
    assert (answer["ok"], answer["matters"], answer["root"], answer["void"]) == (True, 3, 2, [3, 3])
    with owner_of(into) as ask:
        assert ask("select count(*) from matter where id = %s", mistake.pk) == 0
        assert ask("select body from text where matter_id = %s and kind = 'content'", second.pk) == "第二天的事。"
        nothing_is_left_of(gone, ask)
    assert (into / "files" / late_paper.stored[:2] / late_paper.stored).exists()
    told = command(into, "audit", "verify")
    assert (told["verified"], told["root"], told["restored"][0]["void"]) == (True, 4, [3, 3])


def back_to_the_set(house, found, into, first, second, gone, kept_paper):
    (listed,) = command(house.data, "backup", "list")["sets"]
    assert (listed["set"], listed["keys"]) == (found.name, True)
    answer = command(house.data, "restore", "latest", "--into", str(into))
    assert (answer["ok"], answer["matters"], answer["root"], answer["void"]) == (True, 2, 1, [2, 3])
    assert (answer["forgotten_again"], answer["files"]) == (1, 1)
    with owner_of(into) as ask:
        assert ask("select count(*) from matter where id = %s", second.pk) == 0
        assert ask("select body from text where matter_id = %s and kind = 'content'", first.pk) == WORDS
        nothing_is_left_of(gone, ask)
        assert ask("select data ->> 'set' from event where kind = 'system.restored'") == found.name
        assert ask("select timeline_id from pg_control_checkpoint()") == 2
    assert [path.name for path in (into / "files").glob("??/*")] == [kept_paper.stored]
    assert str(gone.pk) in {each["matter"] for each in forgotten.read(into / "anchors" / forgotten.FILE)}


def nothing_is_left_of(matter, ask):
    for table in ("text", "person", "matter_key", "search_row"):
        assert ask(f"select count(*) from {table} where matter_id = %s", matter.pk) == 0, table
    assert ask("select title from matter where id = %s", matter.pk) != "路灯不亮"


def a_silent_roll_back_is_told(house, restored):
    """The anchors of the running city beside an older database, without the command: that looks like tampering."""
    for path in (restored / "anchors").glob("root-*.json"):
        path.unlink()
    for path in house.anchors.glob("root-*.json"):
        shutil.copy(path, restored / "anchors")
    told = command(restored, "audit", "verify")
    assert not told["verified"]
    assert "gone" in {each["what"] for each in told["broken"]}


def too_early_and_too_late_are_refused(house, found, into):
    for moment, words in (
        (found.finished_at.replace(year=2020), "after the moment asked for"),
        (datetime(2099, 1, 1, tzinfo=UTC), "lies in the future"),
    ):
        with pytest.raises(RestoreFailed, match=words):
            restore.restore(restore.Wish(found, keys_of(house, found), into, until=moment, say=silent))
    assert not into.exists()


@pytest.mark.database
@pytest.mark.commits
def test_when_the_archive_has_no_room_the_program_goes_on_and_check_tells_it(house):
    """Slow: a server of its own."""
    from tests.cast import an_order, build

    cast = build()
    assert cluster.start_archiving(house.server)
    an_order(cast.chen)
    wal.flush(house.server)
    shelf.of_data(house.data).prepare()
    wal.collect(shelf.of_data(house.data), house.data)  # no set yet: nothing is kept, nothing piles up
    assert list(shelf.of_data(house.data).wal.iterdir()) == list(cluster.spool(house.server).glob("0*")) == []
    found = backed_up(house)
    spool = cluster.spool(house.server)
    shutil.rmtree(spool)
    spool.write_text("in the way")
    with psycopg.connect(house.server.url(roles.BOOT, "postgres"), autocommit=True) as boot:
        an_order(cast.chen)
        boot.execute("select pg_switch_wal()")
        wait_until(lambda: boot.execute("select failed_count from pg_stat_archiver").fetchone()[0])
    an_order(cast.chen)
    assert "could not archive its WAL" in checks.archived_wal()[0]
    spool.unlink()
    assert cluster.start_archiving(house.server)
    an_order(cast.chen)
    wal.flush(house.server)
    assert checks.archived_wal() == []
    assert wal.collect(found.shelf, house.data) >= 2
    the_night_brings_a_set(house, found)


def the_night_brings_a_set(house, found):
    """The supervisor's clock starts the command in a process of its own, with the owner's rights."""
    key = keyring.read(keys_of(house, found)).key
    yesterday = (datetime.now(UTC) - timedelta(days=1, minutes=1)).isoformat()
    shelf.write_manifest(found.path, dict(found.facts) | {"finished_at": yesterday}, key.secret)
    clock = nightly.Nightly(house.data, dict(os.environ), datetime.now(HERE).time())
    assert clock.keep(0) is None
    assert clock.what == "backup"
    wait_until(lambda: clock.process.poll() is not None)
    assert clock.keep(1) is None  # it went well
    assert len(found.shelf.sets()) == 2
    assert clock.keep(31) is None
    assert clock.what == "collection of WAL"
    clock.stop()
    assert clock.process is None


def wait_until(question, seconds=90):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if question():
            return
        time.sleep(0.2)
    raise AssertionError("it did not happen in time")
