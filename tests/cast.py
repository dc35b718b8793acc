"""The cast: one city, two towns, and the people of every test, made through the kernel's own doors.

Wang asks and has no account. Chen takes calls and Sun supervises them at the hotline of the city. Li handles at a
department. Zhou sits on the committee of a village in 甲镇, Qian in the town's government, He in its command room.
Zhao, from the next town, may not look. The administrator, the auditor and the data officer see no contents.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from fengqiao.kernel import handle, intake, remembered
from fengqiao.kernel.access import Acting
from fengqiao.kernel.models import Account, Matter, Place, Post, Unit
from fengqiao.offices.accounts import terms
from fengqiao.offices.register.places_file import PlaceRow, shipped

JIA, YI = "330681901", "330681902"
VILLAGE, NEXT_VILLAGE, FAR_VILLAGE = "330681901201", "330681901202", "330681902201"
WANG = intake.Party(name="王小示", phone="10012345678", address="示例一村 8 号")
_serial = count(1)

# key: name, kind, code of its place, parent
UNITS = {
    "hotline": ("12345 政务热线", "hotline_office", "330681", ""),
    "water": ("市水务局", "department", "330681", ""),
    "housing": ("市住建局", "department", "330681", ""),
    "sealed": ("市纪检监察收件处", "discipline", "330681", ""),
    "jia": ("甲镇人民政府", "town_government", JIA, ""),
    "jia_room": ("甲镇综合信息指挥室", "command_room", JIA, "jia"),
    "jia_roads": ("甲镇城建办", "town_office", JIA, "jia"),
    "yi": ("乙镇人民政府", "town_government", YI, ""),
    "yi_room": ("乙镇综合信息指挥室", "command_room", YI, "yi"),
    "village": ("示例一村村民委员会", "village_committee", VILLAGE, "jia"),
}
# name: unit, role
POSTS = {
    "chen": ("hotline", "hotline_agent"),
    "sun": ("hotline", "hotline_supervisor"),
    "li": ("water", "unit_handler"),
    "lin": ("water", "unit_head"),
    "feng": ("housing", "unit_handler"),
    "qian": ("jia", "unit_head"),
    "he": ("jia_room", "command_room"),
    "zhao": ("yi", "unit_handler"),
    "shen": ("yi_room", "command_room"),
    "zhou": ("village", "village_member"),
    "envelope": ("sealed", "sealed_recipient"),
    "administrator": ("hotline", "administrator"),
    "auditor": ("sealed", "auditor"),
    "dpo": ("sealed", "dpo"),
}


@dataclass
class Cast:
    """Units by key and posts by name: `cast.li`, `cast.units["water"]`."""

    units: dict[str, Unit] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Post:
        try:
            return self.__dict__["posts"][name]
        except KeyError:
            raise AttributeError(name) from None


def build() -> Cast:
    """Places, units, accounts and posts; call inside a test's database."""
    remembered.forget()  # another test's database had another city, other desks and other words
    load_places()
    cast = Cast()
    for key, (name, kind, code, parent) in UNITS.items():
        place = Place.objects.get(pk=code)
        cast.units[key] = terms.open_unit(
            key=key, name=name, kind=kind, place=place, parent=cast.units[parent] if parent else None
        )
    for name, (unit, role) in POSTS.items():
        cast.posts[name] = appoint(cast.units[unit], role, username=name)
    return cast


def load_places() -> None:
    """The city's own row of the register and the invented towns under it."""
    rows = [row for row in shipped("zhuji") if row.level == "city"] + shipped("demo")
    rows.sort(key=lambda row: len(row.code))
    Place.objects.bulk_create([_place(row) for row in rows], ignore_conflicts=True)


def _place(row: PlaceRow) -> Place:
    parent = row.parent if row.level != "city" else None
    return Place(code=row.code, name=row.name, level=row.level, parent_id=parent or None, demo=row.code[6:7] == "9")


def an_account(username: str = "") -> Account:
    """Somebody with a way in and no post yet."""
    username = username or f"person{next(_serial)}"
    return Account.objects.create_user(username, None, name=username)


def appoint(unit: Unit, role: str, *, username: str = "", account: Account | None = None, **term: Any) -> Post:
    """A post, as a request would fetch it."""
    post = terms.appoint(account or an_account(username), unit, role, **term)
    return Post.objects.select_related("account", "unit__place").get(pk=post.pk)


def a_receipt(**more: Any) -> intake.Receipt:
    """Wang's call about the street lamp, unless said otherwise."""
    told: dict[str, Any] = {
        "title": "路灯不亮",
        "content": "示例一村村口的路灯坏了一个星期，晚上老人走路看不见。",
        "channel": "12345",
        "place": VILLAGE,
        "parties": (WANG,),
        "data": {"nature": "help"},
    }
    return intake.Receipt(**{**told, **more})


def an_order(by: Acting, **more: Any) -> Matter:
    """A hotline order that came in by the front door."""
    return intake.receive(by, "hotline", a_receipt(**more)).matter


def do(by: Acting, action: str, matter: Matter, **data: Any) -> Matter:
    """One action through the kernel's one door."""
    return handle.perform(action, number=matter.number, data=data, by=by)
