"""An SMS gateway by HTTPS, JSON and HMAC signatures; the protocol stands in docs/operations/messages.md.

The address is `https://KEY_ID:SECRET@host/path`; plain http is taken on this machine only. Nothing follows a
redirect, and an answer counts only when it is whole, signed and about this very message.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import re
import socket
import ssl
import threading
import uuid
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from fengqiao.adapters import invented
from fengqiao.kernel import ports
from fengqiao.kernel.now import now

SOCKET_SECONDS = 10.0
WHOLE_SECONDS = 15.0  # the outbox's lease is reckoned with it
LONGEST_ANSWER = 64 * 1024
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Gateway:
    """`ports.Sms` that posts to a gateway."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https") or not host or not parts.username or not parts.password:
            raise ImproperlyConfigured("FENGQIAO_SMS_URL must look like https://KEY_ID:SECRET@gateway/path.")
        if parts.scheme == "http" and host not in LOOPBACK:
            raise ImproperlyConfigured("FENGQIAO_SMS_URL must be https:// unless the gateway is on this machine.")
        self.secure, self.host, self.port = parts.scheme == "https", host, parts.port
        self.key_id, self.secret = unquote(parts.username), unquote(parts.password).encode()
        self.path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def send(self, to: str, text: str, id: uuid.UUID) -> None:
        invented.refuse_phone(to)
        body = json.dumps({"id": str(id), "to": e164(to), "text": text}, ensure_ascii=False).encode()
        status, headers, answer = self._post(body, id)
        self._judge(status, headers, answer, id)

    def _post(self, body: bytes, id: uuid.UUID) -> tuple[int, Any, bytes]:
        """Status, headers and whole body of the answer, within WHOLE_SECONDS. Raises TryLater."""
        time = str(int(now().timestamp()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": str(id),
            "Fengqiao-Key": self.key_id,
            "Fengqiao-Time": time,
            "Fengqiao-Signature": sign(self.secret, time, "POST", self.path, body),
        }
        connection = self._connection()
        late = threading.Timer(WHOLE_SECONDS, _cut, [connection])
        late.daemon = True
        late.start()
        try:
            connection.request("POST", self.path, body, headers)
            response = connection.getresponse()
            answer = response.read(LONGEST_ANSWER + 1)
        except TimeoutError:
            raise ports.TryLater("gateway_slow") from None
        except ssl.SSLError:
            raise ports.TryLater("gateway_not_trusted") from None
        except http.client.HTTPException:
            raise ports.TryLater("gateway_cut_off") from None
        except OSError:
            raise ports.TryLater("gateway_unreachable") from None
        finally:
            late.cancel()
            connection.close()
        return response.status, response.headers, answer

    def _connection(self) -> http.client.HTTPConnection:
        if self.secure:
            return http.client.HTTPSConnection(
                self.host, self.port, timeout=SOCKET_SECONDS, context=ssl.create_default_context()
            )
        return http.client.HTTPConnection(self.host, self.port, timeout=SOCKET_SECONDS)

    def _judge(self, status: int, headers: Any, answer: bytes, id: uuid.UUID) -> None:
        if status in (401, 403):
            raise ports.TryLater("gateway_refuses_key")
        if status == 429 or status >= 500:
            raise ports.TryLater(f"gateway_{status}", _seconds(headers.get("Retry-After", "")))
        made = sign(self.secret, str(id), "ANSWER", str(status), answer)
        if not hmac.compare_digest(made, headers.get("Fengqiao-Signature", "")):
            raise ports.TryLater("gateway_not_signed")
        told = _json(answer)
        if told.get("id") != str(id):
            raise ports.TryLater("gateway_other_message")
        if status in (200, 201, 202) and told.get("accepted") is True:
            return
        if status in (400, 404, 409, 410, 422) and told.get("accepted") is False:
            code = re.sub(r"[^a-z0-9_]", "", str(told.get("code", "")))[:40]
            raise ports.NeverSent(f"gateway_{code or 'refused'}")
        raise ports.TryLater(f"gateway_{status}")


def sign(secret: bytes, *parts: str | bytes) -> str:
    """HMAC-SHA256, hex, over the parts joined by line feeds; the last part, the body, stands as its own SHA-256."""
    *words, body = (part.encode() if isinstance(part, str) else part for part in parts)
    told = b"\n".join([*words, hashlib.sha256(body).hexdigest().encode()])
    return hmac.digest(secret, told, "sha256").hex()


def e164(phone: str) -> str:
    """+8613812342210 from any way of writing it. Raises NeverSent."""
    digits = re.sub(r"^(?:00)?86(?=1\d{10}$)", "", re.sub(r"\D", "", phone))
    if not re.fullmatch(r"1\d{10}", digits):
        raise ports.NeverSent("bad_number")
    return f"+86{digits}"


def _cut(connection: http.client.HTTPConnection) -> None:
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _json(answer: bytes) -> dict[str, Any]:
    try:
        told = json.loads(answer)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise ports.TryLater("gateway_not_understood")
    return told


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() and len(text) < 6 else 0.0
