"""Runs the three engines over one world and says where they differ."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import duckdb
import pyarrow as pa
from random_life import World

from xiezhi.domain.facts import AnyFacts, Encounter, InstitutionMonth, Line, Sale, Stock
from xiezhi.domain.finding import Finding
from xiezhi.domain.knowledge import is_category
from xiezhi.ruleset.assemble import assemble
from xiezhi.ruleset.hits import Evaluation, Hit
from xiezhi.ruleset.points import PointBase
from xiezhi.ruleset.python_engine import PythonEngine
from xiezhi.ruleset.reference import Reference
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.storage.duckdb_rules import register_knowledge, run_rule
from xiezhi.storage.knowledge_tables import to_tables

SUBJECTS = 40
ARROW = {"int": pa.int64(), "str": pa.string(), "bool": pa.bool_()}


@dataclass
class Outcome:
    """What one engine found, by rule."""

    hits: dict[str, list[Hit]] = field(default_factory=lambda: defaultdict(list))
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, part: Evaluation) -> None:
        for hit in part.hits:
            self.hits[hit.rule_id].append(hit)
        self.unknown.update(part.unknown)


Engine = Callable[[Sequence[RuleSpec], World], Outcome]


def of_world(world: World) -> Iterable[AnyFacts]:
    yield from world.persons
    yield from world.partitions


def by_reference(rules: Sequence[RuleSpec], world: World) -> Outcome:
    reference, outcome = Reference(PointBase.of(world.points)), Outcome()
    for facts in of_world(world):
        for rule in rules:
            outcome.add(reference.evaluate(rule, facts))
    return outcome


def by_python(rules: Sequence[RuleSpec], world: World) -> Outcome:
    engine, outcome = PythonEngine(rules, PointBase.of(world.points)), Outcome()
    for facts in of_world(world):
        outcome.add(engine.evaluate(facts))
    return outcome


def by_duckdb(rules: Sequence[RuleSpec], world: World) -> Outcome:
    outcome = Outcome()
    with duckdb.connect(config={"threads": 1}) as con:
        load(con, world)
        for rule in rules:
            outcome.add(run_rule(con, rule))
    return outcome


def load(con: duckdb.DuckDBPyConnection, world: World) -> None:
    """The tables that rules read."""
    for name, table in fact_tables(world).items():
        con.register("arrived", table)
        con.execute(f"CREATE TABLE {name} AS SELECT * FROM arrived")
        con.unregister("arrived")
    register_knowledge(con, knowledge_tables(world))


def knowledge_tables(world: World) -> tuple[pa.Table, pa.Table]:
    """Points and codes in the form of the knowledge base."""
    points, codes = to_tables(world.points)
    if "is_prefix" not in codes.column_names:
        codes = codes.append_column("is_prefix", pa.array([is_category(code) for code in codes["code"].to_pylist()], pa.bool_()))
    return points, codes


def fact_tables(world: World) -> dict[str, pa.Table]:
    """Facts as tables."""
    sales = [sale for part in world.partitions for sale in part.sales]
    stock = [row for part in world.partitions for row in part.stock]
    diagnoses = [(p.person, encounter, code) for p in world.persons for encounter, codes in p.diagnoses.items() for code in codes]
    return {
        "lines": table(Line, [line for p in world.persons for line in p.lines]),
        "encounters": table(Encounter, [e for p in world.persons for e in p.encounters]),
        "sales": table(Sale, sales),
        "stock": table(Stock, stock),
        "months": table(InstitutionMonth, [row for part in world.partitions for row in part.months]),
        "diagnoses": pa.table(
            {name: pa.array([row[at] for row in diagnoses], pa.string()) for at, name in enumerate(("person", "encounter", "code"))}
        ),
        "store_info": pa.table({"earliest_date": pa.array([world.earliest], pa.int64())}),
    }


def table(kind: type[Any], rows: Sequence[Any]) -> pa.Table:
    columns = {f.name: ARROW[str(f.type).split(" | ")[0]] for f in fields(kind)}
    return pa.table({name: pa.array([getattr(row, name) for row in rows], arrow) for name, arrow in columns.items()})


def differences(rules: Sequence[RuleSpec], first: Outcome, second: Outcome) -> list[str]:
    """What the second engine says otherwise than the first: hits, their rows and lines, unknown counts, findings.

    Findings are made of hits alone, so where the hits are the same those of `SUBJECTS` subjects, from hits in the order of each engine,
    show that the order does not matter; more of them would only repeat the making of messages.
    """
    by_id = {rule.id: rule for rule in rules}
    found = []
    for rule in rules:
        ours, theirs = Counter(map(whole, first.hits[rule.id])), Counter(map(whole, second.hits[rule.id]))
        for name, more in (("only in the first", ours - theirs), ("only in the second", theirs - ours)):
            found += [f"{rule.id} {rule.title}: {name}: {key}" for key in list(more)[:3]]
        subjects = sorted({hit.subject for side in (first, second) for hit in side.hits[rule.id]})
        judged = set(subjects if ours != theirs else subjects[:SUBJECTS])
        findings = [
            Counter(map(comparable, assemble(by_id, [hit for hit in side.hits[rule.id] if hit.subject in judged])))
            for side in (first, second)
        ]
        if findings[0] != findings[1]:
            found.append(f"{rule.id} {rule.title}: findings differ: {list((findings[0] - findings[1]) or (findings[1] - findings[0]))[:2]}")
    unknown = {key for key in first.unknown | second.unknown if first.unknown[key] != second.unknown[key]}
    return found + [f"unknown {key}: {first.unknown[key]} and {second.unknown[key]}" for key in sorted(unknown)]


def whole(hit: Hit) -> tuple[Any, ...]:
    """All of a hit but the related lines, which only the reference gives."""
    return (*hit.key, hit.row, frozenset(hit.lines))


def comparable(finding: Finding) -> Finding:
    return replace(finding, related_line_ids=())
