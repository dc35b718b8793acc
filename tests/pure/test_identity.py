"""Check digits of SPEC 12.1 and the sentences for wrong ones."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengqiao.ground import identity
from fengqiao.ground.unreadable import Unreadable

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_samples_of_the_identity_standard_are_right(number):
    assert identity.parse_id_number(number, today=TODAY).number == number


@pytest.mark.parametrize("number", ["330681209901010017", "330681209912310023", "330681209906301235"])
def test_births_to_come_are_for_tests_only(number):
    assert identity.parse_id_number(number, today=TODAY, test_mode=True).birth.year == 2099
    with pytest.raises(Unreadable) as refused:
        identity.parse_id_number(number, today=TODAY)
    assert refused.value.code == "future"


@pytest.mark.parametrize("number", ["110105194912310021", "330681209902300016", "000105194912310020"])
def test_a_wrong_check_digit_or_a_day_that_does_not_exist_is_refused(number):
    with pytest.raises(Unreadable) as refused:
        identity.parse_id_number(number, today=TODAY, test_mode=True)
    assert refused.value.code == "mistyped"


def test_an_identity_number_tells_birth_sex_and_region():
    person = identity.parse_id_number(" 110105 19491231 002x ", today=TODAY)
    assert (person.birth, person.sex, person.region) == (date(1949, 12, 31), 2, "110105")
    assert identity.parse_id_number("440524188001010014", today=TODAY).sex == 1


@given(st.integers(0, 16), st.integers(1, 9))
def test_any_single_wrong_digit_of_an_identity_number_is_found(at, by):
    number = "11010519491231002X"
    wrong = number[:at] + str((int(number[at]) + by) % 10) + number[at + 1 :]
    with pytest.raises(Unreadable):
        identity.parse_id_number(wrong, today=TODAY, test_mode=True)


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        ("", "empty", "No identity number"),
        ("1101051949123100A1", "characters", "digits only"),
        ("1101051949123100X2", "characters", "digits only"),
        ("110105491231002", "old_card", "15 digits"),
        ("11010519491231002", "missing", "One digit is missing."),
        ("110105194912", "missing", "6 digits are missing."),
        ("11010519491231002XX", "characters", "digits only"),
        ("1101051949123100211", "too_many", "you typed 19"),
    ],
)
def test_a_wrong_identity_number_gets_a_sentence(typed, code, words):
    with pytest.raises(Unreadable) as refused:
        identity.parse_id_number(typed, today=TODAY)
    assert refused.value.code == code
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "code",
    [
        "91350100M000100Y43",
        "91330681MA00000076",
        "51330681MJ000000XY",
        "54330681MF00000055",
        "11330681000000019J",
    ],
)
def test_the_organisation_codes_of_the_specification_are_right(code):
    assert identity.parse_credit_code(code.lower()) == code


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        ("", "empty", "No code was typed."),
        ("91330681MA00000077", "mistyped", "One character was mistyped."),
        ("9133O681MA00000076", "characters", "“O” is in no such code"),
        ("91330681MA0000007", "missing", "One character is missing."),
        ("91330681MA", "missing", "8 characters are missing."),
        ("91330681MA000000760", "too_many", "you typed 19"),
    ],
)
def test_a_wrong_organisation_code_gets_a_sentence(typed, code, words):
    with pytest.raises(Unreadable) as refused:
        identity.parse_credit_code(typed)
    assert refused.value.code == code
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("typed", "digits", "kind", "extension"),
    [
        ("13812342210", "13812342210", "mobile", ""),
        ("+86 138-1234-2210", "13812342210", "mobile", ""),
        ("００８６１３８１２３４２２１０", "13812342210", "mobile", ""),
        ("0575-87012345", "057587012345", "landline", ""),
        ("（0575）8701 2345转801", "057587012345", "landline", "801"),
        ("0575-87012345-801", "057587012345", "landline", "801"),
        ("021 6123 4567", "02161234567", "landline", ""),
        ("400-123-4567", "4001234567", "service", ""),
    ],
)
def test_a_phone_is_read_as_people_type_it(typed, digits, kind, extension):
    phone = identity.parse_phone(typed)
    assert (phone.digits, phone.kind, phone.extension) == (digits, kind, extension)
    assert phone.tail == digits[-4:]


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        (" ", "empty", "No phone number"),
        ("1381234221", "missing", "One digit is missing. A mobile number has 11 digits"),
        ("138123", "missing", "5 digits are missing."),
        ("138123422101", "too_many", "you typed 12"),
        ("12012342210", "first_digits", "begins with 13 to 19"),
        ("23812342210", "first_digits", "begins with 13 to 19"),
        ("87012345", "area_code", "The area code is missing."),
        ("0575-870123", "landline", "7 or 8 digits"),
        ("138abc42210", "characters", "digits only"),
        ("+852 2345 6789", "foreign", "outside the mainland"),
        ("10012345678", "demo", "belong to the demonstration"),
    ],
)
def test_a_wrong_phone_gets_a_sentence(typed, code, words):
    with pytest.raises(Unreadable) as refused:
        identity.parse_phone(typed)
    assert refused.value.code == code
    assert words in str(refused.value)


def test_invented_phones_are_read_in_the_demonstration_only():
    assert identity.parse_phone("100 1234 5678", demo=True).kind == "demo"
    assert identity.is_demo_phone("10012345678")
    assert not identity.is_demo_phone("13812342210")
    assert not identity.is_demo_phone("100")


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_every_mobile_reads_back(digits):
    assert identity.parse_phone(digits) == identity.Phone(digits, "mobile")
