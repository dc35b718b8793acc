"""`{% load face_masks %}`: names, phones and id numbers are masked where they are drawn, and only once."""

from __future__ import annotations

from collections.abc import Callable

from django import template

from fengqiao.ground import masking

register = template.Library()


def once(mask: Callable[[str], str]) -> Callable[[str], str]:
    """The mask, which leaves what is masked already."""

    def masked(value: str) -> str:
        return value if "*" in value else mask(value)

    return masked


register.filter("mask_name", once(masking.mask_name))
register.filter("mask_phone", once(masking.mask_phone))
register.filter("mask_id_number", once(masking.mask_id))
