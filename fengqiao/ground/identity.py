"""Numbers that people and firms carry: identity cards, organisation codes, phones (SPEC 12.1).

Each `parse_…` returns the canonical form or raises Unreadable with a sentence for the person who typed.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from fengqiao.ground.unreadable import Unreadable, gettext_noop

ID_DIGITS: Final = 18
MOBILE_DIGITS: Final = 11
DEMO_PREFIX: Final = "100"
_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS: Final = "10X98765432"
_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
_CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_CREDIT_SHAPE = re.compile(rf"[{_CREDIT_ALPHABET}]{{2}}\d{{6}}[{_CREDIT_ALPHABET}]{{10}}")
_SPACES = re.compile(r"[\s\-‐-―−_.·]+")
_AREA = re.compile(r"(0(?:10|2\d)\d{8}|0[3-9]\d{2}\d{7,8})")
_EXTENSION = re.compile(r"(?:[-转#*,]|EXT)+(\d{1,6})$")


@dataclass(frozen=True, slots=True)
class IdNumber:
    """A resident identity number (GB 11643): birth date, sex by GB/T 2261.1 (1 man, 2 woman)."""

    number: str
    birth: date
    sex: Literal[1, 2]

    @property
    def region(self) -> str:
        """The six-digit code of the place of first registration."""
        return self.number[:6]


@dataclass(frozen=True, slots=True)
class Phone:
    """`digits` without country code, dashes or extension: what is hashed, compared and dialled."""

    digits: str
    kind: Literal["mobile", "landline", "service", "demo"]
    extension: str = ""

    @property
    def tail(self) -> str:
        """The last four digits, which open the progress page together with the query code."""
        return self.digits[-4:]


def id_check(first17: str) -> str:
    """The check character of GB 11643 for seventeen digits."""
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, first17, strict=True))
    return _ID_CHECKS[total % 11]


def parse_id_number(text: str, *, today: date, test_mode: bool = False) -> IdNumber:
    """Read a resident identity number, any width, stray spaces, small x.

    A birth date after `today` is accepted in `test_mode` only: no living person can have such a number.
    """
    number = _compact(text).upper()
    if not number:
        raise Unreadable("empty", _ID_EMPTY)
    if not re.fullmatch(r"[0-9]*X?", number):
        raise Unreadable("characters", _ID_CHARACTERS)
    if len(number) == 15:
        raise Unreadable("old_card", _ID_OLD)
    _require_length(number, ID_DIGITS, _ID_ONE_MISSING, _ID_MISSING, _ID_TOO_MANY)
    birth = _birth(number)
    if not _PROVINCES.match(number) or birth is None or id_check(number[:17]) != number[17]:
        raise Unreadable("mistyped", _ID_MISTYPED)
    if birth > today and not test_mode:
        raise Unreadable("future", _ID_FUTURE)
    return IdNumber(number, birth, 1 if int(number[16]) % 2 else 2)


def credit_check(first17: str) -> str:
    """The check character of GB 32100 for seventeen characters."""
    values = (_CREDIT_ALPHABET.index(character) for character in first17)
    total = sum(weight * value for weight, value in zip(_CREDIT_WEIGHTS, values, strict=True))
    return _CREDIT_ALPHABET[-total % 31]


def parse_credit_code(text: str) -> str:
    """Read a unified social credit code (GB 32100): 18 characters in capitals."""
    code = _compact(text).upper()
    if not code:
        raise Unreadable("empty", _CREDIT_EMPTY)
    strange = [character for character in code if character not in _CREDIT_ALPHABET]
    if strange:
        raise Unreadable("characters", _CREDIT_CHARACTERS, {"character": strange[0]})
    _require_length(code, ID_DIGITS, _CREDIT_ONE_MISSING, _CREDIT_MISSING, _CREDIT_TOO_MANY)
    if not _CREDIT_SHAPE.fullmatch(code) or credit_check(code[:17]) != code[17]:
        raise Unreadable("mistyped", _CREDIT_MISTYPED)
    return code


def parse_phone(text: str, *, demo: bool = False) -> Phone:
    """Read a mainland phone: mobile, landline with area code, or a 400 or 800 service number.

    With `demo`, invented numbers are read too: eleven digits beginning with 100 (domain ruling 1).
    """
    plain = unicodedata.normalize("NFKC", text).strip().upper()
    if not plain:
        raise Unreadable("empty", _PHONE_EMPTY)
    digits, extension = _split_extension(plain)
    if digits.startswith("+") and not digits.startswith("+86"):
        raise Unreadable("foreign", _PHONE_FOREIGN)
    digits = re.sub(r"^(?:\+|00)?86(?=[01]\d{9,})", "", digits)
    if not re.fullmatch("[0-9]+", digits):
        raise Unreadable("characters", _PHONE_CHARACTERS)
    if is_demo_phone(digits):
        if demo:
            return Phone(digits, "demo", extension)
        raise Unreadable("demo", _PHONE_DEMO)
    if re.fullmatch(r"[48]00\d{7}", digits):
        return Phone(digits, "service", extension)
    if digits.startswith("0"):
        return _landline(digits, extension)
    return _mobile(digits, extension)


def is_demo_phone(digits: str) -> bool:
    """Whether no message may ever be sent there: an invented number of the demo city."""
    return len(digits) == MOBILE_DIGITS and digits.startswith(DEMO_PREFIX) and digits.isdigit()


def _compact(text: str) -> str:
    return _SPACES.sub("", unicodedata.normalize("NFKC", text))


def _split_extension(plain: str) -> tuple[str, str]:
    """Digits and extension: an extension follows a whole landline or service number only."""
    bare = re.sub(r"[()\s]", "", plain)
    match = _EXTENSION.search(bare)
    if match:
        digits = _compact(bare[: match.start()])
        if _AREA.fullmatch(digits) or re.fullmatch(r"[48]00\d{7}", digits):
            return digits, match[1]
    return _compact(bare), ""


def _mobile(digits: str, extension: str) -> Phone:
    if not digits.startswith("1") or len(digits) < 7:
        if 7 <= len(digits) <= 8:
            raise Unreadable("area_code", _PHONE_AREA)
        if not digits.startswith("1"):
            raise Unreadable("first_digits", _PHONE_FIRST)
    _require_length(digits, MOBILE_DIGITS, _MOBILE_ONE_MISSING, _MOBILE_MISSING, _MOBILE_TOO_MANY)
    if digits[1] not in "3456789":
        raise Unreadable("first_digits", _PHONE_FIRST)
    return Phone(digits, "mobile", extension)


def _landline(digits: str, extension: str) -> Phone:
    if not _AREA.fullmatch(digits):
        raise Unreadable("landline", _PHONE_LANDLINE)
    return Phone(digits, "landline", extension)


def _birth(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def _require_length(text: str, length: int, one_missing: str, missing: str, too_many: str) -> None:
    params = {"length": length, "count": len(text), "missing": length - len(text)}
    if len(text) == length - 1:
        raise Unreadable("missing", one_missing, params)
    if len(text) < length:
        raise Unreadable("missing", missing, params)
    if len(text) > length:
        raise Unreadable("too_many", too_many, params)


_ID_EMPTY = gettext_noop("No identity number was typed. It stands on the card and has 18 characters.")
_ID_CHARACTERS = gettext_noop("An identity number has digits only; the last may be an X. Please compare with the card.")
_ID_OLD = gettext_noop("This is an old number of 15 digits. Please type the 18 characters of the new card.")
_ID_ONE_MISSING = gettext_noop(
    "One digit is missing. An identity number has %(length)s characters; please compare with the card."
)
_ID_MISSING = gettext_noop(
    "%(missing)s digits are missing. An identity number has %(length)s characters; please add the others."
)
_ID_TOO_MANY = gettext_noop(
    "There are too many digits. An identity number has %(length)s characters, you typed %(count)s."
)
_ID_MISTYPED = gettext_noop("One digit was mistyped. Please compare each digit with the card.")
_ID_FUTURE = gettext_noop("The date of birth in this number has not come yet. Please compare with the card.")
_CREDIT_EMPTY = gettext_noop("No code was typed. It stands on the licence and has 18 characters.")
_CREDIT_CHARACTERS = gettext_noop(
    "“%(character)s” is in no such code; it never has the letters I, O, S, V and Z. Please compare with the licence."
)
_CREDIT_ONE_MISSING = gettext_noop(
    "One character is missing. The code has %(length)s characters; please compare with the licence."
)
_CREDIT_MISSING = gettext_noop(
    "%(missing)s characters are missing. The code has %(length)s characters; please add the others."
)
_CREDIT_TOO_MANY = gettext_noop(
    "There are too many characters. The code has %(length)s characters, you typed %(count)s."
)
_CREDIT_MISTYPED = gettext_noop("One character was mistyped. Please compare each character with the licence.")
_PHONE_EMPTY = gettext_noop("No phone number was typed. Please type it, or choose another way to reach you.")
_PHONE_FOREIGN = gettext_noop(
    "This is a number outside the mainland, which we cannot call. Please type a mainland number."
)
_PHONE_CHARACTERS = gettext_noop("A phone number has digits only. Please leave out the other characters.")
_PHONE_DEMO = gettext_noop("Numbers beginning with 100 belong to the demonstration. Please type a real number.")
_PHONE_AREA = gettext_noop("The area code is missing. Please put it in front, such as 0575.")
_PHONE_FIRST = gettext_noop("A mobile number begins with 13 to 19, a landline with 0. Please check the first digits.")
_PHONE_LANDLINE = gettext_noop(
    "A landline is the area code and 7 or 8 digits, such as 0575 and 8 digits. Please compare it."
)
_MOBILE_ONE_MISSING = gettext_noop(
    "One digit is missing. A mobile number has %(length)s digits; please add the missing one."
)
_MOBILE_MISSING = gettext_noop(
    "%(missing)s digits are missing. A mobile number has %(length)s digits; please add the others."
)
_MOBILE_TOO_MANY = gettext_noop(
    "There are too many digits. A mobile number has %(length)s digits, you typed %(count)s."
)
