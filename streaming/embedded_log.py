"""The embedded event log: durable topics as files below one folder, for one machine (`xiezhi.ports.EventLog`).

    <root>/<topic>/<partition>/<first offset>.log      segments (`streaming.log_segments`)
    <root>/<topic>/topic.json                          number of partitions, fixed when the topic is made
    <root>/.groups/<group>.json                        what a group of readers has committed

Durability: with `fsync="always"` an append returns after its bytes are on the disk, all messages of one call together; with
`fsync="never"` the operating system writes when it likes: a crash of the process loses nothing, a power cut may lose the last seconds.
Commits of readers are made durable in the same way; losing one only means that events are read again.

One process at a time writes to a topic and one reads for a group (locks on files, let go when the process ends); others are told who
holds it. An append that fails, for instance because the disk is full, is cut off again as a whole. The tail that a killed writer tore
is cut when the next writer opens the partition; a damaged middle is an error, never cut.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Literal

import orjson
from crc32c import crc32c

from streaming.log_segments import damaged, encode, records, segment_path, segments, sound_end, sync_folder
from xiezhi.domain.errors import XiezhiError
from xiezhi.domain.events import Event, Message, Position
from xiezhi.log import get_logger

log = get_logger(__name__)
Fsync = Literal["always", "never"]
READ_BYTES = 1 << 20


def _lock(path: Path, what: str) -> IO[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = path.open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.seek(0)
        holder = handle.read() or "?"
        handle.close()
        raise XiezhiError.of(
            f"另一进程正在使用 another process ({holder}) holds {what}", path=str(path), todo="stop it first, or use Kafka (XIEZHI_KAFKA)"
        ) from None
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle


class _Partition:
    """The writer of one partition."""

    def __init__(self, folder: Path, segment_bytes: int, *, durable: bool) -> None:
        self.folder, self.segment_bytes, self.durable = folder, segment_bytes, durable
        folder.mkdir(parents=True, exist_ok=True)
        found = segments(folder)
        base, path = found[-1] if found else (0, segment_path(folder, 0))
        self.next, self.size = sound_end(path, base) if found else (0, 0)
        self.file = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
        torn = os.fstat(self.file).st_size - self.size
        if torn:
            log.warning("torn tail cut", segment=str(path), bytes=torn)
            os.ftruncate(self.file, self.size)
        if durable:
            os.fsync(self.file)
            sync_folder(folder)

    def write(self, messages: Sequence[Message]) -> None:
        """Append records after what is there; offsets and size move only by `accept`."""
        if self.size >= self.segment_bytes:
            os.close(self.file)
            self.file = os.open(segment_path(self.folder, self.next), os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o640)
            self.size = 0
            if self.durable:
                sync_folder(self.folder)
        data = memoryview(b"".join(encode(self.next + number, message) for number, message in enumerate(messages)))
        at = 0
        while at < len(data):
            at += os.pwrite(self.file, data[at:], self.size + at)
        if self.durable:
            os.fsync(self.file)
        self.written = len(data)

    def accept(self, count: int) -> int:
        """The written records count from now on; returns the first offset."""
        first, self.next, self.size = self.next, self.next + count, self.size + self.written
        return first

    def cut(self) -> None:
        """Take back what `write` left."""
        os.ftruncate(self.file, self.size)

    def close(self) -> None:
        os.close(self.file)


class _Cursor:
    """Where a reader is in one partition."""

    def __init__(self, folder: Path, offset: int) -> None:
        self.folder, self.offset = folder, offset
        self.path: Path | None = None
        self.at = 0

    def read(self, topic: str, partition: int, limit: int) -> list[Event]:
        """The next events; an unfinished record at the end of the last segment is not there yet."""
        events: list[Event] = []
        later: list[tuple[int, Path]] = []
        while len(events) < limit and (self.path is not None or self._open()):
            path = self.path
            assert path is not None
            data, end = self._portion(path), 0
            for record in records(data):
                end = record.end
                if record.offset >= self.offset:
                    events.append(record.event(topic, partition))
                    self.offset = record.offset + 1
                    if len(events) == limit:
                        break
            self.at += end
            if end:
                later = []
            elif not later:
                # A segment with another behind it is finished, so it is looked at once more: the writer may just have gone on.
                later = [entry for entry in segments(self.folder) if entry[1] > path]
                if not later:
                    break
            elif data or later[0][0] != self.offset:
                raise damaged(path, self.at)
            else:
                self.path, self.at, later = later[0][1], 0, []
        return events

    def _portion(self, path: Path) -> bytes:
        with path.open("rb") as file:
            file.seek(self.at)
            data = file.read(READ_BYTES)
            if len(data) == READ_BYTES and next(records(data), None) is None:
                data += file.read()  # one record larger than a portion
            return data

    def _open(self) -> bool:
        before = [path for base, path in segments(self.folder) if base <= self.offset]
        self.path = before[-1] if before else None
        return self.path is not None


class EmbeddedLog:
    """The log below `root`.

    Args:
        root: its folder; made when needed.
        partitions: partitions of topics that are made by this object.
        segment_bytes: a segment that has reached this size is followed by the next.
        fsync: the durability policy described above.
    """

    def __init__(self, root: Path, *, partitions: int = 4, segment_bytes: int = 64 << 20, fsync: Fsync = "always") -> None:
        self.root, self._partitions, self._segment_bytes, self._durable = root, partitions, segment_bytes, fsync == "always"
        self._counts: dict[str, int] = {}
        self._writers: dict[str, dict[int, _Partition]] = {}
        self._locks: dict[str, IO[str]] = {}
        self._cursors: dict[tuple[str, str, int], _Cursor] = {}
        self._committed: dict[str, dict[str, int]] = {}

    def append(self, topic: str, key: str, value: bytes, headers: Mapping[str, str] | None = None) -> Position:
        """Append one event (see `append_all`)."""
        return self.append_all(topic, [Message(key, value, headers or {})])[0]

    def append_all(self, topic: str, messages: Sequence[Message]) -> list[Position]:
        """Append events in order, all or nothing.

        Raises:
            XiezhiError: the disk is full or failed (nothing was added), another process writes to the topic, an event is too large.
        """
        count = self._count(topic, create=True)
        shares: dict[int, list[int]] = defaultdict(list)
        for number, message in enumerate(messages):
            shares[crc32c(message.key.encode()) % count].append(number)
        writers = {partition: self._writer(topic, partition) for partition in shares}
        touched: list[_Partition] = []
        try:
            for partition, numbers in shares.items():
                touched.append(writers[partition])
                writers[partition].write([messages[number] for number in numbers])
        except OSError as error:
            self._take_back(topic, touched)
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            raise XiezhiError.of(
                f"{'磁盘已满 the disk is full' if full else f'写入失败 writing failed ({error})'}: nothing was added to {topic}",
                path=str(self.root),
                todo="free space and send again" if full else "see to the disk and send again",
            ) from error
        except XiezhiError:
            self._take_back(topic, touched)
            raise
        positions: dict[int, Position] = {}
        for partition, numbers in shares.items():
            first = writers[partition].accept(len(numbers))
            positions.update((number, Position(topic, partition, first + place)) for place, number in enumerate(numbers))
        return [positions[number] for number in range(len(messages))]

    def read(self, group: str, topics: Sequence[str], limit: int) -> list[Event]:
        """Up to `limit` events, each partition in order.

        Raises:
            XiezhiError: another process reads for the group, or a segment is damaged.
        """
        committed = self._group(group)
        events: list[Event] = []
        for topic in topics:
            for partition in range(self._count(topic)):
                if len(events) >= limit:
                    return events
                key = (group, topic, partition)
                if key not in self._cursors:
                    self._cursors[key] = _Cursor(self._folder(topic, partition), committed.get(f"{topic}/{partition}", 0))
                events += self._cursors[key].read(topic, partition, limit - len(events))
        return events

    def commit(self, group: str, positions: Iterable[Position]) -> None:
        """Note what the group has dealt with; a position older than the committed one changes nothing."""
        committed = self._group(group)
        changed = False
        for position in positions:
            name = f"{position.topic}/{position.partition}"
            if position.offset + 1 > committed.get(name, 0):
                committed[name], changed = position.offset + 1, True
        if changed:
            path = self.root / ".groups" / f"{group}.json"
            draft = path.with_suffix(".new")
            with draft.open("wb") as file:
                file.write(orjson.dumps(committed, option=orjson.OPT_SORT_KEYS))
                if self._durable:
                    file.flush()
                    os.fsync(file.fileno())
            os.replace(draft, path)
            if self._durable:
                sync_folder(path.parent)

    def lag(self, group: str, topics: Sequence[str]) -> int:
        """Events that the group has not committed; reads the last segment of partitions that this object does not write."""
        path = self.root / ".groups" / f"{group}.json"
        committed = self._committed.get(group) or (dict(orjson.loads(path.read_bytes())) if path.exists() else {})
        return sum(
            self._end(topic, partition) - committed.get(f"{topic}/{partition}", 0)
            for topic in topics
            for partition in range(self._count(topic))
        )

    def close(self) -> None:
        """Close all files and let go of all locks."""
        for writers in self._writers.values():
            for writer in writers.values():
                writer.close()
        for lock in self._locks.values():
            lock.close()
        self._writers, self._locks, self._cursors, self._committed, self._counts = {}, {}, {}, {}, {}

    def _folder(self, topic: str, partition: int) -> Path:
        return self.root / topic / str(partition)

    def _end(self, topic: str, partition: int) -> int:
        """The offset that the next event of a partition gets."""
        if (writer := self._writers.get(topic, {}).get(partition)) is not None:
            return writer.next
        found = segments(self._folder(topic, partition))
        return sound_end(found[-1][1], found[-1][0])[0] if found else 0

    def _count(self, topic: str, *, create: bool = False) -> int:
        if topic not in self._counts:
            path = self.root / topic / "topic.json"
            if not path.exists():
                if not create:
                    return 0
                self._hold(f"topic {topic}", self.root / topic / ".lock")
                draft = path.with_suffix(".new")
                draft.write_bytes(orjson.dumps({"partitions": self._partitions}))
                os.replace(draft, path)
            self._counts[topic] = int(orjson.loads(path.read_bytes())["partitions"])
        return self._counts[topic]

    def _hold(self, what: str, path: Path) -> None:
        if what not in self._locks:
            self._locks[what] = _lock(path, what)

    def _writer(self, topic: str, partition: int) -> _Partition:
        self._hold(f"topic {topic}", self.root / topic / ".lock")
        writers = self._writers.setdefault(topic, {})
        if partition not in writers:
            writers[partition] = _Partition(self._folder(topic, partition), self._segment_bytes, durable=self._durable)
        return writers[partition]

    def _take_back(self, topic: str, touched: Sequence[_Partition]) -> None:
        for writer in touched:
            try:
                writer.cut()
            except OSError:  # the next append opens the partition anew and cuts what is torn
                self._writers[topic] = {number: kept for number, kept in self._writers[topic].items() if kept is not writer}
                writer.close()

    def _group(self, group: str) -> dict[str, int]:
        if group not in self._committed:
            folder = self.root / ".groups"
            self._hold(f"group {group}", folder / f"{group}.lock")
            path = folder / f"{group}.json"
            self._committed[group] = dict(orjson.loads(path.read_bytes())) if path.exists() else {}
        return self._committed[group]
