"""Dates, times and figures as people write them (EXPERIENCE 6). Everything is shown in Asia/Shanghai."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from django.utils.dateformat import format as formatted
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from fengqiao.kernel.now import HERE, now, today

MINUS = "\N{MINUS SIGN}"


def local(moment: datetime) -> datetime:
    """The instant on the clock of Asia/Shanghai. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("an instant without a zone has no place on the clock")
    return moment.astimezone(HERE)


def day_of(value: date | datetime) -> date:
    """The calendar day of a date, or of an instant in Asia/Shanghai."""
    return local(value).date() if isinstance(value, datetime) else value


@lru_cache(2048)
def written(shown: date, pattern: str) -> str:
    """A day by one of the patterns below, which tell the language too; a list shows the same days again and again."""
    return formatted(shown, pattern)


def day(value: date | datetime, *, weekday: bool = False) -> str:
    """11月24日; another year 2025年11月24日; with the weekday 11月21日 星期六."""
    shown = day_of(value)
    if shown.year != today().year:
        return written(shown, pgettext("date format", "j M Y"))
    if weekday:
        return written(shown, pgettext("date format", "l, j M"))
    return written(shown, pgettext("date format", "j M"))


def moment(value: datetime) -> str:
    """Day and 24-hour clock, as in the history of a matter: 11月18日 10:30."""
    return _("{day} {time}").format(day=day(value), time=clock_time(value))


def clock_time(value: datetime) -> str:
    """The 24-hour time of day: 09:00."""
    return f"{local(value):%H:%M}"


def ago(value: datetime) -> str:
    """Just now, 3 minutes ago, 1 hour ago; today 08:40, yesterday 16:05; earlier only the day."""
    shown, present = local(value), local(now())
    seconds = int((present - shown).total_seconds())
    time = clock_time(value)
    if 0 <= seconds < 60:
        return _("just now")
    if 0 <= seconds < 3600:
        minutes = seconds // 60
        return ngettext("{n} minute ago", "{n} minutes ago", minutes).format(n=minutes)
    if shown.date() == present.date():
        hours = seconds // 3600
        if 1 <= hours <= 2:
            return ngettext("{n} hour ago", "{n} hours ago", hours).format(n=hours)
        return _("today {time}").format(time=time)
    if shown.date() == present.date() - timedelta(days=1):
        return _("yesterday {time}").format(time=time)
    return day(shown)


def resident_moment(value: datetime) -> str:
    """Day, weekday and a spoken time: 11月21日 星期六 上午 9 点."""
    shown = local(value)
    return _("{day} {time}").format(day=day(shown, weekday=True), time=spoken_time(shown))


def spoken_time(value: datetime) -> str:
    """The time of day as said aloud: 上午 9 点, 下午 2:30."""
    shown = local(value)
    hour = shown.hour if shown.hour <= 12 else shown.hour - 12
    clock = f"{hour}:{shown.minute:02d}" if shown.minute else pgettext("full hour", "{n}").format(n=hour)
    return _part_of_day(shown.hour).format(time=clock)


def _part_of_day(hour: int) -> str:
    if hour < 6:
        return _("{time} at night")
    if hour < 12:
        return _("{time} in the morning")
    if hour == 12:
        return _("{time} at noon")
    if hour < 18:
        return _("{time} in the afternoon")
    return _("{time} in the evening")


def latest(value: date | datetime) -> str:
    """最迟11月24日（含当天）: the day counts too (domain ruling 14). 24:00 belongs to the day before."""
    shown = value
    if isinstance(value, datetime) and local(value).time() == datetime.min.time():
        shown = day_of(value) - timedelta(days=1)
    return _("by {day} at the latest, that day included").format(day=day(shown))


def count(value: int) -> str:
    """1,286."""
    return f"{value:,}".replace("-", MINUS)


def percent(value: float | Decimal) -> str:
    """A share of 1 with one decimal: 0.968 → 96.8%."""
    return f"{Decimal(str(value)) * 100:.1f}%".replace("-", MINUS)


def change(value: int) -> str:
    """+75 or −8, with the true minus sign."""
    return f"{value:+,}".replace("-", MINUS)


def money(value: Decimal | int) -> str:
    """Yuan: 12,500.00 元."""
    shown = number_format(value, decimal_pos=2, use_l10n=False, force_grouping=False)
    return _("{sum} yuan").format(sum=f"{Decimal(shown):,.2f}".replace("-", MINUS))
