from __future__ import annotations

from django.db import models

from fengqiao.kernel.models import Matter


class HotlineOrder(models.Model):
    """What a hotline order has that a matter has not."""

    matter = models.OneToOneField(Matter, models.CASCADE, primary_key=True, related_name="hotline_order")
    nature = models.CharField(max_length=12)
    urgency = models.CharField(max_length=10, default="normal")
    wants_answer = models.BooleanField(default=True)
    wants_secrecy = models.BooleanField(default=False)
    knowledge_version = models.UUIDField(null=True)
    dispatched_at = models.DateTimeField(null=True)
    returns = models.SmallIntegerField(default=0)
    late_returns = models.SmallIntegerField(default=0)
    redos = models.SmallIntegerField(default=0)
    ruled = models.BooleanField(default=False)
    solved = models.CharField(max_length=10, blank=True)
    grade = models.CharField(max_length=24, blank=True)
    reason = models.CharField(max_length=24, blank=True)
    handed_to = models.CharField(max_length=10, blank=True)

    class Meta:
        db_table = "hotline_order"
