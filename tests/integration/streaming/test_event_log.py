"""The contract of an event log, on every adapter; `kafka` is a real broker."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from xiezhi.domain.events import Event, Message, Position
from xiezhi.ports import EventLog

Open = Callable[[], EventLog]
G = uuid4().hex[:6]
"""Groups of this run; a broker may be older than it."""


@pytest.fixture
def topic() -> str:
    return f"claims.{uuid4().hex[:10]}"


@pytest.fixture
def log(open_log: Open) -> Iterator[EventLog]:
    opened = open_log()
    yield opened
    opened.close()


def drain(log: EventLog, group: str, topic: str, expected: int, limit: int = 7) -> list[Event]:
    """Read until `expected` events came, and make sure that there are no more."""
    events: list[Event] = []
    quiet = 0
    while quiet < (40 if len(events) < expected else 2):
        more = log.read(group, [topic], limit)
        assert len(more) <= limit
        events += more
        quiet = 0 if more else quiet + 1
    return events


def messages(count: int, keys: int = 5) -> list[Message]:
    return [Message(f"人{n % keys}", f'{{"n":{n}}}'.encode(), {"id": str(n)}) for n in range(count)]


def test_what_was_appended_is_read_with_its_key_headers_and_position(log: EventLog, topic: str) -> None:
    positions = log.append_all(topic, messages(20))
    positions.append(log.append(topic, "人1", b"{}"))
    events = drain(log, f"{G}-{topic}", topic, 21)
    assert {e.position for e in events} == set(positions)
    assert len(events) == 21
    by_position = {e.position: e for e in events}
    for position, message in zip(positions, messages(20), strict=False):
        event = by_position[position]
        assert (event.key, event.value, dict(event.headers)) == (message.key, message.value, dict(message.headers))


def test_events_of_one_key_keep_their_order_in_one_partition(log: EventLog, topic: str) -> None:
    log.append_all(topic, messages(60))
    for message in messages(30):
        log.append(topic, message.key, message.value, message.headers)
    order: dict[str, list[int]] = defaultdict(list)
    places: dict[str, set[int]] = defaultdict(set)
    for event in drain(log, f"{G}-{topic}", topic, 90):
        order[event.key].append(int(event.headers["id"]))
        places[event.key].add(event.position.partition)
    assert all(len(found) == 1 for found in places.values())
    assert len({next(iter(found)) for found in places.values()}) > 1, "all keys in one partition"
    for number in range(5):
        assert order[f"人{number}"] == [*range(number, 60, 5), *range(number, 30, 5)]


def test_offsets_grow_by_one_in_a_partition(log: EventLog, topic: str) -> None:
    positions = log.append_all(topic, messages(50))
    by_partition: dict[int, list[int]] = defaultdict(list)
    for position in positions:
        by_partition[position.partition].append(position.offset)
    assert all(offsets == list(range(len(offsets))) for offsets in by_partition.values())


def test_what_is_not_committed_is_read_again(open_log: Open, topic: str) -> None:
    writer = open_log()
    writer.append_all(topic, messages(30))
    first = drain(writer, f"{G}-{topic}", topic, 30)
    writer.commit(f"{G}-{topic}", [event.position for event in first[:12]])
    writer.close()
    again = open_log()
    rest = drain(again, f"{G}-{topic}", topic, 18)
    again.close()
    done: dict[int, int] = {}
    for event in first[:12]:
        done[event.position.partition] = max(done.get(event.position.partition, -1), event.position.offset)
    assert {e.position for e in rest} == {e.position for e in first if e.position.offset > done.get(e.position.partition, -1)}


def test_groups_do_not_disturb_each_other(log: EventLog, topic: str) -> None:
    log.append_all(topic, messages(10))
    one = drain(log, f"one-{topic}", topic, 10)
    log.commit(f"one-{topic}", [event.position for event in one])
    assert {e.position for e in drain(log, f"two-{topic}", topic, 10)} == {e.position for e in one}


def test_committing_an_older_position_takes_nothing_back(open_log: Open, topic: str) -> None:
    log = open_log()
    log.append_all(topic, [Message("k", b"{}")] * 5)
    events = drain(log, f"{G}-{topic}", topic, 5)
    log.commit(f"{G}-{topic}", [events[4].position])
    log.commit(f"{G}-{topic}", [events[1].position, Position(topic, events[0].position.partition, 0)])
    log.close()
    again = open_log()
    assert drain(again, f"{G}-{topic}", topic, 0) == []
    again.close()


def test_what_comes_later_is_read_later(log: EventLog, topic: str) -> None:
    assert log.read(f"{G}-{topic}", [topic], 5) == []
    log.append_all(topic, messages(3))
    assert len(drain(log, f"{G}-{topic}", topic, 3)) == 3
    log.append_all(topic, messages(4))
    assert len(drain(log, f"{G}-{topic}", topic, 4)) == 4


def test_lag_is_what_the_group_has_not_committed(open_log: Open, topic: str) -> None:
    """Mutant caught: lag counted from what was read, so that a killed reader's events would be taken for dealt with."""
    log, group = open_log(), f"{G}-{topic}"
    log.append_all(topic, messages(9))
    assert log.lag(group, [topic]) == 9
    events = drain(log, group, topic, 9)
    assert log.lag(group, [topic]) == 9
    log.commit(group, [events[-1].position])
    left = sum(event.position.partition != events[-1].position.partition for event in events)
    assert log.lag(group, [topic]) == left > 0
    log.append(topic, "人1", b"{}")
    log.close()
    again = open_log()
    assert (again.lag(group, [topic]), again.lag("nobody", [topic])) == (left + 1, 10)
    again.close()


def test_large_and_empty_values(log: EventLog, topic: str) -> None:
    sizes = [0, 1, 300_000, 700_000]
    log.append_all(topic, [Message("k", b"x" * size) for size in sizes])
    assert [len(e.value) for e in drain(log, f"{G}-{topic}", topic, 4)] == sizes
