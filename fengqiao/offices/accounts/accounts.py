"""Opening accounts and their passwords. What an account may do comes from its posts (`people`)."""

from __future__ import annotations

import secrets
import unicodedata

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from fengqiao.ground.refusals import Refused
from fengqiao.kernel import journal
from fengqiao.kernel.access import Acting
from fengqiao.kernel.models import Account
from fengqiao.kernel.people import KEEPER


def username_of(typed: str) -> str:
    """The one form in which a username is kept and looked up."""
    return unicodedata.normalize("NFKC", typed).strip()


def first_password() -> str:
    """A password to hand over once: 20 letters and digits."""
    return secrets.token_urlsafe(15)


def open_account(username: str, name: str, password: str, *, by: Acting = KEEPER) -> Account:
    """A new account without any post. Raises Refused: no_name, name_taken, weak_password."""
    username = username_of(username)
    if not username or not name.strip():
        raise Refused("no_name", _("An account needs a username and the person's name."), pointer="/username")
    if Account.objects.filter(username=username).exists():
        raise Refused("name_taken", _("There is an account of this name already. Choose another one."))
    _examine(password, Account(username=username, name=name))
    with transaction.atomic():
        account = Account.objects.create_user(username, password, name=name.strip())
        journal.note(by, "accounts", "account.opened", data={"account": account.pk})
    return account


def set_password(account: Account, password: str, *, by: Acting = KEEPER) -> None:
    """A new password; all sessions of the account end. Raises Refused `weak_password`."""
    _examine(password, account)
    with transaction.atomic():
        account.set_password(password)
        account.save(update_fields=["password"])
        journal.note(by, "accounts", "account.password_set", data={"account": account.pk})


def set_active(account: Account, active: bool, *, by: Acting = KEEPER) -> None:
    """Close an account or open it again; a closed one loses its sessions and tokens at once."""
    with transaction.atomic():
        account.is_active = active
        account.save(update_fields=["is_active"])
        journal.note(by, "accounts", "account.reopened" if active else "account.closed", data={"account": account.pk})


def _examine(password: str, account: Account) -> None:
    try:
        validate_password(password, account)
    except ValidationError as error:
        raise Refused("weak_password", " ".join(error.messages), pointer="/password") from None
