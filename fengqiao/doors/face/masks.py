"""Masks of what points to a person (EXPERIENCE 6). Masking twice changes nothing."""

import re

COMPOUND_SURNAMES = frozenset(
    {
        "欧阳",
        "上官",
        "司马",
        "司徒",
        "诸葛",
        "皇甫",
        "尉迟",
        "公孙",
        "慕容",
        "令狐",
        "长孙",
        "宇文",
        "夏侯",
        "东方",
        "南宫",
        "端木",
        "百里",
        "呼延",
    }
)


def mask_name(name: str) -> str:
    """周* for two characters, 楼*华 for three and more; a longer foreign name keeps its first letter."""
    name = name.strip()
    if not name or "*" in name:
        return name
    if name.isascii():
        return f"{name[0]}***"
    surname = name[:2] if name[:2] in COMPOUND_SURNAMES and len(name) > 2 else name[0]
    given = name[len(surname) :]
    return f"{surname}*{given[-1]}" if len(given) > 1 else f"{surname}*"


def mask_phone(phone: str) -> str:
    """138****2210; a landline keeps its last two digits; anything shorter is hidden whole."""
    if "*" in phone:
        return phone
    digits = re.sub(r"\D", "", phone)
    if len(digits) == 11 and digits.startswith("1"):
        return f"{digits[:3]}****{digits[-4:]}"
    if len(digits) >= 7:
        return f"{'*' * (len(digits) - 2)}{digits[-2:]}"
    return "*" * len(phone)


def mask_id_number(number: str) -> str:
    """3306**********0012: the first four and the last four characters."""
    if "*" in number:
        return number
    if len(number) < 12:
        return "*" * len(number)
    return f"{number[:4]}{'*' * (len(number) - 8)}{number[-4:]}"
