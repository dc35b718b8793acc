from __future__ import annotations

from django.db import models


class Guess(models.Model):
    """Wrong tries at one secret, known by its keyed hash only, whether such a secret exists or not (A9)."""

    key = models.BinaryField(max_length=16, primary_key=True)
    wrong = models.SmallIntegerField(default=1)
    last_at = models.DateTimeField()

    class Meta:
        db_table = "guess"
        indexes = [models.Index(fields=["last_at"], name="guess_last")]
