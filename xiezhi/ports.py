"""Ports: what use cases need from the outside, as protocols. Adapters live in `xiezhi.storage`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from xiezhi.domain.events import Event, Message, Position
from xiezhi.domain.facts import InstitutionMonth, PersonFacts, Sale, Stock
from xiezhi.domain.netting import Lookups, RawPerson
from xiezhi.domain.signal import Lead, Score, Subject


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

    def months(self, institutions: Sequence[str]) -> Iterator[tuple[InstitutionMonth, ...]]:
        """All months of institutions."""
        ...


class EventLog(Protocol):
    """Durable topics of events: ordered within a key, cut into partitions, read by named groups at least once.

    Any method may raise `ServiceUnreachable`; an append that raises has left nothing that a reader could see.
    """

    def append(self, topic: str, key: str, value: bytes, headers: Mapping[str, str] | None = None) -> Position:
        """Append one event; when this returns, the event survives as the log's durability policy says."""
        ...

    def append_all(self, topic: str, messages: Sequence[Message]) -> list[Position]:
        """Append events in order, made durable together; positions in the same order."""
        ...

    def read(self, group: str, topics: Sequence[str], limit: int) -> list[Event]:
        """Up to `limit` events after those that this reader got before; a new reader starts after what its group committed.

        Empty where there is nothing to read at present.
        """
        ...

    def commit(self, group: str, positions: Iterable[Position]) -> None:
        """Note that the group has dealt with these events and all before them in their partitions."""
        ...

    def lag(self, group: str, topics: Sequence[str]) -> int:
        """How many events of these topics the group has not committed yet, whoever of its members they belong to."""
        ...

    def close(self) -> None:
        """Let go of files, locks and connections; uncommitted events will be read again."""
        ...


class HistoryStore(Protocol):
    """What is stored of a person, fast enough for the counter: shared by the gateway (reads) and the stream (writes).

    Both methods raise an exception where the store cannot answer; the gateway then judges without history and says so.
    """

    def raw_person(self, person: str) -> RawPerson | None:
        """All stored versions of the rows of a person (present number); None for a person who is not known."""
        ...

    def lookups(self) -> Lookups:
        """Institutions, practitioners, usual prices, merged persons and the earliest stored service date."""
        ...


@runtime_checkable
class StampedHistory(HistoryStore, Protocol):
    """A history that says in a moment whether what is stored of a person is still what it was, so that facts can be kept between claims."""

    def stamp(self, person: str) -> bytes:
        """Changes whenever the facts of a person (by any number of theirs) may have changed; never waits for a writer."""
        ...


class FeedbackStore(Protocol):
    """Which reminders were given, and what the doctor made of them (3103)."""

    def warned(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep reminders; each row has `warn_rslt_id`."""
        ...

    def known(self, warn_rslt_id: str) -> bool:
        """Whether a reminder with this id was given."""
        ...

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep what was done about reminders; returns once it is safe."""
        ...


class SignalStore(Protocol):
    """Scores of models and leads of the graph, newest run of each."""

    def put_scores(self, model: str, month: str, scores: Sequence[Score]) -> None:
        """Replace all scores of a model and month, in one transaction."""
        ...

    def put_leads(self, kinds: Sequence[str], month: str, leads: Sequence[Lead]) -> None:
        """Replace all leads of these kinds and month, in one transaction."""
        ...

    def scores_of(self, subjects: Sequence[tuple[Subject, str]]) -> dict[tuple[Subject, str], list[Score]]:
        """The newest score of every model, by subject; subjects without one are absent."""
        ...

    def leads_of(self, subjects: Sequence[tuple[Subject, str]]) -> dict[tuple[Subject, str], list[Lead]]:
        """Leads whose members or institutions the subjects are, strongest first; only those of the newest month of each kind."""
        ...
