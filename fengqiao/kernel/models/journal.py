from __future__ import annotations

from django.db import models
from django.db.models import CompositePrimaryKey


class Event(models.Model):
    """One line of the journal: append-only, chained within its stream by a keyed hash (ruling 7).

    A stream is a matter (its id) or a named day-stream such as `access:2026-11-22:…`. The table is partitioned by
    `opened_year`, which for a matter never changes. It holds codes, ids and digests, never words about persons.
    `xid` orders readers: a row is complete for them when its transaction lies below the snapshot's horizon.
    """

    pk = CompositePrimaryKey("opened_year", "stream", "seq")
    opened_year = models.SmallIntegerField()
    stream = models.CharField(max_length=60, db_collation="C")
    seq = models.IntegerField()
    matter = models.ForeignKey(
        "kernel.Matter", models.DO_NOTHING, null=True, db_constraint=False, related_name="events"
    )
    kind = models.CharField(max_length=40, db_collation="C")
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=60, db_collation="C")
    post_id = models.BigIntegerField(null=True)
    account_id = models.BigIntegerField(null=True)
    unit_id = models.BigIntegerField(null=True)
    visibility = models.CharField(max_length=10)
    law = models.CharField(max_length=80)
    data = models.JSONField(default=dict)
    prev = models.BinaryField()
    mac = models.BinaryField()
    key_id = models.CharField(max_length=20)

    class Meta:
        db_table = "event"
        managed = False


class Chain(models.Model):
    """The end of a day-stream. One process writes one stream, so reading locks nothing."""

    stream = models.CharField(primary_key=True, max_length=60, db_collation="C")
    opened_year = models.SmallIntegerField()
    seq = models.IntegerField()
    head = models.BinaryField()

    class Meta:
        db_table = "chain"
