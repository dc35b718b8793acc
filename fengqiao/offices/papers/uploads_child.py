"""The child of `uploads`: reads one file from standard input and says what it is. Imports nothing of the program."""

from __future__ import annotations

import ctypes
import io
import json
import os
import re
import resource
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import puremagic
from PIL import Image, ImageOps

CPU_SECONDS = 20
MEMORY_BYTES = 700 * 1024 * 1024  # of address space; the libraries take a hundred of it
NOBODY = 65534
CLONE_NEWNET, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 0x40000000, 4, 38

MOST_PIXELS = 36_000_000
MOST_PIXELS_JPEG = 120_000_000  # decoded at a half or less
LONGEST_SIDE = 6000
UNPACKED_BYTES = 300 * 1024 * 1024
UNPACKED_RATIO = 200
ENTRIES = 5000

HEIC: Final = frozenset({b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis", b"avif"})
# The kinds that puremagic tells by these endings; each is then looked at more closely.
ENDINGS: Final = {
    ".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".webp": "webp", ".pdf": "pdf", ".docx": "docx", ".xlsx": "xlsx",
    ".mp3": "mp3", ".mpga": "mp3", ".m4a": "m4a", ".f4a": "m4a", ".mp4": "m4a", ".amr": "amr", ".wav": "wav",
    ".opus": "ogg", ".ogg": "ogg", ".oga": "ogg", ".webm": "webm",
}  # fmt: skip
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")


class Unkept(Exception):
    """The file is refused, with a code."""


def give_up_rights(*, memory: int = MEMORY_BYTES, seconds: int = CPU_SECONDS) -> None:
    """From here on: no root, no files, no network, no children, so much memory (bytes) and time of the processor."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        libc.unshare(CLONE_NEWNET)
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 3),  # the three that are open: no file and no socket more
    ):
        resource.setrlimit(kind, (most, most))


def look(data: bytes) -> tuple[str, bytes | None]:
    """The kind of the file, and for an image its new bytes. Raises Unkept with the code and what it seems to be."""
    if not data:
        raise Unkept("empty")
    if data[4:8] == b"ftyp" and data[8:12] in HEIC:
        raise Unkept("heic", "heic")
    endings = [match.extension for match in _matches(data)]
    for kind in dict.fromkeys(ENDINGS[ending] for ending in endings if ending in ENDINGS):
        check = CHECKS.get(kind)
        if kind in IMAGES:
            return kind, _made_anew(data, kind)
        if check and check(data):
            return kind, None
    if not endings and _text(data):
        return "txt", None
    raise Unkept("kind_not_kept", next((ending.lstrip(".") for ending in endings if ending), ""))


def _matches(data: bytes) -> list[Any]:
    try:
        return list(puremagic.magic_string(data))
    except (puremagic.PureError, ValueError):
        return []


IMAGES: Final = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}


def _made_anew(data: bytes, kind: str) -> bytes:
    """The picture alone: decoded, turned upright, written again without any metadata."""
    Image.MAX_IMAGE_PIXELS = None  # the limits here are stricter and come before any decoding
    try:
        with Image.open(io.BytesIO(data), formats=[IMAGES[kind]]) as image:
            pixels = image.width * image.height
            if pixels > (MOST_PIXELS_JPEG if kind == "jpeg" else MOST_PIXELS):
                raise Unkept("too_large_a_picture")
            if getattr(image, "n_frames", 1) > 1:
                raise Unkept("moving_picture")
            if kind == "jpeg" and max(image.size) > LONGEST_SIDE:
                image.draft("RGB", (LONGEST_SIDE // 2, LONGEST_SIDE // 2))
            image.load()
            ImageOps.exif_transpose(image, in_place=True)
            clean = _plain(image, kind)
    except (Unkept, MemoryError):
        raise
    except Exception:
        raise Unkept("broken_picture") from None
    out = io.BytesIO()
    clean.save(out, IMAGES[kind], **({} if kind == "png" else {"quality": 88}))
    return out.getvalue()


def _plain(image: Image.Image, kind: str) -> Image.Image:
    modes = ("L", "RGB") if kind == "jpeg" else ("L", "RGB", "RGBA")
    if image.mode not in modes:
        see_through = "transparency" in image.info or image.mode in ("LA", "PA", "RGBA")
        image = image.convert("RGBA" if see_through and kind != "jpeg" else "RGB")
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    clean = Image.new(image.mode, image.size)
    clean.paste(image)
    return clean


def _pdf(data: bytes) -> bool:
    if not data.startswith(b"%PDF-"):
        return False
    if b"%%EOF" not in data[-2048:]:
        raise Unkept("broken_file")
    return True


def _office(main: str) -> Callable[[bytes], bool]:
    def check(data: bytes) -> bool:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                entries = packed.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            raise Unkept("broken_file") from None
        names = {entry.filename for entry in entries}
        if main not in names or "[Content_Types].xml" not in names:
            return False
        unpacked = sum(entry.file_size for entry in entries)
        if len(entries) > ENTRIES or unpacked > UNPACKED_BYTES or unpacked > UNPACKED_RATIO * max(len(data), 10_000):
            raise Unkept("bomb")
        if any(name.lower().endswith(("vbaproject.bin", ".exe", ".dll")) for name in names):
            raise Unkept("macros")
        return True

    return check


def _mp3(data: bytes) -> bool:
    """A frame header where the tag ends, or at the start."""
    at = 0
    if data[:3] == b"ID3" and len(data) > 10:
        at = 10 + (data[6] << 21 | data[7] << 14 | data[8] << 7 | data[9])
        at = next((n for n in range(at, min(at + 4096, len(data) - 1)) if data[n] == 0xFF and data[n + 1] >= 0xE0), at)
    head = data[at : at + 3]
    return len(head) == 3 and head[0] == 0xFF and head[1] & 0xE6 in (0xE2, 0xE4, 0xE6) and head[2] >> 4 not in (0, 15)


def _m4a(data: bytes) -> bool:
    return data[4:8] == b"ftyp" and b"soun" in data and b"vide" not in data


def _webm(data: bytes) -> bool:
    return b"webm" in data[:64] and b"A_OPUS" in data[:4096] and b"V_" not in data[:4096]


CHECKS: Final[dict[str, Callable[[bytes], bool]]] = {
    "pdf": _pdf,
    "docx": _office("word/document.xml"),
    "xlsx": _office("xl/workbook.xml"),
    "mp3": _mp3,
    "m4a": _m4a,
    "amr": lambda data: data.startswith((b"#!AMR\n", b"#!AMR-WB\n")),
    "wav": lambda data: data[:4] == b"RIFF" and data[8:12] == b"WAVE",
    "ogg": lambda data: data[:4] == b"OggS" and (b"OpusHead" in data[:128] or b"vorbis" in data[:128]),
    "webm": _webm,
}


def _text(data: bytes) -> bool:
    for encoding in ("utf-8-sig", "gb18030"):
        with suppress(UnicodeDecodeError):
            return not _CONTROLS.search(data.decode(encoding))
    return False


def _warm_up() -> None:
    """Load every decoder while files can still be opened."""
    Image.init()
    packed, picture = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("word/document.xml", "甲")
    Image.new("RGB", (8, 8)).save(picture, "JPEG", exif=Image.Exif())
    for sample in (packed.getvalue(), picture.getvalue(), "甲".encode("gb18030"), b"%PDF-1.4\n"):
        with suppress(Unkept):
            look(sample)


def main() -> int:
    _warm_up()
    give_up_rights()
    data = sys.stdin.buffer.read()
    made: bytes | None = None
    try:
        kind, made = look(data)
        answer: dict[str, Any] = {"kind": kind} if made is None else {"kind": kind, "size": len(made)}
    except Unkept as unkept:
        answer = {"code": unkept.args[0], "found": unkept.args[1] if len(unkept.args) > 1 else ""}
    except MemoryError:
        answer = {"code": "too_hard"}
    out = sys.stdout.buffer
    out.write(json.dumps(answer).encode() + b"\n" + (made or b""))
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
