from __future__ import annotations

from django.db import models

from fengqiao.kernel.models import Post


class View(models.Model):
    """A view of the worklist that a post saved: a name, and the filters as they stand in the address."""

    post = models.ForeignKey(Post, models.CASCADE, related_name="+")
    name = models.CharField(max_length=20)
    query = models.CharField(max_length=200)

    class Meta:
        db_table = "desk_view"
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=["post", "name"], name="desk_view_once")]
