"""Messages leave after commit, at least once, under a stable id; and not where they must not go."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest

from fengqiao.kernel import ports, route
from fengqiao.kernel.access import acting_as
from fengqiao.kernel.docket import docket
from fengqiao.kernel.models import Event, Message, Person
from fengqiao.kernel.now import at, now
from fengqiao.offices.letters import outbox
from tests.cast import Cast
from tests.outbox.conftest import Heard, a_matter, acting, again, tell


def later(**more: float) -> at:
    return at(now() + timedelta(**more))


def events(kind: str) -> list[Event]:
    with acting():
        return list(Event.objects.filter(kind=kind).order_by("recorded_at"))


def test_the_person_hears_only_that_there_is_something_new(cast: Cast, heard: Heard) -> None:
    row = tell(cast, a_matter(cast))
    assert outbox.send_due()["sent"] == 1
    ((to, text, id_),) = heard.sent
    assert (to, id_) == ("13800138000", row.pk)
    assert "路灯" not in text
    assert "202" not in text
    assert again(row).sent_at is not None


def test_what_was_sent_is_journalled_without_touching_the_matter(cast: Cast, heard: Heard) -> None:
    matter = a_matter(cast)
    row = tell(cast, matter)
    version = matter.version
    outbox.send_due()
    (line,) = events("messages.sent")
    assert line.data["ids"] == [str(row.pk)]
    assert line.stream.startswith("outbox:")
    with acting_as(cast.chen):
        matter.refresh_from_db()
    assert matter.version == version


def test_a_sent_message_is_not_sent_again(cast: Cast, heard: Heard) -> None:
    tell(cast, a_matter(cast))
    outbox.send_due()
    with later(days=2):
        outbox.send_due()
    assert len(heard.sent) == 1


def test_a_worker_that_dies_between_sending_and_marking_repeats_the_same_id(cast: Cast, heard: Heard) -> None:
    row = tell(cast, a_matter(cast))

    def dies() -> None:
        raise KeyboardInterrupt

    heard.answer = dies
    with pytest.raises(KeyboardInterrupt):
        outbox.send_due()
    assert again(row).sent_at is None
    heard.answer = lambda: None
    outbox.send_due()
    assert len(heard.sent) == 1, "another worker must not take it while the lease runs"
    with later(minutes=6):
        outbox.send_due()
    assert [sent[2] for sent in heard.sent] == [row.pk, row.pk]
    assert again(row).sent_at is not None


@pytest.mark.commits
def test_two_workers_never_hold_the_same_message(committed_cast: Cast, heard: Heard) -> None:
    matter = a_matter(committed_cast)
    rows = {tell(committed_cast, matter).pk for _n in range(24)}
    both = threading.Barrier(2)

    def work() -> None:
        from django.db import connection

        both.wait()
        outbox.send_due()
        connection.close()

    workers = [threading.Thread(target=work) for _n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(sent[2] for sent in heard.sent) == sorted(rows)


def test_a_failure_is_tried_again_after_1_5_30_minutes_2_and_12_hours_then_given_up(cast: Cast, heard: Heard) -> None:
    matter = a_matter(cast)
    row = tell(cast, matter)

    def away() -> None:
        raise ports.TryLater("gateway_503")

    heard.answer = away
    moment, waits = now(), []
    for _attempt in range(6):
        with at(moment):
            outbox.send_due()
            state = again(row)
        if state.dead_at is None:
            waits.append((state.not_before - moment).total_seconds() / 60)
            with at(state.not_before - timedelta(seconds=1)):
                assert "later" not in outbox.send_due()
        moment = state.not_before
    assert waits == [1, 5, 30, 120, 720]
    assert state.error == "gateway_503"
    (line,) = events("message.dead")
    assert line.matter_id == matter.pk
    assert line.data == {"message": str(row.pk), "way": "sms", "code": "gateway_503", "attempts": 6}


def test_the_gateways_own_pause_is_kept_when_it_is_longer(cast: Cast, heard: Heard) -> None:
    row = tell(cast, a_matter(cast))

    def busy() -> None:
        raise ports.TryLater("gateway_429", 7200)

    heard.answer = busy
    moment = now()
    with at(moment):
        outbox.send_due()
    assert again(row).not_before - moment == timedelta(hours=2)


def test_a_dead_letter_is_told_to_the_unit_that_has_the_matter(cast: Cast, heard: Heard) -> None:
    matter = a_matter(cast)
    with docket(cast.chen) as book:
        taken = book.take("read", pk=matter.pk)
        route.lead(book, taken, cast.units["water"])
        book.event(taken, "hotline.tried")
    tell(cast, matter)

    def never() -> None:
        raise ports.NeverSent("gateway_bad_number")

    heard.answer = never
    assert outbox.send_due()["dead"] == 1
    with acting_as(cast.li):
        assert [each.template for each in outbox.notices(cast.li)] == ["not_delivered"]
    assert "call" in str(outbox.sentence("not_delivered")) or "电话" in str(outbox.sentence("not_delivered"))


def test_a_dead_letter_can_be_sent_again_by_hand(cast: Cast, heard: Heard) -> None:
    row = tell(cast, a_matter(cast))

    def never() -> None:
        raise ports.NeverSent("gateway_bad_number")

    heard.answer = never
    outbox.send_due()
    assert outbox.counts()["dead"] == 1
    assert outbox.dead_letters()
    heard.answer = lambda: None
    assert outbox.retry([uuid.uuid4()]) == 0
    assert outbox.retry() == 1
    outbox.send_due()
    assert again(row).sent_at is not None
    assert outbox.dead_letters() == []


def test_when_the_gateway_is_away_the_rest_waits_and_loses_no_attempt(cast: Cast, heard: Heard) -> None:
    matter = a_matter(cast)
    rows = [tell(cast, matter) for _n in range(8)]

    def away() -> None:
        raise ports.TryLater("gateway_unreachable")

    heard.answer = away
    counts = outbox.send_due()
    assert (counts["later"], counts["released"]) == (3, 5)
    assert sorted(again(row).attempts for row in rows) == [0, 0, 0, 0, 0, 1, 1, 1]


def test_an_adapter_with_a_fault_does_not_stop_the_others(cast: Cast, heard: Heard) -> None:
    matter = a_matter(cast)
    first, second = tell(cast, matter), tell(cast, matter)

    def broken() -> None:
        if len(heard.sent) == 1:
            raise ZeroDivisionError

    heard.answer = broken
    outbox.send_due()
    assert {again(first).error, again(second).error} == {"fault", ""}


def test_an_invented_person_gets_nothing_and_nobody_is_bothered(cast: Cast, heard: Heard) -> None:
    row = tell(cast, a_matter(cast, phone="10012345678"))
    assert outbox.send_due()["refused"] == 1
    assert heard.sent == []
    assert (again(row).error, again(row).dead_at) == ("refused_demo", None)
    with later(days=3):
        assert "refused" not in outbox.send_due()


def test_who_wants_no_messages_gets_none_even_if_the_wish_comes_later(cast: Cast, heard: Heard) -> None:
    matter = a_matter(cast)
    row = tell(cast, matter)
    with docket(cast.chen) as book:
        book.take("read", pk=matter.pk)
        Person.objects.filter(matter=matter).update(wishes={"no_sms": True})
    outbox.send_due()
    assert heard.sent == []
    assert again(row).error == "no_sms"


def test_a_person_without_a_phone_is_no_failure(cast: Cast, heard: Heard) -> None:
    row = tell(cast, a_matter(cast, phone=""))
    outbox.send_due()
    assert (again(row).error, again(row).dead_at) == ("no_phone", None)


def test_a_message_that_can_be_called_back_waits_15_seconds(cast: Cast, heard: Heard) -> None:
    row = tell(cast, a_matter(cast), undoable=True)
    outbox.send_due()
    assert heard.sent == []
    with later(seconds=16):
        outbox.send_due()
    assert [sent[2] for sent in heard.sent] == [row.pk]


def test_calling_back_cancels_what_still_waits_and_nothing_else(cast: Cast, heard: Heard) -> None:
    matter = a_matter(cast)
    gone, waiting = tell(cast, matter), tell(cast, matter, undoable=True)
    with docket(cast.chen) as book:
        taken = book.take("read", pk=matter.pk)
        assert outbox.call_back(book, taken) == 1
    with later(seconds=16):
        outbox.send_due()
    assert [sent[2] for sent in heard.sent] == [gone.pk]
    assert again(waiting).cancelled_at is not None


def test_after_15_seconds_nothing_can_be_called_back(cast: Cast, heard: Heard) -> None:
    matter = a_matter(cast)
    tell(cast, matter, undoable=True)
    with later(seconds=16), docket(cast.chen) as book:
        assert outbox.call_back(book, book.take("read", pk=matter.pk)) == 0


def test_a_message_of_a_transaction_that_failed_is_never_sent(cast: Cast, heard: Heard) -> None:
    matter = a_matter(cast)

    def fails_late() -> None:
        with docket(cast.chen) as book:
            book.message("sms", "answered", matter=book.take("read", pk=matter.pk), source=matter.sources.get())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails_late()
    outbox.send_due()
    assert heard.sent == []


def test_mail_goes_to_a_post_that_gave_an_address_and_to_no_ended_one(cast: Cast, heard: Heard) -> None:
    matter = a_matter(cast)
    cast.sun.account.preferences = {"mail": "sun@zhuji.gov.cn"}
    cast.sun.account.save()
    good, none = tell(cast, matter, "mail", post=cast.sun), tell(cast, matter, "mail", post=cast.li)
    outbox.send_due()
    assert [(sent[0], sent[2]) for sent in heard.sent] == [("sun@zhuji.gov.cn", good.pk)]
    assert again(none).error == "no_address"
    with later(days=1):
        cast.sun.until = now() - timedelta(hours=1)
        cast.sun.save()
        ended = tell(cast, matter, "mail", post=cast.sun)
        outbox.send_due()
        assert again(ended).error == "no_post"


def test_creating_a_matter_defers_no_job(cast: Cast) -> None:
    from django.db import connection

    a_matter(cast)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from procrastinate_jobs")
        assert cursor.fetchone() == (0,)


def test_the_lease_is_longer_than_a_whole_claim_can_take() -> None:
    from fengqiao.adapters.mail import smtp
    from fengqiao.adapters.sms import gateway

    assert outbox.LEASE.total_seconds() > outbox.CLAIM * gateway.WHOLE_SECONDS
    assert outbox.LEASE.total_seconds() > outbox.CLAIM * smtp.SECONDS


def test_the_list_names_no_recipient(cast: Cast, heard: Heard) -> None:
    tell(cast, a_matter(cast))
    assert "13800138000" not in str(outbox.rows("waiting"))
    assert [row["template"] for row in outbox.rows("waiting")] == ["answered"]
    assert outbox.counts()["waiting"] == 1
    assert Message.objects.count() == 0, "outside acting_as nothing is seen"
