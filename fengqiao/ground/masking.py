"""Masked forms of personal data (EXPERIENCE 6, engineering ruling 24).

What is not understood is masked whole: a mask may hide too much, never too little.
"""

import re
from typing import Final

from fengqiao.ground.personal import find, fold

_TITLES: Final = ("先生", "女士", "小姐", "师傅", "老师", "同志", "大哥", "大姐", "大爷", "大妈", "阿姨")
_ORGANS: Final = (
    "人民政府", "办事处", "委员会", "村委会", "居委会", "法院", "检察院", "派出所", "公安局", "司法所",
)  # fmt: skip
_FORMS = re.compile(
    r"(?:股份有限公司|有限责任公司|有限公司|合作社|事务所|经营部|工作室|分公司|公司|集团|工厂|商行|饭店|超市|医院|学校"
    r"|幼儿园|诊所|药房|酒店|宾馆|中心|商店|厂|店|场|馆|部|社|行|院|园|吧)$"
)
_SEAT = re.compile(r"^(?:[^省]{2,6}省)?(?:[^市]{2,6}市)?(?:[^区县市]{2,6}[区县市])?")
_TOWN = re.compile(r"^.*?(?:街道|镇|乡)")
_VILLAGE = re.compile(r"^.*?(?:村|社区|居委会)")
_CITY = re.compile(r"^.*?(?:省|市|区|县).*?(?:市|区|县)|^.*?(?:省|市|区|县)")
_NAME_IN_LATIN = re.compile(r"[A-Za-z]+")


def mask_name(name: str) -> str:
    """周明 → 周*, 楼大华 → 楼*华, 欧阳小华 → 欧**华; 周女士 stays; John Smith → J** S**."""
    plain = " ".join(name.split())
    if len(plain) == 3 and plain.endswith(_TITLES):
        return plain
    if _NAME_IN_LATIN.search(plain):
        return " ".join(word[0] + "**" for word in plain.split())
    if len(plain) < 2:
        return "*" * len(plain)
    if len(plain) == 2:
        return plain[0] + "*"
    return plain[0] + ("*" if len(plain) == 3 else "**") + plain[-1]


def mask_phone(phone: str) -> str:
    """13812342210 → 138****2210, 0575-87012345 → 0575****2345; anything else gives stars only."""
    digits = re.sub(r"\D", "", fold(phone))
    digits = re.sub(r"^(?:00)?86(?=[01]\d{9,})", "", digits)
    if re.fullmatch(r"1\d{10}", digits):
        return f"{digits[:3]}****{digits[-4:]}"
    if re.fullmatch(r"0\d{9,11}|[48]00\d{7}", digits):
        area = 3 if re.match(r"01|02|[48]", digits) else 4
        return f"{digits[:area]}****{digits[-4:]}"
    return "****"


def mask_id(number: str) -> str:
    """330681209901010012 → 3306**********0012; of other papers the first and last character stay."""
    plain = re.sub(r"[^0-9A-Z]", "", fold(number).upper())
    if len(plain) == 18:
        return f"{plain[:4]}**********{plain[-4:]}"
    if len(plain) < 6:
        return "*" * len(plain)
    return plain[0] + "*" * (len(plain) - 2) + plain[-1]


def mask_card(number: str) -> str:
    """A bank card: 6222021234567890123 → 6222****0123."""
    digits = re.sub(r"\D", "", fold(number))
    return f"{digits[:4]}****{digits[-4:]}" if len(digits) > 12 else "****"


def mask_plate(plate: str) -> str:
    """A number plate: 浙D12345 → 浙D***45."""
    plain = re.sub(r"[^0-9A-Z\u4e00-\u9fff]", "", fold(plate).upper())
    return f"{plain[:2]}***{plain[-2:]}" if len(plain) > 5 else "***"


def mask_address(address: str) -> str:
    """Keep what leads to the village: 甲镇示例一村12号 → 甲镇示例一村***; else to the town, else the city."""
    plain = "".join(address.split())
    town = _TOWN.match(plain)
    start = town.end() if town else 0
    village = _VILLAGE.match(plain[start:])
    city = _CITY.match(plain)
    end = start + village.end() if village else start or (city.end() if city else 0)
    return plain if end == len(plain) else plain[:end] + "***"


def mask_organisation(name: str) -> str:
    """示例市枫叶水暖有限公司 → 示例市枫**有限公司; offices of government, committees and courts stay."""
    plain = "".join(name.split())
    if plain.endswith(_ORGANS) or (plain.endswith("局") and len(plain) > 2):
        return plain
    seat = _SEAT.match(plain)
    start = seat.end() if seat else 0
    form = _FORMS.search(plain, start + 1)
    end = form.start() if form else len(plain)
    if start >= end:
        start = 0
    return plain[:start] + plain[start : start + 1] + "**" + plain[end:]


_MASKS: Final = {
    "id": mask_id,
    "paper": mask_id,
    "mobile": mask_phone,
    "landline": mask_phone,
    "local": lambda number: "****" + re.sub(r"\D", "", fold(number))[-4:],
    "card": mask_card,
    "plate": mask_plate,
}


def mask_text(text: str) -> str:
    """The text with phones, identity and card numbers and number plates masked, however they were typed.

    Names stay: they are masked where they are known. Long digits of unknown meaning give stars only.
    """
    parts, end = [], 0
    for found in find(text):
        mask = _MASKS.get(found.kind)
        shown = mask(text[found.start : found.end]) if mask else "****"
        parts += [text[end : found.start], shown]
        end = found.end
    return "".join(parts) + text[end:] if parts else text
