"""`{% load face_masks %}`: names, phones and id numbers are masked where they are drawn."""

from django import template

from fengqiao.doors.face import masks

register = template.Library()
register.filter("mask_name", masks.mask_name)
register.filter("mask_phone", masks.mask_phone)
register.filter("mask_id_number", masks.mask_id_number)
