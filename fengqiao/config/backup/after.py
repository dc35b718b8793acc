"""What is left to do in a restored folder, as the program's role with the restored keys: `python -m …backup.after`.

Reads one JSON object from `restore`, answers with one. Nothing else runs on the folder meanwhile.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from fengqiao.config.backup import forgotten, keyring, shelf
from fengqiao.ground import durable

RESTORED = "system.restored"
SAMPLE = 25


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fengqiao.config.settings")
    import django

    django.setup()
    asked = json.load(sys.stdin)
    print(json.dumps(finish(asked)))
    return 0


def finish(asked: dict[str, Any]) -> dict[str, Any]:
    """All of it, in an order in which a cut-off run can begin again."""
    from django.conf import settings

    from fengqiao.offices.audit import audit
    from fengqiao.offices.papers import papers

    at, anchors = shelf.Shelf(Path(asked["shelf"])), Path(str(settings.FENGQIAO_ANCHORS))
    root = last_root_told()
    _bring_anchors(at, asked, anchors, None if not asked["trial"] else root)
    bad = _keep_list(at, asked, anchors)
    again = _forget_again(anchors)
    files = _bring_files(at, asked, settings.FENGQIAO_FILES)
    _drop_visits()
    void = [] if asked["trial"] else _record(asked, root, audit.last_number(anchors), again)
    report = audit.verify(anchors)
    return {
        "ok": report.verified and not papers.missing(),
        "root": root,
        "void": void,
        "forgotten_again": again,
        "list_lines_refused": bad,
        "files": files,
        "files_missing": papers.missing(),
        "verified": report.verified,
        "events": report.events,
        "broken": [f"{each.number or each.stream} {each.seq} {each.what}" for each in report.broken[:20]],
        "matters": _count(),
        **sample(),
    }


def last_root_told() -> int:
    """The newest root that the restored journal names; 0 when none."""
    from django.db import connection

    from fengqiao.kernel.access import SystemPost, acting_as

    with acting_as(SystemPost("keeper")), connection.cursor() as cursor:
        cursor.execute("select coalesce(max((data ->> 'root')::integer), 0) from event where kind = 'anchor.sealed'")
        return int((cursor.fetchone() or (0,))[0])


def _bring_anchors(at: shelf.Shelf, asked: dict[str, Any], anchors: Path, most: int | None) -> None:
    """The roots, those above the restored moment too: they are evidence, and are declared void. A trial needs none."""
    from fengqiao.offices.audit import audit

    sources = [at.anchors, *([Path(asked["aside"]) / "anchors"] if asked["aside"] else [])]
    for path in sorted(path for source in sources for path in source.glob("root-*.json")):
        if most is not None and path.name > audit.file_name(most):
            continue
        if not (anchors / path.name).exists():
            durable.copy(path, anchors / path.name)


def _keep_list(at: shelf.Shelf, asked: dict[str, Any], anchors: Path) -> int:
    """Every line of the list that is known anywhere, into the list of this folder; how many lines do not hold."""
    target = anchors / forgotten.FILE
    known = [key for text in asked["journal_keys"] for key in keyring.keys_of(text)]
    sources = [at.anchors, *([Path(asked["aside"]) / "anchors"] if asked["aside"] else [])]
    lines = [*forgotten.read(target), *asked["forgotten"]]
    lines += [each for source in sources for each in forgotten.read(source / forgotten.FILE)]
    kept, bad = forgotten.holding(lines, known)
    had = {each["matter"] for each in forgotten.read(target)}
    forgotten.append([each for each in kept if each["matter"] not in had], target)
    return bad


def _forget_again(anchors: Path) -> int:
    """Through the kernel's own `forget`, with its event; how many matters."""
    from fengqiao.kernel import archive
    from fengqiao.kernel.access import SystemPost
    from fengqiao.kernel.docket import docket

    keeper, count = SystemPost("keeper"), 0
    for each in forgotten.read(anchors / forgotten.FILE):
        with docket(keeper) as book:
            for matter in book.take_many([uuid.UUID(each["matter"])]):
                if matter.last_kind != "matter.forgotten":
                    archive.forget(book, matter)
                    count += 1
    return count


def _bring_files(at: shelf.Shelf, asked: dict[str, Any], folder: Path) -> int:
    """The stored files that the restored rows name and that can still be opened; how many came."""
    count = 0
    for name in _named_files():
        sources = [at.stored(name)]
        if asked["aside"]:
            sources.append(Path(asked["aside"]) / "files" / name[:2] / name)
        target = folder / name[:2] / name
        for source in sources:
            if source.exists() and durable.sha256(source) == name:
                durable.copy(source, target)
                count += 1
                break
    return count


def _named_files() -> Iterator[str]:
    from fengqiao.kernel.access import SystemPost, acting_as
    from fengqiao.kernel.models import Document, MatterKey, Upload

    with acting_as(SystemPost("keeper")):
        living = Document.objects.filter(matter__in=MatterKey.objects.values("matter"))
        names = [*living.values_list("stored", flat=True), *Upload.objects.values_list("stored", flat=True)]
    yield from dict.fromkeys(names)


def _drop_visits() -> None:
    """Sessions, and answers kept for repeated requests, belong to the time that is undone."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("delete from django_session")
        cursor.execute("delete from idempotency")


def _record(asked: dict[str, Any], root: int, last: int, again: int) -> list[int]:
    """The restore in the journal and in a root of its own; [first, last] of the roots that are void, or nothing."""
    from fengqiao.kernel import journal
    from fengqiao.kernel.access import SystemPost, acting_as
    from fengqiao.offices.audit import audit

    keeper = SystemPost("keeper")
    void = [root + 1, last] if last > root else []
    data = {"set": asked["set"], "until": asked["until"], "root": root, "void": void, "forgotten": again}
    with acting_as(keeper):
        journal.note(keeper, "config", RESTORED, data=data)
    audit.seal_root(restored={**data, "at": asked["at"]})
    return void


def _count() -> int:
    from fengqiao.kernel.access import SystemPost, acting_as
    from fengqiao.kernel.models import Matter

    with acting_as(SystemPost("keeper")):
        return Matter.objects.count()


def sample() -> dict[str, int]:
    """Open some persons and some files with the restored keys: how many. A fault stops the restore."""
    from fengqiao.kernel import ciphers
    from fengqiao.kernel.access import SystemPost, acting_as
    from fengqiao.kernel.models import Document, MatterKey, Person
    from fengqiao.offices.papers import papers

    opened = {"people_opened": 0, "files_opened": 0}
    with acting_as(SystemPost("keeper")):
        people = list(Person.objects.order_by("?")[:SAMPLE])
        living = Document.objects.filter(matter__in=MatterKey.objects.values("matter")).select_related("matter")
        documents = list(living.order_by("?")[:SAMPLE])
        for person in people:
            ciphers.unseal_json(person.sealed, person.pk.bytes)
            opened["people_opened"] += 1
        for document in documents:
            with suppress(papers.Damaged):
                papers.plain_bytes(document)
                opened["files_opened"] += 1
    return opened


if __name__ == "__main__":
    sys.exit(main())
