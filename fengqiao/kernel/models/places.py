from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Place(models.Model):
    """A node of the region tree. The code is the path: jurisdiction is a prefix of it (SPEC 7.1).

    A place that was merged keeps its row, its end and its successor; nothing is deleted.
    """

    code = models.CharField(primary_key=True, max_length=15, db_collation="C")
    name = models.CharField(max_length=60)
    level = models.CharField(
        max_length=8,
        choices=[
            ("province", _("province")),
            ("region", _("prefecture")),
            ("city", _("city")),
            ("town", _("town")),
            ("village", _("village")),
            ("grid", _("grid")),
        ],
    )
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children", db_index=True)
    valid_from = models.DateField(null=True)
    valid_to = models.DateField(null=True)
    successor = models.ForeignKey("self", models.PROTECT, null=True, related_name="predecessors")
    aliases = ArrayField(models.CharField(max_length=60), default=list)
    demo = models.BooleanField(default=False)

    class Meta:
        db_table = "place"

    def __str__(self) -> str:
        return self.name
