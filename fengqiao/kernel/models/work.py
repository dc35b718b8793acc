from __future__ import annotations

from django.db import models
from django.db.models import Q

from fengqiao.ground.numbers import new_id
from fengqiao.kernel.models.matter import Matter, Source
from fengqiao.kernel.now import now


class Task(models.Model):
    """Who must do what by when. The worklist reads only this table and the matter's few list columns.

    A task with a post whose term has ended is in its unit's queue from that second (ruling 16). The tasks of a
    merged member rest.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    matter = models.ForeignKey(Matter, models.CASCADE, related_name="tasks", db_index=False)
    kind = models.CharField(max_length=24, db_collation="C")
    unit = models.ForeignKey("kernel.Unit", models.PROTECT, related_name="+", db_index=False)
    post = models.ForeignKey("kernel.Post", models.PROTECT, null=True, related_name="+", db_index=False)
    opened_at = models.DateTimeField(default=now)
    due_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey("kernel.Post", models.PROTECT, null=True, related_name="+", db_index=False)
    outcome = models.CharField(max_length=24, blank=True)
    resting = models.BooleanField(default=False)

    class Meta:
        db_table = "task"
        indexes = [
            models.Index(fields=["matter"], name="task_matter"),
            models.Index(fields=["unit", "due_at", "id"], name="task_queue", condition=Q(done_at=None, resting=False)),
            models.Index(fields=["post", "due_at"], name="task_mine", condition=Q(done_at=None, post__isnull=False)),
        ]


class Clock(models.Model):
    """A time limit at work on the matter, or on one source or one task of it (SPEC 3.1).

    `matter` is always the record it belongs to; `source` or `task`, never both, says that the limit is theirs.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    matter = models.ForeignKey(Matter, models.CASCADE, related_name="clocks", db_index=False)
    source = models.ForeignKey(Source, models.CASCADE, null=True, related_name="clocks", db_index=False)
    task = models.ForeignKey(Task, models.CASCADE, null=True, related_name="clocks")
    rule = models.CharField(max_length=10, db_collation="C")
    started_at = models.DateTimeField()
    due_strict = models.DateField()
    due_legal = models.DateField()
    due_at = models.DateTimeField()
    provisional = models.BooleanField(default=False)
    pauses = models.JSONField(default=list)
    extensions = models.JSONField(default=list)
    paused_since = models.DateField(null=True)
    stopped_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, blank=True)
    resting = models.BooleanField(default=False)

    class Meta:
        db_table = "clock"
        indexes = [
            models.Index(fields=["matter"], name="clock_matter"),
            models.Index(fields=["source"], name="clock_source", condition=Q(source__isnull=False)),
            models.Index(
                fields=["due_at"],
                name="clock_running",
                condition=Q(stopped_at=None, paused_since=None, resting=False),
            ),
            models.Index(fields=["rule"], name="clock_provisional", condition=Q(provisional=True, stopped_at=None)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(source=None) | Q(task=None), name="clock_of_one"),
            models.CheckConstraint(
                condition=Q(stopped_at=None, outcome="")
                | Q(stopped_at__isnull=False, outcome__in=["met", "missed", "cancelled"]),
                name="clock_outcome_when_stopped",
            ),
        ]


class CalendarYear(models.Model):
    """A holiday year that was loaded after the program was made; the years of `data/calendar` need no row."""

    year = models.SmallIntegerField(primary_key=True)
    facts = models.JSONField()
    source = models.CharField(max_length=200)
    loaded_at = models.DateTimeField(default=now)
    by = models.ForeignKey("kernel.Post", models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "calendar_year"


class Job(models.Model):
    """A long piece of work that a person started: its progress is shown, it can be cancelled and resumed."""

    id = models.UUIDField(primary_key=True, default=new_id)
    kind = models.CharField(max_length=20)
    by = models.ForeignKey("kernel.Post", models.PROTECT, related_name="+")
    params = models.JSONField(default=dict)
    digest = models.BinaryField(max_length=32, null=True)
    total = models.IntegerField(default=0)
    done = models.IntegerField(default=0)
    counts = models.JSONField(default=dict)
    started_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True)
    cancel_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "job"
