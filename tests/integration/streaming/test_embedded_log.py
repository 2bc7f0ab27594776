"""What only files can show: torn tails, damage, a full disk, two writers, durability."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from streaming import embedded_log
from streaming.embedded_log import EmbeddedLog
from streaming.log_segments import segments
from xiezhi.domain.errors import XiezhiError
from xiezhi.domain.events import Message

TOPIC = "claims.settlements"


def numbers(root: Path) -> list[int]:
    with closing(EmbeddedLog(root)) as log:
        return sorted(int(event.value) for event in log.read("g", [TOPIC], 10_000))


def fill(root: Path, count: int, first: int = 0, **more: Any) -> None:
    with closing(EmbeddedLog(root, partitions=1, **more)) as log:
        log.append_all(TOPIC, [Message("k", str(first + n).encode()) for n in range(count)])


def last_segment(root: Path) -> Path:
    return segments(root / TOPIC / "0")[-1][1]


def test_a_torn_tail_is_cut_at_every_length_and_the_next_append_follows(tmp_path: Path) -> None:
    fill(tmp_path, 4)
    whole = last_segment(tmp_path).read_bytes()
    end_of_third = len(whole) // 4 * 3
    for length in range(end_of_third, len(whole)):
        last_segment(tmp_path).write_bytes(whole[:length])
        assert numbers(tmp_path) == [0, 1, 2], "a reader takes no torn record"
        fill(tmp_path, 1, first=9)
        assert numbers(tmp_path) == [0, 1, 2, 9]


def test_zeros_after_a_power_cut_are_a_torn_tail(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    with last_segment(tmp_path).open("ab") as file:
        file.write(bytes(500))
    fill(tmp_path, 1, first=3)
    assert numbers(tmp_path) == [0, 1, 2, 3]


def test_damage_in_the_middle_is_an_error_and_nothing_is_cut(tmp_path: Path) -> None:
    fill(tmp_path, 4)
    path = last_segment(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 4 + 9] ^= 1  # in the payload of the second record
    path.write_bytes(data)
    with pytest.raises(XiezhiError, match="damaged"):
        fill(tmp_path, 1)
    assert path.read_bytes() == bytes(data)


def test_damage_before_the_last_segment_is_an_error_of_the_reader(tmp_path: Path) -> None:
    for first in range(0, 30, 10):
        fill(tmp_path, 10, first, segment_bytes=100)
    path = segments(tmp_path / TOPIC / "0")[0][1]
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(XiezhiError, match="damaged"):
        numbers(tmp_path)


def test_a_full_disk_is_a_clear_error_and_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = EmbeddedLog(tmp_path)
    log.append_all(TOPIC, [Message(str(n), str(n).encode()) for n in range(40)])
    before = {path: path.stat().st_size for path in tmp_path.rglob("*.log")}
    room = 100

    def full(file: int, data: Any, at: int) -> int:
        nonlocal room
        if room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        part, room = data[:room], max(0, room - len(data))
        return write(file, part, at)

    write = os.pwrite
    with monkeypatch.context() as patch:
        patch.setattr(embedded_log.os, "pwrite", full)
        with pytest.raises(XiezhiError, match=r"disk is full.*nothing was added"):
            log.append_all(TOPIC, [Message(str(n), b"x" * 30) for n in range(40)])
    assert {path: path.stat().st_size for path in tmp_path.rglob("*.log")} == before
    log.append_all(TOPIC, [Message(str(n), str(n).encode()) for n in range(40, 50)])
    log.close()
    assert numbers(tmp_path) == list(range(50))


def test_a_file_size_limit_of_the_system_is_a_clear_error(tmp_path: Path) -> None:
    """The same without a double: the kernel itself refuses."""
    program = f"""
import resource, signal
from pathlib import Path
from streaming.embedded_log import EmbeddedLog
from xiezhi.domain.events import Message
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
log = EmbeddedLog(Path({str(tmp_path)!r}), partitions=1)
done = 0
try:
    while True:
        log.append("{TOPIC}", "k", str(done).encode())
        done += 1
except Exception as error:
    print(done, type(error).__name__, "nothing was added" in str(error))
"""
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert out[1:] == ["XiezhiError", "True"]
    assert numbers(tmp_path) == list(range(int(out[0])))


def test_a_killed_writer_loses_nothing_that_it_was_told_is_there(tmp_path: Path) -> None:
    program = f"""
import sys
from contextlib import closing
from pathlib import Path
from streaming.embedded_log import EmbeddedLog
log = EmbeddedLog(Path({str(tmp_path)!r}))
n = 0
while True:
    log.append("{TOPIC}", str(n), str(n).encode())
    print(n, flush=True)
    n += 1
"""
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(60)]
        process.kill()
        told += [int(line) for line in process.stdout.read().split("\n")[:-1] if line.strip()]
        process.wait()
        process.stdout.close()
        there = numbers(tmp_path)
        assert set(told) <= set(there)


def test_one_writer_a_topic_and_one_reader_a_group(tmp_path: Path) -> None:
    one, two = EmbeddedLog(tmp_path), EmbeddedLog(tmp_path)
    one.append(TOPIC, "k", b"1")
    with pytest.raises(XiezhiError, match="another process"):
        two.append(TOPIC, "k", b"2")
    two.append("claims.reversals", "k", b"3")
    assert len(two.read("g", [TOPIC], 9)) == 1
    with pytest.raises(XiezhiError, match="another process"):
        one.read("g", [TOPIC], 9)
    one.close()
    two.append(TOPIC, "k", b"2")
    two.close()


def test_the_durability_policy_decides_whether_the_disk_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(embedded_log.os, "fsync", lambda file: (synced.append(file), real(file))[1])
    fast, safe = EmbeddedLog(tmp_path / "fast", fsync="never"), EmbeddedLog(tmp_path / "safe", fsync="always")
    fast.append(TOPIC, "k", b"1")
    assert synced == []
    safe.append(TOPIC, "k", b"1")
    opened = len(synced)
    safe.append(TOPIC, "k", b"2")
    assert len(synced) == opened + 1 > 1
    fast.close()
    safe.close()


def test_an_event_too_large_is_refused_and_the_rest_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streaming.log_segments.LARGEST", 1_000)
    log = EmbeddedLog(tmp_path, partitions=1)
    with pytest.raises(XiezhiError, match="too large"):
        log.append_all(TOPIC, [Message("k", b"1"), Message("k", b"x" * 2_000)])
    log.append(TOPIC, "k", b"5")
    log.close()
    assert numbers(tmp_path) == [5]
