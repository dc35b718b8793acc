"""A docket writes all or nothing, one after the other, and nothing that it does not hold (rulings 2, 14)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from fengqiao.ground import numbers
from fengqiao.ground.refusals import NotNow, NotThere, Refused, Stale
from fengqiao.kernel import handle
from fengqiao.kernel.access import READ, SystemPost, acting_as
from fengqiao.kernel.docket import docket
from fengqiao.kernel.idempotency import Once, Repeated
from fengqiao.kernel.intake import receive
from fengqiao.kernel.models import Clock, Event, Idempotency, Matter, Message, SearchRow, Source, Task, Text
from fengqiao.offices.audit import audit
from tests.cast import FAR_VILLAGE, VILLAGE, Cast, a_receipt, an_order, do
from tests.kernel.sample import a_matter

KEEPER = SystemPost("keeper")
pytestmark = pytest.mark.database


def counts() -> dict[str, int]:
    with acting_as(KEEPER):
        found = {
            model.__name__: model._default_manager.count()
            for model in (Matter, Source, Text, Task, Clock, Message, Event)
        }
    with connection.cursor() as cursor:
        cursor.execute("select count(matter_id) from search_row")
        return {**found, "SearchRow": cursor.fetchone()[0]}


def in_thread(work: Callable[[], Any], said: list[Any]) -> threading.Thread:
    """Do `work` on a connection of its own; what it returns or raises is said at the end."""

    def run() -> None:
        try:
            said.append(work())
        except Exception as error:
            said.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def waiting_for_a_lock(url: str) -> None:
    """Come back when somebody in this database waits for a lock."""
    import time

    import psycopg

    with psycopg.connect(url, autocommit=True) as watcher:
        for _each in range(200):
            query = (
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
            )
            if watcher.execute(query).fetchone()[0]:
                return
            time.sleep(0.05)
    pytest.fail("Nobody waits.")


# All or nothing -------------------------------------------------------------------------------------------------------


def test_an_exception_leaves_nothing_behind(cast: Cast) -> None:
    order = an_order(cast.chen)
    before = counts()
    with pytest.raises(ZeroDivisionError), docket(cast.chen) as book:  # noqa: PT012 - the whole block is undone
        matter = book.take(READ, pk=order.pk)
        text = book.text(matter, "remark", "看过了")
        book.event(matter, "hotline.remark", texts=[text])
        book.task(matter, "take", cast.units["water"])
        book.clock(matter, "T-H01")
        raise ZeroDivisionError
    assert counts() == before


def test_a_refused_action_leaves_nothing_behind(cast: Cast) -> None:
    order = an_order(cast.chen)
    before = counts()
    with pytest.raises(NotNow):
        do(cast.chen, "hotline.close", order)
    with pytest.raises(Refused):
        do(cast.chen, "hotline.dispatch", order, unit="no-such-unit")
    assert counts() == before


def test_what_was_read_is_old_when_somebody_changed_it_meanwhile(cast: Cast, kinds: None) -> None:
    matter = a_matter(cast.chen, place=VILLAGE)
    handle.perform("event.remark", number=matter.number, data={"text": "一"}, by=cast.chen, version=1)
    with pytest.raises(Stale) as refusal:
        handle.perform("event.remark", number=matter.number, data={"text": "二"}, by=cast.chen, version=1)
    assert (refusal.value.status, refusal.value.more["version"]) == (412, 2)


# Only what is held ----------------------------------------------------------------------------------------------------


def test_a_matter_cannot_be_saved_by_hand(cast: Cast, kinds: None) -> None:
    matter = a_matter(cast.chen)
    with pytest.raises(TypeError, match="docket"):
        matter.save()


def test_a_matter_that_is_seen_and_not_held_cannot_be_written(cast: Cast, kinds: None) -> None:
    matter = a_matter(cast.chen, place=VILLAGE)
    for write in (
        lambda: Matter.objects.filter(pk=matter.pk).update(title="别的"),
        lambda: Text.objects.create(matter=matter, kind="remark", body="x", salt=b"0" * 16),
        lambda: Task.objects.create(matter=matter, kind="take", unit=cast.units["water"]),
    ):
        with pytest.raises(DatabaseError, match="row-level security"), acting_as(cast.chen):
            write()


def test_a_matter_that_is_not_seen_cannot_be_written_at_all(cast: Cast, kinds: None) -> None:
    matter = a_matter(cast.chen, place=VILLAGE)
    with acting_as(cast.zhao):
        assert Matter.objects.filter(pk=matter.pk).update(title="别的") == 0
        with pytest.raises(NotThere), docket(cast.zhao) as book:
            book.take(READ, pk=matter.pk)


def test_holding_one_matter_opens_no_other(cast: Cast, kinds: None) -> None:
    own, other = a_matter(cast.chen, place=VILLAGE), a_matter(cast.chen, place=FAR_VILLAGE)
    with docket(cast.he) as book:
        book.take(READ, pk=own.pk)
        assert set(Matter.objects.values_list("pk", flat=True)) == {own.pk}
        assert book.take_many([own.pk, other.pk]) == [own]
        with pytest.raises(NotThere):
            book.take(READ, pk=other.pk)


def test_an_act_may_hide_the_matter_from_whoever_does_it(cast: Cast, kinds: None) -> None:
    matter = a_matter(cast.chen, place=VILLAGE)
    with docket(cast.he) as book:
        held = book.take(READ, pk=matter.pk)
        held.confidentiality = "sealed"
        book.event(held, "event.sealed")
    with acting_as(cast.he):
        assert not Matter.objects.exists()


def test_a_matter_cannot_be_made_outside_an_intake(cast: Cast, kinds: None) -> None:
    matter = a_matter(cast.chen)
    matter.pk, matter.number = numbers.new_id(), "事2026-000-9999999"
    with pytest.raises(DatabaseError, match="row-level security"), acting_as(cast.chen):
        Matter.objects.bulk_create([matter])


def test_search_rows_are_read_by_nobody_but_the_search(cast: Cast) -> None:
    an_order(cast.chen)
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        acting_as(cast.chen),
        connection.cursor() as cursor,
    ):
        cursor.execute("select body from search_row")
    with acting_as(cast.chen):
        assert not SearchRow.objects.filter(text_id__isnull=False).values("matter_id").exists()


# Two at once ----------------------------------------------------------------------------------------------------------


def test_the_second_waits_for_the_first_and_the_chain_stays_whole(
    committed_cast: Cast, kinds: None, own_database: Any, tmp_path: Path
) -> None:
    matter = a_matter(committed_cast.chen, place=VILLAGE)
    chen, said = committed_cast.chen, []

    def second(version: int | None) -> Callable[[], Any]:
        return lambda: handle.perform(
            "event.remark", number=matter.number, data={"text": "二"}, by=chen, version=version
        )

    with docket(chen) as book:
        held = book.take(READ, pk=matter.pk)
        threads = [in_thread(second(None), said), in_thread(second(1), said)]
        waiting_for_a_lock(own_database.url)
        book.event(held, "event.remark")
    for thread in threads:
        thread.join()
    assert sorted(type(each).__name__ for each in said) == ["Matter", "Stale"]
    assert audit.verify(tmp_path).verified
    with acting_as(KEEPER):
        assert Matter.objects.get().version == 3


def test_merging_crosswise_at_the_same_time_ends_in_one_merge_and_no_fault(
    committed_cast: Cast, own_database: Any, tmp_path: Path
) -> None:
    chen, said = committed_cast.chen, []
    one, two = an_order(chen), an_order(chen)
    start = threading.Barrier(2)

    def merge(master: Matter, member: Matter) -> Callable[[], Any]:
        def work() -> Any:
            start.wait()
            return do(chen, "hotline.merge", master, numbers=member.number, reason="同一件事")

        return work

    for _each in range(3):
        threads = [in_thread(merge(one, two), said), in_thread(merge(two, one), said)]
        for thread in threads:
            thread.join()
    assert [each for each in said if not isinstance(each, Matter | Refused)] == []
    assert sum(isinstance(each, Matter) for each in said) == 1
    assert audit.verify(tmp_path).verified


# The same request twice -----------------------------------------------------------------------------------------------


def once(body: bytes = b"1" * 32, **more: Any) -> Once:
    return Once(**{"owner": "post:1", "key": "key-1", "route": "POST /matters", "body": body, **more})


def test_the_same_request_twice_does_the_thing_once(cast: Cast) -> None:
    first = receive(cast.chen, "hotline", a_receipt(), once=once())
    before = counts()
    with pytest.raises(Repeated) as repeated:
        receive(cast.chen, "hotline", a_receipt(), once=once())
    assert (repeated.value.matter, repeated.value.status) == (first.matter.pk, 201)
    assert counts() == before


@pytest.mark.parametrize("other", [{"body": b"2" * 32}, {"route": "POST /other"}])
def test_a_key_that_served_another_request_is_refused(cast: Cast, other: dict[str, Any]) -> None:
    receive(cast.chen, "hotline", a_receipt(), once=once())
    with pytest.raises(Refused) as refusal:
        receive(cast.chen, "hotline", a_receipt(), once=once(**other))
    assert (refusal.value.status, refusal.value.code) == (422, "key_reused")


def test_another_owners_key_is_another_key(cast: Cast) -> None:
    receive(cast.chen, "hotline", a_receipt(), once=once())
    assert receive(cast.chen, "hotline", a_receipt(), once=once(owner="post:2")).fresh


def test_a_request_that_failed_leaves_its_key_free(cast: Cast) -> None:
    order = an_order(cast.chen)
    with pytest.raises(NotNow):
        handle.perform("hotline.close", number=order.number, data={}, by=cast.chen, once=once())
    assert not Idempotency.objects.exists()


def test_a_twin_waits_and_then_gets_the_same_answer(committed_cast: Cast, own_database: Any) -> None:
    chen, said = committed_cast.chen, []
    made = numbers.new_id()
    with docket(chen):
        once().claim(made)
        twin = in_thread(lambda: receive(chen, "hotline", a_receipt(), once=once()), said)
        waiting_for_a_lock(own_database.url)
        assert said == []
    twin.join()
    (answer,) = said
    assert isinstance(answer, Repeated)
    assert answer.matter == made
    with acting_as(KEEPER):
        assert Matter.objects.count() == 0


def test_a_twin_of_a_request_that_fails_does_it_itself(committed_cast: Cast, own_database: Any) -> None:
    chen, said = committed_cast.chen, []
    with pytest.raises(ZeroDivisionError), docket(chen):  # noqa: PT012 - the whole block is undone
        once().claim(numbers.new_id())
        twin = in_thread(lambda: receive(chen, "hotline", a_receipt(), once=once()).fresh, said)
        waiting_for_a_lock(own_database.url)
        raise ZeroDivisionError
    twin.join()
    assert said == [True]
