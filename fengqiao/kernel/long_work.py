"""Long work that a person started: how far it is, stopping it, going on with it (model `Job`).

The work says `go_on` after each batch, outside the batch's own transaction, so that what is shown is what is stored.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from fengqiao.kernel.models import Job, Post
from fengqiao.kernel.now import now
from fengqiao.kernel.refusals import NotNow, NotThere


class Cancelled(Exception):
    """The person stopped the work; what was stored stays."""


def start(
    by: Post, kind: str, *, total: int, params: Mapping[str, Any] | None = None, digest: bytes | None = None
) -> Job:
    """Begin, or go on with the same work (same kind, same digest) of this very post that was cut off.

    Raises NotNow (runs_already) when it is under way.
    """
    job = Job.objects.filter(by=by, kind=kind, digest=digest).order_by("-started_at").first() if digest else None
    if job is None or (job.ended_at is not None and not job.error and job.cancel_at is None):
        return Job.objects.create(by=by, kind=kind, total=total, params=dict(params or {}), digest=digest)
    if job.ended_at is None:
        raise NotNow("runs_already", _("This work is under way already."), job=str(job.pk))
    job.total, job.started_at, job.ended_at, job.cancel_at, job.error = total, now(), None, None, ""
    job.save(update_fields=["total", "started_at", "ended_at", "cancel_at", "error"])
    return job


def go_on(job: Job, *, done: int, counts: Mapping[str, int] | None = None) -> None:
    """Say how far it is. Raises Cancelled when the person asked for the end."""
    job.done, job.counts = done, dict(job.counts if counts is None else counts)
    Job.objects.filter(pk=job.pk).update(done=job.done, counts=job.counts)
    if Job.objects.filter(pk=job.pk, cancel_at__isnull=False).exists():
        raise Cancelled(str(job.pk))


def finish(job: Job, *, error: str = "") -> None:
    """It has ended, well or with a sentence."""
    job.ended_at, job.error = now(), error[:300]
    Job.objects.filter(pk=job.pk).update(ended_at=job.ended_at, error=job.error)


def cancel(by: Post, job_id: uuid.UUID) -> Job:
    """Ask for the end of one's own work. Raises NotThere, NotNow (ended)."""
    job = Job.objects.filter(pk=job_id, by=by).first()
    if job is None:
        raise NotThere("not_there", _("There is no such work here."))
    if job.ended_at is not None:
        raise NotNow("ended", _("This work has ended already."))
    job.cancel_at = now()
    job.save(update_fields=["cancel_at"])
    return job


def left_over(kind: str, before: datetime) -> int:
    """Work of this kind that began before the process that does it: it may be gone on with; how many."""
    gone = Job.objects.filter(kind=kind, ended_at=None, started_at__lt=before)
    return gone.update(ended_at=now(), error=str(_("It was cut off. Start it again to go on.")))


def mine(by: Post) -> QuerySet[Job]:
    """One's own work, newest first."""
    return Job.objects.filter(by=by).order_by("-started_at")


__all__ = ["Cancelled", "cancel", "finish", "go_on", "left_over", "mine", "start"]
