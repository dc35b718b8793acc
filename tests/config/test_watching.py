"""/metrics: what it tells, to whom, and at what price; and the same facts as sentences of `fengqiao check`."""

import json
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from fengqiao.config import health
from fengqiao.config.backup import shelf
from fengqiao.config.watching import checks, requests, scrape, state
from fengqiao.kernel import now as clock
from tests.cast import an_order, build

TOKEN = "a-token-of-this-test-alone"
HERE = {"HTTP_HOST": "localhost:8000", "REMOTE_ADDR": "127.0.0.1"}


def ask(client, **headers):
    return client.get("/metrics", **(HERE | headers))


def told(client):
    """Every sample of a scrape: {(name, labels): value}."""
    answer = ask(client)
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {(s.name, *sorted(s.labels.items())): s.value for family in families for s in family.samples}


@pytest.fixture
def folders(settings, tmp_path):
    """Empty folders of the program's own."""
    for name in ("FENGQIAO_DATA", "FENGQIAO_RUN", "FENGQIAO_ANCHORS", "FENGQIAO_BACKUPS"):
        path = tmp_path / name.lower()
        path.mkdir()
        setattr(settings, name, path)
    return settings


@pytest.fixture
def cast(db):
    return build()


def runs(folders, since=0.0, **groups):
    """Let it look as if `up` had run on these folders since so many seconds."""
    path = folders.FENGQIAO_DATA / "up.json"
    path.write_text(json.dumps({"address": "http://localhost:1", "pid": os.getpid(), "groups": groups}))
    os.utime(path, (time.time() - since, time.time() - since))


# Who may read ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"REMOTE_ADDR": "10.1.2.3"},
        {"REMOTE_ADDR": "not an address"},
        {"HTTP_X_FORWARDED_FOR": "10.1.2.3"},
        {"HTTP_X_REAL_IP": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=10.1.2.3"},
        {"HTTP_HOST": "city.example"},
        {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}", "REMOTE_ADDR": "10.1.2.3"},
    ],
)
def test_from_elsewhere_or_through_a_proxy_it_is_not_there(client, db, headers):
    assert ask(client, **headers).status_code == 404


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000"])
def test_a_program_on_this_machine_reads_it(client, db, folders, host):
    answer = ask(client, HTTP_HOST=host)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    assert "no-store" in answer["Cache-Control"]


def test_the_token_opens_it_from_anywhere_and_no_other_word_does(client, db, folders):
    folders.FENGQIAO_METRICS_TOKEN = TOKEN
    away = {"REMOTE_ADDR": "10.1.2.3", "HTTP_HOST": "city.example"}
    assert ask(client, HTTP_AUTHORIZATION=f"Bearer {TOKEN}", **away).status_code == 200
    for wrong in (f"Bearer {TOKEN}x", TOKEN, "Bearer ", "Bearer 令牌", ""):
        assert ask(client, HTTP_AUTHORIZATION=wrong, **away).status_code == 404


# What it tells --------------------------------------------------------------------------------------------------------


def test_matters_are_counted_over_the_whole_city_without_place_or_person(client, cast, folders):
    orders = [an_order(cast.chen) for _ in range(3)]
    found = told(client)
    assert found["fengqiao_matters_open", ("state", "received")] == 3
    assert found["fengqiao_matters_open", ("state", "replied")] == 0
    assert ("fengqiao_matters_open", ("state", "closed")) not in found
    words = "".join(line.rpartition(" ")[0] for line in ask(client).content.decode().splitlines())
    assert all(order.number not in words for order in orders)
    assert not re.search(r"330681|演示|1[3-9]\d{9}", words)


def test_a_count_stops_at_its_cap(client, cast, folders, monkeypatch):
    for _ in range(3):
        an_order(cast.chen)
    monkeypatch.setattr(state, "CAP", 2)
    assert told(client)["fengqiao_matters_open", ("state", "received")] == 2


def test_labels_are_words_of_the_program(client, cast, folders):
    client.get("/desk/sign-in/")
    client.get("/nowhere/13800138000")
    runs(folders, web=os.getpgid(0))
    labels = {label for name, *labels in told(client) for label in labels}
    assert labels  # and each value is one of a closed set
    closed = {"state", "status", "part", "le"}
    assert {name for name, _value in labels} <= closed
    assert all(re.fullmatch(r"[a-z_ ]+|[1-5]xx|\+Inf|[\d.]+", value) for _name, value in labels), labels


def test_a_page_is_counted_with_its_part_its_answer_and_its_time(client, cast, folders):
    before = told(client)
    client.get("/desk/sign-in/")
    client.get("/nowhere/at/all")
    after = told(client)

    def more(part, status):
        key = ("fengqiao_request_seconds_count", ("part", part), ("status", status))
        return after[key] - before.get(key, 0)

    assert (more("accounts", "2xx"), more("nowhere", "4xx"), more("health", "2xx")) == (1, 1, 1)


def test_the_worker_the_disk_and_the_backups_are_told_by_their_age(client, db, folders):
    found = told(client)
    assert found[("fengqiao_worker_heartbeat_age_seconds",)] == float("inf")
    assert found[("fengqiao_backup_age_seconds",)] == float("inf")
    health.heartbeat_file().touch()
    (folders.FENGQIAO_BACKUPS / "before-migration-20261101.dump").touch()
    sets = folders.FENGQIAO_BACKUPS / "sets"
    begun = shelf.name_at(clock.now() - timedelta(hours=2))
    for name in (f".{shelf.name_at(clock.now())}.part", "20260101T000000Z", begun):
        (sets / name).mkdir(parents=True)
    found = told(client)
    assert 0 <= found[("fengqiao_worker_heartbeat_age_seconds",)] < 60
    assert 7200 <= found[("fengqiao_backup_age_seconds",)] < 7300, "only a finished backup counts"
    assert 0 < found[("fengqiao_disk_free_bytes",)] <= found[("fengqiao_disk_bytes",)]


def test_backups_that_may_not_be_looked_at_are_left_out(client, db, folders, monkeypatch):
    monkeypatch.setattr(state, "backup_age", lambda: (_ for _ in ()).throw(PermissionError()))
    assert ("fengqiao_backup_age_seconds",) not in told(client)


@pytest.mark.commits
def test_the_journal_tells_its_last_root_and_what_is_newer(client, own_database, folders):
    from fengqiao.offices.audit import audit

    cast = build()
    found = told(client)
    assert found[("fengqiao_journal_root_number",)] == 0
    assert found[("fengqiao_journal_root_age_seconds",)] == float("inf")
    an_order(cast.chen)
    audit.seal_root(folders.FENGQIAO_ANCHORS)
    audit.seal_root(folders.FENGQIAO_ANCHORS)
    sealed = told(client)
    an_order(cast.chen)
    later = told(client)
    assert sealed[("fengqiao_journal_root_number",)] == 2
    assert 0 <= sealed[("fengqiao_journal_root_age_seconds",)] < 60
    assert later[("fengqiao_journal_events_unsealed",)] > sealed[("fengqiao_journal_events_unsealed",)]


def test_a_damaged_anchor_counts_as_none(client, db, folders):
    (folders.FENGQIAO_ANCHORS / "root-000000007.json").write_text("{}")
    assert told(client)[("fengqiao_journal_root_number",)] == 0


def test_jobs_outbox_and_calendar_are_counted(client, cast, folders):
    from django.db import connection

    from fengqiao.kernel.models import Message
    from fengqiao.kernel.timekeeping import calendar

    hour = timedelta(hours=1)
    Message.objects.create(way="sms", template="dispatched", made_at=clock.now() - hour)
    Message.objects.create(way="sms", template="dispatched", dead_at=clock.now())
    Message.objects.create(way="desk", template="dispatched")
    with connection.cursor() as cursor:
        for status, due in (
            ("todo", "now() - interval '1 hour'"),
            ("todo", "now() + interval '1 hour'"),
            ("failed", "null"),
        ):
            cursor.execute(
                "insert into procrastinate_jobs (queue_name, task_name, status, scheduled_at) "
                f"values ('quick', 'outbox', %s::procrastinate_job_status, {due})",
                [status],
            )
    found = told(client)
    assert found["fengqiao_outbox_messages", ("state", "waiting")] == 1
    assert found["fengqiao_outbox_messages", ("state", "dead")] == 1
    assert 3600 <= found[("fengqiao_outbox_oldest_age_seconds",)] < 3700
    assert found["fengqiao_jobs", ("state", "todo")] == 2
    assert found["fengqiao_jobs", ("state", "failed")] == 1
    assert found[("fengqiao_jobs_late",)] == 1
    assert found[("fengqiao_calendar_last_year",)] == max(calendar().published_years)


def test_a_database_that_is_away_is_told_and_the_rest_still_is(client, own_database, folders):
    from django.db import connections

    from tests.conftest import test_server

    connections.close_all()
    test_server().drop_database(own_database.name)
    found = told(client)
    assert found[("fengqiao_database_up",)] == 0
    assert ("fengqiao_disk_free_bytes",) in found
    assert ("fengqiao_matters_open", ("state", "received")) not in found


def test_memory_is_that_of_our_processes(client, db, folders):
    assert not [name for name, *_ in told(client) if name == "fengqiao_memory_bytes"], "nothing runs on this folder"
    runs(folders, web=os.getpgid(0), worker=2**22)
    found = told(client)
    assert found["fengqiao_memory_bytes", ("part", "web")] > 2**20
    assert found["fengqiao_memory_bytes", ("part", "worker")] == 0, "a group that is gone"


# What it costs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "index"),
    [
        ("OPEN", "matter_state"),
        ("OVERDUE", "matter_due"),
        ("OUTBOX", "message_waiting"),
        ("DEAD", "message_dead"),
        ("PROVISIONAL", "clock_provisional"),
        ("UNSEALED", "_xid_idx"),
    ],
)
def test_each_question_of_a_table_that_grows_stands_on_an_index(cast, folders, question, index):
    from django.db import connection

    sql = getattr(state, question)
    with state.asking(), connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")  # the tables of a test are too small to need one
        values = {name: of() for name, of in state.VALUES.items() if f"%({name})s" in sql}
        cursor.execute(f"explain {sql}", values)
        assert index in "\n".join(row[0] for row in cursor.fetchall())


def test_a_question_that_takes_too_long_is_cut_off(client, db, folders, monkeypatch):
    monkeypatch.setattr(state, "QUESTION_SECONDS", 0.05)
    monkeypatch.setattr(state, "OVERDUE", "select 1 from pg_sleep(3)")
    assert told(client)[("fengqiao_database_up",)] == 0


# Several web processes ------------------------------------------------------------------------------------------------

WEB = """
import sys, time
from pathlib import Path
from fengqiao.config.watching import requests
print(requests.share(Path(sys.argv[1])), flush=True)
for _ in range(int(sys.argv[2])):
    requests.observe("desk", 200, 0.02)
print(sum(s.value for m in requests.collect() for s in m.samples if s.name.endswith("_count")), flush=True)
sys.stdin.read()
"""


def web(folder, answers):
    process = subprocess.Popen(
        [sys.executable, "-c", WEB, str(folder), str(answers)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return process, process.stdout.readline().strip(), float(process.stdout.readline())


def test_each_process_tells_of_all_and_one_that_comes_back_counts_on(tmp_path):
    first, number, count = web(tmp_path, 3)
    assert (number, count) == ("0", 3)
    second, number, count = web(tmp_path, 4)
    assert (number, count) == ("1", 7), "the second tells of both"
    first.kill()
    first.wait()
    again, number, count = web(tmp_path, 5)
    assert (number, count) == ("0", 12), "it takes over the file of the dead one; nothing is forgotten"
    for process in (second, again):
        process.communicate("")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["histogram_0.db", "histogram_1.db"]


def test_a_folder_without_room_stops_no_web_process(tmp_path):
    full = tmp_path / "file"
    full.touch()
    process, number, count = web(full / "metrics", 2)
    process.communicate("")
    assert (number, count, process.returncode) == ("None", 2, 0), "it counts alone"


def test_a_count_survives_a_full_disk(tmp_path):
    """Every page of the file is there before it is written through memory."""
    process, _, _ = web(tmp_path, 1)
    process.communicate("")
    file = (tmp_path / "histogram_0.db").stat()
    assert file.st_size == requests.FILE_BYTES
    assert file.st_blocks * 512 >= requests.FILE_BYTES


# As sentences ---------------------------------------------------------------------------------------------------------


def test_check_is_silent_where_nothing_runs(cast, folders):
    assert [*checks.late_worker(), *checks.unsealed_root(), *checks.old_outbox()] == []


def test_check_tells_of_a_silent_worker_and_of_late_jobs(cast, folders):
    from django.db import connection

    runs(folders)
    assert checks.late_worker() == ["The worker has not started. `up` starts it again; its output says why it ended."]
    health.heartbeat_file().touch()
    assert checks.late_worker() == []
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into procrastinate_jobs (queue_name, task_name, status, scheduled_at) "
            "values ('quick', 'outbox', 'todo', now() - interval '1 hour')"
        )
    assert checks.late_worker() == ["1 jobs should have begun 120 seconds ago; see the worker's output."]


def test_check_tells_of_a_message_that_waits(cast, folders):
    from fengqiao.kernel.models import Message

    Message.objects.create(way="mail", template="dispatched", made_at=clock.now() - timedelta(hours=3))
    (sentence,) = checks.old_outbox()
    assert sentence.startswith("1 messages wait, the oldest for 3 h")


def test_check_tells_of_a_root_that_is_not_sealed(folders):
    runs(folders, since=60)
    assert checks.unsealed_root() == [], "it has only just begun"
    runs(folders, since=7200)
    assert "(last: none)" in checks.unsealed_root()[0]
    told_at = (clock.now() - timedelta(hours=2)).astimezone(UTC).isoformat(timespec="seconds")
    anchor = folders.FENGQIAO_ANCHORS / "root-000000003.json"
    anchor.write_text(f'{{"number":3,"at":"{told_at}","below":9,"matters":0}}')
    assert "(last: root 3 of " in checks.unsealed_root()[0]
    anchor.rename(folders.FENGQIAO_ANCHORS / "root-000000003.old")
    (folders.FENGQIAO_ANCHORS / "root-000000004.json").write_text(
        f'{{"number":4,"at":"{clock.now().astimezone(UTC).isoformat(timespec="seconds")}","below":9,"matters":0}}'
    )
    assert checks.unsealed_root() == []


def test_check_tells_of_a_provisional_calendar_only_when_it_is_late_and_matters(cast, folders, monkeypatch):
    last = state.last_year()
    provisional = []

    def at(year, month, day):
        moment = datetime(year, month, day, 12, tzinfo=UTC)
        monkeypatch.setattr(checks, "today", lambda: moment.date())
        monkeypatch.setattr(state, "PROVISIONAL", f"select {len(provisional)}")
        return checks.provisional_calendar()

    assert at(last, 12, 31) == [], "no limit runs into the next year"
    provisional.append("one")
    assert at(last, 12, 9) == [], "the notice may still come"
    assert at(last, 12, 10) == [
        f"1 limits are provisional: the holidays of {last + 1} are not known; `fengqiao load calendar FILE`."
    ]
    assert f"the holidays of {last + 1}" in at(last + 1, 3, 1)[0]


def test_every_check_is_one_that_fengqiao_check_asks(settings):
    asked = {path.rpartition(".")[2] for path in settings.FENGQIAO_CHECKS.values() if ".watching." in path}
    assert asked == {name for name, it in vars(checks).items() if getattr(it, "__module__", "") == checks.__name__}


def test_the_registry_asks_once_a_scrape(monkeypatch):
    count = []
    monkeypatch.setattr(scrape.Everything, "collect", lambda self: iter(count.append(1) or ()))
    scrape.generate_latest(scrape.Scrape())
    assert count == [1]
