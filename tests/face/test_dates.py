"""Dates, times and figures in the two languages."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from fengqiao.doors.face import dates
from fengqiao.kernel.now import at

HERE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 20, 9, 42, tzinfo=HERE)


@pytest.fixture(autouse=True)
def on_a_friday_in_chinese():
    with at(NOW), translation.override("zh-hans"):
        yield


def test_a_day_of_this_year_leaves_the_year_out_and_another_year_says_it():
    assert dates.day(date(2026, 11, 24)) == "11月24日"
    assert dates.day(date(2025, 11, 24)) == "2025年11月24日"
    assert dates.day(date(2026, 11, 21), weekday=True) == "11月21日 星期六"


def test_an_instant_is_shown_on_the_day_it_is_in_shanghai():
    assert dates.day(datetime(2026, 11, 19, 16, 30, tzinfo=UTC)) == "11月20日"
    assert dates.moment(datetime(2026, 11, 18, 2, 30, tzinfo=UTC)) == "11月18日 10:30"


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        dates.moment(datetime(2026, 11, 18, 10, 30))


@pytest.mark.parametrize(
    ("day", "hour", "minute", "words"),
    [
        (20, 9, 42, "刚才"),
        (20, 9, 39, "3 分钟前"),
        (20, 8, 42, "1 小时前"),
        (20, 6, 40, "今天 06:40"),
        (19, 16, 5, "昨天 16:05"),
        (18, 16, 5, "11月18日"),
    ],
)
def test_how_long_ago_is_said_in_words_until_yesterday(day, hour, minute, words):
    assert dates.ago(datetime(2026, 11, day, hour, minute, tzinfo=HERE)) == words


@pytest.mark.parametrize(
    ("hour", "minute", "words"),
    [(3, 0, "凌晨 3 点"), (9, 0, "上午 9 点"), (12, 0, "中午 12 点"), (14, 30, "下午 2:30"), (20, 0, "晚上 8 点")],
)
def test_residents_read_the_time_as_it_is_spoken(hour, minute, words):
    assert dates.spoken_time(datetime(2026, 11, 21, hour, minute, tzinfo=HERE)) == words


def test_a_resident_reads_day_weekday_and_time():
    assert dates.resident_moment(datetime(2026, 11, 21, 9, 0, tzinfo=HERE)) == "11月21日 星期六 上午 9 点"


def test_a_due_instant_at_midnight_names_the_last_day_that_counts():
    midnight = datetime(2026, 11, 25, 0, 0, tzinfo=HERE)
    assert dates.latest(midnight) == dates.latest(date(2026, 11, 24)) == "最迟11月24日（含当天）"


def test_figures_have_separators_one_decimal_and_a_true_minus():
    assert dates.count(1286) == "1,286"
    assert dates.percent(0.968) == "96.8%"
    assert (dates.change(75), dates.change(-8)) == ("+75", "−8")
    assert dates.money(Decimal("12500")) == "12,500.00 元"


def test_english_has_its_own_order():
    with translation.override("en"):
        assert dates.day(date(2026, 11, 24)) == "24 Nov"
        assert dates.ago(datetime(2026, 11, 19, 16, 5, tzinfo=HERE)) == "yesterday 16:05"
