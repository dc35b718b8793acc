"""A device with passkeys, in software: it answers like a browser, or wrongly where a test wants it."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

HERE = "http://localhost:8000"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Device:
    """Keeps one credential. `counter` is the number of the last answer; a device that does not count stays at 0."""

    counter: int = 0
    counts: bool = True
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    handle: bytes = b""

    def makes(self, options: str, *, origin: str = HERE, flags: int = PRESENT | VERIFIED, public: Any = None) -> str:
        """The answer of `navigator.credentials.create`."""
        asked = json.loads(options)
        self.handle = websafe_decode(asked["user"]["id"])
        public = public or ES256.from_cryptography_key(self.key.public_key())
        kept = AttestedCredentialData.create(Aaguid(b"\0" * 16), self.id, public)
        data = self._data(asked["rp"]["id"], flags | ATTESTED, kept)
        told = {
            "clientDataJSON": _client_data("webauthn.create", asked["challenge"], origin),
            "attestationObject": AttestationObject.create("none", data, {}),
        }
        return self._sent(told)

    def answers(self, options: str, *, origin: str = HERE, flags: int = PRESENT | VERIFIED, **other: Any) -> str:
        """The answer of `navigator.credentials.get`; `rp`, `handle`, `signature` and `id` can be told otherwise."""
        asked = json.loads(options)
        self.counter += 1 if self.counts else 0
        data = self._data(other.get("rp", asked["rpId"]), flags)
        client = _client_data("webauthn.get", asked["challenge"], origin)
        signature = self.key.sign(bytes(data) + sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        told = {
            "clientDataJSON": client,
            "authenticatorData": data,
            "signature": other.get("signature", signature),
            "userHandle": other.get("handle", self.handle),
        }
        return self._sent(told, other.get("id"))

    def _data(self, rp: str, flags: int, kept: Any = b"") -> AuthenticatorData:
        return AuthenticatorData.create(sha256(rp.encode()).digest(), flags, self.counter, kept)

    def _sent(self, told: dict[str, bytes | None], id: bytes | None = None) -> str:
        response = {name: websafe_encode(value) for name, value in told.items() if value is not None}
        name = websafe_encode(id or self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def _client_data(kind: str, challenge: str, origin: str) -> bytes:
    return bytes(CollectedClientData.create(kind, websafe_decode(challenge), origin))
