"""From what was typed to a matter at the city's desk: the receipt, its photos, and sending twice only once."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from fengqiao.doors.portal.forms import UNSURE
from fengqiao.doors.portal.tickets import owner_of
from fengqiao.ground.masking import mask_text
from fengqiao.ground.refusals import Refused
from fengqiao.kernel import intake
from fengqiao.kernel.access import READ, acting_as
from fengqiao.kernel.docket import docket
from fengqiao.kernel.idempotency import Once, Repeated
from fengqiao.kernel.intake import PORTAL, Party, Receipt, Told
from fengqiao.kernel.models import Source
from fengqiao.offices.papers import papers

KIND = "hotline"
ROUTE = "portal:tell"
MOST_PHOTOS = 3
ABOUT_SOMEBODY = ("complaint", "report")
PHOTO_KINDS = frozenset({"jpeg", "png", "webp"})
TITLE = 30
_SENTENCE = re.compile(r"[。！？!?；;\r\n]")


def title_of(text: str) -> str:
    """The first sentence, cut to a line; phones and other numbers of persons are masked in it."""
    first = next((part.strip() for part in _SENTENCE.split(text) if part.strip()), text.strip())
    shown = mask_text(first)
    return shown if len(shown) <= TITLE else shown[: TITLE - 1] + "…"


def receipt_of(told: Mapping[str, Any]) -> Receipt:
    """The receipt of what the three forms say. A report, and whoever wishes it, is protected (G6)."""
    nature = told["nature"] if told["nature"] not in ("", UNSURE) else "help"
    protected = nature == "report" or told["secrecy"]
    party = Party(
        role="reporter" if nature == "report" else "applicant",
        name=told["name"],
        phone=told["phone"],
        address=told["address"],
    )
    return Receipt(
        title=mask_text(told["title"].strip()) or title_of(told["text"]),
        content=content_of(told),
        channel="web",
        place=told["village"] or told["town"],
        confidentiality="protected" if protected else "normal",
        told=tuple(kept_away(told)),
        parties=(party,) if party.known else (),
        data={"nature": nature, "urgency": "normal", "wants_answer": True, "wants_secrecy": told["secrecy"]},
        word="" if told["phone"] else told["word"],
        call_back=bool(told["phone"]) and told["calls"] == "yes",
        no_sms=told["no_sms"],
    )


def content_of(told: Mapping[str, Any]) -> str:
    """The words of the person, and under them what was asked besides, a line each."""
    lines = [told["text"].strip()]
    for label, value in (
        (_("Hopes for"), told["hope"]),
        (_("Where"), told["spot"]),
        (_("Calls"), calls_of(told) if told["phone"] else ""),
    ):
        if value.strip():
            lines.append(_("{label}: {value}").format(label=label, value=value.strip()))
    return "\n".join(lines)


def calls_of(told: Mapping[str, Any]) -> str:
    """Whether and when the person may be called, in words; empty when nothing was said."""
    answers = {"yes": _("may be called"), "no": _("please do not call")}
    said = [answers.get(told["calls"], ""), told["call_when"].strip()]
    return pgettext("between items", ", ").join(each for each in said if each)


def kept_away(told: Mapping[str, Any]) -> list[Told]:
    """Who shall not know of it: the place's own levels by their units, anybody else in words for the city's desk.

    A complaint or a report that leaves the question open is read by the city's desk first: it is about somebody.
    """
    chosen = [each for each in told["kept_away"] if each != "none"]
    words = told["kept_away_words"].strip()
    found = [Told(level=each) for each in chosen if each in ("village", "town")]
    if words:
        found.append(Told(words=words))
    elif {"unit", "person", UNSURE} & set(chosen) or (not told["kept_away"] and told["nature"] in ABOUT_SOMEBODY):
        found.append(Told())
    return found


def send(request: HttpRequest, told: Mapping[str, Any], photos: Sequence[uuid.UUID]) -> Source:
    """Take it in, once for each id of a form (engineering ruling 14). Raises Refused."""
    owner = owner_of(request)
    once = Once(owner, str(told["form"]), ROUTE, _digest(told, photos))
    try:
        with transaction.atomic():
            received = intake.receive(PORTAL, KIND, receipt_of(told), once=once)
            _attach(received, photos, owner)
    except Repeated as repeated:
        with acting_as(PORTAL):
            return Source.objects.filter(matter=repeated.matter).order_by("received_at", "pk")[0]
    return received.source


def _attach(received: intake.Received, photos: Sequence[uuid.UUID], owner: str) -> None:
    if not photos:
        return
    with docket(PORTAL) as book:
        matter = book.take(READ, number=received.matter.number)
        for place, photo in enumerate(photos, 1):
            title = _("Photo {n}").format(n=place)
            papers.attach(book, matter, photo, owner=owner, kind="photo", title=title, source=received.source)


def _digest(told: Mapping[str, Any], photos: Sequence[uuid.UUID]) -> bytes:
    plain = {name: value for name, value in told.items() if name != "form"}
    body = json.dumps([plain, [str(photo) for photo in photos]], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(body.encode()).digest()


def photos_of(typed: QueryDict) -> list[uuid.UUID]:
    """The ids of the photos that wait, as the form carries them."""
    if typed.get("no_photos"):
        return []
    found = []
    for each in typed.getlist("photo")[:MOST_PHOTOS]:
        try:
            found.append(uuid.UUID(each))
        except ValueError:
            continue
    return found


def keep_photos(request: HttpRequest) -> tuple[list[uuid.UUID], list[str]]:
    """The photos that wait, those just chosen included, and a sentence for each that could not be kept."""
    waiting, refused = photos_of(request.POST), []
    for file in request.FILES.getlist("photos"):
        if len(waiting) >= MOST_PHOTOS:
            refused.append(_("Three photos can be sent. The others were left out."))
            break
        try:
            if file.size is not None and file.size > papers.LARGEST_BYTES:
                raise Refused("too_large", _("A photo is larger than 20 MB. Make it smaller, or take another one."))
            accepted = papers.accept(file.read())
            if accepted.kind not in PHOTO_KINDS:
                raise Refused("no_photo", _("This is not a photo. Choose a photo."))
            waiting.append(papers.hold(owner_of(request), accepted).pk)
        except Refused as problem:
            refused.append(str(problem.sentence))
    return waiting, refused
