"""The real program in a folder of its own, for drills: started, asked, filled up, ended."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.cookiejar import Cookie, CookieJar
from pathlib import Path
from typing import Any

from fengqiao.config import children
from tests.config.conftest import short_path
from tests.config.test_supervisor import environment, free_port, state, status, wait_until

MIB = 2**20
PEOPLE = """
from fengqiao.config import command
with command.database():
    command.set_up_django()
    import json
    from fengqiao.offices.accounts import tokens
    from tests.cast import build
    from django.test import Client
    from tests.accounts.entering import enter
    cast = build()
    session = enter(Client(), cast.chen).cookies["fengqiao_session"].value
    print(json.dumps({"token": tokens.make(cast.chen), "session": session}))
"""
FOUND = """
import json
from fengqiao.config import command
with command.database():
    command.set_up_django()
    from fengqiao.kernel.access import SystemPost, acting_as
    from fengqiao.kernel.models import Document, Event, Matter, Upload
    from fengqiao.offices.papers import papers
    with acting_as(SystemPost("keeper")):
        rows = list(Matter.objects.values_list("title", "number"))
        silent = Matter.objects.exclude(pk__in=Event.objects.values("matter_id")).count()
        stored = {*Document.objects.values_list("stored", flat=True), *Upload.objects.values_list("stored", flat=True)}
    print(json.dumps({"matters": rows, "silent": silent, "stored": sorted(stored), "missing": papers.missing()}))
"""


@dataclass
class Answer:
    """What a door said."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Program:
    """The running program."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    people: dict[str, str] = field(default_factory=dict)
    acknowledged: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> str:
        return (self.folder / "up.log").read_text(errors="replace")

    def ready(self) -> dict[str, Any]:
        told: dict[str, Any] = self.get("/readyz").json
        return told

    def run(self, *arguments: str, limit: int | None = None) -> subprocess.CompletedProcess[str]:
        """A Python of the same folder, under a limit of the size of files where one is given."""

        def limited() -> None:
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

        return subprocess.run(
            [sys.executable, *arguments], env=environment(self.folder, self.port), capture_output=True, text=True,
            timeout=180, preexec_fn=limited, check=False,
        )  # fmt: skip

    def command(self, *arguments: str, limit: int | None = None) -> subprocess.CompletedProcess[str]:
        return self.run("-m", "fengqiao.config.command", *arguments, limit=limit)

    def asked(self, lines: str) -> Any:
        done = self.run("-c", lines)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.strip().splitlines()[-1])

    def processes(self) -> list[int]:
        """Those of web and worker."""
        groups = state(self.folder)["groups"]
        return [pid for group in groups.values() for pid in children.members(group)]

    # The doors -------------------------------------------------------------------------------------------------------

    def get(self, path: str, browser: Any = None, **headers: str) -> Answer:
        return self.send(path, None, browser, **headers)

    def send(self, path: str, body: bytes | None, browser: Any = None, **headers: str) -> Answer:
        address = f"http://127.0.0.1:{self.port}{urllib.parse.quote(path, safe='/?=&%')}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(address, body, {"Accept-Language": "en", **named})
        opener = browser or urllib.request.build_opener()
        try:
            with opener.open(request, timeout=60) as found:
                return Answer(found.status, found.read().decode(), dict(found.headers))
        except urllib.error.HTTPError as found:
            return Answer(found.code, found.read().decode(), dict(found.headers))

    def api(self, path: str, body: Any = None, key: str = "") -> Answer:
        """As a program with Chen's token; POST where there is a body."""
        more = {"Authorization": f"Bearer {self.people['token']}"}
        if body is None:
            return self.get(f"/api/v1{path}", **more)
        more |= {"Content_Type": "application/json"} | ({"Idempotency_Key": key} if key else {})
        return self.send(f"/api/v1{path}", json.dumps(body).encode(), **more)

    def register(self, name: str, words: int = 20) -> Answer:
        """A new order by API; remembered when it was acknowledged."""
        answer = self.api("/matters", a_lamp(name, words), key=f"new-{name}")
        if answer.status == 201:
            self.acknowledged[f"路灯 {name}"] = answer.json["number"]
        return answer

    def upload(self, number: str, file: bytes, name: str = "a.png", kind: str = "image/png") -> Answer:
        """A paper for the dossier of an order."""
        body, boundary = multipart({"kind": "photo", "title": name}, {"file": (name, kind, file)})
        more = {"Authorization": f"Bearer {self.people['token']}", "Content_Type": boundary}
        return self.send(f"/api/v1/matters/{number}/documents", body, **more)


class Browser:
    """A person's browser: cookies, and the token of the forms."""

    def __init__(self, program: Program, *, session: str = "") -> None:
        self.program, self.jar = program, CookieJar()
        if session:
            self.jar.set_cookie(Cookie(
                0, "fengqiao_session", session, None, False, "127.0.0.1", False, False, "/", True, False, None, True,
                None, None, {},
            ))  # fmt: skip
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def get(self, path: str) -> Answer:
        return self.program.get(path, self.opener)

    def post(self, path: str, fields: dict[str, str], files: dict[str, tuple[str, str, bytes]] | None = None) -> Answer:
        told = {"csrfmiddlewaretoken": self.cookies.get("csrftoken", ""), **fields}
        if files is None:
            body, kind = urllib.parse.urlencode(told).encode(), "application/x-www-form-urlencoded"
        else:
            body, kind = multipart(told, files)
        return self.program.send(path, body, self.opener, Content_Type=kind)

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.name: cookie.value or "" for cookie in self.jar}

    def tell(self, name: str) -> Answer:
        """A resident's form, its last page."""
        if "csrftoken" not in self.cookies:
            self.get("/tell/")
        answer = self.post("/tell/send/", a_form(name))
        if answer.status == 200 and 'class="code num"' in answer.text:
            self.program.acknowledged[f"路灯 {name}"] = ""
        return answer

    def kept(self, page: str) -> dict[str, str]:
        """What a page that asks to wait keeps of what was typed."""
        return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))


def a_lamp(name: str, words: int = 1) -> dict[str, Any]:
    """The body of a new order; its title tells the name."""
    return {
        "kind": "hotline", "title": f"路灯 {name}", "content": f"{name} 路灯坏了。" + "晚上看不见路。" * words,
        "place": "330681901201", "channel": "12345", "data": {"nature": "help"},
    }  # fmt: skip


def a_form(name: str) -> dict[str, str]:
    """What a resident's last page carries; the same name is the same form."""
    return {
        "text": f"{name}：村口的路灯坏了一个星期。",
        "nature": "help",
        "town": "330681901",
        "village": "330681901201",
        "phone": "10012345678",
        "form": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
        "title": f"路灯 {name}",
    }


def multipart(fields: dict[str, str], files: dict[str, tuple[str, str, bytes]]) -> tuple[bytes, str]:
    """A form with files, and its media type."""
    mark, parts = "fengqiao-drill-boundary", []
    for name, value in fields.items():
        parts.append(f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    for name, (file, kind, data) in files.items():
        named = f'Content-Disposition: form-data; name="{name}"; filename="{file}"'
        parts.append(f"--{mark}\r\n{named}\r\nContent-Type: {kind}\r\n\r\n".encode() + data + b"\r\n")
    return b"".join(parts) + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


def started(folder: Path, port: int, **more: str) -> subprocess.Popen[bytes]:
    """An `up` on a folder; what it says goes to up.log there."""
    with (folder / "up.log").open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "fengqiao.config.command", "up"],
            env=environment(folder, port, **more), stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip


@contextmanager
def program(folder: Path, **more: str) -> Iterator[Program]:
    """The program on a folder, with its cast; a demo without its city, for root may run no other."""
    port = free_port()
    process = started(folder, port, **more)
    found = Program(folder, port, process)
    try:
        wait_until(lambda: process.poll() is not None or status(port) == 200)
        assert process.poll() is None, found.log
        found.people = found.asked(PEOPLE)
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(60)
        process.kill()


# Disks ---------------------------------------------------------------------------------------------------------------


@dataclass
class DiskOf:
    """A small file system, filled by a ballast."""

    place: Path

    @property
    def ballast(self) -> Path:
        return self.place / "ballast"

    def leave_room(self, room: int) -> None:
        """Make it so large that `room` bytes are free."""
        found = os.statvfs(self.place)
        size = (found.f_blocks - found.f_bavail) * found.f_frsize + room
        subprocess.run(["mount", "-o", f"remount,size={size}", self.place], check=True)

    def fill(self) -> None:
        """Take every block that is left."""
        with self.ballast.open("ab", buffering=0) as file:
            for piece in (MIB, 4096):
                with suppress(OSError):
                    while True:
                        file.write(b"\0" * piece)

    def free(self) -> None:
        """Give the room back."""
        self.ballast.unlink(missing_ok=True)


@contextmanager
def mounted(place: Path, size: int) -> Iterator[DiskOf]:
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0711", "fengqiao-drill", place], check=True)
    try:
        yield DiskOf(place)
    finally:
        subprocess.run(["umount", "-l", place], check=False)


@contextmanager
def on_small_disks() -> Iterator[tuple[Path, DiskOf, DiskOf]]:
    """A folder whose files and whose database lie on a file system of their own; only root can make these."""
    with ExitStack() as stack:
        folder = stack.enter_context(short_path())
        files = stack.enter_context(mounted(folder / "data", 64 * MIB))
        database = stack.enter_context(mounted(folder / "data" / "database", 1024 * MIB))
        yield folder, files, database
