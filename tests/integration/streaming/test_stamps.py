"""A stamp changes whenever the facts of a person do, so that what the gateway keeps is never of the past."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from messy_lives import lives

from xiezhi.domain.facts import PersonFacts
from xiezhi.domain.netting import person_facts
from xiezhi.ports import StampedHistory
from xiezhi.services.known_persons import KnownPersons
from xiezhi.services.screen_claim import known_of
from xiezhi.storage.lmdb_history import LmdbHistory
from xiezhi.storage.lmdb_update import PERSON, Update

NUMBERS = [f"N{number}" for number in range(14)]


def facts_of(history: LmdbHistory, number: str) -> PersonFacts | None:
    known = known_of(history, number)
    return None if known.raw is None else replace(person_facts(known.raw, known.lookups), earliest_date=None)


def judged(history: LmdbHistory) -> None:
    """What the consumer does with marks, as far as facts go: usual prices follow what persons add."""
    with Update(history, lambda item: True) as update:
        while (marked := update.next_marked()) is not None:
            if marked[0] == PERSON:
                update.contribute(person_facts(update.raw_person(marked[1]), update.lookups()))


def changes(folder: Path, seed: int) -> tuple[int, list[str]]:
    """How often facts changed over a life told in portions, and where the stamp did not or what was kept was of the past."""
    random, store = Random(seed), lives(seed, len(NUMBERS))
    rows = [(table, row) for table, found in store.rows.items() for row in found]
    random.shuffle(rows)
    number, wrong = 0, []
    with closing(LmdbHistory(folder)) as history:
        assert isinstance(history, StampedHistory)
        persons = KnownPersons(history)
        before = {each: (facts_of(history, each), history.stamp(each)) for each in NUMBERS}
        for start in range(0, len(rows), 40):
            with Update(history, lambda item: True) as update:
                for table, row in rows[start : start + 40]:
                    update.add(table, row)
            if random.random() < 0.7:
                judged(history)
            for each in NUMBERS:
                after = (facts_of(history, each), history.stamp(each))
                number += after[0] != before[each][0]
                if after[0] != before[each][0] and after[1] == before[each][1]:
                    wrong.append(f"stamp of {each} after {start}")
                before[each] = after
                kept = persons.kept(each) or persons.read(each)
                if (None if kept.parts is None else replace(kept.parts.facts, earliest_date=None)) != after[0]:
                    wrong.append(f"kept of {each} after {start}")
    return number, wrong


def test_facts_never_change_without_their_stamp(tmp_path: Path) -> None:
    for seed in (1, 2):
        number, wrong = changes(tmp_path / str(seed), seed)
        assert wrong == []
        assert number > 50


def test_a_forgotten_stamp_would_be_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Update, "_stamp", lambda self, person: None)
    assert any(changes(tmp_path / str(seed), seed)[1] for seed in (1, 2))


def test_the_longest_unasked_are_let_go_first(tmp_path: Path) -> None:
    store = lives(3, len(NUMBERS))
    with closing(LmdbHistory(tmp_path)) as history:
        with Update(history, lambda item: True) as update:
            for table, found in store.rows.items():
                for row in found:
                    update.add(table, row)
        known = {each: raw for each in NUMBERS if (raw := known_of(history, each).raw) is not None and raw.lines}
        first, second, third = sorted(known, key=lambda each: len(known[each].lines))[-3:]
        persons = KnownPersons(history, lines=sum(len(known[each].lines) for each in (second, third)))
        for each in (first, second):
            persons.read(each)
        assert persons.kept(first) is not None
        persons.read(third)
        assert [persons.kept(each) is not None for each in (first, second, third)] == [True, False, True]
