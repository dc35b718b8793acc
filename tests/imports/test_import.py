"""Tables come in through the kernel's one intake: all rows, none lost, none twice."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fengqiao.doors.imports import reports, run
from fengqiao.doors.imports.tables import open_table
from fengqiao.ground.refusals import Refused
from fengqiao.kernel import access, intake
from fengqiao.kernel.access import acting_as
from fengqiao.kernel.models import Clock, Event, Job, Matter, Message, Source, Task, Text
from fengqiao.kernel.now import now
from fengqiao.offices.audit import audit
from fengqiao.offices.merging import merging
from tests.cast import Cast
from tests.imports.conftest import HEADING, a_row

Write = Callable[..., Path]
ANSWERED = (*HEADING, "答复意见", "答复时间")


def counts(report: reports.Report) -> tuple[int, int, int, int, int]:
    return report.rows, report.created, report.joined, report.unchanged, report.rejected


def matters(by: Any) -> list[Matter]:
    with acting_as(by):
        return list(access.matters_for(by).order_by("opened_at"))


def events_of_matters(by: Any) -> int:
    with acting_as(by):
        return Event.objects.filter(matter__isnull=False).count()


def test_a_dry_run_says_what_would_come_in_and_changes_nothing(cast: Cast, table: Write) -> None:
    path = table([a_row(1), a_row(2), a_row(2), a_row(3, time="soon"), a_row(4, content="")])
    report = run.preview(path, None, "12345", cast.sun)
    assert counts(report) == (5, 2, 0, 1, 2)
    assert [fault["row"] for fault in report.faults] == [5, 6]
    assert report.first[0]["title"] == "示例路第1号路灯不亮"
    assert matters(cast.sun) == []
    assert counts(run.commit(path, None, "12345", cast.sun)) == counts(report)


def test_a_second_import_of_the_same_file_changes_nothing(cast: Cast, table: Write) -> None:
    path = table([a_row(number) for number in range(1, 8)])
    assert counts(run.commit(path, None, "12345", cast.sun)) == (7, 7, 0, 0, 0)
    before = events_of_matters(cast.sun)
    assert counts(run.commit(path, None, "12345", cast.sun)) == (7, 0, 0, 7, 0)
    assert counts(run.preview(path, None, "12345", cast.sun)) == (7, 0, 0, 7, 0)
    assert events_of_matters(cast.sun) == before


def test_the_same_rows_in_another_file_are_known_by_their_numbers(cast: Cast, table: Write) -> None:
    run.commit(table([a_row(1), a_row(2)]), None, "12345", cast.sun)
    again = table([a_row(2), a_row(3), a_row(1)], name="later.csv")
    assert counts(run.commit(again, None, "12345", cast.sun)) == (3, 1, 0, 2, 0)
    assert counts(run.commit(again, None, "e_line", cast.sun)) == (3, 3, 0, 0, 0)


def test_rows_without_a_number_get_a_stable_one_from_their_words(cast: Cast, table: Write) -> None:
    rows = [row[1:] for row in (a_row(1), a_row(2), a_row(2))]
    assert counts(run.commit(table(rows, HEADING[1:]), None, "12345", cast.sun)) == (3, 2, 0, 1, 0)
    later = table([*rows, a_row(3)[1:]], HEADING[1:], name="later.csv")
    assert counts(run.commit(later, None, "12345", cast.sun)) == (4, 1, 0, 3, 0)
    with acting_as(cast.sun):
        assert all(source.external_id.startswith("file:") for source in Source.objects.all())


def test_another_text_under_the_same_number_is_added_to_the_same_source(cast: Cast, table: Write) -> None:
    path = table([a_row(1), a_row(1, content="补充：旁边的井盖也松了。")])
    assert counts(run.commit(path, None, "12345", cast.sun)) == (2, 1, 1, 0, 0)
    (matter,) = matters(cast.sun)
    with acting_as(cast.sun):
        assert Source.objects.filter(matter=matter).count() == 1
        assert sorted(Text.objects.filter(matter=matter).values_list("kind", flat=True)) == ["content", "supplement"]
    again = table([a_row(1, content="补充：旁边的井盖也松了。")], name="later.csv")
    assert counts(run.commit(again, None, "12345", cast.sun)) == (1, 0, 0, 1, 0)


def test_the_same_text_of_the_same_phone_within_thirty_days_joins_and_otherwise_does_not(
    cast: Cast, table: Write
) -> None:
    heading = (*HEADING, "电话")
    words = "甲镇示例路口的井盖松了，车子一压就响。"
    path = table(
        [
            [*a_row(1, content=words, time="2026/3/1 09:00"), "10012345678"],
            [*a_row(2, content=words, time="2026/3/20 09:00"), "10012345678"],
            [*a_row(3, content=words, time="2026/5/20 09:00"), "10012345678"],
            [*a_row(4, content=words, time="2026/3/2 09:00"), "10012345679"],
        ],
        heading,
    )
    assert counts(run.preview(path, None, "12345", cast.sun)) == (4, 3, 1, 0, 0)
    assert counts(run.commit(path, None, "12345", cast.sun)) == (4, 3, 1, 0, 0)
    first = next(matter for matter in matters(cast.sun) if "第1号" in matter.title)
    with acting_as(cast.sun):
        assert Source.objects.filter(matter=first).count() == 2


def test_the_same_text_of_two_unknown_people_is_two_orders_with_a_hint(cast: Cast, table: Write) -> None:
    words = "乙镇示例小区的电梯停了三天，老人下不了楼，物业说等零件。"
    run.commit(table([a_row(1, content=words), a_row(2, content=words)]), None, "12345", cast.sun)
    first, second = matters(cast.sun)
    with acting_as(cast.sun):
        (hint,), of_all = merging.hints(cast.sun, second)
    assert hint.number == first.number
    assert hint.score >= 50
    assert of_all == 1


def test_a_hint_at_an_order_that_the_reader_may_not_see_is_not_there(cast: Cast, table: Write) -> None:
    words = "乙镇示例小区的电梯停了三天，老人下不了楼，物业说等零件。"
    run.commit(table([a_row(1, content=words), a_row(2, content=words)]), None, "12345", cast.sun)
    _first, second = matters(cast.sun)
    with acting_as(cast.li):
        assert merging.hints(cast.li, second) == ([], 0)


def test_hints_reach_orders_that_were_there_before(cast: Cast, table: Write) -> None:
    words = "甲镇示例河道漂满水葫芦，夏天发臭，请水务派人打捞清理。"
    run.commit(table([a_row(1, content=words)]), None, "12345", cast.sun)
    run.commit(table([a_row(2, content=words + "已经一个月了。")], name="later.csv"), None, "12345", cast.sun)
    first, second = matters(cast.sun)
    with acting_as(cast.sun):
        assert [hint.number for hint in merging.hints(cast.sun, second)[0]] == [first.number]


def test_an_imported_order_is_history_no_clock_runs_and_nothing_is_sent(cast: Cast, table: Write) -> None:
    run.commit(table([a_row(1, title="咨询公交站牌")]), None, "12345", cast.sun)
    (matter,) = matters(cast.sun)
    with acting_as(cast.sun):
        received = Event.objects.get(matter=matter, kind="matter.received")
        task = Task.objects.get(matter=matter)
        assert not Clock.objects.filter(matter=matter).exists()
        assert not Message.objects.filter(matter=matter).exists()
        assert matter.hotline_order.nature == "enquiry"
    assert (matter.state, matter.imported, matter.due_at) == ("received", True, None)
    assert received.happened_at == matter.opened_at
    assert received.recorded_at - received.happened_at > timedelta(days=1)
    assert received.data["history"] is True
    assert (task.kind, task.unit_id, task.done_at) == ("dispatch", cast.units["hotline"].pk, None)


@pytest.mark.parametrize(("answered", "outcome"), [("2026/3/4 10:00", "met"), ("2026/4/30 10:00", "missed")])
def test_an_answered_row_comes_in_closed_with_its_limit_computed(
    cast: Cast, table: Write, answered: str, outcome: str
) -> None:
    row = [*a_row(1, time="2026/3/2 09:00"), "已经修好，谢谢。", answered]
    run.commit(table([row], ANSWERED), None, "12345", cast.sun)
    (matter,) = matters(cast.sun)
    with acting_as(cast.sun):
        source = Source.objects.select_related("reply").get(matter=matter)
        clock = Clock.objects.get(matter=matter)
        kinds = list(Event.objects.filter(matter=matter).order_by("seq").values_list("kind", flat=True))
        assert not Task.objects.filter(matter=matter, done_at=None).exists()
        assert not Message.objects.filter(matter=matter).exists()
    assert kinds == ["matter.received", "hotline.history_reply", "hotline.close_history"]
    assert (matter.state, matter.closed_at) == ("closed", source.replied_at)
    assert source.reply is not None
    assert source.reply.body == "已经修好，谢谢。"
    assert (clock.rule, clock.source_id, clock.outcome) == ("T-H01", source.pk, outcome)


def test_an_answer_that_comes_in_a_later_file_closes_the_order(cast: Cast, table: Write) -> None:
    run.commit(table([a_row(1)]), None, "12345", cast.sun)
    later = table([[*a_row(1), "已经修好。", "2026/3/9 10:00"]], ANSWERED, name="later.csv")
    assert counts(run.commit(later, None, "12345", cast.sun)) == (1, 0, 1, 0, 0)
    assert [matter.state for matter in matters(cast.sun)] == ["closed"]
    reworded = table([[*a_row(1), "已经修好。", "2026/3/9 10:00:00"]], ANSWERED, name="again.csv")
    assert counts(run.commit(reworded, None, "12345", cast.sun)) == (1, 0, 0, 1, 0)


def test_places_categories_and_natures_are_read_by_name_and_unknown_ones_are_noted(cast: Cast, table: Write) -> None:
    heading = (*HEADING, "地点", "类别", "性质")
    rows = [[*a_row(1), "甲镇", "交通", "投诉"], [*a_row(2), "月亮上", "天文", "诗"], [*a_row(3), "", "", "举报"]]
    run.commit(table(rows, heading), None, "12345", cast.sun)
    found = {matter.title: matter for matter in matters(cast.sun)}
    known, unknown = found["示例路第1号路灯不亮"], found["示例路第2号路灯不亮"]
    reported = found["示例路第3号路灯不亮"]
    with acting_as(cast.sun):
        note = Text.objects.get(matter=unknown, kind="note")
        assert known.hotline_order.nature == "complaint"
        assert unknown.hotline_order.nature == "help"
        assert Text.objects.filter(matter=reported, body__isnull=True).exists()
    assert (known.place_id, known.category) == ("330681901", "transport")
    assert (unknown.place_id, unknown.category) == ("330681", "")
    assert all(words in (note.body or "") for words in ("月亮上", "天文", "诗"))
    assert reported.confidentiality == "protected"


def test_rejected_rows_are_given_back_and_come_in_once_they_are_mended(cast: Cast, table: Write) -> None:
    path = table([a_row(1), a_row(2, time="=HYPERLINK(1)"), a_row(3, title="长" * 201), a_row(4, time="2999/1/1")])
    report = run.commit(path, None, "12345", cast.sun)
    assert counts(report) == (4, 1, 0, 0, 3)
    back = Path(report.rejected_file)
    assert stat.S_IMODE(back.stat().st_mode) == 0o600
    given = open_table(back)
    assert given.columns[:5] == HEADING
    rows = list(given.rows())
    assert [row.cells["留言编号"] for row in rows] == ["N2", "N3", "N4"]
    assert rows[0].cells["留言时间"] == "=HYPERLINK(1)"
    mended = table(
        [[*list(row.cells.values())[:3], "2026/3/3", row.cells["留言详情"]] for row in rows], name="mended.csv"
    )
    assert run.commit(mended, {"content": "留言详情", "external_id": "留言编号"}, "12345", cast.sun).created == 3


def test_only_the_supervisor_of_the_hotline_may_import(cast: Cast, table: Write) -> None:
    path = table([a_row(1)])
    for post in (cast.administrator, cast.chen, cast.zhao, cast.auditor):
        with pytest.raises(Refused) as refused:
            run.commit(path, None, "12345", post)
        assert refused.value.code == "may_not_import"
    with pytest.raises(Refused) as refused:
        run.commit(path, None, "pigeon", cast.sun)
    assert refused.value.code == "no_channel"


def test_a_row_that_intake_refuses_is_given_back_and_the_others_come_in(
    cast: Cast, table: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = intake._open

    def picky(book: Any, kind: str, receipt: Any, *more: Any) -> Any:
        if receipt.external_id == "N2":
            raise Refused("no", "Not this one.")
        return taken(book, kind, receipt, *more)

    monkeypatch.setattr(intake, "_open", picky)
    report = run.commit(table([a_row(1), a_row(2), a_row(3)]), None, "12345", cast.sun)
    assert counts(report) == (3, 2, 0, 0, 1)
    assert report.faults == [{"row": 3, "why": "Not this one."}]


def test_an_import_that_breaks_in_batch_three_goes_on_behind_batch_two(
    committed_cast: Cast, table: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "BATCH", 3)
    path = table([a_row(number) for number in range(1, 12)])
    taken, calls = intake.receive_many, []

    def breaking(*args: Any, **more: Any) -> Any:
        calls.append(1)
        done = taken(*args, **more)
        if len(calls) == 3:
            raise OSError("the power went")
        return done

    monkeypatch.setattr(intake, "receive_many", breaking)
    with pytest.raises(OSError, match="the power went"):
        run.commit(path, None, "12345", committed_cast.sun)
    assert len(matters(committed_cast.sun)) == 6
    job = Job.objects.get()
    assert (job.done, job.error, job.ended_at) == (6, "OSError", None)
    report = run.commit(path, None, "12345", committed_cast.sun)
    assert report.job == str(job.pk)
    assert len(calls) == 5
    assert counts(report) == (11, 11, 0, 0, 0)
    assert [line["batch"] for line in report.batches] == [0, 1, 2, 3]
    assert len(matters(committed_cast.sun)) == 11
    assert audit.verify().verified


def test_an_import_can_be_cancelled_and_taken_up_again(
    cast: Cast, table: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "BATCH", 2)
    path = table([a_row(number) for number in range(1, 8)])
    job = run.begin(path, None, "12345", cast.sun)

    def told(rows: int, _total: int, _seconds: float) -> None:
        if rows == 4:
            assert run.cancel(job.pk)

    report = run.run_job(job.pk, told)
    assert report.cancelled
    assert counts(report) == (4, 4, 0, 0, 0)
    assert not run.cancel(job.pk)
    assert counts(run.commit(path, None, "12345", cast.sun)) == (7, 3, 0, 4, 0)


def test_a_file_changed_since_its_job_began_is_refused(cast: Cast, table: Write) -> None:
    job = run.begin(table([a_row(1)]), None, "12345", cast.sun)
    table([a_row(2)])
    with pytest.raises(Refused) as refused:
        run.run_job(job.pk)
    assert refused.value.code == "file_changed"


def test_personal_data_of_dry_runs_and_rejects_are_deleted_after_seven_days(cast: Cast, table: Write) -> None:
    report = run.preview(table([a_row(1), a_row(2, time="x")]), None, "12345", cast.sun)
    kept = sorted(path.name for path in reports.folder().iterdir())
    assert any(name.endswith("-report.json") for name in kept)
    told = json.loads(next(reports.folder().glob("preview-*-report.json")).read_text())
    assert list(told)[:5] == ["rows", "created", "joined", "unchanged", "rejected"]
    reports.sweep(now())
    assert Path(report.rejected_file).exists()
    reports.sweep(now() + timedelta(days=8))
    assert list(reports.folder().iterdir()) == []


def test_the_command_answers_with_the_five_counts(cast: Cast, table: Write, capsys: pytest.CaptureFixture[str]) -> None:
    import argparse

    from fengqiao.config.command import Refused as CommandRefused
    from fengqiao.config.commands import import_

    parser = argparse.ArgumentParser()
    import_.add_arguments(parser)
    path = str(table([a_row(1), a_row(2, time="x")]))
    answer = import_.run(parser.parse_args([path, "--channel", "12345"]))
    assert [answer[name] for name in ("rows", "created", "joined", "unchanged", "rejected")] == [2, 1, 0, 0, 1]
    assert "Nothing was changed" in import_.show(answer)
    done = import_.run(parser.parse_args([path, "--channel", "12345", "--commit", "--user", "sun"]))
    assert "1 created" in import_.show(done)
    with pytest.raises(CommandRefused, match="No such post"):
        import_.run(parser.parse_args([path, "--channel", "12345", "--user", "administrator"]))


@pytest.mark.skipif(not os.environ.get("FENGQIAO_SAMPLES"), reason="FENGQIAO_SAMPLES is not set")
def test_all_real_complaints_come_in_none_lost_and_a_second_time_nothing_changes(
    committed_cast: Cast, samples: Path
) -> None:
    by = committed_cast.sun
    assert counts(run.commit(samples / "messages.csv", None, "12345", by)) == (4326, 4326, 0, 0, 0)
    assert counts(run.commit(samples / "replies.csv", None, "12345", by)) == (2816, 2816, 0, 0, 0)
    with acting_as(by):
        states = list(access.matters_for(by).values_list("state", flat=True))
        assert (states.count("received"), states.count("closed")) == (4326, 2816)
        assert not Message.objects.exists()
        assert not Clock.objects.filter(stopped_at=None).exists()
        assert Task.objects.filter(done_at=None).count() == 4326
    before = events_of_matters(by)
    assert counts(run.commit(samples / "messages.csv", None, "12345", by)) == (4326, 0, 0, 4326, 0)
    assert counts(run.commit(samples / "replies.csv", None, "12345", by)) == (2816, 0, 0, 2816, 0)
    assert events_of_matters(by) == before
