"""`{% load desk %}`: the lines of the desk's lists, drawn here because a page holds twenty of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fengqiao.doors.face import dates
from fengqiao.doors.face.drawing import drawn
from fengqiao.doors.face.templatetags.face import dots, icon, light, tag
from fengqiao.ground import codes

if TYPE_CHECKING:
    from fengqiao.doors.desk.worklist import Row

register = template.Library()
CHANNELS = {
    "web": "world",
    "app": "device-mobile",
    "wechat": "message",
    "window": "id",
    "agent": "user-heart",
    "grid": "map-pin",
    "letter": "mail",
    "visit": "walk",
    "national_petition": "world",
    "e_net": "world",
    "e_line": "messages",
    "online_court": "building-bank",
    "court": "building-bank",
    "police": "shield",
    "procuratorate": "scale",
}

_LINE = """<tr data-row data-href="{href}"><td class="c-tick">
<input class="ck" type="checkbox" name="n" value="{slug}" aria-label="{tick}"></td><td class="c-light">{light}</td>
<td class="c-main"><div class="tt"><a class="t cut" href="{href}">{title}</a><div class="sub">
<span class="num">{number}</span><span class="sep"></span><span>{kind}</span>{tags}</div></div></td>
<td class="c-step s"><span class="nowrap">{state}</span><br>{dots}</td>
<td class="c-place s"><span class="nowrap">{place}</span><br><span class="mute xs">{town}</span></td>
<td class="c-opt s nowrap">{channel_icon} {channel}</td>
<td class="c-last c-opt s"><span class="cut">{last}</span><span class="mute xs">{at}</span></td>
<td class="c-next"><a class="b b-s" href="{next_href}">{next}</a></td></tr>"""


@register.simple_tag
def work_rows(rows: Iterable[Row]) -> SafeString:
    """The lines of the worklist: tick, limit, matter, step, place, channel, last event, what to do."""
    language = get_language() or "zh-hans"
    return SafeString("".join([_line(row, language) for row in rows]))


def _line(row: Row, language: str) -> SafeString:
    matter = row.task.matter
    none = drawn('<span class="s mute">{}</span>', _("no limit"))
    return drawn(
        _LINE,
        href=row.href,
        light=light(row.light, key=row.task.id.hex, fuse=True) if row.light else none,
        title=matter.title,
        number=matter.number,
        slug=row.slug,
        tick=_("Tick %(number)s") % {"number": matter.number},
        tags=tag(_("supervised"), "feng") if row.supervised else "",
        town=row.town,
        channel_icon=icon(CHANNELS.get(matter.channel, "phone"), "16"),
        channel=codes.get("channel", matter.channel).label(language),
        last=row.last,
        at=dates.ago(matter.last_at),
        next_href=row.next_href,
        kind=row.kind,
        state=row.state,
        dots=dots(row.done, row.steps),
        place=matter.place_name,
        next=row.next,
    )
