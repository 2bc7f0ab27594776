"""Judging what concerns one claim finds what judging the whole life finds about it; the gate recomputes only the claimed subjects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any

import pytest
from random_life import world

from xiezhi.domain.facts import Encounter, Line, PersonFacts
from xiezhi.ruleset import python_engine
from xiezhi.ruleset.hits import Hit
from xiezhi.ruleset.points import PointBase
from xiezhi.ruleset.python_engine import PythonEngine
from xiezhi.ruleset.reference import Reference
from xiezhi.ruleset.spec import RuleSpec

LIVES = world(11, 120)
POINTS = PointBase.of(LIVES.points)


def key(hit: Hit) -> tuple[Any, ...]:
    return (hit.key, hit.row, hit.lines)


def claims(persons: Iterable[PersonFacts]) -> Iterable[tuple[PersonFacts, Callable[[Any], bool], Callable[[Hit], bool]]]:
    """Each visit as the present claim: all its lines, or a part of them, or the visit alone."""
    random = Random(3)
    for facts in persons:
        for visit in facts.encounters:
            lines = {(line.institution, line.id) for line in facts.lines if line.encounter == visit.id}
            asked = frozenset(random.sample(sorted(lines), random.randrange(len(lines) + 1)))

            def row(row: Any, asked: frozenset[tuple[str, str]] = asked, visit: Encounter = visit) -> bool:
                return (row.institution, row.id) in asked if isinstance(row, Line) else row.id == visit.id

            def hit(hit: Hit, asked: frozenset[tuple[str, str]] = asked, visit: Encounter = visit) -> bool:
                return (hit.row.institution, hit.row.id) in asked if hit.row.kind == "line" else hit.row.encounter == visit.id

            yield facts, row, hit


def about(found: Iterable[Hit], concerns: Callable[[Hit], bool]) -> list[tuple[Any, ...]]:
    """The hits of every subject that a hit of the claim has."""
    found = list(found)
    subjects = {(hit.rule_id, hit.subject) for hit in found if concerns(hit)}
    return sorted((key(hit) for hit in found if (hit.rule_id, hit.subject) in subjects), key=repr)


def compared(rules: Sequence[RuleSpec]) -> tuple[int, set[str], list[str]]:
    """Hits compared, rules among them that reach beyond the claim, and differences."""
    engine, wrong, number, wide = PythonEngine(rules, POINTS), [], 0, set()
    for facts, row, hit in claims(LIVES.persons):
        said = about(engine.evaluate(facts).hits, hit)
        narrow = about(engine.about(facts, row), hit)
        number += len(said)
        wide |= {each[0][0] for each in said if each[1].kind == "line" and not hit_row_asked(each[1], row, facts)}
        if said != narrow:
            wrong.append(f"{facts.person}: {len(said)} {len(narrow)}")
    return number, wide, wrong


def hit_row_asked(row: Any, concerns: Callable[[Any], bool], facts: PersonFacts) -> bool:
    return any(concerns(line) for line in facts.lines if (line.institution, line.id) == (row.institution, row.id))


def test_one_claim_is_judged_as_within_the_whole_life(rules: Sequence[RuleSpec]) -> None:
    number, wide, wrong = compared(rules)
    assert wrong == []
    assert number > 2_000
    assert len(wide) > 5, "findings whose other lines lie outside the claim must be among them"


@pytest.mark.slow
def test_a_pool_of_the_claim_alone_would_be_noticed(rules: Sequence[RuleSpec], monkeypatch: Any) -> None:
    monkeypatch.setattr(python_engine, "_needs_pool", lambda node: False)
    assert compared(rules)[2] != []


@pytest.mark.slow
def test_taking_every_subject_for_the_lines_own_would_be_noticed(rules: Sequence[RuleSpec], monkeypatch: Any) -> None:
    made = python_engine._Stage.__init__

    def wrong(self: Any, compiled: Any) -> None:
        made(self, compiled)
        self.own_subject = [True] * len(self.own_subject)

    monkeypatch.setattr(python_engine._Stage, "__init__", wrong)
    assert compared(rules)[2] != []


def test_the_reference_judges_chosen_subjects_among_all_other_rows(rules: Sequence[RuleSpec]) -> None:
    reference, number = Reference(POINTS), 0
    for facts in LIVES.persons[:40]:
        for rule in rules:
            every = reference.evaluate(rule, facts).hits
            for subject in {hit.subject for hit in every}:
                assert reference.evaluate(rule, facts, {subject}).hits == [hit for hit in every if hit.subject == subject]
                number += 1
    assert number > 300
