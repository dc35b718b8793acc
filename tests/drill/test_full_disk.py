"""A full disk, tried on the real program: each door says the sentence, and with the room everything comes back, once.

It takes half a minute or more: the program starts on file systems of 64 MiB, PostgreSQL panics for want of room and
recovers. Without root there are no such file systems; the limit of the size of files is tried by anybody.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fengqiao.config.server import EmbeddedServer, database_home
from tests.config.conftest import short_path
from tests.config.test_supervisor import status, wait_until
from tests.drill.real import FOUND, MIB, Answer, Browser, DiskOf, Program, on_small_disks, program
from tests.papers.conftest import picture
from tests.profile import DEEP

pytestmark = pytest.mark.drill
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file system of 64 MiB")
ROUNDS = 4 if DEEP else 1
NO_ROOM = "There is no room on the disk of this machine just now."
SPOKEN = "这台机器的磁盘现在没有空间了。"  # what the command says, in the language of the settings
AWAY = "The database does not answer just now."
SEAL_A_ROOT = """
from fengqiao.config import command
with command.database():
    command.set_up_django()
    from procrastinate.contrib.django import app
    app.configure_task("roots", queue="quick", allow_unknown=True).defer(timestamp=0)
print(1)
"""


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """A table with a good row and one without words."""
    path = tmp_path / "rows.csv"
    path.write_text("编号,内容\nA1,示例路的井盖松了\nA2,\n", encoding="utf-8")
    return path


def a_photo() -> bytes:
    return picture("PNG", (300, 200))


def files_of(here: Program) -> list[Path]:
    return sorted(each for each in (here.data / "files").rglob("*") if each.is_file())


def imported(here: Program, rows: Path, *more: str, **limits: Any) -> tuple[int, str, str]:
    done = here.command("import", str(rows), "--channel", "12345", "--user", "sun", "--json", *more, **limits)
    return done.returncode, done.stdout, done.stderr


def remark(here: Program, slug: str, words: str) -> Answer:
    """Chen writes a remark at her desk."""
    chen = Browser(here, session=here.people["session"])
    chen.get("/desk/")
    return chen.post(f"/desk/matters/{slug}/do/remark/", {"text": words})


def slug_of(answer: Answer) -> str:
    assert answer.status == 201, answer.text
    return answer.headers["location"].rsplit("/", 1)[1]


def says(answer: Answer, sentence: str, *statuses: int) -> None:
    """Refused for now, with the sentence and with how long to wait."""
    assert answer.status in statuses, (answer.status, answer.text[:500])
    assert sentence in answer.text
    assert int(answer.headers["retry-after"]) > 0


def nothing_half_done(here: Program) -> None:
    """Every acknowledged order is there, once, with its journal; no file is half there, no row without its file."""
    found = here.asked(FOUND)
    titles = [title for title, _number in found["matters"]]
    assert {title: titles.count(title) for title in here.acknowledged} == dict.fromkeys(here.acknowledged, 1)
    numbers = dict(found["matters"])
    assert {title: numbers[title] for title, number in here.acknowledged.items() if number} == {
        title: number for title, number in here.acknowledged.items() if number
    }
    assert (found["silent"], found["missing"]) == (0, [])
    assert not [each.name for each in here.data.rglob("*.part")]
    verified = here.command("audit", "verify", "--json")
    assert json.loads(verified.stdout)["ok"], verified.stdout


# The disk of the files -----------------------------------------------------------------------------------------------


def full_files(here: Program, disk: DiskOf, rows: Path, turn: int) -> None:
    """Papers wait, orders come in, and what writes files says so."""
    resident, slug = Browser(here), slug_of(here.register(f"before-{turn}"))
    assert here.ready()["ready"]
    disk.fill()
    stored = files_of(here)
    assert (status(here.port), here.ready()["database"]) == (503, "ok")
    assert "of the data folder" in here.ready()["disk"]
    refused = here.upload(slug, a_photo())
    says(refused, NO_ROOM, 507)
    assert (refused.json["code"], refused.headers["content-type"]) == ("no_room", "application/problem+json")
    assert here.register(f"meanwhile-{turn}").status == 201
    assert resident.tell(f"meanwhile by form {turn}").status == 200
    page = resident.post(
        "/tell/2/", {"text": "路灯坏了，拍了照片。", "nature": "help"}, {"photos": ("a.png", "image/png", a_photo())}
    )
    assert NO_ROOM in page.text
    assert "路灯坏了，拍了照片。" in page.text
    for more in ((), ("--commit",)):
        code, _out, error = imported(here, rows, *more)
        assert (code, SPOKEN in error, "Traceback" in error) == (2, True, False), error
    here.asked(SEAL_A_ROOT)
    wait_until(lambda: here.log.count(f"The job roots: {NO_ROOM}") == turn + 1, 60)
    assert files_of(here) == stored
    disk.free()
    wait_until(lambda: status(here.port) == 200, 30)
    assert here.upload(slug, a_photo()).status == 201
    code, out, _error = imported(here, rows, "--commit")
    told = json.loads(out)
    assert (code, told["rejected"], told["created"] + told["unchanged"]) == (0, 1, 1)
    assert Path(told["rejected_file"]).is_file()
    here.asked(SEAL_A_ROOT)
    wait_until(lambda: here.log.count("The job roots: it works again.") == turn + 1, 60)


# The disk of the database --------------------------------------------------------------------------------------------


def use_up(here: Program, words: int, turn: int) -> Answer:
    """New orders until one is refused."""
    for number in range(2000):
        answer = here.register(f"fill-{turn}-{words}-{number}", words)
        if answer.status != 201:
            return answer
    raise AssertionError("the disk never became full")


def panic(here: Program) -> None:
    """Use up PostgreSQL's log, so that it panics."""
    server = EmbeddedServer(database_home(here.data))
    with suppress(psycopg.Error), server._boot() as connection:
        while True:
            connection.execute("select pg_logical_emit_message(false, 'drill', repeat('x', 4000000))")
            connection.execute("select pg_switch_wal()")
    wait_until(lambda: here.ready()["database"] != "ok", 60)


def logs_ahead(here: Program) -> None:
    """Let PostgreSQL keep segments of its log for later, so that its tables meet the full disk before its log does."""
    with EmbeddedServer(database_home(here.data))._boot() as connection:
        for _turn in range(4):
            connection.execute("select pg_logical_emit_message(false, 'drill', repeat('x', 15000000))")
            connection.execute("select pg_switch_wal()")
        connection.execute("checkpoint")


def full_database(here: Program, disk: DiskOf, rows: Path, turn: int) -> None:
    """Writing waits, reading goes on; then PostgreSQL itself stops, and comes back when there is room."""
    resident, slug = Browser(here), slug_of(here.register(f"first-{turn}"))
    logs_ahead(here)
    disk.leave_room(64 * MIB)
    assert here.ready()["ready"]
    disk.fill()
    assert "of the database" in here.ready()["disk"]
    says(use_up(here, 600, turn), NO_ROOM, 507)
    use_up(here, 10, turn)
    for path in ("/", "/rights/"):
        assert resident.get(path).status == 200
    assert here.api("/matters?limit=3").status == 200
    assert Browser(here, session=here.people["session"]).get("/desk/").status == 200
    panic(here)
    assert (status(here.port), status(here.port, "/healthz")) == (503, 200)
    page = Browser(here).post("/tell/send/", {})
    assert page.status in (403, 503)
    stuck = resident.tell(f"typed in vain {turn}")
    says(stuck, AWAY, 503)
    kept = resident.kept(stuck.text)
    assert f"typed in vain {turn}：村口的路灯坏了一个星期。" in kept.values()
    says(here.register(f"late-{turn}"), AWAY, 503)
    says(here.upload(slug, a_photo()), AWAY, 503)
    says(remark(here, slug, "看过了"), AWAY, 503)
    code, _out, error = imported(here, rows, "--commit")
    assert (code, "Traceback" in error) == (2, False), error
    assert "No space left on device" in error or AWAY in error or "does not answer" in error
    disk.free()
    wait_until(lambda: status(here.port) == 200, 90)
    resident.get("/tell/")
    again = resident.post("/tell/send/", {name: value for name, value in kept.items() if name != "csrfmiddlewaretoken"})
    assert (again.status, 'class="code num"' in again.text) == (200, True), again.text[:500]
    here.acknowledged[f"路灯 typed in vain {turn}"] = ""
    assert here.register(f"late-{turn}").status == 201
    assert here.upload(slug, a_photo()).status == 201
    assert remark(here, slug, "看过了").status == 200
    assert imported(here, rows, "--commit")[0] == 0


@root_only
def test_when_a_disk_is_full_each_door_says_so_and_with_the_room_everything_comes_back_once(rows: Path) -> None:
    with on_small_disks() as (folder, files, database), program(folder) as here:
        for turn in range(ROUNDS):
            full_files(here, files, rows, turn)
            full_database(here, database, rows, turn)
            nothing_half_done(here)
        assert here.ready()["ready"]
        assert "Traceback" not in here.log, here.log.partition("Traceback")[2][:3000]


@root_only
@pytest.mark.skipif(not DEEP, reason="six minutes of orders while the disk fills and empties: only in the deep profile")
def test_while_the_disk_of_the_database_fills_and_empties_no_acknowledged_order_is_lost() -> None:
    dice, until = random.Random(7), time.monotonic() + 240
    with on_small_disks() as (folder, _files, disk), program(folder) as here:
        disk.leave_room(64 * MIB)

        def client(name: int) -> None:
            for count in range(10**6):
                while time.monotonic() < until:
                    with suppress(OSError, ValueError):
                        if here.register(f"{name}-{count}", 100).status == 201:
                            break
                    time.sleep(0.2)

        clients = [threading.Thread(target=client, args=(name,)) for name in range(3)]
        for each in clients:
            each.start()
        while time.monotonic() < until:
            disk.fill()
            time.sleep(dice.uniform(2, 10))
            disk.free()
            time.sleep(dice.uniform(2, 10))
        for each in clients:
            each.join()
        disk.leave_room(64 * MIB)  # four minutes of orders have filled what there was
        wait_until(lambda: status(here.port) == 200, 90)
        nothing_half_done(here)


# The limit of the size of files --------------------------------------------------------------------------------------


@pytest.fixture
def limited() -> Iterator[Program]:
    """The program, whose web and worker may be held to a size of files; PostgreSQL is not."""
    with short_path() as folder, program(folder) as here:
        yield here


def limit(here: Program, size: int) -> None:
    for number in here.processes():
        resource.prlimit(number, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_under_a_limit_of_the_size_of_files_each_door_says_so_and_goes_on_without_it(
    limited: Program, rows: Path
) -> None:
    here, resident = limited, Browser(limited)
    slug = slug_of(here.register("one"))
    limit(here, 64)
    says(here.upload(slug, a_photo()), NO_ROOM, 507)
    words = {"text": "路灯坏了，拍了照片。", "nature": "help"}
    page = resident.get("/tell/")
    page = resident.post("/tell/2/", words, {"photos": ("a.png", "image/png", a_photo())})
    assert (NO_ROOM in page.text, words["text"] in page.text) == (True, True)
    # Larger than what stays in memory: the temporary file meets the limit before anybody looks at the photo.
    says(resident.post("/tell/2/", words, {"photos": ("a.png", "image/png", b"\0" * 3 * MIB)}), NO_ROOM, 503)
    code, _out, error = imported(here, rows, "--commit", limit=1024)
    assert (code, SPOKEN in error, "Traceback" in error) == (2, True, False), error
    assert here.register("two").status == 201
    limit(here, resource.RLIM_INFINITY)
    assert here.upload(slug, a_photo()).status == 201
    assert imported(here, rows, "--commit")[0] == 0
    nothing_half_done(here)


GROW = """
import sys
from pathlib import Path
import psycopg
from fengqiao.config.server import EmbeddedServer
from fengqiao.doors.outages import outage_of
with EmbeddedServer(Path(sys.argv[1])) as server, server._boot() as connection:
    connection.execute("create table ballast (line text)")
    try:
        connection.execute("insert into ballast select repeat(md5(n::text), 60) from generate_series(1, 20000) n")
    except psycopg.Error as met:
        print(type(outage_of(met)).__name__, connection.execute("select count(*) from ballast").fetchone()[0])
"""


def test_a_table_of_postgresql_that_may_not_grow_is_no_room_too() -> None:
    """Under a limit that leaves room for a segment of its log (16 MiB) and not for a table of 40 MB."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (18 * MIB, resource.RLIM_INFINITY))

    with short_path() as folder:
        done = subprocess.run(
            [sys.executable, "-c", GROW, str(folder / "database")],
            capture_output=True, text=True, preexec_fn=limited, check=False,
        )  # fmt: skip
    assert done.stdout.split() == ["NoRoom", "0"], done.stderr[-2000:]
