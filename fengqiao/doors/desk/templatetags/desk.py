"""`{% load desk %}`: the lines of the desk's lists, drawn here because a page holds twenty of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from fengqiao.doors.face.drawing import drawn
from fengqiao.doors.face.templatetags.face import dots, light

if TYPE_CHECKING:
    from fengqiao.doors.desk.worklist import Row

register = template.Library()

_LINE = """<tr data-row data-href="{href}"><td>{light}</td>
<td><a class="t" href="{href}">{title}</a><div class="xs mute"><span class="num">{number}</span> · {kind}</div></td>
<td class="s">{state}<br>{dots}</td>
<td class="s">{place}</td>
<td class="nowrap"><a class="b b-s" href="{href}">{next}</a></td></tr>"""


@register.simple_tag
def work_rows(rows: Iterable[Row]) -> SafeString:
    """The lines of the worklist: limit, matter, step, place, what to do."""
    return SafeString("".join([_line(row) for row in rows]))


def _line(row: Row) -> SafeString:
    matter = row.task.matter
    none = drawn('<span class="s mute">{}</span>', _("no limit"))
    return drawn(
        _LINE,
        href=row.href,
        light=light(row.light, key=row.task.id.hex, fuse=True) if row.light else none,
        title=matter.title,
        number=matter.number,
        kind=row.kind,
        state=row.state,
        dots=dots(row.done, row.steps),
        place=matter.place_name,
        next=row.next,
    )
