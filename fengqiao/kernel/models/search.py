from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class SearchRow(models.Model):
    """One searchable text. Only `search_hits()` reads it (ruling 1); protected and sealed texts have no row."""

    text_id = models.UUIDField(primary_key=True)
    matter_id = models.UUIDField(db_index=True)
    kind = models.CharField(max_length=16, db_collation="C")
    place = models.CharField(max_length=15, db_collation="C")
    category = models.CharField(max_length=40, db_collation="C")
    reach = models.SmallIntegerField()
    opened_at = models.DateTimeField()
    tokens = SearchVectorField()
    body = models.TextField(db_collation="C")
    # Marks of the rarest pairs of a matter's first words, by which the same matter is found again; else empty.
    rare = ArrayField(models.IntegerField(), default=list)

    class Meta:
        db_table = "search_row"


class Bigram(models.Model):
    """How often a bigram occurs, so that a duplicate search asks for the rare ones (ruling 17)."""

    token = models.CharField(primary_key=True, max_length=8, db_collation="C")
    n = models.IntegerField()

    class Meta:
        db_table = "bigram"


class FigureCell(models.Model):
    """One cell of a reported figure: made by the worker from the journal, the same for every reader (ruling 11)."""

    pk = models.CompositePrimaryKey("measure", "day", "place", "category")
    measure = models.CharField(max_length=16, db_collation="C")
    day = models.DateField()
    place = models.CharField(max_length=15, db_collation="C")
    category = models.CharField(max_length=40, db_collation="C")
    numerator = models.IntegerField()
    denominator = models.IntegerField()
    imported = models.IntegerField(default=0)

    class Meta:
        db_table = "figure_cell"
        indexes = [models.Index(fields=["measure", "day"], name="figure_by_day")]


class Bookmark(models.Model):
    """How far a reader of the journal has come: everything below `xid` is done."""

    name = models.CharField(primary_key=True, max_length=30)
    xid = models.BigIntegerField(default=0)
    data = models.JSONField(default=dict)

    class Meta:
        db_table = "bookmark"
