"""The other side: an SMS gateway over real HTTP that can misbehave, and a small mail server."""

from __future__ import annotations

import hashlib
import hmac
import json
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY, SECRET = "city", "a secret of the city and its gateway"


@dataclass
class GatewayTwin:
    """Keeps what it accepted by id; `mood` says how it answers."""

    url: str = ""
    mood: str = "well"
    asked: list[dict[str, Any]] = field(default_factory=list)
    accepted: dict[str, dict[str, Any]] = field(default_factory=dict)
    headers: list[dict[str, str]] = field(default_factory=list)


def signed(secret: str, *parts: str, body: bytes) -> str:
    told = "\n".join([*parts, hashlib.sha256(body).hexdigest()])
    return hmac.new(secret.encode(), told.encode(), "sha256").hexdigest()


@contextmanager
def gateway() -> Iterator[GatewayTwin]:
    twin = GatewayTwin()
    handler = type("Handler", (GatewayHandler,), {"twin": twin})
    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as port:
        twin.url = f"http://{KEY}:{SECRET.replace(' ', '%20')}@127.0.0.1:{port}/sms/v1/messages"
        yield twin


class GatewayHandler(BaseHTTPRequestHandler):
    """The gateway of docs/operations/messages.md, in every mood."""

    twin: GatewayTwin

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        made = signed(SECRET, self.headers["Fengqiao-Time"], "POST", self.path, body=body)
        told = json.loads(body)
        self.twin.asked.append(told)
        self.twin.headers.append(dict(self.headers))
        if made != self.headers["Fengqiao-Signature"] or self.headers["Fengqiao-Key"] != KEY:
            self.answer(401, {"id": told["id"], "accepted": False, "code": "signature"})
        elif self.twin.mood in ("down", "busy", "bad number"):
            self.refuse(told["id"])
        else:
            self.accept(told)

    def refuse(self, id_: str) -> None:
        if self.twin.mood == "down":
            self.answer(503, {})
        elif self.twin.mood == "busy":
            self.answer(429, {}, {"Retry-After": "7200"})
        else:
            self.answer(422, {"id": id_, "accepted": False, "code": "bad_number"})

    def accept(self, told: dict[str, Any]) -> None:
        good = {"id": told["id"], "accepted": True}
        mood = self.twin.mood
        if mood == "slow":
            time.sleep(1.5)
        self.twin.accepted.setdefault(told["id"], told)
        if mood == "unsigned":
            self.answer(200, good, sign="somebody else")
        elif mood == "other":
            self.answer(200, {**good, "id": "00000000-0000-0000-0000-000000000000"}, sign_id=told["id"])
        elif mood == "moved":
            self.answer(302, good, {"Location": "http://elsewhere.example/"})
        else:
            self.answer(200, good, half=mood == "half")

    def answer(
        self,
        status: int,
        told: dict[str, Any],
        more: dict[str, str] | None = None,
        *,
        half: bool = False,
        sign: str = SECRET,
        sign_id: str = "",
    ) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        signature = signed(sign, sign_id or told.get("id", ""), "ANSWER", str(status), body=body)
        self.send_header("Fengqiao-Signature", signature)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.close_connection = True
        with suppress(BrokenPipeError, ConnectionResetError):  # the city did not wait
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if half else body)

    def log_message(self, *_args: Any) -> None:
        pass


@dataclass
class MailTwin:
    """Keeps the mails it took; `mood` may refuse recipients for good or for now."""

    url: str = ""
    mood: str = "well"
    mails: list[str] = field(default_factory=list)


@contextmanager
def mail_server() -> Iterator[MailTwin]:
    twin = MailTwin()
    answers = {"refused": b"550 no such user\r\n", "later": b"451 try later\r\n"}

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 twin\r\n")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"EHLO":
                    self.wfile.write(b"250 twin\r\n")
                elif word == b"RCPT":
                    self.wfile.write(answers.get(twin.mood, b"250 ok\r\n"))
                elif word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    twin.mails.append(self._mail())
                    self.wfile.write(b"250 taken\r\n")
                elif word == b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                else:
                    self.wfile.write(b"250 ok\r\n")

        def _mail(self) -> str:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line)
            return b"".join(lines).decode()

    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        twin.url = f"smtp://127.0.0.1:{port}?from=desk@city.gov.cn"
        yield twin


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[int]:
    server.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
