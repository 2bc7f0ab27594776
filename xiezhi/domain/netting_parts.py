"""The facts of a person, kept in parts that can be netted apart, so that a new claim nets only what it touches (semantics.md 1 and 5).

Two rows lie in one part where they share a key: an encounter, a fee line number (also one that a refund names), or a settlement (also
one that a reversal names). Netting looks rows up by these keys and by nothing else, so the parts of a person do not see each other, with
one exception: the date of death, which is the latest of all encounters. Where a claim changes it, everything is netted anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from xiezhi.domain.facts import Encounter, Line, PersonFacts
from xiezhi.domain.netting import Lookups, RawPerson, death_of, encounter_order, person_facts
from xiezhi.domain.versions import Row

Key = tuple[str, str]
Overlay = Callable[[RawPerson, RawPerson], RawPerson]
"""Lays the rows of a message over stored ones of a person."""


def keys_of(raw: RawPerson) -> Iterator[tuple[str, Row, list[Key]]]:
    """Every row with its table ("lines", "encounters", "settlements", "diagnoses") and the keys by which netting finds it."""
    for row in raw.lines:
        keys = [("encounter", row["mdtrt_id"]), ("line", row["bkkp_sn"])]
        if row.get("init_feedetl_sn"):
            keys.append(("line", row["init_feedetl_sn"]))
        if row.get("setl_id"):
            keys.append(("settlement", row["setl_id"]))
        yield "lines", row, keys
    for row in raw.settlements:
        keys = [("encounter", row["mdtrt_id"]), ("settlement", row["setl_id"])]
        if row.get("init_setl_id"):
            keys.append(("settlement", row["init_setl_id"]))
        yield "settlements", row, keys
    for table, rows in (("encounters", raw.encounters), ("diagnoses", raw.diagnoses)):
        for row in rows:
            yield table, row, [("encounter", row["mdtrt_id"])]


@dataclass
class Part:
    """Rows that can be netted without the others, what they come to, and the latest date of death they give (day number)."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    lines: list[Line] = field(default_factory=list[Line])
    encounters: list[Encounter] = field(default_factory=list[Encounter])
    diagnoses: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    death: int | None = None


class Parts:
    """A person's stored rows and facts in parts. It never changes, so several threads may use one.

    Args:
        raw: all stored rows of the person.
        lookups: what lay across persons when they were read; facts are made with it, once.
    """

    def __init__(self, raw: RawPerson, lookups: Lookups) -> None:
        self.raw = raw
        self.facts = person_facts(raw, lookups)
        above: dict[Key, Key] = {}

        def top(key: Key) -> Key:
            while (higher := above.setdefault(key, key)) != key:
                above[key] = key = above[higher]
            return key

        rows = list(keys_of(raw))
        for _, _, keys in rows:
            first = top(keys[0])
            for key in keys[1:]:
                above[top(key)] = first
        parts: dict[Key, Part] = defaultdict(Part)
        for table, row, keys in rows:
            parts[top(keys[0])].rows[table].append(row)
        self._by_key: Mapping[Key, Part] = {key: parts[top(key)] for key in list(above)}
        for line in self.facts.lines:
            self._by_key["encounter", line.encounter].lines.append(line)
        for encounter in self.facts.encounters:
            self._by_key["encounter", encounter.id].encounters.append(encounter)
        for visit, codes in self.facts.diagnoses.items():
            self._by_key["encounter", visit].diagnoses[visit] = codes
        for part in parts.values():
            part.death = death_of(self._raw([part]), lookups)
        self._parts: Sequence[Part] = list(parts.values())
        self._death = _latest(part.death for part in self._parts)

    def with_rows(self, sent: RawPerson, overlay: Overlay, lookups: Lookups) -> PersonFacts:
        """The facts with the rows of a message laid over: those of `person_facts(overlay(stored, sent))`, whatever the message holds."""
        touched = {id(part): part for _, _, keys in keys_of(sent) for key in keys if (part := self._by_key.get(key)) is not None}
        rest = [part for part in self._parts if id(part) not in touched]
        before = _latest(part.death for part in rest)
        raw = overlay(self._raw(list(touched.values())), sent)
        if _latest([before, death_of(raw, lookups)]) != self._death:
            return person_facts(overlay(self.raw, sent), lookups)
        new = person_facts(raw, lookups, before)
        lines = [*(line for part in rest for line in part.lines), *new.lines]
        encounters = [*(visit for part in rest for visit in part.encounters), *new.encounters]
        diagnoses = {visit: codes for part in rest for visit, codes in part.diagnoses.items()}
        return PersonFacts(
            self.facts.person,
            tuple(sorted(lines, key=lambda line: line.order)),
            tuple(sorted(encounters, key=encounter_order)),
            {**diagnoses, **new.diagnoses},
            lookups.earliest_date,
        )

    def _raw(self, parts: Sequence[Part]) -> RawPerson:
        def rows(table: str) -> list[Row]:
            return [row for part in parts for row in part.rows.get(table, ())]

        return RawPerson(self.raw.person, rows("lines"), rows("encounters"), rows("settlements"), rows("diagnoses"))


def _latest(days: Iterable[int | None]) -> int | None:
    return max((day for day in days if day is not None), default=None)
