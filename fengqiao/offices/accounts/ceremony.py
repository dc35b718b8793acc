"""What WebAuthn (W3C, level 2) asks of a browser and how its answer is judged; fido2 reads and verifies.

`Asked` is what a browser was asked. Whoever asks keeps it in the session, takes it out once and lets it be judged.
fido2 is loaded with the first passkey that is used, not with the program (2.7 MiB in a web process).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from fengqiao.ground.refusals import Refused
from fengqiao.kernel.now import now

if TYPE_CHECKING:
    from fido2.server import Fido2Server
    from fido2.webauthn import AuthenticationResponse

    from fengqiao.kernel.models import Account
    from fengqiao.offices.accounts.models import Passkey

SECONDS = 300  # how long a challenge may wait for its answer
ANSWER_LENGTH = 20_000  # characters of JSON; a browser sends one to two thousand
ALGORITHMS = (-8, -7, -257)  # Ed25519, ES256, RS256, by their COSE numbers
REQUIRED = "required"
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Asked:
    """The challenge, when it was given (seconds), for what, to which account; and for a new one its name and handle."""

    challenge: str
    at: int
    purpose: str
    account: int | None = None
    name: str = ""
    handle: str = ""

    def kept(self) -> dict[str, Any]:
        """As the session keeps it."""
        return asdict(self)

    @classmethod
    def read(cls, kept: Mapping[str, Any] | None, purpose: str, account: Account | None = None) -> Asked:
        """What was kept, if it is for this purpose and account and in time. Raises Refused `passkey_late`."""
        asked = cls(**kept) if kept else None
        meant = (purpose, account.pk if account else None)
        if asked is None or (asked.purpose, asked.account) != meant or now().timestamp() - asked.at > SECONDS:
            raise Refused("passkey_late", _("This took too long, or it was answered already. Start it again."))
        return asked


@dataclass(frozen=True, slots=True)
class Made:
    """A new credential: its id, what verifies it later (AAGUID, id and COSE key), its counter."""

    id: bytes
    credential: bytes
    counter: int


def origin() -> str:
    """The one origin at which passkeys work here; empty where browsers offer none (no HTTPS, a bare address)."""
    parts = urlsplit(settings.FENGQIAO_ORIGIN or f"http://localhost:{settings.PORT}")
    host = parts.hostname or ""
    named = ":" not in host and not host.replace(".", "").isdecimal()
    if not named or not (parts.scheme == "https" or (parts.scheme == "http" and host == "localhost")):
        return ""
    port = f":{parts.port}" if parts.port not in (None, _PORTS[parts.scheme]) else ""
    return f"{parts.scheme}://{host}{port}"


def to_make(account: Account, name: str, handle: bytes, held: Iterable[Passkey]) -> tuple[Asked, str]:
    """Ask for a new credential, kept by the device and opened by recognising its person; with the options as JSON.

    Raises Refused `no_secure_origin`.
    """
    from fido2.server import to_descriptor
    from fido2.utils import websafe_encode
    from fido2.webauthn import PublicKeyCredentialUserEntity, ResidentKeyRequirement, UserVerificationRequirement

    options, state = _server().register_begin(
        PublicKeyCredentialUserEntity(id=handle, name=account.username, display_name=account.name),
        credentials=[to_descriptor(_credential(each)) for each in held],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    asked = Asked(state["challenge"], _second(), "make", account.pk, name, websafe_encode(handle))
    return asked, json.dumps(dict(options)["publicKey"], default=dict)


def made(asked: Asked, answer: str) -> Made:
    """The credential that the device made. Raises Refused `passkey_wrong`."""
    told = _read(answer)
    try:
        data = _server().register_complete(_state(asked), told)
        credential = data.credential_data
        if credential is None or credential.public_key.ALGORITHM not in ALGORITHMS:
            raise ValueError("not a key that was asked for")
        return Made(credential.credential_id, bytes(credential), data.counter)
    except Exception as problem:  # bytes that anybody may send: whatever their reading raises, they are not accepted
        raise _wrong() from problem


def to_open(purpose: str, account: Account | None = None, held: Iterable[Passkey] = ()) -> tuple[Asked, str]:
    """Ask for an answer by one of these credentials; without any, by whichever the device keeps for us.

    The options are JSON. Raises Refused `no_secure_origin`.
    """
    from fido2.server import to_descriptor
    from fido2.webauthn import UserVerificationRequirement

    options, state = _server().authenticate_begin(
        [to_descriptor(_credential(each)) for each in held] or None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    asked = Asked(state["challenge"], _second(), purpose, account.pk if account else None)
    return asked, json.dumps(dict(options)["publicKey"], default=dict)


def claimed(answer: str) -> bytes:
    """The id of the credential that says it answers, unproved. Raises Refused `passkey_wrong`."""
    return _response(answer).raw_id


def opened(asked: Asked, answer: str, passkey: Passkey) -> int:
    """The counter in an answer that this passkey has signed for us. Raises Refused `passkey_wrong`."""
    response = _response(answer)
    handle = response.response.user_handle
    # A device that was told no credential must name the person for whom it keeps this one (WebAuthn 7.2, step 6).
    if handle != bytes(passkey.handle) and (handle is not None or asked.account is None):
        raise _wrong()
    try:
        _server().authenticate_complete(_state(asked), [_credential(passkey)], response)
    except Exception:  # as above
        raise _wrong() from None
    return response.response.authenticator_data.counter


def handle_of(asked: Asked) -> bytes:
    """The user handle that went to the device."""
    from fido2.utils import websafe_decode

    return websafe_decode(asked.handle)


def _server() -> Fido2Server:
    from fido2.server import Fido2Server
    from fido2.webauthn import (
        AttestationConveyancePreference,
        PublicKeyCredentialParameters,
        PublicKeyCredentialRpEntity,
        PublicKeyCredentialType,
    )

    ours = origin()
    if not ours:
        why = _("Passkeys need an address with a name and HTTPS. Use the code from the app here.")
        raise Refused("no_secure_origin", why)
    server = Fido2Server(
        PublicKeyCredentialRpEntity(name="Fengqiao", id=urlsplit(ours).hostname),
        attestation=AttestationConveyancePreference.NONE,
        verify_origin=lambda theirs: theirs == ours,
    )
    kind = PublicKeyCredentialType.PUBLIC_KEY
    server.allowed_algorithms = [PublicKeyCredentialParameters(type=kind, alg=each) for each in ALGORITHMS]
    server.timeout = SECONDS * 1000  # type: ignore[assignment]  # declared by its default, None
    return server


def _credential(passkey: Passkey) -> Any:
    from fido2.webauthn import AttestedCredentialData

    return AttestedCredentialData(bytes(passkey.credential))


def _response(answer: str) -> AuthenticationResponse:
    from fido2.webauthn import AuthenticationResponse

    told = _read(answer)
    try:
        return AuthenticationResponse.from_dict(told)
    except Exception:  # as above
        raise _wrong() from None


def _state(asked: Asked) -> dict[str, Any]:
    return {"challenge": asked.challenge, "user_verification": REQUIRED}


def _read(answer: str) -> dict[str, Any]:
    try:
        told = json.loads(answer) if len(answer) <= ANSWER_LENGTH else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise _wrong()
    return told


def _second() -> int:
    return int(now().timestamp())


def _wrong() -> Refused:
    return Refused("passkey_wrong", _("The answer of the device does not fit. Start again, with a passkey made here."))
