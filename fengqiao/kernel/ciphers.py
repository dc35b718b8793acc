"""Sealing what must not lie open: persons, protected texts, files (BLUEPRINT 2; G28).

AES-GCM with the data key, or with a matter's own key that the data key wraps. Each ciphertext names the key it was
made with, so that keys can be rotated while the system runs.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fengqiao.kernel import keys

NONCE = 12


class CannotOpen(Exception):
    """The ciphertext was changed, or belongs elsewhere."""


def seal(plain: bytes, bound_to: bytes, *, key: keys.Key | None = None) -> bytes:
    """AES-GCM of `plain`, readable only together with `bound_to` (the id of its row)."""
    key = key or keys.current("data")
    nonce = os.urandom(NONCE)
    name = key.id.encode()
    return bytes([len(name)]) + name + nonce + AESGCM(key.secret).encrypt(nonce, plain, bound_to)


def unseal(sealed: bytes | memoryview[int], bound_to: bytes, *, key: keys.Key | None = None) -> bytes:
    """The plain bytes. Raises CannotOpen when anything was changed, KeyMissing when the key is not here."""
    sealed = bytes(sealed)
    end = 1 + sealed[0]
    key = key or keys.by_id("data", sealed[1:end].decode())
    try:
        return AESGCM(key.secret).decrypt(sealed[end : end + NONCE], sealed[end + NONCE :], bound_to)
    except InvalidTag:
        raise CannotOpen("A sealed value was changed or moved to another row.") from None


def seal_json(value: Any, bound_to: bytes) -> bytes:
    """`seal` of a JSON value."""
    return seal(orjson.dumps(value), bound_to)


def unseal_json(sealed: bytes | memoryview[int], bound_to: bytes) -> Any:
    """`unseal` of a JSON value."""
    return orjson.loads(unseal(sealed, bound_to))


def lookup_hash(purpose: str, value: str) -> bytes:
    """Keyed hash for look-up (16 bytes), as rows carry it: phones, id numbers, fingerprints of texts."""
    return _keyed(keys.current("hash"), purpose, value)


def lookup_hashes(purpose: str, value: str) -> list[bytes]:
    """The hashes by which a row is looked up, the present one first: under each key, as long as a row may carry it."""
    return [_keyed(key, purpose, value) for key in keys.all_of("hash")]


def lasting_hash(purpose: str, value: str) -> bytes:
    """Keyed hash for what must stay the same for ever, whichever keys come: under the first key that was made."""
    return _keyed(keys.first("hash"), purpose, value)


def _keyed(key: keys.Key, purpose: str, value: str) -> bytes:
    return hmac.digest(key.secret, f"{purpose}\0{value}".encode(), "sha256")[:16]


def digest(salt: bytes, body: str) -> str:
    """What an event says of a text: HMAC(salt, body), hex. Without the salt it tells nothing (ruling 4)."""
    return hmac.digest(salt, body.encode(), "sha256").hex()


def sha256(data: bytes) -> bytes:
    """Plain SHA-256, 32 bytes."""
    return hashlib.sha256(data).digest()
