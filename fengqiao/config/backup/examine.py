"""Whether a set can be restored here: its keys fit, this release knows it, every part is as it was written."""

from __future__ import annotations

import hmac
from pathlib import Path

from fengqiao.config.backup import RestoreFailed, keyring, shelf
from fengqiao.ground import durable


def fitting(found: shelf.Set, archive: keyring.Archive) -> keyring.Archive:
    """The archive of keys, if it is this set's. Raises RestoreFailed."""
    if archive.set != found.name:
        raise RestoreFailed(f"These are the keys of set {archive.set}; the set is {found.name}. Nothing was restored.")
    if not hmac.compare_digest(shelf.sign(found.facts, archive.key.secret), str(found.facts.get("mac"))):
        raise RestoreFailed(f"The manifest of {found.name} was changed, or its keys are others. Nothing was restored.")
    return archive


def examine(found: shelf.Set, archive: keyring.Archive) -> None:
    """Whether this program can read the set, and every part is as it was written. Raises RestoreFailed."""
    newer = sorted(set(found.facts["migrations"]) - _known_migrations())
    if newer:
        raise RestoreFailed(
            f"The set was made by a newer release ({found.facts['version']}; it knows {newer[0]}). "
            "Install that release first."
        )
    for name, told in found.facts["parts"].items():
        path = found.path / name
        if not path.exists() or path.stat().st_size != told["size"] or durable.sha256(path) != told["sha256"]:
            raise RestoreFailed(f"The part {name} of {found.name} is damaged or missing. Take another set.")
    damaged = [each for each in found.files() if not _is_whole(found.shelf.stored(each))]
    if damaged:
        raise RestoreFailed(
            f"{len(damaged)} stored files of {found.name} are damaged or missing, the first is files/{damaged[0][:2]}/"
            f"{damaged[0]}. Bring them back from another copy of the backups, or take another set."
        )


def is_older(found: shelf.Set) -> bool:
    """Whether this release has migrations that the set does not know; replaced ones count as known."""
    from django.db.migrations.loader import MigrationLoader

    known = set(found.facts["migrations"])
    return any(
        f"{app}.{name}" not in known for app, name in MigrationLoader(None, ignore_no_migrations=True).graph.nodes
    )


def _is_whole(path: Path) -> bool:
    """A stored file is named by the SHA-256 of its bytes."""
    return path.exists() and durable.sha256(path) == path.name


def _known_migrations() -> set[str]:
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None, ignore_no_migrations=True)
    return {f"{app}.{name}" for app, name in loader.disk_migrations} | {
        f"{app}.{name}" for migration in loader.disk_migrations.values() for app, name in migration.replaces
    }
