"""Ports: what use cases need from the outside, as protocols. Adapters live in `xiezhi.storage`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from xiezhi.domain.facts import PersonFacts, Sale, Stock


class Clock(Protocol):
    """The only source of the present moment; rules never ask it."""

    def now(self) -> datetime:
        """The present local time."""
        ...


class FactsReader(Protocol):
    """Facts of chosen partitions, computed from the stored rows by the plain Python form."""

    def persons(self, numbers: Sequence[str]) -> Iterator[PersonFacts]:
        """Facts of persons, by present number."""
        ...

    def sales(self, identities: Sequence[tuple[str, str]]) -> Iterator[tuple[Sale, ...]]:
        """All sales of every trace code that one of the sales (institution, id) has."""
        ...

    def stock(self, keys: Sequence[tuple[str, str]]) -> Iterator[tuple[Stock, ...]]:
        """The stock rows of items of institutions."""
        ...
