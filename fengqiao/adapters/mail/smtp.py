"""Mail by SMTP. `smtp://user:password@host:587?from=office@city.gov.cn` (STARTTLS), `smtps://…` (TLS from the start).

Without encryption only to this machine. The Message-ID is made of the outbox row's id, so that a repeated mail can
be told from a new one.
"""

from __future__ import annotations

import smtplib
import ssl
import uuid
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from fengqiao.adapters import invented
from fengqiao.kernel import ports
from fengqiao.kernel.now import HERE, now

SECONDS = 10.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Smtp:
    """`ports.Mail` that hands over to a mail server."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        query = parse_qs(parts.query)
        sender = query.get("from", [""])[0]
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname or "@" not in sender:
            raise ImproperlyConfigured(
                "FENGQIAO_MAIL_URL must look like smtp://user:password@host:587?from=office@city.gov.cn."
            )
        self.at_once, self.host, self.sender = parts.scheme == "smtps", parts.hostname, sender
        self.port = parts.port or (465 if self.at_once else 587)
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        self.here = parts.hostname in LOOPBACK

    def send(self, to: str, subject: str, text: str, id: uuid.UUID) -> None:
        invented.refuse_mail(to)
        mail = self._mail(to, subject, text, id)
        try:
            with self._server() as server:
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as refused:
            raise _judged(max(code for code, _words in refused.recipients.values())) from None
        except smtplib.SMTPAuthenticationError:
            raise ports.TryLater("mail_refuses_password") from None
        except smtplib.SMTPNotSupportedError:
            raise ports.TryLater("mail_no_encryption") from None
        except smtplib.SMTPResponseException as answer:
            raise _judged(answer.smtp_code) from None
        except TimeoutError:
            raise ports.TryLater("mail_slow") from None
        except ssl.SSLError:
            raise ports.TryLater("mail_not_trusted") from None
        except (smtplib.SMTPException, OSError):
            raise ports.TryLater("mail_unreachable") from None

    def _mail(self, to: str, subject: str, text: str, id: uuid.UUID) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, to, subject
        mail["Date"] = format_datetime(now().astimezone(HERE))
        mail["Message-ID"] = f"<{id}@{self.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text)
        return mail

    def _server(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.at_once:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
            server.ehlo()
            if server.has_extn("starttls") or not self.here:
                server.starttls(context=context)
        if self.user:
            server.login(self.user, self.password)
        return server


def _judged(code: int) -> ports.Unsent:
    """4xx may pass the next time, 5xx never."""
    return ports.NeverSent(f"mail_{code}") if 500 <= code < 600 else ports.TryLater(f"mail_{code}")
