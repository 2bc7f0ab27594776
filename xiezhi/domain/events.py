"""Events on the log: what was appended, and where it lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True, slots=True)
class Position:
    """Where an event lies: topic, partition, and its number in the partition (from 0, without gaps in the embedded log)."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}@{self.offset}"


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be appended. Events of one key keep their order; `value` is JSON in UTF-8."""

    key: str
    value: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it was read."""

    position: Position
    key: str
    value: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
