"""The components of `{% load face %}`. Each takes what `parts.py` describes; the classes are app.css's."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fengqiao.doors.face import dates
from fengqiao.doors.face.drawing import drawn, drawn_each
from fengqiao.doors.face.parts import (
    Action,
    Entry,
    Fact,
    Light,
    Pager,
    PersonLine,
    Step,
    Tab,
    Told,
)

register = template.Library()
PARTS = "face/parts"
TAG_TONES = frozenset({"", "dai", "feng"})
TONES = {"g": "g", "y": "y", "r": "r", "over": "r"}
ICON_SIZES = frozenset({"", "16", "24", "32"})
Context = dict[str, Any]

register.filter("count", dates.count)
register.filter("percent", dates.percent)
register.filter("change", dates.change)
register.filter("money", dates.money)
register.filter("moment", dates.moment)
register.filter("ago", dates.ago)
register.filter("resident_moment", dates.resident_moment)
register.filter("latest", dates.latest)


@register.filter
def day(value: date | datetime, weekday: str = "") -> str:
    """`{{ due|day }}`, or `{{ due|day:"weekday" }}` for the days that matter."""
    return dates.day(value, weekday=bool(weekday))


@register.filter
def query_code(code: str) -> str:
    """Twelve digits as 4-4-4, as they are said, written and typed."""
    digits = "".join(sign for sign in code if sign.isdigit())
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """An icon of the sprite, 18 pixels or `size` 16, 24, 32. With `label` it speaks, else it decorates."""
    return _icon(name, size, str(label))


@lru_cache(512)
def _icon(name: str, size: str, label: str) -> SafeString:
    if size not in ICON_SIZES:
        raise template.TemplateSyntaxError(f"no icon of size {size}")
    kind = drawn("i i-{}", size) if size else "i"
    href = f"{static('face/icons.svg')}#{name}"
    if label:
        return drawn('<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>', kind, label, href)
    return drawn('<svg class="{}" aria-hidden="true"><use href="{}"/></svg>', kind, href)


@register.simple_tag
def drawing(name: str, kind: str = "") -> SafeString:
    """One of our own drawings: mark, bridge."""
    href = f"{static('face/drawings.svg')}#{name}"
    return drawn('<svg class="{}" aria-hidden="true"><use href="{}"/></svg>', kind or name, href)


@register.simple_tag
def when(value: datetime) -> SafeString:
    """How long ago, with the full time on hovering and in the machine's own form."""
    return drawn(
        '<time class="when" datetime="{}" data-full="{}">{}</time>',
        dates.local(value).isoformat(timespec="minutes"),
        dates.moment(value),
        dates.ago(value),
    )


@register.simple_tag
def number(value: str) -> SafeString:
    """A matter's number, code or phone, never broken over two lines."""
    return drawn('<span class="num">{}</span>', value)


@register.simple_tag
def tag(words: str, tone: str = "") -> SafeString:
    """A neutral fact; `dai` a positive relation; `feng` supervision and new."""
    if tone not in TAG_TONES:
        raise template.TemplateSyntaxError(f"no tag of tone {tone}")
    return drawn('<span class="tg{}">{}</span>', f" tg-{tone}" if tone else "", words)


@register.inclusion_tag(f"{PARTS}/chip.html")
def chip(label: str, href: str, current: bool = False, icon: str = "", remove: str = "") -> Context:
    """A saved view or filter as a link; `remove` is the address without it, drawn as a named cross."""
    return {"label": label, "href": href, "current": current, "icon": icon, "remove": remove}


def light_words(light: Light) -> SafeString:
    """What a light says, its figure in bold."""
    if light.kind == "r" and light.at is None:
        return drawn(_("<b>{day}</b> due"), day=_("Today"))
    if light.at is not None:
        return drawn(_("<b>{time}</b> due"), time=dates.clock_time(light.at))
    days, working = _LIGHT_WORDS[light.kind]
    return drawn((working if light.unit == "working_day" else days)(light.amount), n=light.amount)


_LIGHT_WORDS: dict[str, tuple[Callable[[int], str], Callable[[int], str]]] = {
    "g": (
        lambda n: ngettext("<b>{n}</b> day left", "<b>{n}</b> days left", n),
        lambda n: ngettext("<b>{n}</b> working day left", "<b>{n}</b> working days left", n),
    ),
    "over": (
        lambda n: ngettext("<b>{n}</b> day over", "<b>{n}</b> days over", n),
        lambda n: ngettext("<b>{n}</b> working day over", "<b>{n}</b> working days over", n),
    ),
    "stop": (
        lambda _n: _("<b>Stopped</b>, day {n}"),
        lambda _n: _("<b>Stopped</b>, day {n}"),
    ),
    "done": (
        lambda n: ngettext("took <b>{n}</b> day", "took <b>{n}</b> days", n),
        lambda n: ngettext("took <b>{n}</b> working day", "took <b>{n}</b> working days", n),
    ),
}
_LIGHT_WORDS["y"] = _LIGHT_WORDS["g"]


# The parts of every row of a list are drawn here, not by a template each: a list page draws sixty of them.
@register.simple_tag
def light(light: Light, key: str = "", fuse: bool = False) -> SafeString:
    """The deadline light; with limits it opens a tooltip, for which `key` must be unique on the page."""
    if light.limits and not key:
        raise template.TemplateSyntaxError("a light with a tooltip needs a key")
    words = light_words(light)
    line = _fuse(light) if fuse and light.used is not None else ""
    if not light.limits:
        return drawn('<span class="light light-{}"><span>{}</span></span>{}', light.kind, words, line)
    told = ((limit.what, limit.facts, limit.source) for limit in light.limits)
    return drawn(
        '<button type="button" class="light light-{0}" aria-describedby="tip-{1}"><span>{2}</span>'
        '<span class="tip" role="tooltip" id="tip-{1}">{3}</span></button>{4}',
        light.kind,
        key,
        words,
        drawn_each("<b>{}</b><br>{}<br><em>{}</em>", told, between="<br>"),
        line,
    )


@register.simple_tag
def fuse(light: Light) -> SafeString:
    """The share of the limit that is used, as a thin line under the words."""
    return _fuse(light)


def _fuse(light: Light) -> SafeString:
    used, stopped = _share(light.used or 0), _share(light.stopped)
    pause = drawn('<rect class="pause" x="{}" width="{}" height="3"/>', used, stopped) if light.stopped else ""
    return drawn(
        '<svg class="fuse {}" aria-hidden="true"><rect width="{}" height="3"/>{}</svg>',
        TONES.get(light.kind, ""),
        used,
        pause,
    )


@register.inclusion_tag(f"{PARTS}/clock.html")
def clock(used: float, label: str, stopped: float = 0.0) -> Context:
    """A limit as a bar: used, then stopped (hatched), then today's line. Shares 0 to 1; `label` says it."""
    return {"used": _share(used), "stopped": _share(stopped), "today": _share(used + stopped), "label": label}


def _share(value: float) -> str:
    return f"{min(max(value, 0.0), 1.0) * 100:.1f}%"


@register.simple_tag
def dots(done: int, total: int) -> SafeString:
    """The procedure in miniature: `done` steps behind, the next one current, the others to come."""
    marks = [' class="d"' if at < done else ' class="c"' if at == done else "" for at in range(total)]
    label = _("step %(at)s of %(total)s") % {"at": min(done + 1, total), "total": total}
    each = SafeString("".join([f"<i{mark}></i>" for mark in marks]))
    return drawn('<span class="dots" role="img" aria-label="{}">{}</span>', label, each)


@register.inclusion_tag(f"{PARTS}/tabs.html")
def tabs(tabs: Sequence[Tab], label: str) -> Context:
    return {"tabs": tabs, "label": label}


@register.inclusion_tag(f"{PARTS}/stepper.html")
def stepper(steps: Sequence[Step]) -> Context:
    return {"steps": steps}


@register.inclusion_tag(f"{PARTS}/timeline.html")
def timeline(entries: Sequence[Entry], id: str = "tl") -> Context:
    """A matter's history for staff, newest first."""
    return {"entries": entries, "id": id}


@register.inclusion_tag(f"{PARTS}/told.html")
def told(steps: Sequence[Told]) -> Context:
    """The steps in a resident's words, those to come on top."""
    return {"steps": steps}


@register.inclusion_tag(f"{PARTS}/facts.html")
def facts(facts: Sequence[Fact]) -> Context:
    """Up to four figures in one panel. Raises TemplateSyntaxError for more."""
    if len(facts) > 4:
        raise template.TemplateSyntaxError("at most four figures stand in one panel")
    return {"facts": facts}


@register.inclusion_tag(f"{PARTS}/panel_act.html")
def panel_act(actions: Sequence[Action], why: str = "", id: str = "act") -> Context:
    """What one can do now: why, one primary, two others, the rest as lines, locked ones with their reason.

    Raises TemplateSyntaxError for a second primary action.
    """
    first = [action for action in actions if action.primary and not action.locked]
    if len(first) > 1:
        raise template.TemplateSyntaxError("one primary action on a screen")
    others = [action for action in actions if not action.locked and action not in first]
    plain = [action for action in others if not action.danger and not action.note]
    return {
        "id": id,
        "why": why,
        "primary": first[0] if first else None,
        "others": plain[:2],
        "lines": [action for action in others if action not in plain[:2]],
        "locked": [action for action in actions if action.locked],
    }


@register.inclusion_tag(f"{PARTS}/person_line.html")
def person_line(line: PersonLine) -> Context:
    """A person with role, masked name and phone, and a button that dials without showing the number."""
    return {"line": line}


@register.inclusion_tag(f"{PARTS}/pager.html")
def pager(pager: Pager) -> Context:
    return {"pager": pager}


@register.simple_block_tag
def dialog(content: str, id: str, title: str) -> SafeString:
    """`{% dialog "end" title %} body, footer {% enddialog %}`, opened by `data-dialog="end"` on a control."""
    pattern = '<dialog id="{0}" aria-labelledby="{0}-t"><header id="{0}-t">{1}</header>{2}</dialog>'
    return drawn(pattern, id, title, content)
