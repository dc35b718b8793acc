from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from fengqiao.ground.numbers import new_id
from fengqiao.kernel.models import Matter, Post, Source, Task, Text, Unit
from fengqiao.kernel.now import now

URGE, SUPERVISE, LISTED = "urge", "supervise", "listed"


class Step(models.Model):
    """One step of the ladder. Its answer is due with its task, whose own clock runs (engineering ruling 24).

    `asked_…` is what the person said to a unit that never handled the matter, before the step was ended. `cause`
    is the clock whose passing opened the step, so that each opens one at most. `follows` is the step it extends.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    matter = models.ForeignKey(Matter, models.CASCADE, related_name="supervision_steps")
    rung = models.CharField(max_length=10, db_collation="C")
    ground = models.CharField(max_length=16, db_collation="C")
    number = models.CharField(max_length=20, blank=True, db_collation="C")
    opened_at = models.DateTimeField(default=now)
    by = models.ForeignKey(Post, models.PROTECT, null=True, related_name="+", db_index=False)
    source = models.ForeignKey(Source, models.SET_NULL, null=True, related_name="+", db_index=False)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", db_index=False)
    act = models.CharField(max_length=16, blank=True, db_collation="C")
    demand = models.ForeignKey(Text, models.SET_NULL, null=True, related_name="+", db_index=False)
    task = models.ForeignKey(Task, models.PROTECT, related_name="+", db_index=False)
    cause = models.UUIDField(null=True)
    follows = models.ForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)
    answer = models.ForeignKey(Text, models.SET_NULL, null=True, related_name="+", db_index=False)
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=10, blank=True, db_collation="C")
    asked_at = models.DateTimeField(null=True)
    asked_by = models.ForeignKey(Post, models.PROTECT, null=True, related_name="+", db_index=False)
    asked_reached = models.BooleanField(null=True)
    asked_content = models.CharField(max_length=3, blank=True)
    listed_title = models.CharField(max_length=60, blank=True)
    level = models.CharField(max_length=12, blank=True, db_collation="C")
    leader = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        db_table = "supervision_step"
        ordering = ["opened_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(rung__in=[URGE, SUPERVISE, LISTED]), name="supervision_rung"),
            models.CheckConstraint(
                condition=Q(ended_at=None, end="")
                | Q(ended_at__isnull=False, end__in=["answered", "climbed", "removed", "extended", "closed"]),
                name="supervision_ended_somehow",
            ),
            models.CheckConstraint(
                condition=~Q(end="removed") | Q(asked_at__isnull=False), name="supervision_person_asked_before"
            ),
            models.CheckConstraint(condition=Q(rung=URGE) | ~Q(number=""), name="supervision_numbered"),
            models.UniqueConstraint(fields=["cause"], condition=Q(cause__isnull=False), name="supervision_cause_once"),
        ]

    @property
    def due_at(self) -> datetime | None:
        """The first instant at which the answer is late; a new calendar moves it with the task's clock."""
        return self.task.due_at


class Register(models.Model):
    """The last number given in a year: 督〔2026〕37号."""

    year = models.SmallIntegerField(primary_key=True)
    last = models.IntegerField()

    class Meta:
        db_table = "supervision_register"
