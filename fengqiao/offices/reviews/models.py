from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from fengqiao.ground import codes, limits
from fengqiao.ground.clocks import reckon
from fengqiao.kernel import ciphers, timekeeping
from fengqiao.kernel.models import Matter, Post, Source, Unit
from fengqiao.kernel.now import HERE, now

LOW = ("poor", "very_poor")


class Review(models.Model):
    """What a person says of the handling. `turn` 2 stands beside the first, which stays in the figures.

    Ids are random, so that none tells the time. `reviewed` are the units that handled the matter: no account with a
    post there reads the row. `comment` is sealed and no `Text` of the matter, since texts are read with the matter.
    `sheet_ref` is the comment's only link to the month's sheet, and stands on this side of it.
    """

    id = models.UUIDField(primary_key=True, default=uuid4)
    matter = models.ForeignKey(Matter, models.CASCADE, related_name="+", db_index=False)
    source = models.ForeignKey(Source, models.CASCADE, related_name="+", db_index=False)
    turn = models.SmallIntegerField(default=1)
    grade = models.CharField(max_length=12, db_collation="C")
    comment = models.BinaryField(null=True)
    given_at = models.DateTimeField(default=now)
    reviewed = ArrayField(models.BigIntegerField(), default=list)
    desk = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", db_index=False)
    call_back = models.BooleanField(default=False)
    called_at = models.DateTimeField(null=True)
    reached = models.BooleanField(null=True)
    corrected_at = models.DateTimeField(null=True)
    corrected_by = models.ForeignKey(Post, models.PROTECT, null=True, related_name="+", db_index=False)
    answer = models.BinaryField(null=True)
    sheet_ref = models.UUIDField(null=True, unique=True)
    malicious = models.BooleanField(default=False)

    class Meta:
        db_table = "review"
        constraints = [
            models.UniqueConstraint(fields=["source", "turn"], name="review_once"),
            models.CheckConstraint(condition=Q(turn__in=[1, 2]), name="review_turn"),
            models.CheckConstraint(condition=Q(grade__in=codes.keys("satisfaction")), name="review_grade"),
        ]
        indexes = [models.Index(fields=["desk", "given_at"], name="review_desk", condition=Q(corrected_at=None))]

    def __str__(self) -> str:
        return self.grade

    @property
    def low(self) -> bool:
        return self.grade in LOW

    @property
    def words(self) -> str:
        """The comment in the open; empty where none was made or it was forgotten."""
        return ciphers.unseal(self.comment, self.pk.bytes).decode() if self.comment else ""

    @property
    def answer_words(self) -> str:
        return ciphers.unseal(self.answer, self.pk.bytes).decode() if self.answer else ""

    @property
    def call_by(self) -> date:
        """The last day for the call back: one working day (SPEC M17)."""
        return timekeeping.calendar().add_working_days(self.given_at.astimezone(HERE).date(), 1)

    @property
    def correct_by(self) -> date:
        """The last day for putting it right (T-L13)."""
        day = self.given_at.astimezone(HERE).date()
        return reckon(limits.get("T-L13"), day, calendar=timekeeping.calendar()).legal

    @property
    def corrected_in_time(self) -> bool:
        return self.corrected_at is not None and self.corrected_at.astimezone(HERE).date() <= self.correct_by


class MonthlyComment(models.Model):
    """One comment on a unit's sheet of a month: no time, no grade, no matter, in the order of random ids."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    month = models.DateField()
    body = models.TextField()

    class Meta:
        db_table = "review_comment"
        ordering = ["id"]


class Appeal(models.Model):
    """A unit holds a comment to be malicious; another unit decides."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    comment = models.OneToOneField(MonthlyComment, models.CASCADE, related_name="appeal")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    by = models.ForeignKey(Post, models.PROTECT, related_name="+", db_index=False)
    reason = models.TextField()
    at = models.DateTimeField(default=now)
    upheld = models.BooleanField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(Post, models.PROTECT, null=True, related_name="+", db_index=False)
    ruling = models.TextField(blank=True)

    class Meta:
        db_table = "review_appeal"
        constraints = [
            models.CheckConstraint(
                condition=Q(upheld=None, decided_at=None) | Q(upheld__isnull=False, decided_at__isnull=False),
                name="review_appeal_decided",
            ),
        ]


def months_before(day: date, count: int) -> date:
    """The first day of the month so many months before the one of `day`."""
    first = day.replace(day=1)
    for _turn in range(count):
        first = (first - timedelta(days=1)).replace(day=1)
    return first
