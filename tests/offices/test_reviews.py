"""Good and bad reviews: one a telling, five grades, and the reviewed clerk never finds whose it was (A23)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest

from fengqiao.kernel.now import HERE, at

MONDAY = datetime(2026, 9, 7, 9, tzinfo=HERE)


@pytest.fixture(autouse=True)
def on_monday():
    with at(MONDAY):
        yield


def system(query):
    from fengqiao.kernel import access
    from fengqiao.kernel.access import SystemPost

    with access.acting_as(SystemPost("keeper")):
        return query()


@pytest.fixture
def answered(an_order, cast):
    """An order that Li has answered; gives its source."""
    from tests.cast import do

    def make(**more):
        matter = an_order(**more)
        do(cast.li, "hotline.start", matter)
        do(cast.li, "hotline.reply", matter, text="已经换好，请放心。", solved="yes")
        return system(lambda: matter.sources.select_related("matter").get())

    return make


def give(source, grade="good", comment="", call_back=False, **more):
    from fengqiao.offices.reviews.give import give as keep

    return keep(source, grade, comment, call_back, **more)


def refusal(action, *args, **more):
    from fengqiao.ground.refusals import Refused

    with pytest.raises(Refused) as caught:
        action(*args, **more)
    return caught.value.code


# Giving -------------------------------------------------------------------------------------------------------------


def test_each_telling_has_one_review_after_its_answer(an_order, answered):
    open_order = an_order(title="水管漏水", content="水管漏水三天了。")
    assert refusal(give, system(lambda: open_order.sources.get())) == "not_answered"
    source = answered()
    review = give(source, "very_good", "来得很快。")
    assert (review.grade, review.words, review.desk.key) == ("very_good", "来得很快。", "hotline")
    assert refusal(give, source) == "given_already"


def test_blank_is_not_satisfied_and_a_grade_is_one_of_five(answered):
    from fengqiao.offices.reviews.models import Review

    source = answered()
    for grade in ("", "blank", "6"):
        assert refusal(give, source, grade) == "no_grade"
    assert refusal(give, source, "good", "长" * 1001) == "comment_too_long"
    assert refusal(give, uuid4(), "good") == "not_there"
    assert system(Review.objects.count) == 0


def test_another_units_desk_takes_a_review_down_by_phone_and_the_handling_unit_does_not(cast, answered):
    source = answered()
    assert refusal(give, source, "good", by=cast.li) == "reviews_itself"
    assert give(source, "poor", by=cast.sun).grade == "poor"


def test_a_review_of_the_hotlines_own_answer_goes_to_another_desk(cast):
    from tests.cast import an_order as received
    from tests.cast import do

    matter = received(cast.chen)
    do(cast.chen, "hotline.not_accept", matter, reason="litigation", way="请到法院立案庭。")
    review = give(system(lambda: matter.sources.get()), "poor")
    assert review.desk.key == "government"
    assert not _sees(cast.sun)
    assert not _sees(cast.chen)
    assert _sees(cast.gu)


# Not traceable (A23) ------------------------------------------------------------------------------------------------


def _sees(post):
    from fengqiao.kernel import access
    from fengqiao.offices.reviews.models import Review

    with access.acting_as(post):
        return list(Review.objects.values_list("grade", flat=True))


def test_the_reviewed_units_never_read_the_row_and_the_other_units_desk_does(cast, answered):
    give(answered(), "very_poor", "态度不好。", call_back=True)
    hidden = ("li", "lin", "feng", "zhao", "he", "zhou", "gu", "administrator", "auditor", "dpo")
    assert {name: _sees(cast.posts[name]) for name in hidden} == {name: [] for name in hidden}
    assert _sees(cast.sun) == ["very_poor"]


def test_a_clerk_with_a_second_post_at_the_desk_reads_it_in_neither(cast, answered):
    from tests.cast import appoint

    at_the_desk = appoint(cast.units["hotline"], "hotline_supervisor", account=cast.li.account)
    give(answered(), "poor")
    assert _sees(at_the_desk) == []


def test_a_clerk_who_moves_to_the_desk_later_does_not_read_it_either(cast, answered):
    from fengqiao.offices.accounts import terms
    from tests.cast import appoint

    give(answered(), "poor")
    with at(MONDAY + timedelta(days=30)):
        terms.end_post(cast.li)
        moved = appoint(cast.units["hotline"], "hotline_supervisor", account=cast.li.account)
        assert _sees(moved) == []


def _everything(post, matter):
    """All that raw queries of this post tell: every row of every table but the heads of day-streams."""
    from django.apps import apps
    from django.db import connection, transaction

    from fengqiao.kernel import access

    ours = {"review", "review_comment", "review_appeal"}
    told = {}
    with access.acting_as(post), connection.cursor() as cursor:
        for model in apps.get_models():
            name = model._meta.db_table
            if name in ours or not name.isascii() or name in ("chain",):
                continue
            try:
                with transaction.atomic():
                    cursor.execute(f'select * from "{name}"')
                    told[name] = sorted(map(repr, cursor.fetchall()))
            except Exception as error:
                told[name] = type(error).__name__
    return told


def test_a_review_leaves_no_trace_in_any_table_that_the_handling_unit_reads(cast, answered):
    from fengqiao.offices.reviews import desk

    source = answered()
    before = {name: _everything(cast.posts[name], source.matter) for name in ("li", "lin", "feng")}
    review = give(source, "very_poor", "态度不好，电话里骂人。", call_back=True)
    desk.contact(cast.sun, review.pk)
    desk.called_back(cast.sun, review.pk, reached=True)
    desk.correct(cast.sun, review.pk, answer="已经批评并道歉。")
    for name, told in before.items():
        assert all(told[table] for table in ("event", "text", "task", "source", "relation"))
        assert _everything(cast.posts[name], source.matter) == told
    assert _sees(cast.li) == []


def test_the_matter_itself_does_not_move(cast, answered):
    from fengqiao.kernel.models import Matter

    source = answered()
    row = system(lambda: Matter.objects.filter(pk=source.matter_id).values().get())
    give(source, "very_poor", "太慢。", call_back=True)
    assert system(lambda: Matter.objects.filter(pk=source.matter_id).values().get()) == row


def test_the_event_stands_in_a_day_stream_and_names_no_matter(answered):
    from fengqiao.kernel.models import Event

    source = answered()
    give(source, "poor", "太慢。")
    event = system(lambda: Event.objects.get(kind="review.given"))
    assert event.stream.startswith("reviews:2026-09-07:")
    assert event.matter_id is None
    assert str(source.matter_id) not in repr(event.data)
    assert str(source.pk) not in repr(event.data)
    assert event.actor == "system:portal"


def test_the_words_are_sealed_at_rest(answered):
    review = give(answered(), "poor", "太慢。")
    stored = system(lambda: type(review).objects.get(pk=review.pk))
    assert "太慢".encode() not in bytes(stored.comment)
    assert stored.words == "太慢。"


def test_at_the_end_of_keeping_the_words_go_and_the_grade_stays(answered):
    from fengqiao.offices.reviews.give import forget

    review = give(answered(), "poor", "太慢。")
    assert system(lambda: forget(None, review.matter)) == 1
    stored = system(lambda: type(review).objects.get(pk=review.pk))
    assert (stored.words, stored.grade) == ("", "poor")


# The desk -----------------------------------------------------------------------------------------------------------


def test_only_who_agreed_is_called_back_within_one_working_day(cast, answered):
    from fengqiao.offices.reviews import desk

    agreed = give(answered(), "poor", call_back=True)
    silent = give(answered(title="井盖坏了", content="村口井盖坏了。"), "very_poor")
    content = give(answered(title="垃圾", content="垃圾没有清。"), "good", call_back=True)
    told = {duty.review.pk: (duty.what, duty.by) for duty in desk.duties(cast.sun)}
    assert told == {agreed.pk: ("call_back", date(2026, 9, 8)), silent.pk: ("correct", date(2026, 9, 28))}
    assert content.pk not in told
    assert refusal(desk.called_back, cast.sun, silent.pk, reached=True) == "no_call_back"
    assert refusal(desk.contact, cast.sun, silent.pk) == "no_call_back"
    assert desk.contact(cast.sun, agreed.pk) == {"name": "王小示", "phone": "10012345678"}
    assert desk.duties(cast.li) == []


def test_a_low_grade_is_put_right_after_the_call_and_the_person_hears_of_it(cast, answered):
    from fengqiao.kernel.models import Message
    from fengqiao.offices.reviews import desk
    from fengqiao.offices.reviews.give import of_person

    review = give(answered(), "poor", call_back=True)
    assert refusal(desk.correct, cast.sun, review.pk, answer="好了") == "call_first"
    desk.called_back(cast.sun, review.pk, reached=False)
    assert refusal(desk.called_back, cast.sun, review.pk, reached=True) == "called_already"
    with at(MONDAY + timedelta(days=21)):
        assert desk.correct(cast.sun, review.pk, answer="已经道歉。").corrected_in_time
    assert refusal(desk.correct, cast.sun, review.pk, answer="又好了") == "corrected_already"
    assert desk.duties(cast.sun) == []
    assert of_person(review.source)[0].answer_words == "已经道歉。"
    message = system(lambda: Message.objects.get(template="review_answered"))
    assert (message.matter_id, message.source_id) == (None, review.source_id)


def test_after_fifteen_working_days_it_is_late(cast, answered):
    from fengqiao.offices.reviews import desk

    review = give(answered(), "poor")
    with at(MONDAY + timedelta(days=22)):
        assert not desk.correct(cast.sun, review.pk, answer="已经道歉。").corrected_in_time


def test_the_reviewed_unit_cannot_put_it_right_itself(cast, answered):
    from fengqiao.offices.reviews import desk

    review = give(answered(), "poor")
    assert refusal(desk.correct, cast.li, review.pk, answer="好了") == "not_there"
    assert refusal(desk.correct, cast.gu, review.pk, answer="好了") == "not_there"


def test_a_second_review_stands_beside_the_first(cast, answered):
    from fengqiao.offices.reviews import desk
    from fengqiao.offices.reviews.figures import k511
    from fengqiao.offices.reviews.give import of_person, second

    source = answered()
    assert refusal(second, source, "good") == "no_first"
    review = give(source, "poor")
    assert refusal(second, source, "good") == "not_corrected"
    desk.correct(cast.sun, review.pk, answer="已经道歉。")
    second(source, "good", "这次好了。")
    assert refusal(second, source, "good") == "given_already"
    assert [(each.turn, each.grade) for each in of_person(source)] == [(1, "poor"), (2, "good")]
    figures = k511(MONDAY.date(), MONDAY.date())
    assert (figures.grades["poor"], figures.grades["good"]) == (1, 0)


# The sheet and the appeal -------------------------------------------------------------------------------------------

WORDS = ("慢", "态度差", "等了三天", "打 10012345678 没人接", "9月3日来过，没修好")


def _five(answered, words=WORDS):
    return [
        give(answered(title=f"路灯{n}", content=f"第{n}盏路灯不亮。"), "poor", text) for n, text in enumerate(words)
    ]


def test_fewer_than_five_comments_wait_and_five_come_out_together_without_traces(cast, answered):
    from fengqiao.offices.reviews.sheet import make_last_months_sheets, make_sheets, monthly_comments

    month, unit = date(2026, 9, 1), cast.units["water"]
    _five(answered, WORDS[:4])
    with at(MONDAY + timedelta(days=30)):
        assert make_sheets(month) == 0
        give(answered(title="又一盏", content="又一盏不亮。"), "poor", WORDS[4])
    with at(MONDAY + timedelta(days=60)):
        assert make_last_months_sheets() == 1
        assert make_sheets(date(2026, 10, 1)) == 0
    sheet = monthly_comments(unit, date(2026, 10, 15), by=cast.li)
    assert sorted(line.body for line in sheet) == sorted(
        ["慢", "态度差", "等了三天", "打 100****5678 没人接", "…来过，没修好"]
    )
    assert [line.pk for line in sheet] == sorted(line.pk for line in sheet)
    assert {field.name for field in sheet[0]._meta.fields} == {"id", "unit", "month", "body"}
    for name in ("feng", "zhao", "administrator"):
        assert monthly_comments(unit, date(2026, 10, 1), by=cast.posts[name]) == []


@pytest.mark.parametrize(
    "words",
    [
        "热2026-000-0418729 没办好",
        "工单R2026-000-0418729",
        "查询码 1234 5678 9012",
        "2026年9月3日上午9:30打的",
        "浙D12345挡路",
    ],
)
def test_numbers_dates_and_hours_that_would_lead_back_are_left_out(words):
    import re

    from fengqiao.offices.reviews.sheet import without_traces

    assert not re.search(r"\d{4}|\d月|\d:\d", without_traces(words))


def test_an_appeal_is_decided_by_another_unit_and_an_upheld_one_leaves_the_figures(cast, answered):
    from fengqiao.offices.reviews import desk
    from fengqiao.offices.reviews.figures import k511, recount
    from fengqiao.offices.reviews.sheet import make_sheets, monthly_comments

    _five(answered)
    with at(MONDAY + timedelta(days=30)):
        make_sheets(date(2026, 9, 1))
        line = next(
            each for each in monthly_comments(cast.units["water"], date(2026, 9, 1), by=cast.lin) if each.body == "慢"
        )
        assert refusal(desk.appeal, cast.feng, line.pk, reason="恶意") == "not_there"
        assert refusal(desk.appeal, cast.lin, line.pk, reason=" ") == "reason_needed"
        made = desk.appeal(cast.lin, line.pk, reason="同一人反复无理差评。")
        assert refusal(desk.appeal, cast.lin, line.pk, reason="恶意") == "appealed_already"
        assert [each.pk for each in desk.appeals(cast.sun)] == [made.pk]
        assert desk.appeals(cast.lin) == []
        for post in (cast.lin, cast.li, cast.zhao):
            assert refusal(desk.decide_appeal, post, made.pk, upheld=True, ruling="属实") == "not_there"
        desk.decide_appeal(cast.sun, made.pk, upheld=True, ruling="属实，不计入。")
        assert refusal(desk.decide_appeal, cast.sun, made.pk, upheld=False, ruling="改判") == "decided_already"
        assert _sees(cast.lin) == []
    figures = k511(date(2026, 9, 1), date(2026, 10, 31))
    assert figures.grades["poor"] == 4
    assert figures.grades == recount(date(2026, 9, 1), date(2026, 10, 31))
    assert figures.appeals == (1, 1)


# Figures ------------------------------------------------------------------------------------------------------------


def test_k511_counts_grades_responses_and_corrections_from_the_journal(cast, answered):
    from fengqiao.offices.reviews import desk
    from fengqiao.offices.reviews.figures import k511, recount

    first, second, third = (answered(title=f"灯{n}", content=f"第{n}盏。") for n in range(3))
    give(first, "very_good")
    low = give(second, "poor")
    desk.correct(cast.sun, low.pk, answer="已经道歉。")
    day = MONDAY.date()
    figures = k511(day, day)
    assert figures.grades == {"very_good": 1, "good": 0, "fair": 0, "poor": 1, "very_poor": 0}
    assert (figures.responses, figures.corrected, figures.appeals) == ((2, 3), (1, 1), (0, 0))
    assert recount(day, day) == figures.grades
    assert k511(day, day, place="330681902").responses == (0, 0)
    assert k511(day - timedelta(days=1), day - timedelta(days=1)).responses == (0, 0)
    assert third.replied_at is not None
