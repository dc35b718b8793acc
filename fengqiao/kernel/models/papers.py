from __future__ import annotations

from django.db import models

from fengqiao.ground.numbers import new_id
from fengqiao.kernel.models.matter import Matter, Source
from fengqiao.kernel.now import now


class MatterKey(models.Model):
    """A matter's own key, wrapped by the data key. It goes to its own archive, not into the dump (ruling 4)."""

    matter = models.OneToOneField(Matter, models.CASCADE, primary_key=True, related_name="+")
    key_id = models.CharField(max_length=20)
    wrapped = models.BinaryField()

    class Meta:
        db_table = "matter_key"


class Document(models.Model):
    """A file or an issued paper of the dossier (卷宗). Stored encrypted, named by the hash of the ciphertext."""

    id = models.UUIDField(primary_key=True, default=new_id)
    matter = models.ForeignKey(Matter, models.CASCADE, related_name="documents")
    source = models.ForeignKey(Source, models.CASCADE, null=True, related_name="+")
    kind = models.CharField(max_length=20)
    title = models.CharField(max_length=120)
    piece = models.SmallIntegerField()
    version = models.SmallIntegerField(default=1)
    media_type = models.CharField(max_length=80)
    size = models.BigIntegerField()
    sha256 = models.BinaryField(max_length=32)
    stored = models.CharField(max_length=64, db_index=True)
    visibility = models.CharField(max_length=10, default="staff")
    by = models.ForeignKey("kernel.Post", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField(default=now)
    issued_at = models.DateTimeField(null=True)
    served_at = models.DateTimeField(null=True)
    served_how = models.CharField(max_length=20, blank=True)

    class Meta:
        db_table = "document"
        constraints = [
            models.UniqueConstraint(fields=["matter", "piece", "version"], name="document_piece"),
        ]


class Upload(models.Model):
    """A file that was handed in and waits to be named by a filing or an action; gone after a day.

    Stored encrypted with the data key; `owner` is a post (`post:12`) or the hidden id of a form.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    owner = models.CharField(max_length=60, db_collation="C", db_index=True)
    kind = models.CharField(max_length=8)
    size = models.BigIntegerField()
    stored = models.CharField(max_length=64, db_index=True)
    made_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "upload"
