"""A long stream, packed (zlib) and sealed (AES-GCM) piece by piece, so that it is never whole in memory.

Each piece carries its number and whether it is the last (the STREAM construction of Hoang, Reyhanitabar, Rogaway and
Vizár, 2015): pieces cannot be changed, moved, left out or cut off unseen. `bound_to` says what the stream is, so that
none can stand for another.
"""

from __future__ import annotations

import hashlib
import io
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fengqiao.ground import durable
from fengqiao.kernel.keys import Key

MAGIC = b"FQB1"
PIECE, TAG, PREFIX = 2**20, 16, 7
FAST = 1  # the level of zlib: a tenth larger than the default, three times as fast


class Damaged(Exception):
    """The bytes are not what was sealed, or the key is another one."""


@dataclass(frozen=True, slots=True)
class Written:
    """A part on the disk: its bytes and the SHA-256 of them, hex."""

    size: int
    sha256: str


def write(chunks: Iterable[bytes], path: Path, key: Key, bound_to: str) -> Written:
    """Pack and seal a stream into the new file `path`, whole or not at all. Raises OSError."""
    cipher, prefix, name = AESGCM(key.secret), os.urandom(PREFIX), key.id.encode()
    digest, size = hashlib.sha256(), 0
    with durable.new_file(path) as file:
        head = MAGIC + bytes([len(name)]) + name + prefix
        for sealed in chain([head], _sealed(chunks, cipher, prefix, bound_to)):
            file.write(sealed)
            digest.update(sealed)
            size += len(sealed)
    return Written(size, digest.hexdigest())


def _sealed(chunks: Iterable[bytes], cipher: AESGCM, prefix: bytes, bound_to: str) -> Iterator[bytes]:
    number, waiting = 0, b""
    for piece in _pieces(_packed(chunks)):
        if waiting:
            yield cipher.encrypt(_nonce(prefix, number, last=False), waiting, bound_to.encode())
            number += 1
        waiting = piece
    yield cipher.encrypt(_nonce(prefix, number, last=True), waiting, bound_to.encode())


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


def _packed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(FAST)
    for chunk in chunks:
        yield packer.compress(chunk)
    yield packer.flush()


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= PIECE:
            yield bytes(held[:PIECE])
            del held[:PIECE]
    if held:
        yield bytes(held)


def read(path: Path, key: Key, bound_to: str) -> Iterator[bytes]:
    """The plain stream. Raises Damaged, before any byte of the piece that was touched; FileNotFoundError."""
    cipher, unpacker = AESGCM(key.secret), zlib.decompressobj()
    with path.open("rb") as file:
        prefix = _head(file)
        number, piece = 0, file.read(PIECE + TAG)
        while True:
            after = file.read(PIECE + TAG)
            try:
                plain = cipher.decrypt(_nonce(prefix, number, last=not after), piece, bound_to.encode())
                yield from _unpacked(unpacker, plain)
            except (InvalidTag, zlib.error):
                raise Damaged(f"{path.name} is damaged, or sealed with another key.") from None
            if not after:
                break
            number, piece = number + 1, after
    yield unpacker.flush()


def _unpacked(unpacker: Any, packed: bytes) -> Iterator[bytes]:
    """A piece of nothing but zeros unpacks to a thousand times its size: out of it come pieces again."""
    while packed:
        yield unpacker.decompress(packed, PIECE)
        packed = unpacker.unconsumed_tail


def _head(file: IO[bytes]) -> bytes:
    head = file.read(len(MAGIC) + 1)
    if len(head) <= len(MAGIC) or head[: len(MAGIC)] != MAGIC:
        raise Damaged("This is no sealed part of a backup.")
    file.read(head[-1])
    return file.read(PREFIX)


class Reader(io.RawIOBase):
    """A stream of bytes as a file to read, for `tarfile`."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks, self.held = chunks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        while not self.held:
            following = next(self.chunks, None)
            if following is None:
                return 0
            self.held = following
        count = min(len(into), len(self.held))
        into[:count] = self.held[:count]
        self.held = self.held[count:]
        return count
