"""What a file really is, told by a child without rights; what may not be kept is refused with a sentence."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zlib

import pytest
from PIL import Image

from fengqiao.ground.refusals import Refused
from fengqiao.offices.papers import papers, uploads
from tests.papers import conftest as files


def refusal(data: bytes, told: str = "") -> Refused:
    with pytest.raises(Refused) as refused:
        papers.accept(data, told)
    assert len(str(refused.value)) > 10
    return refused.value


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("jpeg", files.picture()),
        ("png", files.picture("PNG", mode="RGBA")),
        ("webp", files.picture("WEBP")),
        ("pdf", files.PDF),
        ("docx", files.DOCX),
        ("xlsx", files.XLSX),
        ("mp3", files.MP3),
        ("amr", files.AMR),
        ("wav", files.WAV),
        ("m4a", files.M4A),
        ("ogg", files.OGG),
        ("webm", files.WEBM),
        ("txt", files.TEXT),
        ("txt", "楼上漏水，已经三天了。".encode("gb18030")),
    ],
)
def test_each_allowed_kind_is_known_by_its_content(kind: str, data: bytes) -> None:
    accepted = papers.accept(data)
    assert (accepted.kind, accepted.media_type) == (kind, uploads.KINDS[kind])
    if not accepted.media_type.startswith("image/"):
        assert accepted.data == data


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"MZ" + b"\0" * 200, "kind_not_kept"),
        (b"\x7fELF" + b"\0" * 200, "kind_not_kept"),
        (b"<!DOCTYPE html><html><script>alert(1)</script></html>", "kind_not_kept"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "kind_not_kept"),
        (b"GIF89a" + b"\0" * 60, "kind_not_kept"),
        (files.packed(a_b="c"), "kind_not_kept"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42....soun....vide", "kind_not_kept"),
        (files.WEBM + b"V_VP8", "kind_not_kept"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "heic"),
        (files.packed(word_document="<w/>", **{"word_vbaProject.bin": b"x"}), "macros"),
        (files.packed(word_document="0" * 50_000_000), "bomb"),
        (files.DOCX[:-30], "broken_file"),
        (files.picture()[:200], "broken_picture"),
        (files.PDF.replace(b"%%EOF", b""), "broken_file"),
        (files.DOCX + b"PK\x05\x06" + b"\xff" * 18, "broken_file"),
        (files.packed(word_document="<w/>", **{f"word_{n}": "" for n in range(6000)}), "bomb"),
        (os.urandom(4096), "kind_not_kept"),
    ],
)
def test_what_may_not_be_kept_is_refused_with_a_sentence(data: bytes, code: str) -> None:
    assert refusal(data).code == code


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (files.PDF, "image/jpeg"),
        (files.picture("PNG"), "image/jpeg"),
        (files.TEXT, "application/pdf"),
        (files.XLSX, uploads.KINDS["docx"]),
        (files.MP3, "image/png"),
    ],
)
def test_a_file_that_lies_about_its_kind_is_refused(data: bytes, told: str) -> None:
    assert refusal(data, told).code == "type_differs"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (files.picture(), "image/jpeg; charset=binary"),
        (files.picture(), "image/jpg"),
        (files.PDF, "application/octet-stream"),
        (files.WAV, "audio/x-wav"),
        (files.TEXT, "text/plain;charset=utf-8"),
        (files.WEBM, "audio/webm;codecs=opus"),
    ],
)
def test_other_names_of_the_same_kind_are_no_lie(data: bytes, told: str) -> None:
    assert papers.accept(data, told)


def test_a_file_over_the_limit_is_refused_before_anything_looks_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "parse", lambda data: pytest.fail("looked at it"))
    assert refusal(b"%PDF-" + b"\0" * papers.LARGEST_BYTES).code == "too_large"


def test_a_photo_loses_its_place_its_phone_and_every_word_beside_the_picture() -> None:
    told = files.photo_with_place()
    for secret in (b"SecretMaker", b"SecretPhone", b"SecretComment", b"SecretXmp"):
        assert secret in told, "the test's own photo must carry it"
    assert Image.open(io.BytesIO(told)).getexif().get_ifd(0x8825)
    kept = papers.accept(told, "image/jpeg").data
    with Image.open(io.BytesIO(kept)) as image:
        assert dict(image.getexif()) == {}
        assert not {"exif", "comment", "xmp", "icc_profile", "photoshop"} & set(image.info)
        assert image.size == (48, 64), "it was turned upright before the mark of its turning went"
    assert b"Secret" not in kept
    assert b"Exif" not in kept


def test_a_png_loses_its_words_too() -> None:
    from PIL.PngImagePlugin import PngInfo

    words = PngInfo()
    words.add_text("Author", "SecretAuthor")
    kept = papers.accept(files.picture("PNG", pnginfo=words)).data
    assert b"SecretAuthor" not in kept


def test_what_hides_behind_a_picture_is_gone() -> None:
    kept = papers.accept(files.picture() + b"<?php hidden() ?>").data
    assert b"hidden" not in kept


def test_an_archive_hidden_behind_a_photo_is_gone_and_one_inside_a_document_is_never_unpacked() -> None:
    assert b"PK" not in papers.accept(files.picture() + files.packed(a_b="c" * 1000)).data
    inner = files.packed(a_b="0" * 30_000_000)
    kept = papers.accept(files.packed(word_document="<w/>", word_inner=inner)).data
    assert inner[:2] == b"PK"
    assert len(kept) < 100_000


def test_a_picture_of_50000_by_50000_points_is_refused_by_its_heading() -> None:
    head = b"IHDR" + (50_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    chunk = (13).to_bytes(4, "big") + head + zlib.crc32(head).to_bytes(4, "big")
    bomb = b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IDAT\x35\xaf\x06\x1e\0\0\0\0IEND\xaeB`\x82"
    assert refusal(bomb).code == "too_large_a_picture"


def test_a_see_through_picture_stays_see_through() -> None:
    kept = papers.accept(files.picture("PNG", mode="RGBA")).data
    assert Image.open(io.BytesIO(kept)).mode == "RGBA"


def test_a_picture_of_too_many_points_is_refused_without_being_decoded() -> None:
    """20,000 × 20,000 points in a few kilobytes: 1.2 GB when decoded."""
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    assert refusal(out.getvalue()).code == "too_large_a_picture"


def test_a_large_photo_of_a_phone_is_made_smaller() -> None:
    kept = papers.accept(files.picture(size=(8000, 6000))).data
    assert max(Image.open(io.BytesIO(kept)).size) <= 6000


def test_a_moving_picture_is_refused() -> None:
    out = io.BytesIO()
    first, second = Image.new("RGB", (9, 9), "red"), Image.new("RGB", (9, 9), "blue")
    first.save(out, "PNG", save_all=True, append_images=[second])
    assert refusal(out.getvalue()).code == "moving_picture"


def test_a_file_that_costs_too_much_ends_the_child_and_not_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "CHILD", "/dev/null")
    assert refusal(files.PDF).code == "too_hard"


def test_of_a_picture_whose_data_unpacks_without_end_only_the_picture_is_kept() -> None:
    """A PNG of 10 × 10 points whose image data is 50 MB of zeros."""
    chunks = [(b"IHDR", b"\0\0\0\x0a\0\0\0\x0a\x08\x02\0\0\0"), (b"IDAT", zlib.compress(b"\0" * 50_000_000, 9))]
    body = b"".join(
        len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big") for name, data in chunks
    )
    bomb = b"\x89PNG\r\n\x1a\n" + body + b"\0\0\0\0IEND\xaeB`\x82"
    assert len(papers.accept(bomb).data) < 1_000


def in_the_child(lines: str) -> str:
    """What a few lines can do in a child that has given up its rights."""
    start = f"import runpy; m = runpy.run_path({uploads.CHILD!r}); m['_warm_up'](); m['give_up_rights']()\n"
    done = subprocess.run([sys.executable, "-I", "-c", start + lines], capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    "lines",
    [
        "open('/etc/hostname')",
        "open('/tmp/written-by-child', 'w')",
        "import socket; socket.socket()",
        "import os; os.fork()",
        "bytearray(900 * 1024 * 1024)",
    ],
)
def test_the_child_can_open_nothing_reach_nobody_and_start_nothing(lines: str) -> None:
    answer = in_the_child(lines + "; print('it could')")
    if "fork" in lines and os.geteuid() != 0 and "it could" in answer:
        pytest.fail("an ordinary user's child could start another")
    assert "it could" not in answer


def test_the_child_is_not_root_and_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = in_the_child("import os; print(os.geteuid(), os.getegid(), os.getgroups())")
    assert answer == "65534 65534 []" or os.geteuid() != 0
    seen: dict[str, object] = {}
    popen = subprocess.Popen

    def watched(*args: object, **more: object) -> object:
        seen.update(more)
        return popen(*args, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", watched)
    papers.accept(files.PDF)
    assert seen["env"] == {"LC_ALL": "C.UTF-8"}


def test_the_program_itself_loads_no_parser() -> None:
    look = "print(sorted({'PIL', 'puremagic', 'django'} & set(sys.modules)))"
    check = f"import sys; import fengqiao.offices.papers.uploads; {look}"
    assert subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout == "[]\n"
