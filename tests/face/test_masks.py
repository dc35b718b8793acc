"""What points to a person is masked where it is drawn, and masking twice changes nothing. The masks: tests/pure."""

import pytest
from django.template import Context, Template


def shown(mask: str, value: str) -> str:
    return Template("{% load face_masks %}{{ value|" + mask + " }}").render(Context({"value": value}))


@pytest.mark.parametrize(
    ("mask", "value", "masked"),
    [
        ("mask_name", "周明", "周*"),
        ("mask_name", "楼建华", "楼*华"),
        ("mask_name", "", ""),
        ("mask_phone", "13800002210", "138****2210"),
        ("mask_phone", "0575-87010001", "0575****0001"),
        ("mask_id_number", "330600190001010012", "3306**********0012"),
    ],
)
def test_what_is_drawn_is_masked_once(mask, value, masked):
    assert shown(mask, value) == masked
    assert shown(mask, masked) == masked
