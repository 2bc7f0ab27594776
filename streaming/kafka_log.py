"""Kafka as the event log (`xiezhi.ports.EventLog`): the bus between machines.

Producer: acks=all, idempotent, lz4. Consumers commit by hand and are assigned partitions cooperatively, so that a member that joins or
leaves does not stop the others; what a member that was killed held is handed on after `session_ms`. A topic that is missing is made
with `partitions` partitions and the broker's replication factor. With more than one message the send is retried as a whole by the
producer; positions come back when all are acknowledged.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import KafkaError, KafkaTimeoutError, TopicAlreadyExistsError
from kafka.structs import OffsetAndMetadata

from xiezhi.domain.errors import ServiceUnreachable
from xiezhi.domain.events import Event, Message, Position

HOW_TO_START = "start Kafka, or unset XIEZHI_KAFKA to use the embedded log"
METADATA_SECONDS = 10
"""How long a topic that was just made may stay unknown to the brokers."""


def _partitions(reader: KafkaConsumer, name: str) -> set[int]:
    """Partitions of a topic that exists; a broker may take a moment to tell of one that was just made.

    Raises:
        KafkaTimeoutError: it tells of none for `METADATA_SECONDS`. No partitions would read as no lag, and a drain would end too early.
    """
    until = time.monotonic() + METADATA_SECONDS
    while not (known := reader.partitions_for_topic(name)):
        if time.monotonic() > until:
            raise KafkaTimeoutError(f"no partitions of {name} after {METADATA_SECONDS} s")
        time.sleep(0.05)
    return set(known)


class KafkaLog:
    """The log on a Kafka cluster.

    Args:
        servers: `host:port`, several joined by commas.
        partitions: partitions of topics that this object makes.
        prefix: stands before the names of topics and groups on the cluster; callers never see it.
        poll_ms: how long a read waits for events.
        timeout_s: how long an append may take.
        session_ms: after how long without a sign of life a member of a group has left it.
    """

    def __init__(
        self,
        servers: str,
        *,
        partitions: int = 4,
        prefix: str = "",
        poll_ms: int = 200,
        timeout_s: float = 30.0,
        session_ms: int = 10_000,
    ) -> None:
        self._servers, self._partitions, self._poll_ms, self._timeout = servers.split(","), partitions, poll_ms, timeout_s
        self._prefix, self._session_ms = prefix, session_ms
        self._producer: Any = None
        self._consumers: dict[str, tuple[Any, tuple[str, ...]]] = {}
        self._committed: dict[tuple[str, str, int], int] = {}
        self._known: set[str] = set()
        self._made: dict[str, int] = {}

    def append(self, topic: str, key: str, value: bytes, headers: Mapping[str, str] | None = None) -> Position:
        """Append one event and wait for its acknowledgement."""
        return self.append_all(topic, [Message(key, value, headers or {})])[0]

    def append_all(self, topic: str, messages: Sequence[Message]) -> list[Position]:
        """Append events in order and wait until all in-sync replicas have them.

        Raises:
            ServiceUnreachable: the cluster did not acknowledge in time; what it has may come again when the caller sends again.
        """
        try:
            name = self._prefix + topic
            self._make([name])
            producer = self._knowing(name)
            waiting = [
                producer.send(name, key=m.key.encode(), value=m.value, headers=[(name, text.encode()) for name, text in m.headers.items()])
                for m in messages
            ]
            producer.flush(timeout=self._timeout)
            done = [each.get(timeout=self._timeout) for each in waiting]
        except KafkaError as error:
            raise self._unreachable(error) from error
        return [Position(topic, each.partition, each.offset) for each in done]

    def read(self, group: str, topics: Sequence[str], limit: int) -> list[Event]:
        """Up to `limit` events of the partitions that this member of the group has been given.

        Raises:
            ServiceUnreachable: the cluster does not answer.
        """
        try:
            consumer = self._consumer(group, tuple(topics))
            polled = consumer.poll(timeout_ms=self._poll_ms, max_records=limit)
        except KafkaError as error:
            raise self._unreachable(error) from error
        return [
            Event(
                Position(record.topic.removeprefix(self._prefix), record.partition, record.offset),
                (record.key or b"").decode(errors="replace"),
                record.value or b"",
                {name: value.decode(errors="replace") for name, value in record.headers},
            )
            for records in polled.values()
            for record in records
        ]

    def commit(self, group: str, positions: Iterable[Position]) -> None:
        """Commit what the group has dealt with; an older position changes nothing. Partitions that were taken away are left out.

        Raises:
            ServiceUnreachable: the cluster does not answer; the events will be read again.
        """
        consumer = self._consumers[group][0]
        newest: dict[Any, int] = {}
        for position in positions:
            name = (group, position.topic, position.partition)
            if position.offset + 1 > self._committed.get(name, 0):
                self._committed[name] = position.offset + 1
                newest[TopicPartition(self._prefix + position.topic, position.partition)] = position.offset + 1
        try:
            mine = consumer.assignment()
            offsets = {where: OffsetAndMetadata(offset, "", -1) for where, offset in newest.items() if where in mine}
            if offsets:
                consumer.commit(offsets)
        except KafkaError as error:
            raise self._unreachable(error) from error

    def lag(self, group: str, topics: Sequence[str]) -> int:
        """Events that no member of the group has committed.

        Raises:
            ServiceUnreachable: the cluster does not answer.
        """
        names = [self._prefix + topic for topic in topics]
        try:
            self._make(names)
            reader = KafkaConsumer(bootstrap_servers=self._servers, group_id=self._prefix + group, enable_auto_commit=False)
            try:
                parts = [TopicPartition(name, number) for name in names for number in _partitions(reader, name)]
                ends = reader.end_offsets(parts)
                return sum(ends[part] - (reader.committed(part) or 0) for part in parts)
            finally:
                reader.close(autocommit=False)
        except KafkaError as error:
            raise self._unreachable(error) from error

    def create(self, topics: Sequence[str]) -> list[str]:
        """Make the topics that are missing; returns their names.

        Raises:
            ServiceUnreachable: the cluster does not answer.
        """
        try:
            return self._make([self._prefix + topic for topic in topics])
        except KafkaError as error:
            raise self._unreachable(error) from error

    def close(self) -> None:
        """Leave all groups and close all connections."""
        if self._producer is not None:
            self._producer.close(timeout=self._timeout)
        for consumer, _ in self._consumers.values():
            consumer.close(autocommit=False)
        self._producer, self._consumers = None, {}

    def _knowing(self, topic: str) -> Any:
        """A producer that knows all partitions of a topic made here.

        Just after a topic is made, a broker may tell of some partitions only; keys sent then would go to other partitions than
        later, and the order of a key would be lost. A new connection asks anew.
        """
        wanted = self._made.get(topic, 1)
        end = time.monotonic() + self._timeout
        while True:
            if self._producer is None:
                self._producer = KafkaProducer(
                    bootstrap_servers=self._servers, acks="all", enable_idempotence=True, compression_type="lz4", linger_ms=5
                )
            if len(self._producer.partitions_for(topic) or ()) >= wanted:
                return self._producer
            self._producer.close(timeout=self._timeout)
            self._producer = None
            if time.monotonic() > end:
                raise KafkaTimeoutError(f"{topic}: {wanted} partitions were made, fewer are known")
            time.sleep(0.1)

    def _make(self, topics: Sequence[str]) -> list[str]:
        """Make those that are missing on the cluster, by their full names."""
        made: list[str] = []
        missing = [topic for topic in topics if topic not in self._known]
        if not missing:
            return made
        admin = KafkaAdminClient(bootstrap_servers=self._servers)
        try:
            there = set(admin.list_topics())
            for topic in missing:
                if topic not in there:
                    with suppress(TopicAlreadyExistsError):  # another process was faster
                        admin.create_topics({topic: {"num_partitions": self._partitions}}, wait_for_metadata=True)
                        self._made[topic] = self._partitions
                        made.append(topic)
                self._known.add(topic)
        finally:
            admin.close()
        return made

    def _consumer(self, group: str, topics: tuple[str, ...]) -> Any:
        if group not in self._consumers or self._consumers[group][1] != topics:
            names = [self._prefix + topic for topic in topics]
            self._make(names)
            if group in self._consumers:
                self._consumers.pop(group)[0].close(autocommit=False)
            consumer = KafkaConsumer(
                bootstrap_servers=self._servers,
                group_id=self._prefix + group,
                session_timeout_ms=self._session_ms,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                partition_assignment_strategy=(CooperativeStickyAssignor,),
            )
            consumer.subscribe(names)
            self._consumers[group] = (consumer, topics)
        return self._consumers[group][0]

    def _unreachable(self, error: Exception) -> ServiceUnreachable:
        return ServiceUnreachable.of(  # type: ignore[return-value]
            f"Kafka {','.join(self._servers)} 无法使用 does not answer: {type(error).__name__}: {error}", todo=HOW_TO_START
        )
