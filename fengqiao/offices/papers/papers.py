"""Files and issued papers: the dossier of a matter (卷宗).

A file is looked at first (`accept`: size, kind, images made anew; in a child, before any lock), then kept: encrypted
with the matter's own key, named by the hash of the ciphertext, on disk before the transaction commits. What a lost
transaction leaves there is swept away a day later. Files that come before their matter wait in `Upload`.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from fengqiao.ground.refusals import NoRoom, NotNow, NotThere, Refused
from fengqiao.kernel import access, ciphers, domain, journal, keys, ports
from fengqiao.kernel.access import Acting, SystemPost, acting_as
from fengqiao.kernel.docket import Docket
from fengqiao.kernel.models import Document, Matter, MatterKey, Post, Source, Upload
from fengqiao.kernel.now import now
from fengqiao.offices.papers import uploads

log = logging.getLogger(__name__)

LARGEST_BYTES = 20 * 1024 * 1024
MOST_DOCUMENTS = 200
MOST_WAITING = 30
MOST_WAITING_BYTES = 200 * 1024 * 1024
WAITS = timedelta(hours=24)
ORPHAN_SECONDS = 24 * 3600.0
FEW_ORPHANS = 20
KEEPER = SystemPost("keeper")
# How a paper reached the person (民事诉讼法 ch. 7, sec. 2): in person, left, by post, electronically, by notice.
SERVED: Final = ("in_person", "left", "post", "electronic", "public_notice", "collected")
# Other names under which the same kind is sent.
_ALIASES: Final = {
    "image/jpg": "jpeg", "image/pjpeg": "jpeg", "audio/mp3": "mp3", "audio/x-m4a": "m4a", "audio/m4a": "m4a",
    "audio/x-wav": "wav", "audio/wave": "wav", "audio/vnd.wave": "wav", "audio/opus": "ogg", "application/ogg": "ogg",
    "audio/amr-wb": "amr", "video/mp4": "m4a", "video/webm": "webm", "text/csv": "txt",
}  # fmt: skip
_UNTOLD: Final = ("", "application/octet-stream", "binary/octet-stream")
_KEPT = _("Photos (JPEG, PNG, WebP), PDF, Word, Excel, plain text and sound recordings are kept.")
_SENTENCES: Final = {
    "empty": _("The file is empty. Choose it again."),
    "heic": _(
        "This photo is in a format (HEIC) that cannot be kept. "
        "Set the camera to “most compatible”, or send a screenshot of it."
    ),
    "moving_picture": _("A moving picture cannot be kept. Send a photo."),
    "too_large_a_picture": _("The picture has too many points. Make it smaller, or take a photo of it."),
    "broken_picture": _("The picture is damaged and cannot be opened. Send it again, or take another one."),
    "broken_file": _("The file is damaged and cannot be opened. Send it again."),
    "bomb": _("The file unpacks to far more than it holds. It was not kept."),
    "macros": _("The file holds a program (macros). Save it without macros, or as PDF."),
    "too_hard": _("The file could not be read in time. Save it anew, or make it smaller."),
}


class Damaged(Refused):
    """The stored bytes are gone or were changed."""

    status = 410


@dataclass(frozen=True, slots=True)
class Accepted:
    """A file that was looked at and may be kept; images hold no metadata any more."""

    kind: str
    data: bytes

    @property
    def media_type(self) -> str:
        return uploads.KINDS[self.kind]


# Taking in -----------------------------------------------------------------------------------------------------------


def accept(data: bytes, told: str = "") -> Accepted:
    """Look at a file before anything is locked. `told` is the media type that came with it, or empty.

    Raises Refused: too_large, kind_not_kept, type_differs, heic, empty, bomb, macros, broken_…, too_hard.
    """
    if len(data) > LARGEST_BYTES:
        raise Refused(
            "too_large",
            _("The file is larger than %(limit)s MB. Make it smaller, or send it in parts.")
            % {"limit": LARGEST_BYTES // (1024 * 1024)},
        )
    try:
        found = uploads.parse(data)
    except uploads.Unkept as unkept:
        sentence = _SENTENCES.get(unkept.code) or _("Files of this kind are not kept. %(kept)s") % {"kept": _KEPT}
        raise Refused(unkept.code, sentence, found=unkept.found) from None
    name = told.partition(";")[0].strip().lower()
    if name not in _UNTOLD and name != found.media_type and _ALIASES.get(name) != found.kind:
        raise Refused(
            "type_differs",
            _("The file was sent as %(told)s, but it is %(found)s. Send it under its own name.")
            % {"told": name[:40], "found": found.kind.upper()},
            found=found.kind,
        )
    return Accepted(found.kind, found.data)


def add_document(
    book: Docket,
    matter: Matter,
    *,
    kind: str,
    title: str,
    file: Accepted,
    visibility: str = "staff",
    source: Source | None = None,
) -> Document:
    """Add a piece to the dossier of a matter in hand; it gets the next number of the catalogue.

    Raises NotNow (archived), Refused (too_many_documents), NoRoom.
    """
    piece = max((row.piece for row in _documents(book, matter)), default=0) + 1
    document = Document(
        matter=matter,
        source=source,
        kind=kind,
        title=_title(matter, title),
        piece=piece,
        visibility=visibility,
        by=book.post,
        at=book.now,
    )
    return _keep(book, matter, document, file)


def add_version(book: Docket, document: Document, file: Accepted) -> Document:
    """A newer version of a piece; older ones stay. Raises NotNow: frozen, not_newest, archived."""
    matter = _in_hand(book, document)
    newest = max(row.version for row in _documents(book, matter) if row.piece == document.piece)
    if document.version != newest:
        raise NotNow("not_newest", _("There is a newer version of this paper. Change that one."))
    if document.issued_at is not None:
        raise NotNow("frozen", _("This paper was issued and stays as it is. Add a new paper that corrects it."))
    newer = Document(
        matter=matter,
        source_id=document.source_id,
        kind=document.kind,
        title=document.title,
        piece=document.piece,
        version=newest + 1,
        visibility=document.visibility,
        by=book.post,
        at=book.now,
    )
    return _keep(book, matter, newer, file)


def _documents(book: Docket, matter: Matter) -> list[Document]:
    waiting = [row for row in book.pending(Document) if row.matter_id == matter.pk]
    return [*Document.objects.filter(matter=matter), *waiting]


def _title(matter: Matter, title: str) -> str:
    """Of a sealed matter not even the titles of its papers lie open."""
    return "" if matter.confidentiality == "sealed" else " ".join(title.split())[:120]


def _in_hand(book: Docket, document: Document) -> Matter:
    try:
        return book.matters[document.matter_id]
    except KeyError:
        raise NotThere("not_there", _("There is no such paper here.")) from None


def _keep(book: Docket, matter: Matter, document: Document, file: Accepted) -> Document:
    if matter.archived_at is not None:
        raise NotNow("archived", _("This matter is archived; nothing is changed in it any more."))
    if len(_documents(book, matter)) >= MOST_DOCUMENTS:
        raise Refused(
            "too_many_documents",
            _("This matter holds %(most)s papers already; no more can be added.") % {"most": MOST_DOCUMENTS},
        )
    sealed = ciphers.seal(file.data, document.pk.bytes, key=book.matter_key(matter))
    document.media_type, document.size = file.media_type, len(file.data)
    document.sha256, document.stored = ciphers.sha256(sealed), _put(sealed)
    book.add(document)
    book.event(matter, "document.added", visibility=document.visibility, data=_told(document))
    return document


def _told(document: Document) -> dict[str, Any]:
    return {
        "document": str(document.pk),
        "piece": document.piece,
        "version": document.version,
        "kind": document.kind,
        "sha256": document.stored,
        "size": document.size,
    }


def _put(sealed: bytes) -> str:
    name = ciphers.sha256(sealed).hex()
    try:
        ports.storage().put(name, sealed)
    except ports.StorageFull:
        raise NoRoom from None
    return name


# Before there is a matter --------------------------------------------------------------------------------------------


def hold(owner: str, file: Accepted) -> Upload:
    """Keep a file until a filing or an action names its id, at most a day. `owner`: see `owner_of`, or a form's id.

    Raises Refused (too_many_waiting), NoRoom.
    """
    upload = Upload(owner=owner, kind=file.kind, size=len(file.data), expires_at=now() + WAITS)
    waiting = Upload.objects.filter(owner=owner, expires_at__gt=now())
    bytes_waiting = waiting.aggregate(total=Sum("size"))["total"] or 0
    if waiting.count() >= MOST_WAITING or bytes_waiting + upload.size > MOST_WAITING_BYTES:
        raise Refused("too_many_waiting", _("Too many files wait already. Send off what you have begun first."))
    upload.stored = _put(ciphers.seal(file.data, upload.pk.bytes))
    upload.save(force_insert=True)
    return upload


def owner_of(by: Post) -> str:
    """The owner of what a post hands in."""
    return journal.actor_name(by)


def attach(
    book: Docket,
    matter: Matter,
    upload_id: uuid.UUID,
    *,
    owner: str,
    kind: str,
    title: str,
    visibility: str = "parties",
    source: Source | None = None,
) -> Document:
    """Make a waiting file a piece of the dossier, under the matter's key. Raises NotThere, and as `add_document`."""
    upload = Upload.objects.select_for_update().filter(pk=upload_id, owner=owner, expires_at__gt=book.now).first()
    if upload is None:
        raise NotThere("no_such_upload", _("This file is no longer here. Choose it again."), pointer="/files")
    plain = _unseal(upload.stored, upload.pk.bytes, None)
    document = add_document(
        book,
        matter,
        kind=kind,
        title=title,
        file=Accepted(upload.kind, plain),
        visibility=visibility,
        source=source,
    )
    upload.delete()
    transaction.on_commit(partial(ports.storage().delete, upload.stored))
    return document


# Looking -------------------------------------------------------------------------------------------------------------


def documents_of(by: Acting, matter: Matter) -> list[Document]:
    """The newest versions of the pieces that `by` may see, in the order of the catalogue. Inside `acting_as`."""
    newest: dict[int, Document] = {}
    for row in Document.objects.filter(matter=matter).order_by("piece", "version"):
        newest[row.piece] = row
    return [row for row in newest.values() if _shows(by, matter, row)]


def open_document(by: Acting, document_id: uuid.UUID) -> tuple[Document, bytes]:
    """A document and its plain bytes; the look is journalled. Raises NotThere (missing and hidden alike), Damaged."""
    with acting_as(by):
        document = (
            Document.objects.filter(pk=document_id, matter__in=access.matters_for(by)).select_related("matter").first()
        )
        if document is None or not _shows(by, document.matter, document):
            raise NotThere("not_there", _("There is no such paper here."))
        journal.note(by, "access", "document.opened", matter_id=document.matter_id, data={"document": str(document.pk)})
        return document, _unseal(document.stored, document.pk.bytes, _key_of(document.matter))


def plain_bytes(document: Document) -> bytes:
    """The plain bytes for the program's own proof that they can be opened. Inside `acting_as`. Raises Damaged."""
    return _unseal(document.stored, document.pk.bytes, _key_of(document.matter))


def _shows(by: Acting, matter: Matter, document: Document) -> bool:
    if isinstance(by, SystemPost):
        return by.name != "portal" or _shows_person(by, matter, document)
    opens = domain.get(matter.kind).opens
    held = access.words(by, matter)
    return any(document.visibility in opens[word].texts for word in held if word in opens)


def _shows_person(by: SystemPost, matter: Matter, document: Document) -> bool:
    """The person sees what is for the parties, and of several tellers' files only his own."""
    own = by.source is not None and Source.objects.filter(pk=by.source, matter=matter).exists()
    return own and document.visibility in ("public", "parties") and document.source_id in (None, by.source)


def _key_of(matter: Matter) -> keys.Key:
    row = MatterKey.objects.filter(matter=matter).first()
    if row is None:
        raise Damaged("forgotten", _("This paper was destroyed at the end of its term of keeping."))
    return keys.Key(f"m-{row.key_id}", ciphers.unseal(row.wrapped, matter.pk.bytes))


def _unseal(stored: str, bound_to: bytes, key: keys.Key | None) -> bytes:
    try:
        return ciphers.unseal(ports.storage().get(stored), bound_to, key=key)
    except (FileNotFoundError, ciphers.CannotOpen, IndexError):
        log.error("The stored file %s is missing or was changed.", stored)
        raise Damaged(
            "damaged", _("The stored file is missing or was changed. Tell the administrator; a backup may hold it.")
        ) from None


# Issuing and serving -------------------------------------------------------------------------------------------------


def issue(book: Docket, document: Document, *, law: str = "") -> None:
    """Freeze a paper: from now on its bytes and its place in the dossier stay. Raises NotNow (issued_already)."""
    matter = _in_hand(book, document)
    if document.issued_at is not None:
        raise NotNow("issued_already", _("This paper was issued already."))
    if any(row.piece == document.piece and row.version > document.version for row in _documents(book, matter)):
        raise NotNow("not_newest", _("There is a newer version of this paper. Change that one."))
    book.change(document, issued_at=book.now)
    book.event(matter, "document.issued", data=_told(document), law=law, visibility=document.visibility)


def record_service(book: Docket, document: Document, *, how: str, at: datetime | None = None) -> None:
    """Record how and when an issued paper reached the person. Raises NotNow (not_issued, served_already), Refused."""
    matter = _in_hand(book, document)
    if how not in SERVED:
        raise Refused("unknown_way", _("Say how the paper reached the person."), pointer="/how")
    if document.issued_at is None:
        raise NotNow("not_issued", _("Only an issued paper can be served."))
    if document.served_at is not None:
        raise NotNow("served_already", _("The service of this paper is on record already."))
    served = at or book.now
    if served < document.issued_at or served > book.now:
        raise Refused("bad_time", _("A paper is served after it was issued, and not in the future."), pointer="/at")
    book.change(document, served_at=served, served_how=how)
    book.event(
        matter, "document.served", data={**_told(document), "how": how}, at=served, visibility=document.visibility
    )


# Keeping order -------------------------------------------------------------------------------------------------------


def forget(book: Docket, matter: Matter) -> int:
    """At the end of retention: titles go, and the stored files once this transaction is through; how many."""
    rows = list(Document.objects.filter(matter=matter))
    for row in rows:
        book.change(row, title="")
        transaction.on_commit(partial(ports.storage().delete, row.stored))
    return len(rows)


def sweep() -> dict[str, int]:
    """Remove uploads that nobody named within their day, and files that no row names any more.

    Where most files seem to belong to nobody, the database is not the one they belong to: none is removed.
    """
    with acting_as(KEEPER):
        late = list(Upload.objects.filter(expires_at__lte=now()))
        Upload.objects.filter(pk__in=[row.pk for row in late]).delete()
    for row in late:
        ports.storage().delete(row.stored)
    old = ports.storage().older_than(ORPHAN_SECONDS)
    orphans = _orphans(old)
    if len(orphans) > FEW_ORPHANS and len(orphans) * 2 > len(old):
        log.error("%s of %s stored files belong to no row; is this the right database? None was removed.",
                  len(orphans), len(old))  # fmt: skip
        orphans = []
    for name in orphans:
        ports.storage().delete(name)
    return {"uploads": len(late), "orphans": len(orphans)}


def _orphans(names: Sequence[str]) -> list[str]:
    with acting_as(KEEPER):
        known: set[str] = set()
        for start in range(0, len(names), 1000):
            some = names[start : start + 1000]
            known |= set(Document.objects.filter(stored__in=some).values_list("stored", flat=True))
            known |= set(Upload.objects.filter(stored__in=some).values_list("stored", flat=True))
    return [name for name in names if name not in known]


def missing() -> list[str]:
    """For `fengqiao check`: a sentence when stored files of living matters are not there."""
    with acting_as(KEEPER):
        living = Document.objects.filter(matter__in=MatterKey.objects.values("matter"))
        names = list(living.values_list("stored", flat=True))
    gone = sum(1 for name in names if not ports.storage().has(name))
    return [f"{gone} stored files are missing; bring them back from a backup."] if gone else []
