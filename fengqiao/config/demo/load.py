"""Loads the demo city, once, into an empty database."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from fengqiao.config.demo import city, week
from fengqiao.ground import codes
from fengqiao.kernel import access, analyse
from fengqiao.kernel.models import Account
from fengqiao.offices.knowledge import starter
from fengqiao.offices.register import loading, places_file

FILE = "demo-accounts.json"


@transaction.atomic
def load() -> dict[str, int]:
    """Units, accounts, knowledge and the week, all or nothing; passwords go to a file that only its owner reads."""
    if Account.objects.exists():
        return {"accounts": Account.objects.count(), "matters": 0}
    loading.commit(places_file.shipped("demo"), name="demo")
    passwords = city.build()
    posts = city.posts()
    _keep(passwords)
    starter.load(writer=posts["legal"], checker=posts["lawyer"], publisher=posts["justice"])
    matters = week.play(posts)
    transaction.on_commit(analyse.update_cells)
    return {"accounts": len(passwords), "matters": matters}


def accounts() -> list[dict[str, Any]]:
    """The demo accounts: username, password, role, unit, place. Empty where no demo was loaded."""
    path = Path(settings.FENGQIAO_DATA) / FILE
    if not path.exists():
        return []
    passwords = json.loads(path.read_text())
    with access.acting_as(access.SystemPost("keeper")):
        return [
            {
                "username": username,
                "password": passwords.get(username, ""),
                "role": post.role,
                "role_name": codes.get("role", post.role).zh,
                "unit": post.unit.name,
                "place": post.unit.place_id,
            }
            for username, post in city.posts().items()
        ]


def _keep(passwords: dict[str, str]) -> None:
    path = Path(settings.FENGQIAO_DATA) / FILE
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(passwords, file, ensure_ascii=False, indent=1)
