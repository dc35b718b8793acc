from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from fengqiao.ground.numbers import new_id
from fengqiao.kernel.now import now


class Unit(models.Model):
    """An office, committee, court, station, studio or firm (BLUEPRINT 2)."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=30)
    place = models.ForeignKey("kernel.Place", models.PROTECT, related_name="units")
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    path = models.CharField(max_length=120, db_collation="C", db_index=True)
    ranges = ArrayField(models.CharField(max_length=15), default=list)
    successor = models.ForeignKey("self", models.PROTECT, null=True, related_name="predecessors")
    phone = models.CharField(max_length=20, blank=True)
    hours = models.CharField(max_length=80, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "unit"

    def __str__(self) -> str:
        return self.name


class AccountManager(BaseUserManager["Account"]):
    def create_user(self, username: str, password: str | None = None, **more: Any) -> Account:
        account = self.model(username=username, **more)
        account.set_password(password)
        account.save(using=self._db)
        return account


class Account(AbstractBaseUser):
    """One natural person's way in; rights come from posts, never from the account."""

    username = models.CharField(max_length=60, unique=True, db_collation="C")
    name = models.CharField(max_length=40)
    is_active = models.BooleanField(default=True)
    totp = models.BinaryField(null=True)
    totp_last = models.BigIntegerField(null=True)
    preferences = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=now)

    objects: ClassVar[AccountManager] = AccountManager()

    USERNAME_FIELD = "username"

    class Meta:
        db_table = "account"

    def __str__(self) -> str:
        return self.username


class Post(models.Model):
    """A person holds a role at a unit, from–until. Several posts: one is acted in at a time."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="posts")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="posts")
    role = models.CharField(max_length=30)
    since = models.DateTimeField(default=now)
    until = models.DateTimeField(null=True)

    class Meta:
        db_table = "post"
        constraints = [
            models.CheckConstraint(condition=Q(until=None) | Q(until__gt=models.F("since")), name="post_term"),
        ]

    def __str__(self) -> str:
        return f"{self.account} · {self.role} · {self.unit}"

    @property
    def holds(self) -> bool:
        """Whether the post is held at this moment."""
        moment = now()
        return self.since <= moment and (self.until is None or moment < self.until)


class Token(models.Model):
    """A bearer token of a post. Only a fast hash of the long random secret is kept (MEASURES)."""

    post = models.ForeignKey(Post, models.CASCADE, related_name="tokens")
    digest = models.BinaryField(max_length=32, unique=True)
    name = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField(default=now)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "token"


class RecoveryCode(models.Model):
    """A way in without the phone, good once. Only a keyed hash is kept; the ten are shown when they are made."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="recovery_codes")
    digest = models.BinaryField(max_length=16, unique=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "recovery_code"


class Person(models.Model):
    """Somebody in one matter, who may have no account. Nothing links persons across matters (SPEC 11).

    `sealed` holds name, phone, id number and address as one AES-GCM ciphertext; the keyed hashes serve
    look-up within what the reader may see.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    matter = models.ForeignKey("kernel.Matter", models.CASCADE, related_name="people")
    role = models.CharField(max_length=12)
    sealed = models.BinaryField()
    phone_hash = models.BinaryField(max_length=16, null=True, db_index=True)
    id_hash = models.BinaryField(max_length=16, null=True, db_index=True)
    call_back = models.BooleanField(default=False)
    wishes = models.JSONField(default=dict)

    class Meta:
        db_table = "person"
