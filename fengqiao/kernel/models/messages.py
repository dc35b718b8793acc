from __future__ import annotations

from django.db import models
from django.db.models import Q

from fengqiao.ground.numbers import new_id
from fengqiao.kernel.models.matter import Matter, Source
from fengqiao.kernel.now import now


class Message(models.Model):
    """A row of the outbox: written with the change, sent after commit, at least once, with this stable id.

    It names a template and its recipient by id; the address is read at sending, so that nothing personal lies here.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    matter = models.ForeignKey(Matter, models.CASCADE, null=True, related_name="messages")
    source = models.ForeignKey(Source, models.CASCADE, null=True, related_name="+", db_index=False)
    post = models.ForeignKey("kernel.Post", models.CASCADE, null=True, related_name="+", db_index=False)
    unit = models.ForeignKey("kernel.Unit", models.CASCADE, null=True, related_name="+", db_index=False)
    way = models.CharField(max_length=10)
    template = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=now)
    not_before = models.DateTimeField(default=now)
    attempts = models.SmallIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "message"
        indexes = [
            models.Index(
                fields=["not_before"],
                name="message_waiting",
                condition=Q(sent_at=None, cancelled_at=None, dead_at=None),
            ),
            models.Index(fields=["post", "-made_at"], name="message_post", condition=Q(way="desk")),
            models.Index(
                fields=["unit", "-made_at"], name="message_unit", condition=Q(way="desk", unit__isnull=False, post=None)
            ),
        ]


class Idempotency(models.Model):
    """A key already used: inserted first in the transaction, so that a twin waits and gets the same answer."""

    owner = models.CharField(max_length=40, db_collation="C")
    key = models.CharField(max_length=80, db_collation="C")
    route = models.CharField(max_length=80)
    body = models.BinaryField(max_length=32)
    matter = models.UUIDField(null=True)
    status = models.SmallIntegerField(default=0)
    at = models.DateTimeField(default=now, db_index=True)

    class Meta:
        db_table = "idempotency"
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="idempotency_once")]
