"""What points to a person is masked, and masking twice changes nothing."""

import pytest

from fengqiao.doors.face.masks import mask_id_number, mask_name, mask_phone


@pytest.mark.parametrize(
    ("name", "shown"),
    [("周明", "周*"), ("楼建华", "楼*华"), ("欧阳明", "欧阳*"), ("欧阳建华", "欧阳*华"), ("Maria", "M***"), ("", "")],
)
def test_a_name_keeps_its_surname_and_at_most_its_last_character(name, shown):
    assert mask_name(name) == shown
    assert mask_name(shown) == shown


def test_a_mobile_keeps_three_and_four_digits_and_a_landline_two():
    assert mask_phone("13800002210") == "138****2210"
    assert mask_phone("0575-87010001") == "**********01"
    assert mask_phone("110") == "***"
    assert mask_phone("138****2210") == "138****2210"


def test_an_id_number_keeps_four_and_four():
    assert mask_id_number("330600190001010012") == "3306**********0012"
    assert mask_id_number("12345") == "*****"
