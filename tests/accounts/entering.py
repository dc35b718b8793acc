"""Ways in for tests: `enter` puts a client at its desk at once, `Person` walks through the pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from fengqiao.kernel import ciphers
from fengqiao.kernel.models import Account, Post
from fengqiao.kernel.now import now
from fengqiao.offices.accounts import secondfactor

PASSWORD = "a-long-quiet-evening"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def enter(client: Any, post: Post) -> Any:
    """A client that has signed in with both factors and acts in this post; sent back for chaining."""
    from fengqiao.doors.desk import acting

    account = post.account
    if not account.totp:
        give_second_factor(account)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    session, moment = client.session, int(now().timestamp())
    session.update(
        {
            acting.POST: post.pk,
            acting.FACTOR: secondfactor.mark(account),
            acting.SEEN: moment,
            acting.SINCE: moment,
        }
    )
    session.save()
    return client


def give_second_factor(account: Account) -> None:
    """The account's app has SECRET."""
    account.totp, account.totp_last = ciphers.seal(SECRET.encode(), f"totp:{account.pk}".encode()), None
    account.save(update_fields=["totp", "totp_last"])


def give_password(account: Account) -> None:
    account.set_password(PASSWORD)
    account.save(update_fields=["password"])


@dataclass
class Person:
    """Somebody before the sign-in page."""

    client: Any

    def types(self, username: str, password: str = PASSWORD, **more: Any) -> Any:
        """Send name and password."""
        return self.client.post("/desk/sign-in/", {"username": username, "password": password, **more})

    def types_code(self, code: str = "", **more: Any) -> Any:
        """Send a code; without one what the app shows now."""
        code = code or secondfactor.code_at(SECRET, now())
        return self.client.post("/desk/sign-in/code/", {"code": code, **more})


def words(response: Any) -> str:
    """What a person reads on the page."""
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(text.split())
