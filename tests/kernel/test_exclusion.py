"""Whoever is complained of does not learn that the matter exists (SPEC 10.1; rulings 5, 6; A1, A1b, A2, A31, A32)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fengqiao.ground import tokens
from fengqiao.ground.refusals import NotThere, Refused
from fengqiao.kernel import handle, route
from fengqiao.kernel.access import READ, SystemPost, acting_as, matters_for, may
from fengqiao.kernel.docket import docket
from fengqiao.kernel.intake import Told, receive
from fengqiao.kernel.models import (
    Event,
    Exclusion,
    Link,
    Matter,
    Merge,
    Message,
    Person,
    Relation,
    Source,
    Subject,
    Task,
    Text,
    Unit,
)
from fengqiao.kernel.now import at, now
from fengqiao.offices.accounts import terms
from fengqiao.offices.audit import audit
from tests.cast import VILLAGE, WANG, Cast, a_receipt, an_account, an_order, appoint, do
from tests.kernel.sample import a_matter

KEEPER = SystemPost("keeper")
OF_A_MATTER = (Source, Text, Person, Task, Message, Event, Subject)
pytestmark = pytest.mark.database


def sees(by: Any, matter: Matter) -> bool:
    """By list, by single row, by the policies and by every table that hangs on the matter; they must agree."""
    with acting_as(KEEPER):
        matter = Matter.objects.get(pk=matter.pk)
    with acting_as(by):
        answers = {
            matters_for(by).filter(pk=matter.pk).exists(),
            may(by, READ, matter),
            Matter.objects.filter(pk=matter.pk).exists(),
            Text.objects.filter(matter=matter).exists(),
            Event.objects.filter(matter=matter).exists(),
        }
        assert len(answers) == 1
        if not answers.pop():
            assert not any(model._default_manager.filter(matter=matter).exists() for model in OF_A_MATTER)
            return False
    return True


def hits(by: Any, word: str) -> list[Any]:
    """Ids that a search for the word gives this post."""
    with acting_as(by), connection.cursor() as cursor:
        cursor.execute(
            "select matter_id from search_hits(%s, %s, 100, null, null, null, null, null, null, null)",
            [tokens.query_tokens(word), tokens.like_pattern(word)],
        )
        return [row[0] for row in cursor.fetchall()]


def complaint(cast: Cast, *units: str, by: Any = None, **more: Any) -> Matter:
    told = tuple(Told(unit=cast.units[unit].pk) for unit in units)
    return an_order(by or cast.chen, told=told, content="办事的人态度不好，灯笼的事也不管。", **more)


# A1, A1b, A31 ---------------------------------------------------------------------------------------------------------


def test_a_conduct_complaint_about_a_town_is_not_seen_by_any_account_of_that_town(cast: Cast) -> None:
    order = complaint(cast, "jia")
    assert [sees(each, order) for each in (cast.qian, cast.he, cast.zhou)] == [False, False, False]
    assert sees(cast.chen, order)


def test_the_town_gets_no_hit_and_no_notice_of_it(cast: Cast) -> None:
    order = complaint(cast, "jia")
    assert hits(cast.he, "灯笼") == []
    assert order.pk in hits(cast.chen, "灯笼")
    with acting_as(KEEPER):
        told = Message.objects.filter(way="desk")
        assert not told.filter(unit__place__code__startswith="330681901").exists()
        assert not told.filter(post__unit__place__code__startswith="330681901").exists()


def test_an_excluded_unit_cannot_be_made_the_handler(cast: Cast) -> None:
    order = complaint(cast, "water")
    with pytest.raises(Refused) as refusal:
        do(cast.chen, "hotline.dispatch", order, unit="water")
    assert refusal.value.status == 422
    do(cast.chen, "hotline.dispatch", order, unit="housing")
    assert sees(cast.feng, order)


def test_a_request_that_only_the_town_can_grant_goes_there_without_the_officer_who_was_named(cast: Cast) -> None:
    order = an_order(cast.chen)
    with docket(cast.sun) as book:
        taken = book.take(READ, pk=order.pk)
        route.exclude(book, taken, [], [cast.qian.account_id])
    colleague = appoint(cast.units["jia"], "unit_handler")
    do(cast.chen, "hotline.dispatch", order, unit="jia")
    assert not sees(cast.qian, order)
    assert sees(colleague, order)


def test_said_unclearly_it_stays_with_the_city_until_somebody_there_says_who_was_meant(cast: Cast) -> None:
    order = an_order(cast.chen, told=(Told(words="镇里那个管事的"),))
    assert not any(sees(each, order) for each in (cast.he, cast.zhou, cast.qian))
    assert hits(cast.he, "路灯") == []
    with pytest.raises(Refused) as refusal:
        do(cast.chen, "hotline.dispatch", order, unit="water")
    assert refusal.value.status == 409
    with acting_as(cast.chen):
        subject = Subject.objects.get(matter=order)
    do(cast.chen, "hotline.resolve", order, subject=str(subject.pk), units=["jia"], reason="电话里问清楚了")
    assert not any(sees(each, order) for each in (cast.he, cast.zhou, cast.qian))
    with acting_as(KEEPER):
        ever = Relation.objects.filter(matter=order, unit__place__code__startswith="330681901")
        assert not ever.exists()


def test_said_unclearly_and_nobody_meant_the_place_sees_it_again(cast: Cast) -> None:
    order = an_order(cast.chen, told=(Told(words="说不清"),))
    with acting_as(cast.chen):
        subject = Subject.objects.get(matter=order)
    do(cast.chen, "hotline.resolve", order, subject=str(subject.pk), units=[], reason="没有说哪个人")
    assert sees(cast.he, order)
    assert hits(cast.he, "路灯") == [order.pk]


@pytest.mark.parametrize("level", ["village", "town"])
def test_village_or_town_may_be_named_by_level_alone(cast: Cast, level: str) -> None:
    order = an_order(cast.chen, told=(Told(level=level),))
    assert not sees(cast.zhou, order)
    with acting_as(cast.chen):
        assert Exclusion.objects.filter(matter=order, account=cast.zhou.account).exists()


# Who is excluded (ruling 5) -------------------------------------------------------------------------------------------


def test_exclusion_is_by_account_over_all_its_posts(cast: Cast) -> None:
    second = appoint(cast.units["hotline"], "hotline_supervisor", account=cast.qian.account)
    order = complaint(cast, "jia")
    assert not sees(second, order)
    assert sees(cast.sun, order)


def test_whoever_was_posted_there_within_twelve_months_is_excluded_and_an_older_post_is_not(cast: Cast) -> None:
    recent = appoint(
        cast.units["jia"], "unit_handler", since=now() - timedelta(days=900), until=now() - timedelta(days=300)
    )
    older = appoint(
        cast.units["jia"], "unit_handler", since=now() - timedelta(days=900), until=now() - timedelta(days=400)
    )
    recent_now = appoint(cast.units["hotline"], "hotline_agent", account=recent.account)
    older_now = appoint(cast.units["hotline"], "hotline_agent", account=older.account)
    order = complaint(cast, "jia")
    assert not sees(recent_now, order)
    assert sees(older_now, order)


def test_units_beneath_the_named_one_are_excluded_too(cast: Cast) -> None:
    mason = appoint(cast.units["jia_roads"], "unit_handler")
    order = complaint(cast, "jia")
    assert not sees(mason, order)
    with pytest.raises(Refused):
        do(cast.chen, "hotline.dispatch", order, unit="jia_roads")


def test_the_successor_of_the_named_unit_is_excluded(cast: Cast) -> None:
    Unit.objects.filter(pk=cast.units["water"].pk).update(successor=cast.units["housing"])
    order = complaint(cast, "water")
    assert not sees(cast.feng, order)
    with pytest.raises(Refused):
        do(cast.chen, "hotline.dispatch", order, unit="housing")


def test_whoever_is_appointed_to_the_named_unit_later_is_excluded_from_that_moment(cast: Cast) -> None:
    order = complaint(cast, "jia")
    newcomer = an_account()
    at_the_hotline = appoint(cast.units["hotline"], "hotline_agent", account=newcomer)
    assert sees(at_the_hotline, order)
    appoint(cast.units["jia_roads"], "unit_handler", account=newcomer)
    assert not sees(at_the_hotline, order)


# A2 -------------------------------------------------------------------------------------------------------------------


def test_a_sealed_letter_is_found_by_no_word_and_read_by_its_recipient_alone(cast: Cast, kinds: None) -> None:
    letter = a_matter(
        KEEPER,
        kind="petition",
        place=VILLAGE,
        confidentiality="sealed",
        title="密件",
        content="举报灯笼厂收了钱。",
        related={"recipient": {"unit": cast.units["sealed"]}},
    )
    for each in (cast.chen, cast.sun, cast.he, cast.li, cast.administrator, cast.envelope):
        assert hits(each, "灯笼") == []
        assert hits(each, "密件") == []
    assert sees(cast.envelope, letter)
    assert not sees(cast.sun, letter)
    with acting_as(cast.envelope):
        text = Text.objects.get(matter=letter)
    assert text.body is None
    assert "灯笼".encode() not in bytes(text.sealed)


# A32 ------------------------------------------------------------------------------------------------------------------


def test_found_out_on_day_nine_it_is_gone_in_the_same_transaction_and_its_clock_runs_on(cast: Cast) -> None:
    order = an_order(cast.chen)
    do(cast.chen, "hotline.dispatch", order, unit="water")
    do(cast.li, "hotline.take", order)
    with acting_as(cast.lin):
        handle.looked(cast.lin, order)
    with acting_as(KEEPER):
        due = Matter.objects.get(pk=order.pk).due_at
    do(cast.sun, "hotline.exclude", order, units=["water"], reason="补充材料里说的就是这个局")
    assert not sees(cast.li, order)
    assert not sees(cast.lin, order)
    with acting_as(cast.sun):
        after = Matter.objects.get(pk=order.pk)
        assert (after.lead_unit, after.handler, after.due_at) == (None, None, due)
        assert not Task.objects.filter(matter=order, done_at=None, unit=cast.units["water"]).exists()
        assert Task.objects.filter(matter=order, done_at=None, unit=cast.units["hotline"]).exists()
        assert not Relation.objects.filter(matter=order, unit=cast.units["water"], until=None).exists()
        event = Event.objects.get(matter=order, kind="matter.excluded")
    assert event.data["looked"] == [cast.lin.account_id]
    assert event.visibility == "sealed"


def test_notices_that_were_not_sent_yet_are_called_back(cast: Cast) -> None:
    order = an_order(cast.chen)
    do(cast.chen, "hotline.dispatch", order, unit="water")
    with acting_as(KEEPER):
        waiting = Message.objects.filter(matter=order, unit=cast.units["water"], cancelled_at=None)
        assert waiting.exists()
    do(cast.sun, "hotline.exclude", order, units=["water"], reason="说的就是这个局")
    with acting_as(KEEPER):
        assert not Message.objects.filter(matter=order, unit=cast.units["water"], cancelled_at=None).exists()


def test_found_out_later_the_search_forgets_it_for_the_place_too(cast: Cast) -> None:
    order = an_order(cast.chen)
    assert hits(cast.he, "路灯") == [order.pk]
    do(cast.sun, "hotline.exclude", order, units=["water"], reason="说的是水务局")
    assert hits(cast.he, "路灯") == []
    assert hits(cast.chen, "路灯") == [order.pk]


# Round the edge (G38) -------------------------------------------------------------------------------------------------


def test_a_hidden_matter_is_no_duplicate_candidate(cast: Cast) -> None:
    hidden = complaint(cast, "jia", title="灯笼的事")
    again = a_receipt(title="灯笼的事", content="办事的人态度不好，灯笼的事也不管。")
    agent_of_the_town = appoint(cast.units["jia"], "hotline_agent")
    seen_by_chen = [each.number for each in receive(cast.chen, "hotline", again).likely]
    seen_by_town = [each.number for each in receive(agent_of_the_town, "hotline", again).likely]
    assert hidden.number in seen_by_chen
    assert hidden.number not in seen_by_town


def test_whoever_files_through_the_portal_is_told_of_no_other_matter(cast: Cast) -> None:
    an_order(cast.chen)
    assert list(receive(SystemPost("portal"), "hotline", a_receipt()).likely) == []


def test_a_foreign_number_taken_by_a_hidden_matter_is_accepted_as_a_copy(cast: Cast) -> None:
    complaint(cast, "jia", external_id="12345-0001")
    agent_of_the_town = appoint(cast.units["jia"], "hotline_agent")
    received = receive(agent_of_the_town, "hotline", a_receipt(external_id="12345-0001"))
    assert received.source.copy == 1
    with pytest.raises(Refused) as refusal:
        receive(cast.chen, "hotline", a_receipt(external_id="12345-0001"))
    assert refusal.value.code == "already_received"


def test_matters_with_other_exclusions_are_not_merged(cast: Cast) -> None:
    open_one, hidden = an_order(cast.chen), complaint(cast, "jia")
    with pytest.raises(Refused) as refusal:
        do(cast.chen, "hotline.merge", open_one, numbers=hidden.number, reason="同一件事")
    assert refusal.value.code == "other_exclusions"
    with acting_as(KEEPER):
        assert not Merge.objects.exists()


def test_a_merge_with_a_hidden_number_fails_like_one_with_a_number_that_does_not_exist(cast: Cast) -> None:
    agent_of_the_town = appoint(cast.units["jia"], "hotline_agent")
    own, hidden = an_order(agent_of_the_town, place="330681901"), complaint(cast, "jia")
    said = []
    for number in (hidden.number, _free_number(hidden)):
        with pytest.raises(NotThere) as refusal:
            do(cast.he, "hotline.merge", own, numbers=number, reason="同一件事")
        said.append((refusal.value.code, str(refusal.value), refusal.value.more))
    assert said[0] == said[1]


def _free_number(matter: Matter) -> str:
    from fengqiao.ground import numbers

    sequence = (int(matter.number[-7:-1]) + 1) % 1_000_000
    return numbers.compose(matter.kind, matter.opened_year, "000", sequence).display


def test_a_link_is_seen_only_by_whoever_may_see_both(cast: Cast) -> None:
    open_one, hidden = an_order(cast.chen), complaint(cast, "jia")
    do(cast.chen, "hotline.link", open_one, number=hidden.number)
    with acting_as(cast.chen):
        assert Link.objects.filter(matter=open_one).count() == 1
    with acting_as(cast.he):
        assert Matter.objects.filter(pk=open_one.pk).exists()
        assert not Link.objects.exists()
        told = [event.data for event in Event.objects.filter(matter=open_one)]
    assert hidden.number not in str(told)
    assert str(hidden.pk) not in str(told)


def test_who_is_excluded_from_the_master_later_loses_its_members_too(cast: Cast) -> None:
    master, member = an_order(cast.chen), an_order(cast.chen)
    do(cast.sun, "hotline.merge", master, numbers=member.number, reason="同一件事")
    do(cast.sun, "hotline.exclude", master, units=["jia"], reason="说的是镇里")
    assert not sees(cast.qian, master)
    assert not sees(cast.he, master)
    assert not sees(cast.he, member)
    assert sees(cast.chen, member)
    with acting_as(cast.chen):
        assert Exclusion.objects.filter(matter=member, account=cast.qian.account).exists()


def _asked(by: Any, ask: Callable[[], Any]) -> tuple[str, str, dict[str, Any], list[str]]:
    with CaptureQueriesContext(connection) as queries, pytest.raises(NotThere) as refusal:
        ask()
    shapes = [query["sql"].split(" ")[0] for query in queries]
    return refusal.value.code, str(refusal.value), refusal.value.more, shapes


def test_hidden_and_missing_answer_alike_with_the_same_number_of_queries(cast: Cast) -> None:
    hidden = complaint(cast, "jia")
    missing = _free_number(hidden)

    def act(number: str) -> Any:
        return lambda: handle.perform("hotline.remark", number=number, data={"text": "看看"}, by=cast.he)

    def reveal(number: str) -> Any:
        return lambda: handle.reveal(cast.he, number=number, person=str(hidden.pk), reason="想看看")

    assert _asked(cast.he, act(hidden.number)) == _asked(cast.he, act(missing))
    assert _asked(cast.he, reveal(hidden.number)) == _asked(cast.he, reveal(missing))


# A27 ------------------------------------------------------------------------------------------------------------------


def test_the_administrators_attempt_to_open_a_matter_is_impossible_and_on_record(cast: Cast) -> None:
    order = an_order(cast.chen)
    assert not sees(cast.administrator, order)
    with pytest.raises(NotThere):
        handle.perform("hotline.remark", number=order.number, data={"text": "看看"}, by=cast.administrator)
    handle.refused(cast.administrator, order.number)
    handle.refused(cast.administrator, "王小示 10012345678")
    with acting_as(cast.auditor):
        lines = list(Event.objects.filter(kind="access.refused").order_by("seq"))
    assert [(line.account_id, line.data, line.matter_id) for line in lines] == [
        (cast.administrator.account_id, {"asked": order.number}, None),
        (cast.administrator.account_id, {"asked": ""}, None),
    ]
    with acting_as(cast.administrator):
        assert not Event.objects.exists()


def test_personal_data_are_shown_for_a_reason_and_on_record(cast: Cast) -> None:
    order = an_order(cast.chen)
    with acting_as(cast.chen):
        person = Person.objects.get(matter=order)
    assert WANG.phone.encode() not in bytes(person.sealed)
    assert handle.reveal(cast.chen, number=order.number, person=str(person.pk), reason="回电")["phone"] == WANG.phone
    with pytest.raises(Refused, match=r".+"):
        handle.reveal(cast.chen, number=order.number, person=str(person.pk), reason=" ")
    with pytest.raises(NotThere):
        handle.reveal(cast.he, number=order.number, person=str(person.pk), reason="想知道是谁")
    with acting_as(cast.auditor):
        assert Event.objects.filter(kind="access.revealed", account_id=cast.chen.account_id).count() == 1


def test_when_a_post_ends_its_tasks_lie_in_its_units_queue(cast: Cast) -> None:
    order = an_order(cast.chen)
    do(cast.chen, "hotline.dispatch", order, unit="water")
    do(cast.li, "hotline.take", order)
    with acting_as(cast.lin):
        assert Task.objects.filter(post=cast.li, done_at=None).count() == 1
    terms.end_post(cast.li)
    with acting_as(cast.lin):
        assert not Task.objects.filter(post=cast.li, done_at=None).exists()
        assert Task.objects.filter(unit=cast.units["water"], post=None, done_at=None).count() == 1


def test_a_term_that_ends_on_a_day_to_come_leaves_the_tasks_where_they_are_until_then(cast: Cast) -> None:
    from fengqiao.config import upkeep

    order = an_order(cast.chen)
    do(cast.chen, "hotline.dispatch", order, unit="water")
    do(cast.li, "hotline.take", order)
    terms.end_post(cast.li, at=now() + timedelta(days=3))
    with acting_as(KEEPER):
        assert Task.objects.filter(post=cast.li, done_at=None).count() == 1
    with at(now() + timedelta(days=3, minutes=1)):
        upkeep.write_ended_posts()
    with acting_as(KEEPER):
        assert not Task.objects.filter(post=cast.li, done_at=None).exists()
        assert Event.objects.filter(kind="post.ended", data__post=cast.li.pk).count() == 1


def test_the_journal_of_all_this_verifies(cast: Cast, tmp_path: Any) -> None:
    order = complaint(cast, "jia")
    do(cast.chen, "hotline.dispatch", order, unit="water")
    report = audit.verify(tmp_path)
    assert report.verified
    assert report.streams >= 2
