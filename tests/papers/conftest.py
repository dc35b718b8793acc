"""The cast, a folder for files, and files of every kind."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from fengqiao.adapters.storage.disk import Disk
    from tests.cast import Cast


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    from fengqiao.adapters.storage.disk import Disk
    from fengqiao.kernel import ports

    made = Disk(str(tmp_path / "files"))
    made.folder.mkdir()
    monkeypatch.setattr(ports, "storage", lambda: made)
    return made


@pytest.fixture
def cast(db: None, disk: Disk) -> Cast:
    from tests.cast import build

    return build()


def picture(form: str = "JPEG", size: tuple[int, int] = (64, 48), mode: str = "RGB", **more: Any) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(out, form, **more)
    return out.getvalue()


def photo_with_place() -> bytes:
    """A JPEG as a phone makes it: where and when, with which phone, turned on its side, a comment, an XMP packet."""
    from PIL import Image

    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112], exif[0x0132] = "SecretMaker", "SecretPhone", 6, "2026:11:02 08:00:00"
    exif.get_ifd(0x8825).update({1: "N", 2: (29.0, 42.0, 51.0), 3: "E", 4: (120.0, 15.0, 7.0), 29: "2026:11:02"})
    return picture(exif=exif, comment=b"SecretComment", xmp=b"<x:xmpmeta>SecretXmp</x:xmpmeta>")


def packed(**entries: str | bytes) -> bytes:
    """A zip file; `word_document=…` becomes word/document.xml."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        for name, body in entries.items():
            made.writestr(name.replace("_", "/", 1) + ("" if "bin" in name else ".xml"), body)
    return out.getvalue()


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
DOCX = packed(word_document="<w:document/>")
XLSX = packed(xl_workbook="<workbook/>")
MP3 = b"\xff\xfb\x90\x00" * 200
AMR = b"#!AMR\n" + b"\x3c" * 64
WAV = b"RIFF\x44\x00\x00\x00WAVEfmt " + b"\x00" * 52
M4A = b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A mp42" + b"....soun" + b"\x00" * 64
OGG = b"OggS\x00\x02" + b"\x00" * 22 + b"OpusHead" + b"\x00" * 32
WEBM = b"\x1a\x45\xdf\xa3" + b"\x00" * 12 + b"webm" + b"\x00" * 40 + b"A_OPUS" + b"\x00" * 32
TEXT = "楼上漏水，已经三天了。\n".encode()
