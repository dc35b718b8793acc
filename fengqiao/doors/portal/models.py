from __future__ import annotations

from django.db import models


class Tries(models.Model):
    """Wrong tries against one query code, by its keyed hash: the row tells neither the code nor whether it exists."""

    code_hash = models.BinaryField(primary_key=True, max_length=16)
    wrong = models.SmallIntegerField()
    last_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "portal_tries"


class Flood(models.Model):
    """How many forms or photos came from one address within the hour, by its keyed hash; gone when it is over."""

    address_hash = models.BinaryField(primary_key=True, max_length=16)
    count = models.IntegerField()
    since = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "portal_flood"
