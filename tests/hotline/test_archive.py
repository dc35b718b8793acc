"""Archive: filed when nobody has a task any more, kept for its term, then forgotten (SPEC 10.6)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from fengqiao.config import upkeep
from fengqiao.kernel import intake
from fengqiao.kernel.access import SystemPost
from fengqiao.kernel.docket import docket
from fengqiao.kernel.models import Clock, Document, MatterKey, Person, Text
from fengqiao.offices.audit import audit
from fengqiao.offices.reviews import give
from fengqiao.offices.reviews.models import Review
from tests.cast import Cast, a_receipt
from tests.hotline.order import (
    MONDAY,
    brought_to,
    clocks,
    do,
    event,
    events,
    fresh,
    kept,
    later,
    person,
    refused,
    source,
    state,
    tasks,
    told,
)

pytestmark = pytest.mark.database
FINAL = ("answered", "closed", "not_accepted", "handed_over")


@pytest.mark.parametrize("where", FINAL)
def test_every_end_but_a_fresh_withdrawal_is_filed(cast: Cast, where: str) -> None:
    matter = brought_to(cast, where)
    do(cast.sun, "archive", matter)
    filed = fresh(matter)
    assert (filed.archived_at is not None, filed.keep_until) == (True, date(2028, 9, 1))
    line = event(matter, "hotline.archive").data
    assert (line["because"], line["catalogue"]) == ("SPEC 10.6: hotline, two years", [])
    assert refused(cast.sun, "archive", matter).code == "not_now"
    assert refused(cast.chen, "renew_code", matter, source=str(source(matter).pk), shown="x").code == "not_now"


def test_what_was_merged_into_an_order_is_filed_and_forgotten_with_it(cast: Cast) -> None:
    master, member = told(cast), told(cast, content="那盏路灯还是不亮。")
    do(cast.chen, "merge", master, numbers=member.number, reason="同一盏灯。")
    do(cast.chen, "dispatch", master, unit="water")
    do(cast.li, "take", master)
    do(cast.li, "reply", master, text="已经修好。", solved="yes")
    do(cast.chen, "call_back", master, reached=True, solved="yes", grade="good")
    do(cast.chen, "close", master)
    do(cast.sun, "archive", master)
    filed, with_it = fresh(master), fresh(member)
    assert (with_it.archived_at, with_it.keep_until) == (filed.archived_at, filed.keep_until)
    assert (with_it.state, tasks(member)) == ("received", {})
    assert not kept(lambda: Clock.objects.filter(matter=member, stopped_at=None).exists())
    assert event(member, "matter.archived_with").data["master"] == master.number
    assert refused(cast.chen, "remark", member, text="还有一点。").code == "not_now"
    with later(days=1200):
        assert upkeep.forget_due() == 2
    assert not kept(lambda: Text.objects.filter(matter__in=[master.pk, member.pk]).exists())


def test_an_open_order_is_not_filed_and_neither_is_one_with_a_task(cast: Cast) -> None:
    assert refused(cast.sun, "archive", brought_to(cast, "called_back")).code == "not_now"
    matter = brought_to(cast, "closed")
    with docket(cast.sun) as book:
        book.task(book.take("read", pk=matter.pk), "close", cast.units["hotline"])
        book.event(book.matters[matter.pk], "hotline.remark")
    assert refused(cast.sun, "archive", matter).code == "tasks_open"


def test_a_unit_does_not_file(cast: Cast) -> None:
    assert refused(cast.li, "archive", brought_to(cast, "closed")).status == 404


def test_the_catalogue_names_each_piece_with_the_hash_of_its_stored_bytes(cast: Cast) -> None:
    matter = brought_to(cast, "called_back")
    with docket(cast.chen) as book:
        taken = book.take("read", pk=matter.pk)
        for version, piece in ((1, 1), (2, 1), (1, 2)):
            book.add(
                Document(
                    matter=taken,
                    kind="photo",
                    title="照片",
                    piece=piece,
                    version=version,
                    media_type="image/jpeg",
                    size=3,
                    sha256=bytes([piece * 16 + version]) * 32,
                    stored=f"{piece}{version}",
                    by=cast.chen,
                )
            )
        book.event(taken, "hotline.remark")
    do(cast.chen, "close", matter)
    do(cast.sun, "archive", matter)
    pieces = event(matter, "hotline.archive").data["catalogue"]
    assert [(each["piece"], each["version"], each["sha256"][:2]) for each in pieces] == [(1, 2, "12"), (2, 1, "21")]


def test_at_the_end_of_its_term_words_persons_keys_and_reviews_go_and_the_journal_stays_whole(
    cast: Cast, tmp_path: Path
) -> None:
    matter = told(cast, data={"nature": "report"})
    do(cast.chen, "dispatch", matter, unit="water")
    do(cast.li, "take", matter)
    do(cast.li, "reply", matter, text="已经查清。", solved="yes")
    give.give(source(matter), "poor", "来得太慢。")
    do(cast.chen, "call_back", matter, reached=False)
    do(cast.chen, "close", matter)
    do(cast.sun, "archive", matter)
    before = events(matter)
    with later(days=700):
        assert upkeep.forget_due() == 0
    with later(days=730):
        assert upkeep.forget_due() == 1
        assert upkeep.forget_due() == 0
    for model in (Text, Person, MatterKey):
        assert kept(lambda model=model: model._default_manager.filter(matter=matter).count()) == 0
    review = kept(lambda: Review.objects.get(matter=matter))
    assert (review.words, review.grade) == ("", "poor")
    assert events(matter) == [*before, "matter.forgotten"]
    assert audit.verify(tmp_path).verified
    with later(days=731):
        assert "路灯" not in fresh(matter).title


def test_an_imported_order_that_was_answered_elsewhere_is_closed_with_its_limit_reckoned(cast: Cast) -> None:
    receipt = a_receipt(
        history=True, received_at=MONDAY.replace(year=2024), reply="已经办理。",
        replied_at=MONDAY.replace(year=2024, month=10), external_id="2024-1",
    )  # fmt: skip
    matter = intake.receive(SystemPost("import"), "hotline", receipt).matter
    assert state(matter) == "closed"
    assert [clock.outcome for clock in clocks(matter, "T-H01")] == ["missed"]
    assert refused(person(matter), "supplement", matter, text="x").code == "not_now"
    assert fresh(matter).imported
    assert kept(lambda: Text.objects.get(matter=matter, kind="reply").at) == MONDAY.replace(year=2024, month=10)
