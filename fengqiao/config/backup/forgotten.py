"""The list of forgotten matters, kept outside the database: a restored older state forgets them again (ruling 4).

One line a matter in FENGQIAO_ANCHORS/forgotten.jsonl: its id, when, and a MAC by the journal key, so that nobody who
can write the file can have a matter forgotten. It is written after the commit; what a crash kept from it is found by
`catch_up`. Ids only, no personal data.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import logging
import os
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fengqiao.kernel.keys import Key

if TYPE_CHECKING:
    from fengqiao.kernel.docket import Docket
    from fengqiao.kernel.models import Matter

FILE = "forgotten.jsonl"
log = logging.getLogger(__name__)


def file() -> Path:
    """Where the list of this installation lies."""
    from django.conf import settings

    return Path(str(settings.FENGQIAO_ANCHORS)) / FILE


def note(book: Docket, matter: Matter) -> None:
    """A matter is being forgotten: its line is written once that is certain."""
    from django.db import transaction

    transaction.on_commit(partial(_append_or_log, str(matter.pk), book.now.isoformat()))


def _append_or_log(matter: str, at: str) -> None:
    try:
        append([line(matter, at)])
    except OSError:
        log.exception("The list of forgotten matters could not be written; it is caught up within the hour.")


def line(matter: str, at: str) -> dict[str, str]:
    """A line with its MAC."""
    from fengqiao.kernel import keys

    key = keys.current("journal")
    return {"matter": matter, "at": at, "key": key.id, "mac": _mac(matter, at, key)}


def _mac(matter: str, at: str, key: Key) -> str:
    return hmac.digest(key.secret, f"forgotten\0{matter}\0{at}".encode(), "sha256").hex()


def append(lines: Iterable[Mapping[str, str]], target: Path | None = None) -> None:
    """Add lines, on the disk before this returns. Raises OSError."""
    target = target or file()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = "".join(json.dumps(dict(each)) + "\n" for each in lines)
    descriptor = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not _ends_whole(target):
            text = "\n" + text  # a line that a crash cut off stays for itself
        if os.geteuid() == 0:  # a backup runs as root, the program that forgets may not
            owner = target.parent.stat()
            os.fchown(handle.fileno(), owner.st_uid, owner.st_gid)
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())


def _ends_whole(target: Path) -> bool:
    """Whether nothing was cut off at the end."""
    with target.open("rb") as handle:
        size = handle.seek(0, os.SEEK_END)
        handle.seek(max(0, size - 1))
        return handle.read(1) in (b"", b"\n")


def read(target: Path) -> list[dict[str, str]]:
    """The lines of a list; none when there is none. A line cut off by a crash is passed over."""
    found = []
    try:
        for text in target.read_text().splitlines():
            try:
                found.append(json.loads(text))
            except ValueError:
                continue
    except FileNotFoundError:
        return []
    return [each for each in found if isinstance(each, dict) and {"matter", "at", "key", "mac"} <= set(each)]


def holding(lines: Iterable[dict[str, str]], known: Iterable[Key]) -> tuple[list[dict[str, str]], int]:
    """The lines whose MAC holds, one a matter, and how many did not."""
    secrets = {key.id: key for key in known}
    kept: dict[str, dict[str, str]] = {}
    bad = 0
    for each in lines:
        key = secrets.get(each["key"])
        if key is None or not hmac.compare_digest(_mac(each["matter"], each["at"], key), each["mac"]):
            bad += 1
        else:
            kept.setdefault(each["matter"], each)
    return list(kept.values()), bad


def catch_up() -> int:
    """Add what the journal knows as forgotten and the list does not; how many."""
    from fengqiao.kernel.access import SystemPost, acting_as
    from fengqiao.kernel.models import Matter

    known = {each["matter"] for each in read(file())}
    with acting_as(SystemPost("keeper")):
        rows = Matter.objects.filter(last_kind="matter.forgotten").values_list("pk", "last_at")
        missing = [(str(pk), at.isoformat()) for pk, at in rows if str(pk) not in known]
    if missing:
        append(line(matter, at) for matter, at in missing)
    return len(missing)
