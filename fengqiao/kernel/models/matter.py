from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from fengqiao.ground.numbers import new_id
from fengqiao.kernel.now import now

LEVELS = [
    ("public", _("public")),
    ("normal", _("normal")),
    ("protected", _("protected")),
    ("sealed", _("sealed")),
]


class Matter(models.Model):
    """The case. Only `docket` writes it, and only `handle.move` changes `state`; a plain save is refused.

    `version` is the number of its last event and `head` that event's MAC, so the row carries the end of its own
    chain. `reach` is the longest place range that may open the matter: 15 for all, 6 while only the city may.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    number = models.CharField(max_length=20, unique=True, db_collation="C")
    kind = models.CharField(max_length=16, db_collation="C")
    state = models.CharField(max_length=24, db_collation="C")
    title = models.CharField(max_length=200)
    category = models.CharField(max_length=40, blank=True, db_collation="C")
    place = models.ForeignKey("kernel.Place", models.PROTECT, db_column="place", db_index=False)
    channel = models.CharField(max_length=20, db_collation="C")
    confidentiality = models.CharField(max_length=10, choices=LEVELS, default="normal", db_collation="C")
    reach = models.SmallIntegerField(default=15)
    lead_unit = models.ForeignKey("kernel.Unit", models.PROTECT, null=True, db_index=False, related_name="+")
    handler = models.ForeignKey("kernel.Post", models.PROTECT, null=True, db_index=False, related_name="+")
    opened_at = models.DateTimeField()
    opened_year = models.SmallIntegerField()
    due_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    keep_until = models.DateField(null=True)
    imported = models.BooleanField(default=False)
    last_kind = models.CharField(max_length=40)
    last_at = models.DateTimeField()
    version = models.IntegerField()
    head = models.BinaryField(max_length=32)

    class Meta:
        db_table = "matter"
        indexes = [
            models.Index(fields=["lead_unit", "state", "-opened_at"], name="matter_unit_state"),
            models.Index(fields=["state", "-opened_at"], name="matter_state"),
            models.Index(fields=["place", "-opened_at"], name="matter_place"),
            models.Index(fields=["-opened_at", "-id"], name="matter_newest"),
            models.Index(fields=["due_at"], name="matter_due", condition=Q(closed_at=None)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(confidentiality__in=[key for key, _label in LEVELS]), name="matter_level"
            ),
            models.CheckConstraint(
                condition=Q(archived_at=None) | Q(closed_at__isnull=False), name="matter_archived_when_closed"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        raise TypeError("A matter is written by a docket (kernel/docket.py), so that its journal is written too.")

    @property
    def open(self) -> bool:
        return self.closed_at is None


class Source(models.Model):
    """One call, form or letter that told of the matter, with its own receipt, person and answer (ruling 3)."""

    id = models.UUIDField(primary_key=True, default=new_id)
    matter = models.ForeignKey(Matter, models.PROTECT, related_name="sources")
    channel = models.CharField(max_length=20, db_collation="C")
    external_id = models.CharField(max_length=60, null=True, db_collation="C")
    copy = models.SmallIntegerField(default=0)
    code_hash = models.BinaryField(max_length=16, unique=True)
    code_turn = models.SmallIntegerField(default=0)
    proof_hash = models.BinaryField(max_length=16, null=True)
    text = models.ForeignKey("kernel.Text", models.SET_NULL, null=True, related_name="+")
    fingerprint = models.BinaryField(max_length=16, null=True)
    person = models.ForeignKey("kernel.Person", models.SET_NULL, null=True, related_name="+")
    received_at = models.DateTimeField()
    reply = models.ForeignKey("kernel.Text", models.SET_NULL, null=True, related_name="+", db_index=False)
    replied_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "source"
        constraints = [
            models.UniqueConstraint(fields=["channel", "external_id", "copy"], name="source_external"),
        ]
        indexes = [
            models.Index(fields=["fingerprint", "-received_at"], name="source_fingerprint"),
            models.Index(fields=["reply"], name="source_reply", condition=Q(reply__isnull=False)),
        ]


class Text(models.Model):
    """Words that a person typed. The journal holds only their keyed digest (ruling 4).

    A normal matter keeps `body`; a protected or sealed one keeps `sealed`, under the matter's own key.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    matter = models.ForeignKey(Matter, models.CASCADE, related_name="texts")
    source = models.ForeignKey(Source, models.CASCADE, null=True, related_name="texts", db_index=False)
    kind = models.CharField(max_length=16)
    visibility = models.CharField(max_length=10, default="staff")
    body = models.TextField(null=True)
    sealed = models.BinaryField(null=True)
    salt = models.BinaryField(max_length=16)
    by = models.ForeignKey("kernel.Post", models.PROTECT, null=True, related_name="+", db_index=False)
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "text"
        constraints = [
            models.CheckConstraint(condition=Q(body__isnull=True) | Q(sealed__isnull=True), name="text_open_or_sealed"),
        ]
        indexes = [models.Index(fields=["source"], name="text_source", condition=Q(source__isnull=False))]


class Subject(models.Model):
    """Whom a matter complains of, or who shall not handle it: a unit, an account, or words not yet resolved."""

    id = models.UUIDField(primary_key=True, default=new_id)
    matter = models.ForeignKey(Matter, models.CASCADE, related_name="subjects")
    unit = models.ForeignKey("kernel.Unit", models.PROTECT, null=True, related_name="+")
    account = models.ForeignKey("kernel.Account", models.PROTECT, null=True, related_name="+")
    words = models.ForeignKey(Text, models.SET_NULL, null=True, related_name="+")
    why = models.CharField(max_length=16, default="complaint")
    told_at = models.DateTimeField(default=now)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "subject"


class Relation(models.Model):
    """The only source of rights on one matter (ruling 12). `handler` and `lead_unit` are copies of it."""

    matter = models.ForeignKey(Matter, models.CASCADE, related_name="relations", db_index=False)
    kind = models.CharField(max_length=20, db_collation="C")
    account = models.ForeignKey("kernel.Account", models.PROTECT, null=True, db_index=False, related_name="+")
    post = models.ForeignKey("kernel.Post", models.PROTECT, null=True, db_index=False, related_name="+")
    unit = models.ForeignKey("kernel.Unit", models.PROTECT, null=True, db_index=False, related_name="+")
    since = models.DateTimeField(default=now)
    until = models.DateTimeField(null=True)
    via = models.UUIDField(null=True)

    class Meta:
        db_table = "relation"
        indexes = [
            models.Index(fields=["matter", "kind"], name="relation_matter"),
            models.Index(fields=["unit", "matter"], name="relation_unit", condition=Q(unit__isnull=False)),
            models.Index(fields=["post", "matter"], name="relation_post", condition=Q(post__isnull=False)),
            models.Index(fields=["account", "matter"], name="relation_account", condition=Q(account__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(account__isnull=False, post=None, unit=None)
                | Q(account=None, post__isnull=False, unit=None)
                | Q(account=None, post=None, unit__isnull=False),
                name="relation_of_one",
            ),
        ]


class Exclusion(models.Model):
    """An account for which the matter does not exist (SPEC 10.1, ruling 5). Ids only; it wins over every grant."""

    matter = models.ForeignKey(Matter, models.CASCADE, related_name="exclusions", db_index=False)
    account = models.ForeignKey("kernel.Account", models.CASCADE, db_index=False, related_name="+")
    since = models.DateTimeField(default=now)

    class Meta:
        db_table = "exclusion"
        constraints = [models.UniqueConstraint(fields=["matter", "account"], name="exclusion_once")]
        indexes = [models.Index(fields=["account"], name="exclusion_account")]


class ExcludedUnit(models.Model):
    """A unit named in a matter, so that whoever is posted there later is excluded in the same transaction."""

    matter = models.ForeignKey(Matter, models.CASCADE, related_name="+", db_index=False)
    unit = models.ForeignKey("kernel.Unit", models.CASCADE, related_name="+")

    class Meta:
        db_table = "excluded_unit"
        constraints = [models.UniqueConstraint(fields=["matter", "unit"], name="excluded_unit_once")]


class Merge(models.Model):
    """A member is read through its master until `undone_at`; nothing is moved or deleted (ruling 3, A28)."""

    id = models.UUIDField(primary_key=True, default=new_id)
    act = models.UUIDField()
    master = models.ForeignKey(Matter, models.PROTECT, related_name="members")
    member = models.ForeignKey(Matter, models.PROTECT, related_name="merged_into")
    by = models.ForeignKey("kernel.Post", models.PROTECT, related_name="+", db_index=False)
    why = models.ForeignKey(Text, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=now)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "merge"
        constraints = [
            models.UniqueConstraint(fields=["member"], condition=Q(undone_at=None), name="merged_once"),
            models.CheckConstraint(condition=~Q(master=models.F("member")), name="merge_of_two"),
        ]


class Link(models.Model):
    """Two matters that have to do with one another; each side sees it only if it may see the other."""

    id = models.UUIDField(primary_key=True, default=new_id)
    matter = models.ForeignKey(Matter, models.PROTECT, related_name="links")
    other = models.ForeignKey(Matter, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "link"
        constraints = [models.UniqueConstraint(fields=["matter", "other", "kind"], name="link_once")]
