"""The knowledge base: drafted, law checked, published, looked at again; what was read out never changes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fengqiao.kernel.now import HERE, at
from tests.profile import examples

MONDAY = datetime(2026, 9, 7, 9, tzinfo=HERE)
QUESTION, ANSWER = "路灯坏了找谁修？", "打12345，路灯所一般三天内修好。"


@pytest.fixture(autouse=True)
def on_monday():
    with at(MONDAY):
        yield


def refusal(action, *args, **more):
    from fengqiao.ground.refusals import Refused

    with pytest.raises(Refused) as caught:
        action(*args, **more)
    return caught.value.code


@pytest.fixture
def published(cast):
    """Publish an item in three people's names."""
    from fengqiao.offices.knowledge import library

    def make(question=QUESTION, answer=ANSWER, **more):
        item = library.draft(cast.chen, question=question, answer=answer, **more)
        library.check_law(cast.lawyer, item.pk)
        library.publish(cast.sun, item.pk)
        item.refresh_from_db()
        return item

    return make


def test_an_item_is_drafted_checked_by_another_and_published(cast):
    from fengqiao.offices.knowledge import library

    item = library.draft(cast.chen, question=QUESTION, answer=ANSWER, rules=["T-H04"])
    assert (item.state, item.unit.key) == ("draft", "hotline")
    assert library.answer_from(item.pk) is None
    assert library.search("路灯") == []
    assert refusal(library.publish, cast.sun, item.pk) == "not_checked"
    library.check_law(cast.lawyer, item.pk)
    item.refresh_from_db()
    assert item.state == "law_checked"
    assert refusal(library.check_law, cast.lawyer, item.pk) == "nothing_to_check"
    library.publish(cast.sun, item.pk)
    item.refresh_from_db()
    assert (item.state, item.review_by) == ("published", date(2027, 9, 7))
    shown = library.answer_from(item.pk)
    assert (shown.number, shown.answer, shown.law) == (1, ANSWER, "《消费者权益保护法》第四十六条")
    assert not shown.expired
    assert shown.warning == ""


@pytest.mark.parametrize(
    ("act", "may", "may_not"),
    [
        ("draft", ("chen", "sun", "mediator", "justice", "li"), ("lawyer", "he", "administrator", "zhou")),
        ("check", ("lawyer", "justice"), ("chen", "sun", "mediator", "li")),
        ("publish", ("sun", "justice"), ("chen", "lawyer", "mediator", "li")),
        ("withdraw", ("sun", "justice"), ("chen", "lawyer", "mediator", "li")),
    ],
)
def test_each_step_is_for_the_roles_that_the_table_of_rights_names(cast, act, may, may_not):
    from fengqiao.offices.knowledge.library import RIGHTS

    assert all(cast.posts[name].role in RIGHTS[act] for name in may)
    assert not any(cast.posts[name].role in RIGHTS[act] for name in may_not)


def test_who_may_not_is_told_so(cast, published):
    from fengqiao.offices.knowledge import duties, library

    item = published()
    assert refusal(library.draft, cast.he, question=QUESTION, answer=ANSWER) == "not_your_office"
    assert refusal(library.check_law, cast.chen, item.pk) == "not_your_office"
    assert refusal(library.publish, cast.li, item.pk) == "not_your_office"
    assert refusal(library.withdraw, cast.mediator, item.pk) == "not_your_office"
    assert refusal(duties.law_changed, cast.he, "民法典") == "not_your_office"


def test_nobody_checks_his_own_words(cast):
    from fengqiao.offices.knowledge import library

    item = library.draft(cast.justice, question=QUESTION, answer=ANSWER)
    assert refusal(library.check_law, cast.justice, item.pk) == "own_words"
    library.check_law(cast.lawyer, item.pk, law="《民法典》第一千一百六十五条")
    library.publish(cast.justice, item.pk)
    assert library.search("民法典")[0].law == "《民法典》第一千一百六十五条"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"question": " "}, "words_missing"),
        ({"answer": ""}, "words_missing"),
        ({"valid_to": date(2026, 9, 6)}, "over_already"),
        ({"rules": ["T-Z99"]}, "unknown_rule"),
        ({"item": uuid4()}, "not_there"),
    ],
)
def test_a_faulty_draft_is_refused(cast, told, code):
    from fengqiao.offices.knowledge import library

    assert refusal(library.draft, cast.chen, **{"question": QUESTION, "answer": ANSWER, **told}) == code


def test_a_new_version_leaves_the_old_one_as_it_was_read_out(cast, published):
    from fengqiao.offices.knowledge import library

    item = published()
    first = library.answer_from(item.pk)
    library.draft(cast.chen, item=item.pk, question=QUESTION, answer="打12345，当天修。")
    assert library.answer_from(item.pk) == first
    library.check_law(cast.lawyer, item.pk)
    library.publish(cast.sun, item.pk)
    second = library.answer_from(item.pk)
    assert (second.number, second.answer) == (2, "打12345，当天修。")
    assert library.version_to_answer_with(first.pk) is None
    assert library.as_read_out(first.pk).answer == ANSWER
    assert [shown.pk for shown in library.search("路灯")] == [second.pk]


def test_the_database_refuses_to_change_or_remove_a_published_wording(cast, published):
    from django.db import Error, transaction

    from fengqiao.offices.knowledge.models import Version

    item = published()
    for change in (lambda: Version.objects.update(answer="别的"), lambda: Version.objects.filter(item=item).delete()):
        with pytest.raises(Error), transaction.atomic():
            change()
    assert Version.objects.get(item=item).answer == ANSWER


def test_a_draft_may_still_be_changed(cast):
    from fengqiao.offices.knowledge import library
    from fengqiao.offices.knowledge.models import Version

    item = library.draft(cast.chen, question=QUESTION, answer=ANSWER)
    library.check_law(cast.lawyer, item.pk)
    library.draft(cast.sun, item=item.pk, question=QUESTION, answer="换了说法。")
    version = Version.objects.get(item=item)
    assert (version.answer, version.checked_at) == ("换了说法。", None)


def test_a_withdrawn_item_is_not_found_and_what_was_answered_keeps_its_version(cast, published):
    from fengqiao.offices.knowledge import library

    item = published()
    shown = library.answer_from(item.pk)
    library.withdraw(cast.sun, item.pk)
    assert library.answer_from(item.pk) is None
    assert library.version_to_answer_with(shown.pk) is None
    assert library.search("路灯") == []
    assert library.as_read_out(shown.pk).answer == ANSWER
    assert refusal(library.withdraw, cast.sun, item.pk) == "withdrawn"
    assert refusal(library.draft, cast.chen, item=item.pk, question=QUESTION, answer=ANSWER) == "withdrawn"


# Looked at again ----------------------------------------------------------------------------------------------------


def test_after_a_year_the_unit_gets_its_review_task_once_and_the_answer_warns(cast, published):
    from fengqiao.offices.knowledge import duties, library

    item = published()
    assert duties.due(MONDAY + timedelta(days=364)) == 0
    year_after = MONDAY + timedelta(days=365)
    assert duties.due(year_after) == 1
    assert duties.due(year_after) == 0
    with at(year_after):
        (duty,) = duties.of_unit(cast.units["hotline"])
        assert (duty.why, duty.due_on, duty.late) == ("year_over", date(2027, 9, 14), False)
        assert duties.of_unit(cast.units["water"]) == []
        shown = library.answer_from(item.pk)
        assert shown.due_for_review
        assert str(shown.warning)
        library.confirm(cast.lawyer, item.pk)
        item.refresh_from_db()
        assert (item.state, item.review_by) == ("published", date(2028, 9, 7))
        assert duties.of_unit(cast.units["hotline"]) == []
    with at(year_after + timedelta(days=9)):
        duty.refresh_from_db()
        assert not duty.late


def test_an_expired_answer_warns_and_cannot_be_confirmed_as_it_is(cast, published):
    from fengqiao.offices.knowledge import duties, library

    item = published(valid_to=date(2026, 9, 30))
    with at(datetime(2026, 10, 1, 8, tzinfo=HERE)):
        shown = library.version_to_answer_with(library.answer_from(item.pk).pk)
        assert shown.expired
        assert str(shown.warning)
        assert duties.due(datetime(2026, 10, 1, 8, tzinfo=HERE)) == 1
        assert duties.of_unit(cast.units["hotline"])[0].why == "expired"
        assert refusal(library.confirm, cast.lawyer, item.pk) == "expired"
        library.draft(cast.chen, item=item.pk, question=QUESTION, answer="新的说法。")
        library.check_law(cast.lawyer, item.pk)
        library.publish(cast.sun, item.pk)
        assert duties.of_unit(cast.units["hotline"]) == []
        assert not library.answer_from(item.pk).expired


def test_a_changed_law_sends_every_item_that_cites_it_to_its_unit(cast, published):
    from fengqiao.offices.knowledge import duties, library

    cites = published(law="《消费者权益保护法》第二十四条")
    other = published(question="井盖坏了找谁？", law="《消费者权益保护法实施条例》第三条")
    assert duties.law_changed(cast.justice, "《消费者权益保护法》") == 1
    assert duties.law_changed(cast.justice, " ") == 0
    cites.refresh_from_db()
    other.refresh_from_db()
    assert (cites.state, other.state) == ("due_for_review", "published")
    (duty,) = duties.of_unit(cast.units["hotline"])
    assert (duty.why, duty.due_on) == ("law_changed", date(2026, 9, 14))
    assert refusal(library.confirm, cast.lawyer, other.pk) == "not_due"


def test_whoever_answers_reports_a_fault(cast, published):
    from fengqiao.offices.knowledge import duties

    item = published()
    duties.report_fault(cast.chen, item.pk)
    duties.report_fault(cast.chen, item.pk)
    assert [duty.why for duty in duties.of_unit(cast.units["hotline"])] == ["fault"]
    with at(MONDAY + timedelta(days=8)):
        assert duties.late(duties.of_unit(cast.units["hotline"]))


def test_every_step_stands_in_the_day_stream(cast, published):
    from fengqiao.kernel import access
    from fengqiao.kernel.access import SystemPost
    from fengqiao.kernel.models import Event

    published()
    with access.acting_as(SystemPost("keeper")):
        rows = Event.objects.filter(stream__startswith="knowledge:").order_by("seq")
        assert list(rows.values_list("kind", flat=True)) == [
            "knowledge.drafted",
            "knowledge.law_checked",
            "knowledge.published",
        ]


# Search and starter -------------------------------------------------------------------------------------------------


@pytest.fixture
def started(cast):
    from fengqiao.offices.knowledge import starter

    return starter.load(writer=cast.chen, checker=cast.lawyer, publisher=cast.sun)


def test_the_starter_items_are_published_once_with_the_law_cited(cast, started):
    from fengqiao.offices.knowledge import library, starter

    assert len(started) == len(starter.rows()) == 12
    assert starter.load(writer=cast.chen, checker=cast.lawyer, publisher=cast.sun) == []
    wages = library.search("拖欠工资")[0]
    assert wages.question == "老板拖欠工资，先找谁？"
    assert "《劳动争议调解仲裁法》第十四条" in wages.law


@pytest.mark.parametrize(
    "words",
    ["法院", "工资", "法律援助", "欠", "仲裁 工资", "第四十三条", "12345", "不存在的词", "法 院%", "_", "'; --"],
)
def test_search_finds_what_a_naive_filter_finds(started, words):
    from fengqiao.ground import tokens
    from fengqiao.offices.knowledge import library
    from fengqiao.offices.knowledge.models import Version

    def has(version, word):
        if not tokens.query_tokens(word):
            return True
        where = (
            version.question if tokens.is_single(word) else "\n".join([version.question, version.answer, version.law])
        )
        return tokens.normalise(word) in tokens.normalise(where)

    wanted = [word for word in words.split() if tokens.query_tokens(word)]
    naive = {row.pk for row in Version.objects.all() if wanted and all(has(row, word) for word in wanted)}
    assert {shown.pk for shown in library.search(words)} == naive


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_piece_of_an_item_finds_it(started, data):
    from fengqiao.ground import tokens
    from fengqiao.offices.knowledge import library, starter

    row = data.draw(st.sampled_from(starter.rows()))
    text = data.draw(st.sampled_from([row["question"], row["answer"]]))
    start = data.draw(st.integers(0, len(text) - 2))
    piece = text[start : start + data.draw(st.integers(2, 6))]
    if len("".join(tokens.bigrams(piece))) >= 2 and not tokens.is_single(piece):
        assert row["question"] in {shown.question for shown in library.search(piece)}


def test_hits_in_the_question_come_first(published):
    from fengqiao.offices.knowledge import library

    published(question="井盖松动怎么办？", answer="先放警示牌，路灯亮着也要绕行。")
    published()
    assert [shown.question for shown in library.search("路灯")] == [QUESTION, "井盖松动怎么办？"]
