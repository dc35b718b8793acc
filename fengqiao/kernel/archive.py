"""Archive: what is kept, how long, who may look? Closing freezes the dossier and dates the forgetting (SPEC 10.6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from fengqiao.ground.refusals import NotNow
from fengqiao.kernel import domain, handle
from fengqiao.kernel.docket import Docket
from fengqiao.kernel.models import Document, Matter, MatterKey, Person, Source, Text
from fengqiao.kernel.now import HERE

Forget = Callable[[Docket, Matter], object]
_FORGETTING: list[Forget] = []


def on_forgetting(also: Forget) -> None:
    """An office keeps words or files of a matter in tables of its own: `also` destroys them in the same transaction."""
    if also not in _FORGETTING:
        _FORGETTING.append(also)


def archive(book: Docket, matter: Matter) -> None:
    """File the closed matter: tasks and clocks end, the catalogue is frozen, the day of forgetting is set."""
    if book.tasks(matter):
        raise NotNow("tasks_open", _("Somebody still has a task in this matter. Finish it first."))
    book.stop(matter, outcome="cancelled")
    keep = domain.get(matter.kind).keep
    closed = matter.closed_at or book.now
    matter.archived_at = book.now
    matter.keep_until = closed.astimezone(HERE).date().replace(year=closed.astimezone(HERE).year + keep.years, day=1)
    handle.move(
        book,
        matter,
        "archive",
        data={
            "catalogue": catalogue(matter),
            "keep_until": matter.keep_until.isoformat(),
            "because": keep.because,
        },
    )
    if book.around(matter).leads:
        for member in book.take_many(matter.members.filter(undone_at=None).values_list("member_id", flat=True)):
            _file_with(book, member, matter)


def _file_with(book: Docket, member: Matter, master: Matter) -> None:
    """What was merged into a matter is filed and forgotten with it; its own state stays as it was (ruling 3)."""
    book.finish(member, outcome="archived")
    book.stop(member, outcome="cancelled")
    member.closed_at, member.due_at = member.closed_at or master.closed_at or book.now, None
    member.archived_at, member.keep_until = master.archived_at, master.keep_until
    book.event(member, "matter.archived_with", data={"master": master.number, "catalogue": catalogue(member)})


def catalogue(matter: Matter) -> list[dict[str, Any]]:
    """The dossier's table of contents: piece, kind, version, SHA-256 of the stored bytes; newest versions only."""
    newest = (
        Document.objects.filter(matter=matter)
        .values("piece")
        .annotate(last=Max("version"))
        .values_list("piece", "last")
    )
    rows = {(row.piece, row.version): row for row in Document.objects.filter(matter=matter)}
    pieces = [rows[key] for key in sorted(newest)]
    return [
        {
            "piece": row.piece,
            "id": str(row.pk),
            "kind": row.kind,
            "version": row.version,
            "sha256": bytes(row.sha256).hex(),
            "issued": row.issued_at.isoformat() if row.issued_at else None,
        }
        for row in pieces
    ]


def forget(book: Docket, matter: Matter) -> None:
    """At the end of retention: texts, persons, keys and what offices hold go; the journal stays and still verifies."""
    for also in _FORGETTING:
        also(book, matter)
    counts = {
        "texts": Text.objects.filter(matter=matter).count(),
        "people": Person.objects.filter(matter=matter).count(),
    }
    Source.objects.filter(matter=matter).update(person=None, text=None, reply=None, proof_hash=None, fingerprint=None)
    for model in (Text, Person, MatterKey):
        model._default_manager.filter(matter=matter).delete()
    book.unindex(matter)
    matter.title = str(_("Forgotten after its term of keeping"))
    book.event(matter, "matter.forgotten", data=counts, law=domain.get(matter.kind).keep.because)
