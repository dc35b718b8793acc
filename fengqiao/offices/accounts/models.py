from __future__ import annotations

from django.db import models

from fengqiao.kernel.models import Account
from fengqiao.kernel.now import now

NAME_LENGTH = 40


class Passkey(models.Model):
    """A device's public key for one account. `doubted_at`: its counter went back once, and it opens nothing since."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=NAME_LENGTH)
    credential_id = models.BinaryField(max_length=1023, unique=True)
    credential = models.BinaryField(max_length=4096)
    handle = models.BinaryField(max_length=64)
    counter = models.BigIntegerField()
    made_at = models.DateTimeField(default=now)
    used_at = models.DateTimeField(null=True)
    doubted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "passkey"
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="passkey_name_once")]

    def __str__(self) -> str:
        return f"passkey {self.pk} of {self.account_id}"
