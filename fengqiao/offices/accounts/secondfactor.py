"""The second factor: codes of thirty seconds (RFC 6238) and ten recovery codes, each good once.

The shared secret is sealed under the account's id; a code that was used, or an older one, is refused (replay).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from fengqiao.ground.refusals import NotNow, Refused
from fengqiao.kernel import ciphers, journal
from fengqiao.kernel.access import Acting, SystemPost
from fengqiao.kernel.models import Account, RecoveryCode
from fengqiao.kernel.now import now
from fengqiao.offices.accounts import passkeys

ISSUER = "Fengqiao"
STEP_SECONDS = 30
SKEW_STEPS = 1
DIGITS = 6
CODES = 10
# No letter or digit that is easily taken for another; 32 signs, ten of them are 50 bits.
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_CODE_LENGTH = 10


def new_secret() -> str:
    """A fresh shared secret, 160 bits in base 32."""
    return pyotp.random_base32(32)


def address_of(account: Account, secret: str) -> str:
    """The `otpauth://` address that an authenticator app reads from the picture."""
    return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(name=account.username, issuer_name=ISSUER)


def enrol(account: Account, secret: str, typed: str, *, by: Acting | None = None) -> list[str]:
    """Keep the secret once a code of it was typed; returns the recovery codes, which are shown only now.

    Raises Refused `wrong_code`; nothing is kept then.
    """
    step = _step_of(secret, typed, after=None)
    if step is None:
        raise Refused("wrong_code", _("This code does not fit. Wait for the next one and type it."), pointer="/code")
    with transaction.atomic():
        account.totp, account.totp_last = ciphers.seal(secret.encode(), _bound(account)), step
        account.save(update_fields=["totp", "totp_last"])
        codes = renew_recovery_codes(account)
        journal.note(by or SystemPost("keeper"), "accounts", "account.second_factor_set", data={"account": account.pk})
    return codes


def check(account: Account, typed: str) -> str:
    """`totp` or `recovery` when the code opens, else empty. A code that opened never opens again."""
    digits = "".join(typed.split())
    if len(digits) == DIGITS and digits.isdecimal():
        return "totp" if _check_totp(account, digits) else ""
    return "recovery" if _check_recovery(account, typed) else ""


def _check_totp(account: Account, typed: str) -> bool:
    if not account.totp:
        return False
    secret = ciphers.unseal(account.totp, _bound(account)).decode()
    step = _step_of(secret, typed, after=account.totp_last)
    if step is None:
        return False
    # One of two simultaneous uses of the same code finds the row changed.
    fresh = Account.objects.filter(pk=account.pk).filter(Q(totp_last=None) | Q(totp_last__lt=step))
    if fresh.update(totp_last=step) != 1:
        return False
    account.totp_last = step
    return True


def _step_of(secret: str, typed: str, after: int | None) -> int | None:
    """The thirty-second step whose code this is: the present one, the one before or the one after."""
    totp, present = pyotp.TOTP(secret, interval=STEP_SECONDS), int(now().timestamp()) // STEP_SECONDS
    found = None
    for step in range(present - SKEW_STEPS, present + SKEW_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), "".join(typed.split()).encode()):
            found = step
    return found if found is not None and (after is None or found > after) else None


def _check_recovery(account: Account, typed: str) -> bool:
    unused = RecoveryCode.objects.filter(account=account, digest__in=_digests(account, typed), used_at=None)
    return unused.update(used_at=now()) == 1


def renew_recovery_codes(account: Account) -> list[str]:
    """Ten new codes in place of the old ones, as `ABCDE-FGHJK`; only their keyed hashes are kept."""
    raw = ["".join(secrets.choice(_LETTERS) for _i in range(_CODE_LENGTH)) for _j in range(CODES)]
    with transaction.atomic():
        RecoveryCode.objects.filter(account=account).delete()
        digests = [_digests(account, code)[0] for code in raw]
        RecoveryCode.objects.bulk_create(RecoveryCode(account=account, digest=digest) for digest in digests)
    return [f"{code[:5]}-{code[5:]}" for code in raw]


def give_new_codes(account: Account, *, by: Acting) -> list[str]:
    """Ten new recovery codes, for somebody who has used or lost the old ones. Raises NotNow without a second factor."""
    if not account.totp:
        raise NotNow("no_second_step", _("Set up the second step first."))
    with transaction.atomic():
        codes = renew_recovery_codes(account)
        journal.note(by, "accounts", "account.recovery_codes_renewed", data={"account": account.pk})
    return codes


def recovery_codes_left(account: Account) -> int:
    """How many recovery codes have not been used."""
    return RecoveryCode.objects.filter(account=account, used_at=None).count()


def reset(account: Account, *, by: Acting | None = None) -> None:
    """Take the second factor away, passkeys too: sessions end, and the next sign-in sets up a new one."""
    with transaction.atomic():
        account.totp = account.totp_last = None
        account.save(update_fields=["totp", "totp_last"])
        RecoveryCode.objects.filter(account=account).delete()
        data = {"account": account.pk, "passkeys": passkeys.remove_all(account)}
        journal.note(by or SystemPost("keeper"), "accounts", "account.second_factor_reset", data=data)


def mark(account: Account) -> str:
    """What a session remembers of the second factor it passed; a reset or a new secret makes it void."""
    return hashlib.sha256(bytes(account.totp)).hexdigest()[:32] if account.totp else ""


def code_at(secret: str, moment: datetime) -> str:
    """The code that an authenticator app shows at that moment."""
    return pyotp.TOTP(secret, interval=STEP_SECONDS).generate_otp(int(moment.timestamp()) // STEP_SECONDS)


def _digests(account: Account, typed: str) -> list[bytes]:
    """What a stored code like this one may carry, the present digest first."""
    plain = "".join(sign for sign in typed.upper() if sign in _LETTERS)
    return ciphers.lookup_hashes("recovery", f"{account.pk}:{plain}")


def _bound(account: Account) -> bytes:
    return f"totp:{account.pk}".encode()
