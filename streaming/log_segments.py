"""Segment files of the embedded log: records with length and CRC-32C, and what a torn tail is.

A record is `length (u32) crc32c (u32) payload`; the payload is `offset (u64) key length (u16) header length (u32) key headers value`,
all big-endian. A segment is named after the offset of its first record.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
from crc32c import crc32c

from xiezhi.domain.errors import XiezhiError
from xiezhi.domain.events import Event, Message, Position

_FRAME = struct.Struct(">II")
_HEAD = struct.Struct(">QHI")
LARGEST = 64 << 20
"""Bytes of the largest record; a greater length is not one of ours."""


def segments(folder: Path) -> list[tuple[int, Path]]:
    """Segments of a partition with their first offsets, in order."""
    return sorted((int(path.stem), path) for path in folder.glob("*.log"))


def segment_path(folder: Path, base: int) -> Path:
    """The file of the segment that begins with this offset."""
    return folder / f"{base:020d}.log"


def encode(offset: int, message: Message) -> bytes:
    """One record.

    Raises:
        XiezhiError: the key or the whole is too large for a record.
    """
    key, headers = message.key.encode(), orjson.dumps(dict(message.headers)) if message.headers else b""
    if len(key) > 0xFFFF or len(key) + len(headers) + len(message.value) + _HEAD.size > LARGEST:
        raise XiezhiError.of(f"an event of {len(message.value):,} bytes is too large for the log", accepted=f"up to {LARGEST:,} bytes")
    payload = b"".join((_HEAD.pack(offset, len(key), len(headers)), key, headers, message.value))
    return _FRAME.pack(len(payload), crc32c(payload)) + payload


@dataclass(frozen=True, slots=True)
class Record:
    """One whole record of a segment: its offset in the partition, and where its payload lies."""

    offset: int
    end: int
    payload: memoryview

    def event(self, topic: str, partition: int) -> Event:
        """The event that the record holds."""
        _, key_size, header_size = _HEAD.unpack_from(self.payload)
        at = _HEAD.size + key_size
        headers = orjson.loads(self.payload[at : at + header_size]) if header_size else {}
        key = str(self.payload[_HEAD.size : at], "utf-8")
        return Event(Position(topic, partition, self.offset), key, bytes(self.payload[at + header_size :]), headers)


def records(data: bytes, start: int = 0) -> Iterator[Record]:
    """Whole, sound records from `start` on; ends before the first that is not."""
    view, at = memoryview(data), start
    while at + _FRAME.size <= len(data):
        length, checksum = _FRAME.unpack_from(data, at)
        end = at + _FRAME.size + length
        if length < _HEAD.size or length > LARGEST or end > len(data):
            return
        payload = view[at + _FRAME.size : end]
        if crc32c(payload) != checksum:
            return
        yield Record(_HEAD.unpack_from(payload)[0], end, payload)
        at = end


def sound_end(path: Path, base: int) -> tuple[int, int]:
    """The next offset and the size of what is whole in the last segment of a partition.

    What follows is a torn tail: the writer died in it, and nobody was told that it is there. A broken record with more sound
    records behind it is no tail.

    Raises:
        XiezhiError: the file is damaged in its middle.
    """
    data, offset, end = path.read_bytes(), base, 0
    for record in records(data):
        offset, end = record.offset + 1, record.end
    if end + _FRAME.size <= len(data):
        length = _FRAME.unpack_from(data, end)[0]
        if length <= LARGEST and next(records(data, end + _FRAME.size + length), None) is not None:
            raise damaged(path, end)
    return offset, end


def damaged(path: Path, at: int) -> XiezhiError:
    """The error for a segment whose middle cannot be read."""
    return XiezhiError.of(
        f"事件日志已损坏 the event log is damaged at byte {at:,}",
        path=str(path),
        todo="restore the file from a backup, or replay the claims",
    )


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
