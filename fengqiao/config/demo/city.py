"""Units and accounts of the demo city: an account for each role that exists."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import NamedTuple

from fengqiao.kernel.models import Account, Place, Post, Unit
from fengqiao.kernel.now import now
from fengqiao.offices.accounts import terms

CITY, JIA, YI, BING, DING = "330681", "330681901", "330681902", "330681903", "330681904"
VILLAGE, COMMUNITY = "330681901201", "330681903001"


class U(NamedTuple):
    """A unit: key, name, kind, place, key of the parent."""

    key: str
    name: str
    kind: str
    place: str
    parent: str = ""


UNITS = (
    U("city", "示例市人民政府", "city_government", CITY),
    U("hotline", "12345 热线办公室", "hotline_office", CITY, "city"),
    U("command", "示例市社会治理中心", "command_centre", CITY, "city"),
    U("discipline", "示例市纪检监察机关", "discipline_office", CITY),
    U("petitions", "示例市信访部门", "petition_office", CITY, "city"),
    U("water", "示例水务部门", "department", CITY, "city"),
    U("streets", "示例城市管理部门", "department", CITY, "city"),
    U("housing", "示例住建部门", "department", CITY, "city"),
    U("labour", "示例人社部门", "department", CITY, "city"),
    U("transport", "示例交通部门", "department", CITY, "city"),
    U("market", "示例市场监管部门", "department", CITY, "city"),
    U("environment", "示例生态环境部门", "department", CITY, "city"),
    U("education", "示例教育部门", "department", CITY, "city"),
    U("enforcement", "示例综合执法队", "department", CITY, "city"),
    U("justice", "示例司法行政部门", "justice_bureau", CITY, "city"),
    U("legal-aid", "示例法律援助中心", "legal_aid_centre", CITY, "justice"),
    U("court", "示例法庭诉调对接", "court", CITY),
    U("procuratorate", "示例镇乡检察室", "procuratorate", CITY),
    U("services", "示例政务服务中心", "service_centre", CITY, "city"),
    U("emergency", "示例应急指挥", "emergency_office", CITY, "city"),
    U("calls", "示例 96345 受理台", "call_centre", CITY, "city"),
    U("audit", "示例审计部门", "audit_office", CITY),
    U("jia", "甲镇人民政府", "town_government", JIA, "city"),
    U("jia-room", "甲镇综合信息指挥室", "command_room", JIA, "jia"),
    U("jia-mediation", "甲镇人民调解委员会", "mediation_committee", JIA, "jia"),
    U("jia-police", "甲镇派出所警调对接", "police_station", JIA),
    U("yi", "乙镇人民政府", "town_government", YI, "city"),
    U("yi-room", "乙镇综合信息指挥室", "command_room", YI, "yi"),
    U("bing", "丙街道办事处", "town_government", BING, "city"),
    U("bing-room", "丙街道综合信息指挥室", "command_room", BING, "bing"),
    U("ding", "丁镇人民政府", "town_government", DING, "city"),
    U("ding-room", "丁镇综合信息指挥室", "command_room", DING, "ding"),
    U("village-1", "示例一村村民委员会", "village_committee", VILLAGE, "jia"),
    U("community-1", "示例一社区居民委员会", "village_committee", COMMUNITY, "bing"),
)

# username, name, role, unit
PEOPLE = (
    ("chen", "陈小禾", "hotline_agent", "hotline"),
    ("sun", "孙明月", "hotline_supervisor", "hotline"),
    ("li", "李青山", "unit_handler", "water"),
    ("shen", "沈知秋", "unit_head", "water"),
    ("lu", "陆远", "unit_handler", "streets"),
    ("fang", "方舟", "unit_handler", "housing"),
    ("tang", "唐一鸣", "unit_handler", "labour"),
    ("han", "韩松", "unit_handler", "transport"),
    ("ma", "马晓", "market_regulator", "market"),
    ("market", "马小川", "unit_handler", "market"),
    ("bai", "白露", "unit_handler", "environment"),
    ("song", "宋词", "unit_handler", "education"),
    ("lin", "林海", "enforcer", "enforcement"),
    ("gu", "顾言", "legal_reviewer", "enforcement"),
    ("lou", "楼新华", "command_room", "jia-room"),
    ("zhao", "赵平", "command_room", "yi-room"),
    ("room", "夏蝉", "command_room", "bing-room"),
    ("jia", "梁栋", "unit_handler", "jia"),
    ("yi", "甘霖", "unit_handler", "yi"),
    ("bing", "柏舟", "unit_handler", "bing"),
    ("ding", "柯然", "unit_handler", "ding"),
    ("zhou", "周宁", "village_member", "village-1"),
    ("grid", "程远", "grid_worker", "village-1"),
    ("watch", "崔平安", "village_supervisor", "village-1"),
    ("agent", "田野", "petition_agent", "community-1"),
    ("mediator", "何平", "mediator", "jia-mediation"),
    ("head", "冯和", "mediation_head", "jia-mediation"),
    ("volunteer", "陶然", "volunteer", "jia-mediation"),
    ("lawyer", "骆文", "lawyer", "justice"),
    ("legal", "汤正", "legal_worker", "justice"),
    ("justice", "雷鸣", "justice_office", "justice"),
    ("aid", "任义", "legal_aid_officer", "legal-aid"),
    ("court", "秦关", "court", "court"),
    ("police", "高峰", "police", "jia-police"),
    ("prosecutor", "江帆", "procuratorate", "procuratorate"),
    ("petitions", "范文", "petition_office", "petitions"),
    ("review", "石磊", "review_body", "petitions"),
    ("call", "金铃", "call_desk", "calls"),
    ("duty", "毛峰", "emergency_officer", "emergency"),
    ("window", "苏舒", "window", "services"),
    ("approver", "邵杰", "approver", "services"),
    ("party", "龚勤", "party_organiser", "community-1"),
    ("sealed", "严守", "sealed_recipient", "discipline"),
    ("leader", "万里", "leader", "city"),
    ("dpo", "米兰", "dpo", "city"),
    ("auditor", "余清", "auditor", "audit"),
    ("admin", "康健", "administrator", "city"),
)
TERM = timedelta(days=400)


def build() -> dict[str, str]:
    """Make the units, accounts and posts; the passwords by username."""
    units: dict[str, Unit] = {}
    places = {place.code: place for place in Place.objects.filter(code__in={unit.place for unit in UNITS})}
    for each in UNITS:
        units[each.key] = terms.open_unit(
            key=each.key, name=each.name, kind=each.kind, place=places[each.place], parent=units.get(each.parent)
        )
    passwords = {}
    for username, name, role, unit in PEOPLE:
        passwords[username] = secrets.token_urlsafe(9)
        account = Account.objects.create_user(username, passwords[username], name=name)
        terms.appoint(account, units[unit], role, since=now() - TERM)
    return passwords


def posts() -> dict[str, Post]:
    """The demo's posts by username."""
    found = Post.objects.filter(account__username__in=[row[0] for row in PEOPLE])
    return {post.account.username: post for post in found.select_related("account", "unit__place").order_by("pk")}
