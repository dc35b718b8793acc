"""The sealed stream of a backup: piece by piece, whole or damaged, under one key and one name."""

import os
import tracemalloc

import pytest

from fengqiao.config.backup import sealed
from fengqiao.ground import durable
from fengqiao.kernel.keys import Key

KEY = Key("20261123T020000Z", bytes(range(32)))


@pytest.mark.parametrize("size", [0, 1, sealed.PIECE, 3 * sealed.PIECE + 7])
def test_a_stream_comes_back_as_it_went(tmp_path, size):
    plain = os.urandom(size)
    written = sealed.write([plain[:10], plain[10:]], tmp_path / "part", KEY, "set/part")
    assert (written.size, written.sha256) == ((tmp_path / "part").stat().st_size, durable.sha256(tmp_path / "part"))
    assert b"".join(sealed.read(tmp_path / "part", KEY, "set/part")) == plain


def cut(data):
    return data[: -sealed.PIECE // 2]


def whole_pieces_cut(data):
    return data[: 36 + 2 * (sealed.PIECE + sealed.TAG)]


def turned(data):
    return data[:-5] + bytes([data[-5] ^ 1]) + data[-4:]


def swapped(data):
    start, one = len(sealed.MAGIC) + 1 + len(KEY.id) + sealed.PREFIX, sealed.PIECE + sealed.TAG
    first, second = data[start : start + one], data[start + one : start + 2 * one]
    return data[:start] + second + first + data[start + 2 * one :]


@pytest.mark.parametrize("harm", [cut, whole_pieces_cut, turned, swapped, lambda data: b"other" + data])
def test_a_stream_that_was_touched_is_damaged(tmp_path, harm):
    path = tmp_path / "part"
    sealed.write([os.urandom(3 * sealed.PIECE)], path, KEY, "set/part")
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(sealed.Damaged):
        b"".join(sealed.read(path, KEY, "set/part"))


def test_a_stream_opens_with_its_own_key_and_under_its_own_name_only(tmp_path):
    sealed.write([b"words"], tmp_path / "part", KEY, "set/part")
    for key, name in ((Key(KEY.id, os.urandom(32)), "set/part"), (KEY, "set/other")):
        with pytest.raises(sealed.Damaged):
            b"".join(sealed.read(tmp_path / "part", key, name))


@pytest.mark.parametrize("one", [os.urandom(sealed.PIECE), bytes(sealed.PIECE)], ids=["dense", "zeros"])
def test_a_stream_is_never_whole_in_memory(tmp_path, one):
    count = 64
    tracemalloc.start()
    try:
        sealed.write((one for _ in range(count)), tmp_path / "part", KEY, "set/part")
        read = sum(map(len, sealed.read(tmp_path / "part", KEY, "set/part")))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert read == count * sealed.PIECE
    assert most < 10 * sealed.PIECE
