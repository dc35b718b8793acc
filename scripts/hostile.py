"""Strangers at the door: wapiti and sqlmap against a running demo, as nobody, as staff and as a program.

`.venv/bin/python scripts/hostile.py [--seconds N]` starts a demo on a folder of its own, makes the tools' environment
under build/ from requirements/hostile.txt, and lets both tools work for at most N seconds an attack. It prints a table
and ends with 1 when something above informational was found. The tools are never shipped.
"""

from __future__ import annotations

import argparse
import http.cookiejar
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
TOOLS = BUILD / "hostile"
PROGRAM = str(ROOT / ".venv/bin/fengqiao")
READY_SECONDS = 300
# The demo speaks plain HTTP on this machine only; behind HTTPS both are set (tests/config/test_settings.py).
OF_PLAIN_HTTP = {
    "Secure Flag cookie",
    "HTTP Strict Transport Security (HSTS)",
    "HTTPS Redirect",
    "Unencrypted Channels",
}
MODULES = (
    "common,cookieflags,crlf,csp,csrf,exec,file,http_headers,methods,permanentxss,redirect,sql,ssrf,upload,xss,xxe"
)
INJECTED = re.compile(r"identified the following injection point|parameter '.*' is vulnerable")
# A guess that sqlmap goes on to prove or to drop; cut off before that it is not settled.
GUESSED, DROPPED = (
    re.compile(r"appears to be '.*' injectable"),
    re.compile(r"false positive|does not seem to be injectable"),
)
# Choices of the device that the page's script writes itself; they say nothing of anybody.
WRITTEN_BY_SCRIPT = re.compile(r"HttpOnly flag is not set in the cookie : (theme|dense)$")
# A body that cannot be read is answered with 400; Django writes where it gave up reading. No fault of the program.
ANSWERED = re.compile(r"^\S+ \S+ WARNING django\.request: Bad request .*\nTraceback.*\n(?:(?!\d{4}-).*\n)*", re.M)


@dataclass
class Attack:
    """What one run of one tool did: pages or parameters, requests, and what it found above informational."""

    name: str
    targets: int = 0
    requests: int = 0
    seconds: int = 0
    found: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Demo:
    """A running demo with a way in for staff and for programs."""

    address: str
    cookies: str
    token: str
    number: str


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=int, default=120, help="for each attack; there are twelve")
    seconds = parser.parse_args(arguments).seconds
    _make_tools()
    with tempfile.TemporaryDirectory(prefix="fengqiao-hostile-") as folder, running(Path(folder)) as demo:
        attacks = [*_wapiti(demo, seconds), *_sqlmap(demo, seconds)]
        attacks.append(_still_well(demo))
    _show(attacks)
    return 1 if any(each.found for each in attacks) else 0


def _make_tools() -> None:
    """An environment of their own, so that nothing of them is near the program's."""
    wanted = (ROOT / "requirements/hostile.txt").read_text()
    stamp = TOOLS / "stamp.txt"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(TOOLS, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(TOOLS)], check=True)
    subprocess.run(
        [str(TOOLS / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps",
         "-r", str(ROOT / "requirements/hostile.txt")],
        check=True,
    )  # fmt: skip
    stamp.write_text(wanted)


# The demo ------------------------------------------------------------------------------------------------------------


@contextmanager
def running(folder: Path) -> Iterator[Demo]:
    """A demo in this folder on a free port; it ends with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder.chmod(0o755)
    told = {**os.environ, "FENGQIAO_DEMO": "1", "FENGQIAO_DATA": str(folder / "data"), "PORT": str(port)}
    log = (BUILD / "hostile-demo.log").open("w")
    up = subprocess.Popen([PROGRAM, "up"], env=told, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://localhost:{port}"
    try:
        _wait(address, up)
        accounts = _command(told, "demo", "--accounts")["accounts"]
        staff = next(each for each in accounts if each["role"] == "hotline_agent")
        token = _command(told, "token", "create", "--user", staff["username"])["token"]
        yield Demo(address, _sign_in(address, staff), token, _a_number(address, token))
    finally:
        up.send_signal(signal.SIGINT)
        up.wait(timeout=60)
        log.close()


def _wait(address: str, up: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and up.poll() is None:
        try:
            _fetch(f"{address}/readyz")
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(1)
    raise SystemExit("The demo did not start; read build/hostile-demo.log.")


def _command(told: dict[str, str], *words: str) -> Any:
    done = subprocess.run([PROGRAM, *words, "--json"], env=told, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def _sign_in(address: str, staff: dict[str, str]) -> str:
    """The cookies of a member of staff, as a browser gets them."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = browser.open(f"{address}/desk/sign-in/").read().decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    form = {
        "csrfmiddlewaretoken": found[1] if found else "",
        "username": staff["username"],
        "password": staff["password"],
    }
    browser.open(f"{address}/desk/sign-in/", urllib.parse.urlencode(form).encode()).read()
    browser.open(f"{address}/desk/").read()
    cookies = {each.name: each.value or "" for each in jar}
    if "fengqiao_session" not in cookies:
        raise SystemExit("Nobody could sign in to the demo.")
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


def _a_number(address: str, token: str) -> str:
    found = json.loads(_fetch(f"{address}/api/v1/matters?limit=1", Authorization=f"Bearer {token}"))
    return urllib.parse.quote(found["items"][0]["number"])


def _fetch(url: str, **headers: str) -> bytes:
    asked = urllib.request.Request(url, headers=headers)  # noqa: S310 - an address of our own demo
    with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310
        said: bytes = answer.read()
    return said


# The tools -----------------------------------------------------------------------------------------------------------


def _wapiti(demo: Demo, seconds: int) -> Iterator[Attack]:
    out = f"{demo.address}/desk/sign-out/"
    bearer = ["-H", f"Authorization: Bearer {demo.token}"]
    yield _scan("wapiti, portal, as nobody", f"{demo.address}/", seconds, ["-x", f"{demo.address}/desk/*"])
    yield _scan(
        "wapiti, desk, as staff",
        f"{demo.address}/desk/",
        seconds,
        ["-C", demo.cookies, "-x", out, "-s", f"{demo.address}/desk/matters/"],
    )
    yield _scan(
        "wapiti, API, as a program",
        f"{demo.address}/api/v1/",
        seconds,
        [*bearer, "--swagger", f"{demo.address}/api/v1/openapi.json"],
    )


def _scan(name: str, url: str, seconds: int, more: list[str]) -> Attack:
    report, home = TOOLS / "report.json", tempfile.mkdtemp(dir=TOOLS)
    report.unlink(missing_ok=True)
    began = time.monotonic()
    words = [
        str(TOOLS / "bin/wapiti"), "-u", url, "--scope", "folder", "-m", MODULES, "--flush-session", "-f", "json",
        "-o", str(report), "-S", "normal", "-d", "6", "--max-links-per-page", "40", "--max-scan-time", str(seconds),
        "--max-attack-time", str(max(seconds // 4, 15)), "--tasks", "4", "-t", "20", "--no-bugreport", "-dr", "1",
        "--store-session", home, "--store-config", home, "-v", "0", *more,
    ]  # fmt: skip
    subprocess.run(
        words, timeout=seconds * 14, check=False, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    shutil.rmtree(home)
    attack = Attack(name, seconds=int(time.monotonic() - began))
    if not report.exists():
        attack.found.append("wapiti ended without a report")
        return attack
    told = json.loads(report.read_text())
    attack.targets = told["infos"]["crawled_pages_nbr"]
    for kind, found in {**told["vulnerabilities"], **told["anomalies"]}.items():
        if kind not in OF_PLAIN_HTTP:
            worth = [each for each in found if not WRITTEN_BY_SCRIPT.search(each["info"])]
            attack.found += sorted({f"{kind}: {each['info']} ({each['path']})" for each in worth})
    if not attack.targets:
        attack.found.append("wapiti saw no page")
    return attack


def _sqlmap(demo: Demo, seconds: int) -> Iterator[Attack]:
    api, desk = f"{demo.address}/api/v1", f"{demo.address}/desk"
    bearer = ["-H", f"Authorization: Bearer {demo.token}"]
    cookie = ["--cookie", demo.cookies]
    json_body = ["-H", "Content-Type: application/json", "--method", "POST", "--data"]
    asked = "place=3306&category=roads&channel=12345&lead_unit=water&state=received&limit=2"
    remark = f"{api}/matters/{demo.number}*/actions/remark*"
    for name, more in (
        ("portal, villages", ["-u", f"{demo.address}/tell/villages/?town=330681901"]),
        ("desk, library", ["-u", f"{desk}/matters/?q=a&state=received&place=330681&category=roads", *cookie]),
        ("desk, worklist", ["-u", f"{desk}/?due=today&page=1", *cookie]),
        ("desk, a matter", ["-u", f"{desk}/matters/{demo.number}*/do/remark*/", *cookie]),
        ("API, list", ["-u", f"{api}/matters?q=a&{asked}", *bearer]),
        ("API, worklist", ["-u", f"{api}/worklist?due=today&cursor=fA&limit=2", *bearer]),
        ("API, places and figures", ["-u", f"{api}/figures/K-301a*?place=330681&by=month&from=2026-01-01", *bearer]),
        ("API, a matter", ["-u", remark, *bearer, *json_body, '{"text": "a"}']),
        ("API, progress", ["-u", f"{api}/progress", *json_body, '{"code": "1234", "word": "a"}']),
    ):  # fmt: skip
        yield _inject(f"sqlmap, {name}", seconds, more)


def _inject(name: str, seconds: int, more: list[str]) -> Attack:
    home = tempfile.mkdtemp(dir=TOOLS)
    traffic = Path(home) / "traffic.txt"
    began = time.monotonic()
    words = [
        str(TOOLS / "bin/sqlmap"), "--batch", "--flush-session", "--level", "2", "--risk", "2", "--dbms", "PostgreSQL",
        "--technique", "BEUSQ", "--threads", "4", "--timeout", "20", "--disable-coloring", "--output-dir", home,
        "-t", str(traffic), "--ignore-code", "*", *more,
    ]  # fmt: skip
    late = False
    with (Path(home) / "said.txt").open("w+") as file:
        try:
            subprocess.run(words, timeout=seconds, check=False, stdout=file, stderr=subprocess.STDOUT)
        except subprocess.TimeoutExpired:
            late = True
        file.seek(0)
        said = file.read()
    attack = Attack(name, seconds=int(time.monotonic() - began))
    seen = traffic.read_text(errors="replace") if traffic.exists() else ""
    attack.requests = seen.count("HTTP request [#")
    attack.targets = len(set(re.findall(r"testing if (?:.*?) parameter '([^']+)'|parameter '([^']+)'", said)))
    attack.found += [line.strip() for line in said.splitlines() if INJECTED.search(line)]
    if late and GUESSED.search(said) and not DROPPED.search(said):
        attack.found.append(f"not settled within {seconds} seconds: {GUESSED.findall(said)[-1]}")
    faults = re.findall(r"^HTTP response \[#\d+\] \((5\d\d)", seen, re.MULTILINE)
    attack.found += [f"{len(faults)} answers that say it is our fault"] if faults else []
    if not attack.requests:
        attack.found.append(f"sqlmap asked nothing: {said[-300:]}")
    shutil.rmtree(home)
    return attack


def _still_well(demo: Demo) -> Attack:
    """After all this the demo is ready, and its log has no fault in it."""
    attack = Attack("the demo afterwards", targets=1, requests=1)
    try:
        _fetch(f"{demo.address}/readyz")
    except (urllib.error.URLError, TimeoutError) as error:
        attack.found.append(f"it is not ready: {error}")
    said = ANSWERED.sub("", (BUILD / "hostile-demo.log").read_text(errors="replace"))
    attack.found += sorted(set(re.findall(r"^(?:\w+\.)*\w*(?:Error|Exception): .*$", said, re.MULTILINE)))[:20]
    return attack


def _show(attacks: list[Attack]) -> None:
    print(f"{'attack':32} {'pages/parameters':>16} {'requests':>9} {'seconds':>8} {'findings':>9}")
    for each in attacks:
        print(f"{each.name:32} {each.targets:>16} {each.requests or '–':>9} {each.seconds:>8} {len(each.found):>9}")
    for each in attacks:
        for line in each.found:
            print(f"  {each.name}: {line}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
