from __future__ import annotations

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q

from fengqiao.ground.numbers import new_id
from fengqiao.kernel.models import Post, Unit
from fengqiao.kernel.now import now, today

DRAFT, CHECKED, PUBLISHED, DUE, WITHDRAWN = "draft", "law_checked", "published", "due_for_review", "withdrawn"
STATES = (DRAFT, CHECKED, PUBLISHED, DUE, WITHDRAWN)
SHOWN = (PUBLISHED, DUE)


class Item(models.Model):
    """A question that people ask. `current` is the version in force, `next` the one being written."""

    id = models.UUIDField(primary_key=True, default=new_id)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, default=DRAFT, db_collation="C")
    current = models.ForeignKey("Version", models.PROTECT, null=True, related_name="+", db_index=False)
    next = models.ForeignKey("Version", models.PROTECT, null=True, related_name="+", db_index=False)
    review_by = models.DateField(null=True)
    made_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "knowledge_item"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=STATES), name="knowledge_state"),
            models.CheckConstraint(
                condition=~Q(state__in=SHOWN) | Q(current__isnull=False), name="knowledge_shown_has_version"
            ),
        ]
        indexes = [
            models.Index(fields=["review_by"], name="knowledge_review", condition=Q(state=PUBLISHED)),
        ]


class Version(models.Model):
    """One wording. From its publication on the database refuses every change of it but the end of its being current."""

    id = models.UUIDField(primary_key=True, default=new_id)
    item = models.ForeignKey(Item, models.CASCADE, related_name="versions")
    number = models.SmallIntegerField()
    question = models.CharField(max_length=120)
    answer = models.TextField(max_length=3000)
    law = models.CharField(max_length=300, blank=True)
    rules = ArrayField(models.CharField(max_length=10), default=list)
    valid_to = models.DateField(null=True)
    written_by = models.ForeignKey(Post, models.PROTECT, null=True, related_name="+", db_index=False)
    written_at = models.DateTimeField(default=now)
    checked_by = models.ForeignKey(Post, models.PROTECT, null=True, related_name="+", db_index=False)
    checked_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(Post, models.PROTECT, null=True, related_name="+", db_index=False)
    published_at = models.DateTimeField(null=True)
    tokens = SearchVectorField(null=True)
    body = models.TextField(blank=True, db_collation="C")

    class Meta:
        db_table = "knowledge_version"
        constraints = [
            models.UniqueConstraint(fields=["item", "number"], name="knowledge_version_once"),
            models.CheckConstraint(
                condition=Q(published_at=None) | Q(checked_at__isnull=False), name="knowledge_checked_before"
            ),
        ]
        indexes = [GinIndex(fields=["tokens"], name="knowledge_tokens")]

    def __str__(self) -> str:
        return self.question

    @property
    def expired(self) -> bool:
        """Whether its last day is over, so that whoever reads it out is warned."""
        return self.valid_to is not None and self.valid_to < today()


class Duty(models.Model):
    """The unit must look at its item again: within five working days of a change [D] (SPEC M05)."""

    id = models.UUIDField(primary_key=True, default=new_id)
    item = models.ForeignKey(Item, models.CASCADE, related_name="duties", db_index=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", db_index=False)
    why = models.CharField(max_length=16, db_collation="C")
    opened_at = models.DateTimeField(default=now)
    due_on = models.DateField()
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(Post, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        db_table = "knowledge_duty"
        constraints = [
            models.UniqueConstraint(fields=["item"], condition=Q(done_at=None), name="knowledge_duty_once"),
            models.CheckConstraint(
                condition=Q(why__in=["law_changed", "year_over", "expired", "fault"]), name="knowledge_duty_why"
            ),
        ]
        indexes = [models.Index(fields=["unit", "due_on"], name="knowledge_duty_queue", condition=Q(done_at=None))]

    @property
    def late(self) -> bool:
        return self.done_at is None and self.due_on < today()


def a_year_after(day: date) -> date:
    """The same day of the next year; 29 February becomes 28."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)
