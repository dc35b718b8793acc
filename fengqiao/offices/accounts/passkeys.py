"""Passkeys: made beside the app's code, good as the second factor and as a whole sign-in; named, removed, doubted."""

from __future__ import annotations

import unicodedata

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from fengqiao.ground.refusals import NotThere, Refused
from fengqiao.kernel import ciphers, journal
from fengqiao.kernel.access import Acting
from fengqiao.kernel.models import Account
from fengqiao.kernel.now import now
from fengqiao.kernel.people import KEEPER
from fengqiao.offices.accounts import ceremony
from fengqiao.offices.accounts.ceremony import Asked
from fengqiao.offices.accounts.models import Passkey

MOST = 10
SECOND, ALONE, MAKE = "second", "alone", "make"


def of(account: Account) -> list[Passkey]:
    """The account's passkeys, oldest first, those in doubt among them."""
    return list(Passkey.objects.filter(account=account).order_by("pk"))


def usable(account: Account) -> list[Passkey]:
    """Those that may open."""
    return [each for each in of(account) if each.doubted_at is None]


def mine(account: Account, pk: int) -> Passkey:
    """One of the account's own. Raises NotThere."""
    found = Passkey.objects.filter(account=account, pk=pk).first()
    if found is None:
        raise NotThere("no_passkey", _("There is no such passkey here."))
    return found


def opens(pk: int, account: Account) -> bool:
    """Whether this passkey still opens; the sessions that it opened ask at each request."""
    return Passkey.objects.filter(pk=pk, account=account, doubted_at=None).exists()


def ask_to_make(account: Account, typed_name: str) -> tuple[Asked, str]:
    """What the browser is asked in order to make a passkey, and the options for it.

    Raises Refused `no_second_factor` (the app's code comes first: it opens when the device is lost), `too_many`,
    `no_name`, `name_taken`, `no_secure_origin`.
    """
    if not account.totp:
        why = _("Set up the second step with the app first: its code opens when the device of a passkey is lost.")
        raise Refused("no_second_factor", why)
    held = _with_room(account)
    # The same handle again, so that a device replaces what it still keeps of a passkey that was removed here.
    handle = bytes(held[-1].handle) if held else ciphers.lookup_hash("passkey", str(account.pk))
    return ceremony.to_make(account, _name(account, typed_name), handle, held)


def make(account: Account, asked: Asked, answer: str, *, by: Acting = KEEPER) -> Passkey:
    """Keep what the device has made. Raises Refused `passkey_wrong`, `passkey_known`, and those of `ask_to_make`."""
    made = ceremony.made(asked, answer)
    with transaction.atomic():
        # One at a time, so that names stay apart and their number holds.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        if Passkey.objects.filter(credential_id=made.id).exists():
            raise Refused("passkey_known", _("This passkey is known here already. Make a new one."))
        _with_room(account)
        passkey = Passkey.objects.create(
            account=account,
            name=_name(account, asked.name),
            credential_id=made.id,
            credential=made.credential,
            handle=ceremony.handle_of(asked),
            counter=made.counter,
        )
        _note(by, "account.passkey_added", passkey)
    return passkey


def rename(passkey: Passkey, typed: str, *, by: Acting = KEEPER) -> None:
    """Another name. Raises Refused `no_name`, `name_taken`."""
    with transaction.atomic():
        passkey.name = _name(passkey.account, typed, other_than=passkey)
        passkey.save(update_fields=["name"])
        _note(by, "account.passkey_renamed", passkey)


def remove(passkey: Passkey, *, by: Acting = KEEPER) -> None:
    """It opens nothing any more, and the sessions that it opened end."""
    with transaction.atomic():
        _note(by, "account.passkey_removed", passkey)
        passkey.delete()


def remove_all(account: Account) -> list[int]:
    """Remove every passkey of an account, as a part of resetting its second factor; their ids."""
    ids = list(Passkey.objects.filter(account=account).order_by("pk").values_list("pk", flat=True))
    Passkey.objects.filter(pk__in=ids).delete()
    return ids


def ask_to_open(purpose: str, account: Account | None = None) -> tuple[Asked, str]:
    """What the browser is asked: by SECOND one of the account's passkeys, by ALONE any that the device keeps for us."""
    return ceremony.to_open(purpose, account, usable(account) if account else ())


def answering(answer: str) -> Passkey | None:
    """The passkey that says it answers, unproved, with its account. Raises Refused `passkey_wrong`."""
    return Passkey.objects.select_related("account").filter(credential_id=ceremony.claimed(answer)).first()


def check(passkey: Passkey, asked: Asked, answer: str, *, by: Acting = KEEPER) -> None:
    """That this passkey has signed the answer, once more than the last time.

    A counter that did not grow means that there are two copies of the key (WebAuthn 7.2, step 22). Nobody can tell
    which of them is the person's, so neither opens from now on. Raises Refused `passkey_wrong`, `passkey_doubted`.
    """
    counter = ceremony.opened(asked, answer, passkey)
    held = Passkey.objects.filter(pk=passkey.pk, doubted_at=None)
    # Of two answers with the same number at once, one finds the row changed. Many devices do not count: always 0.
    if held.filter(counter__lt=counter).update(counter=counter, used_at=now()) == 1:
        return
    if counter == 0 and held.filter(counter=0).update(used_at=now()) == 1:
        return
    with transaction.atomic():
        if held.update(doubted_at=now()):
            _note(by, "account.passkey_doubted", passkey)
    why = _(
        "This passkey may have been copied: its counter did not go on. It opens nothing any more. "
        "Sign in with your password and the code from the app, then remove the passkey."
    )
    raise Refused("passkey_doubted", why)


def _with_room(account: Account) -> list[Passkey]:
    held = of(account)
    if len(held) >= MOST:
        raise Refused("too_many", _("You have ten passkeys. Remove one that you no longer use."))
    return held


def _name(account: Account, typed: str, other_than: Passkey | None = None) -> str:
    name = " ".join(unicodedata.normalize("NFKC", typed).split())
    if not name or not name.isprintable():
        raise Refused("no_name", _("Give the passkey a name by which you know the device."), pointer="/name")
    if any(each.name == name and each != other_than for each in of(account)):
        raise Refused("name_taken", _("You have a passkey of this name. Choose another one."), pointer="/name")
    return name


def _note(by: Acting, kind: str, passkey: Passkey) -> None:
    """The name is the person's own word and stays out of the journal."""
    journal.note(by, "accounts", kind, data={"account": passkey.account_id, "passkey": passkey.pk})
