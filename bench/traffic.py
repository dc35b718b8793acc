"""The load generator: wrk where there is one, else a small asyncio client; fixed counts, every answer looked at."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

SCRIPT = Path(__file__).with_name("wrk.lua")
LONGEST_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Ask:
    """One request; `holds` must stand in its answer, whose status must be `status`."""

    path: str
    method: str = "GET"
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    status: int = 200
    holds: str = ""

    def wire(self, host: str) -> bytes:
        """The request as it goes over the line."""
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            f"Host: {host}",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        data = self.body.encode()
        if data:
            lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
        return "\r\n".join([*lines, "", ""]).encode() + data


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    seconds: float


@dataclass(slots=True)
class Run:
    """One pass: how long each answer took, and what was wrong with some."""

    count: int
    seconds: float
    p50: float
    p95: float
    wrong: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.count / self.seconds


def has_wrk() -> bool:
    return shutil.which("wrk") is not None


def drive(port: int, asks: Sequence[Ask], *, clients: int) -> Run:
    """Send each request once, by so many clients at a time."""
    return _by_wrk(port, asks, clients) if has_wrk() else _by_asyncio(port, asks, clients)


def send(port: int, asks: Sequence[Ask], *, clients: int = 1) -> list[Answer]:
    """The answers themselves, in the order of the requests."""
    return asyncio.run(_send(port, list(asks), clients))


# -- wrk ----------------------------------------------------------------------


def _by_wrk(port: int, asks: Sequence[Ask], clients: int) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "asks"
        with told.open("w", encoding="utf-8") as file:
            for ask in asks:
                headers = "\x1f".join(f"{name}\x1e{value}" for name, value in ask.headers)
                file.write("\t".join([ask.method, ask.path, headers, ask.body, str(ask.status), ask.holds]) + "\n")
        command = ["wrk", "-t1", f"-c{clients}", f"-d{LONGEST_SECONDS}s", "--timeout", "60s", "-s", str(SCRIPT),
                   f"http://127.0.0.1:{port}", "--", str(told)]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            output = process.stdout
            try:
                while output is not None and (line := output.readline()) and not line.startswith("all answered"):
                    pass
            finally:  # a run that is broken off leaves nobody asking
                process.send_signal(signal.SIGINT)
            told_at_end = output.read() if output is not None else ""
    said = json.loads(told_at_end[told_at_end.index("{") :])
    wrong = said["wrong"] or []
    if said["failed"] or said["done"] != len(asks):
        wrong.append(f"{said['done']} of {len(asks)} answered, {said['failed']} connections failed")
    return Run(said["done"], said["seconds"], said["p50"], said["p95"], wrong)


# -- asyncio ------------------------------------------------------------------


def _by_asyncio(port: int, asks: Sequence[Ask], clients: int) -> Run:
    began = time.perf_counter()
    answers = send(port, asks, clients=clients)
    seconds = time.perf_counter() - began
    took = sorted(each.seconds for each in answers)
    run = Run(len(answers), seconds, took[len(took) // 2], took[int(len(took) * 0.95)])
    run.wrong = [fault for ask, answer in zip(asks, answers, strict=True) if (fault := wrong_with(ask, answer))][:5]
    return run


def wrong_with(ask: Ask, answer: Answer) -> str:
    """What is wrong with an answer, or nothing."""
    if answer.status != ask.status:
        return f"{ask.method} {ask.path}: {answer.status} {answer.body[:300]!r}"
    if ask.holds.encode() not in answer.body:
        return f"{ask.method} {ask.path}: {ask.holds!r} is not in the answer {answer.body[:300]!r}"
    return ""


async def _send(port: int, asks: list[Ask], clients: int) -> list[Answer]:
    answers: list[Answer | None] = [None] * len(asks)
    waiting = iter(enumerate(asks))

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
        for at, ask in waiting:
            began = time.perf_counter()
            writer.write(ask.wire(f"127.0.0.1:{port}"))
            status, body = await _read(reader)
            answers[at] = Answer(status, body, time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(client() for _i in range(clients)))
    return [answer for answer in answers if answer is not None]


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split()[1])
    headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in head[1:])}
    if "content-length" in headers:
        return status, await reader.readexactly(int(headers["content-length"]))
    body = b""
    while headers.get("transfer-encoding") == "chunked":
        size = int(await reader.readline(), 16)
        body += (await reader.readexactly(size + 2))[:-2]
        if not size:
            break
    return status, body
