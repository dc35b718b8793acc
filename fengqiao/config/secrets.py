"""Where the four secrets are kept: files 0600 in FENGQIAO_DATA/secrets, or variables FENGQIAO_KEY_DJANGO …

Both hold one or more keys, newest first, each as `id:secret` with the secret in base64; a file has one a line, a
variable separates them by commas. `+id:secret` is a key that is coming: known, not used yet. A secret is made at the
first start, never silently again: a missing file beside existing data would make that data unreadable.

Running processes see a changed file within a second (`Kept`), so keys are rotated while the system runs.
"""

from __future__ import annotations

import base64
import binascii
import logging
import os
import pwd
import re
import secrets as random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from fengqiao.ground import durable
from fengqiao.kernel.keys import NAMES, Key, all_of

log = logging.getLogger(__name__)

LEAST_BYTES = 32
LOOK_SECONDS = 1.0
SETTLE_SECONDS = 3.0  # until every process, also one of another user, has seen a changed file
KEY_ID = re.compile(r"[a-z0-9][a-z0-9-]{3,31}")


class BadSecret(RuntimeError):
    """A secret is unreadable, too short or may not be made; the sentence says which."""


def variable(name: str) -> str:
    """The environment variable that may carry the secret `name`."""
    return f"FENGQIAO_KEY_{name.upper()}"


def path(data: Path, name: str) -> Path:
    """The file that carries the secret `name`."""
    return data / "secrets" / f"{name}.key"


class Kept(Mapping[str, list[Key]]):
    """The secrets of a running process, read again when a file has changed."""

    def __init__(self, data: Path) -> None:
        self._data, self._looked, self._stamps = data, time.monotonic(), _stamps(data)
        self._keys = read(data)

    def __getitem__(self, name: str) -> list[Key]:
        return self._fresh()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fresh())

    def __len__(self) -> int:
        return len(self._fresh())

    def _fresh(self) -> dict[str, list[Key]]:
        moment = time.monotonic()
        if moment - self._looked >= LOOK_SECONDS:
            self._looked = moment
            if (stamps := _stamps(self._data)) != self._stamps:
                self._read(stamps)
        return self._keys

    def _read(self, stamps: list[int]) -> None:
        """Take what the files hold now; what cannot be read or is gone does not take a running process its keys."""
        try:
            found = read(self._data)
        except BadSecret as problem:
            log.error("%s The keys of before are used on.", problem)
            return
        for name in self._keys.keys() - found.keys():
            log.error("The secret %s is gone from %s. The keys of before are used on.", name, self._data)
        self._keys, self._stamps = self._keys | found, stamps
        _tell_django(self._keys)


def for_django(known: Mapping[str, list[Key]]) -> tuple[str, list[str]]:
    """SECRET_KEY and SECRET_KEY_FALLBACKS; empty before the first start."""
    values = [base64.b64encode(key.secret).decode() for key in known.get("django", [])]
    return (values[0], values[1:]) if values else ("", [])


def _tell_django(known: Mapping[str, list[Key]]) -> None:
    if settings.configured:
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = for_django(known)


def middleware(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Django reads its key by itself; asking for it before each request is what makes a changed one known."""

    def answer_with_fresh_keys(request: HttpRequest) -> HttpResponse:
        all_of("django")
        return answer(request)

    return answer_with_fresh_keys


def _stamps(data: Path) -> list[int]:
    """What changes when a file of the secrets is written anew."""
    found = []
    for name in NAMES:
        try:
            found.append(path(data, name).stat().st_mtime_ns)
        except OSError:
            found.append(0)
    return found


def read(data: Path, environment: Mapping[str, str] = os.environ) -> dict[str, list[Key]]:
    """The secrets that exist, newest key first; nothing is made. Raises BadSecret."""
    found: dict[str, list[Key]] = {}
    for name in NAMES:
        if given := environment.get(variable(name)):
            found[name] = _parse(given.split(","), variable(name))
        elif path(data, name).exists():
            found[name] = _parse(_lines(path(data, name)), str(path(data, name)))
    return found


def ensure(data: Path, environment: Mapping[str, str] = os.environ) -> dict[str, list[Key]]:
    """The secrets, made where there is none yet. Raises BadSecret when one is missing beside existing data."""
    found = read(data, environment)
    missing = [name for name in NAMES if name not in found]
    if missing and (data / "secrets" / "made").exists():
        raise BadSecret(
            f"The secret {', '.join(missing)} was made before and is gone from {data / 'secrets'}; "
            "bring it back from the backup: what it protects cannot be read without it."
        )
    for name in missing:
        found[name] = [new_key()]
        _write(path(data, name), found[name])
    if missing:
        _write_text(data / "secrets" / "made", datetime.now(UTC).isoformat(timespec="seconds") + "\n")
    return found


def rotate(
    data: Path, name: str, environment: Mapping[str, str] = os.environ, *, settle: float = SETTLE_SECONDS
) -> Key:
    """Give the secret `name` a new key; older keys stay for what they made. Raises BadSecret.

    The key is first made known, and used only after `settle` seconds: so no process meets what it cannot read. One
    that was cut off between the two is finished by the next.
    """
    if name not in NAMES:
        raise BadSecret(f"There is no secret {name!r}; there are {', '.join(NAMES)}.")
    if environment.get(variable(name)):
        raise BadSecret(
            f"{name} comes from {variable(name)}: put +id:secret behind its value there and restart every process, "
            "then move it to the front without the + and restart again."
        )
    known = ensure(data, environment)[name]
    coming = next((key for key in known if key.coming), None)
    if coming is None:
        coming = replace(new_key(), coming=True)
        _write(path(data, name), [*known, coming])
    time.sleep(settle)
    made = replace(coming, coming=False)
    _write(path(data, name), [made, *(key for key in known if not key.coming)])
    time.sleep(settle)
    return made


@dataclass
class HandedOver:
    """Copies of the files for a user who cannot read ours, in a folder that stays ours."""

    data: Path
    folder: Path
    user: pwd.struct_passwd
    _stamps: list[int] = field(default_factory=list)
    _told: bool = False

    def keep(self) -> str:
        """Write the copies anew when a file has changed; a sentence the first time that does not succeed.

        It is tried again at each call. Raises BadSecret when there are no copies yet to go on with.
        """
        stamps = _stamps(self.data)
        if stamps == self._stamps:
            return ""
        try:
            self._copy()
        except OSError as problem:
            sentence = f"The changed secrets could not be handed on ({problem.strerror}); it is tried again."
            if not self._stamps:
                raise BadSecret(sentence) from problem
            told, self._told = self._told, True
            return "" if told else sentence
        self._stamps, self._told = stamps, False
        return ""

    def _copy(self) -> None:
        for name in NAMES:
            if path(self.data, name).exists():
                text = path(self.data, name).read_text()
                _write_text(path(self.folder, name), text, owner=(self.user.pw_uid, self.user.pw_gid))
        for folder in (self.folder, self.folder / "secrets"):
            folder.chmod(0o711)


def keep(data: Path, keys: Mapping[str, list[Key]]) -> None:
    """Write secrets that come from an archive of keys into a new data folder."""
    for name in NAMES:
        _write(path(data, name), keys[name])
    _write_text(data / "secrets" / "made", datetime.now(UTC).isoformat(timespec="seconds") + "\n")


def new_key() -> Key:
    """A fresh key; its id tells the day it was made."""
    return Key(f"{datetime.now(UTC):%Y%m%d}-{random.token_hex(3)}", random.token_bytes(LEAST_BYTES))


def as_text(keys: list[Key]) -> str:
    """The value for a variable: `id:secret,id:secret`, newest first."""
    return ",".join(f"{'+' * key.coming}{key.id}:{base64.b64encode(key.secret).decode()}" for key in keys)


def _lines(file: Path) -> list[str]:
    try:
        if file.stat().st_mode & 0o077:
            raise BadSecret(f"{file} can be read by others; run chmod 600 on it.")
        return file.read_text().split()
    except OSError as problem:
        raise BadSecret(f"{file} cannot be read: {problem.strerror}.") from problem


def _parse(entries: list[str], where: str) -> list[Key]:
    keys = []
    for entry in filter(None, (entry.strip() for entry in entries)):
        coming = entry.startswith("+")
        key_id, colon, text = entry.removeprefix("+").partition(":")
        try:
            secret = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            secret = b""
        if not colon or not KEY_ID.fullmatch(key_id) or len(secret) < LEAST_BYTES:
            raise BadSecret(f"{where} must hold id:secret with at least {LEAST_BYTES} bytes of secret in base64.")
        keys.append(Key(key_id, secret, coming))
    if len({key.id for key in keys}) != len(keys) or all(key.coming for key in keys):
        raise BadSecret(f"{where} must hold at least one key, each with an id of its own.")
    return sorted(keys, key=lambda key: key.coming)


def _write(file: Path, keys: list[Key]) -> None:
    _write_text(file, as_text(keys).replace(",", "\n") + "\n")


def _write_text(file: Path, text: str, owner: tuple[int, int] | None = None) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with durable.new_file(file, owner) as handle:
        handle.write(text.encode())
