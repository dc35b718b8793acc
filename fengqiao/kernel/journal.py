"""What happened, provably: events chained within their stream by a keyed hash (BLUEPRINT 2, ruling 7)."""

from __future__ import annotations

import hmac
import os
import socket
import threading
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from fengqiao.kernel import keys, storing
from fengqiao.kernel.models import Chain, Event, Post
from fengqiao.kernel.now import HERE, now

if TYPE_CHECKING:
    from fengqiao.kernel.access import Acting

START = b"\0" * 32


def actor_name(by: Acting) -> str:
    """`post:12`, `system:clocks` or `person:<receipt>`."""
    if isinstance(by, Post):
        return f"post:{by.pk}"
    return f"person:{by.source}" if by.source else f"system:{by.name}"


def canonical(event: Any) -> bytes:
    """The bytes that are chained: fields as sorted JSON, instants in UTC to the microsecond.

    `audit` gives its own rows, whose instants are that text already and whose data are JSON as stored.
    """
    happened, recorded, data = event.happened_at, event.recorded_at, event.data
    fields = {
        "opened_year": event.opened_year,
        "stream": event.stream,
        "seq": event.seq,
        "matter_id": event.matter_id,
        "kind": event.kind,
        "happened_at": happened if isinstance(happened, str) else _instant(happened),
        "recorded_at": recorded if isinstance(recorded, str) else _instant(recorded),
        "actor": event.actor,
        "post_id": event.post_id,
        "account_id": event.account_id,
        "unit_id": event.unit_id,
        "visibility": event.visibility,
        "law": event.law,
        "data": orjson.loads(data) if isinstance(data, str) else data,
    }
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS, default=str)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def mac(event: Any, prev: bytes, key: keys.Key) -> bytes:
    """HMAC-SHA256 over the previous MAC and this event."""
    keyed = _keyed(key.secret).copy()  # setting one up takes three times as long
    keyed.update(bytes(prev) + canonical(event))
    return keyed.digest()


@lru_cache(maxsize=16)
def _keyed(secret: bytes) -> hmac.HMAC:
    return hmac.new(secret, digestmod="sha256")


def line(
    by: Acting,
    *,
    year: int,
    stream: str,
    seq: int,
    prev: bytes,
    kind: str,
    at: datetime,
    data: dict[str, Any],
    matter_id: Any = None,
    recorded_at: datetime | None = None,
    visibility: str = "staff",
    law: str = "",
) -> Event:
    """An event, chained and not yet stored."""
    post = by if isinstance(by, Post) else None
    key = keys.current("journal")
    event = storing.fresh(
        Event,
        opened_year=year,
        stream=stream,
        seq=seq,
        matter_id=matter_id,
        kind=kind,
        happened_at=at.astimezone(HERE),
        recorded_at=(recorded_at or at).astimezone(HERE),
        actor=actor_name(by),
        post_id=post.pk if post else None,
        account_id=post.account_id if post else None,
        unit_id=post.unit_id if post else None,
        visibility=visibility,
        law=law,
        data=data,
        prev=prev,
        key_id=key.id,
    )
    event.mac = mac(event, prev, key)
    return event


def note(by: Acting, stream: str, kind: str, *, matter_id: Any = None, data: dict[str, Any] | None = None) -> Event:
    """Write one line into today's named stream (`access`, `accounts`, `config`, `export`): reading locks nothing.

    Must be called inside a transaction. One process writes its own stream.
    """
    moment = now()
    name = f"{stream}:{moment.astimezone(HERE):%Y-%m-%d}:{_process()}"
    chain = Chain.objects.select_for_update(no_key=True).filter(stream=name).first()
    event = line(
        by,
        year=moment.astimezone(HERE).year,
        stream=name,
        seq=chain.seq + 1 if chain else 1,
        prev=bytes(chain.head) if chain else START,
        kind=kind,
        at=moment,
        data=data or {},
        matter_id=matter_id,
    )
    event.save(force_insert=True)
    if chain:
        Chain.objects.filter(pk=name).update(seq=event.seq, head=event.mac)
    else:
        Chain.objects.create(stream=name, opened_year=event.opened_year, seq=1, head=event.mac)
    return event


def _process() -> str:
    return f"{socket.gethostname()[:16]}-{os.getpid()}-{threading.get_native_id() % 1_000_000}"
