"""Made-up lives in which every rule fires, as raw rows; what they come to by definition; and a consumer that takes them as they are.

The rows go through log, history and consumer; only the check of code shapes is left out, because the made-up codes are short.
"""

from __future__ import annotations

import importlib.util
import pickle
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest
import random_life
from stream_world import Stream, comparable, topic_of

import streaming.consumer
from streaming.payload import Claim
from xiezhi.domain.events import Event, Message
from xiezhi.domain.facts import PartitionFacts
from xiezhi.domain.netting import person_facts
from xiezhi.domain.sales import sales
from xiezhi.domain.tables import TABLES, canonical
from xiezhi.domain.typed_rows import TypedRow
from xiezhi.ruleset.assemble import assemble
from xiezhi.ruleset.points import PointBase
from xiezhi.ruleset.reference import Reference
from xiezhi.ruleset.spec import RuleSpec

PARITY = Path(__file__).resolve().parents[2] / "parity"
Rows = dict[str, list[dict[str, Any]]]


def _stores() -> ModuleType:
    """The conftest of the parity tests, which other folders cannot import by its name."""
    spec = importlib.util.spec_from_file_location("parity_store", PARITY / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["parity_store"] = module
    spec.loader.exec_module(module)
    return module


store_module = _stores()


def exact(table: str, values: dict[str, Any]) -> dict[str, Any]:
    """Values as the store holds them: decimals at the scale of their column."""
    result = {}
    for name, value in values.items():
        column = next((c for c in TABLES[table].columns if c.name == name), None)
        if column is not None:
            result[name] = Decimal(canonical(column, value)) if isinstance(value, Decimal) else value
    return result


def lives(seed: int, persons: int, habits: Sequence[str] = ()) -> Any:
    """A store of raw rows: people, what lies across them, merged numbers, sales of traced packages.

    Args:
        seed: of all that is random.
        persons: how many whose habits are drawn.
        habits: one more person for each, who has this habit and buys many traced packages; for rules that fire seldom otherwise.
            With habits, doctors also have different titles, and somebody has one line long before all others.
    """
    random = Random(seed)
    store = store_module.Store()
    places = (*random_life.HOSPITALS, random_life.PHARMACY)
    wanted = ["" for _ in range(persons)] + list(habits)
    for number, habit in enumerate(wanted):
        raw = random_life.raw_person(random, f"N{number}", habit)
        for table, rows in (
            ("fee_list_d", raw.lines),
            ("mdtrt_d", raw.encounters),
            ("setl_d", raw.settlements),
            ("setl_list_diag_d", raw.diagnoses),
        ):
            for row in rows:
                store.add(table, **exact(table, dict(row)))
        _sales(random, store, raw.lines, number, random.randrange(3, 7) if habit else random.randrange(4))
    if habits:
        _somebody_long_ago(store)
    for place, level in zip(places, ("01", "05", "08", None), strict=True):
        for moment in (None, datetime(2026, 1, 1), datetime(2026, 5, 1)):
            region = random.choice(random_life.REGIONS)
            store.add("medins_d", fixmedins_code=place, hosp_lv=random.choice((level, "05")), fix_blng_admdvs=region, updt_time=moment)
        title = random.choice(("231", "233", "234", "234")) if habits else "231"
        for begin, status, moment in ((date(2026, 1, 20), "1", None), (date(2026, 1, 20), random.choice("123"), datetime(2026, 2, 10))):
            store.add("staff_d", staff_code="D1", fixmedins_code=place, begndate=begin, status=status, dr_profttl=title, updt_time=moment)
    for number in range(0, persons, 7):
        for moment in (None, datetime(2026, 3, 1))[: random.randrange(1, 3)]:
            store.add("psn_map_d", old_psn_no=f"N{number}", psn_no=f"N{random.randrange(persons)}", updt_time=moment)
    return store


def _somebody_long_ago(store: Any) -> None:
    """One line long before all others, so that a look-back over months can find that something is absent (semantics.md 3)."""
    line = next(row for row in store.rows["fee_list_d"] if row["cnt"] > 0)
    names = ("fixmedins_code", "med_list_codg", "cnt", "pric", "det_item_fee_sumamt", "inscp_amt", "med_type")
    copied = {name: line[name] for name in names}
    store.add("fee_list_d", **copied, bkkp_sn="EARLY", mdtrt_id="EARLY", psn_no="EARLY", fee_ocur_time=datetime(2025, 9, 1, 9))


def _sales(random: Random, store: Any, lines: Sequence[Any], number: int, count: int) -> None:
    for index in range(count):
        line = random.choice(lines) if lines else None
        if line is None:
            return
        package = (number // 2, random.randrange(2))
        sold = {
            "fixmedins_code": line["fixmedins_code"],
            "med_list_codg": random_life.DRUGS[sum(package) % len(random_life.DRUGS)],  # a package is of one drug
            "drug_trac_codg": f"T{package[0]}-{package[1]}",
            "rtal_docno": random.choice((line["bkkp_sn"], line["bkkp_sn"], f"X{number}-{index}", None)),
            "psn_no": random.choice((line["psn_no"], None)),
            "sel_retn_time": line["fee_ocur_time"] + timedelta(hours=random.randrange(3)),
            "sel_retn_cnt": Decimal(1),
            "finl_trns_pric": Decimal(12),
            "trdn_flag": random.choice("0001"),
            "mdtrt_setl_type": "1",
        }
        store.add("fsi_3505", **exact("fsi_3505", sold))
        if random.random() < 0.2:
            back = {**sold, "sel_retn_time": sold["sel_retn_time"] + timedelta(hours=1)}
            store.add("fsi_3506", **exact("fsi_3506", back))


def by_definition(store: Any, rules: Sequence[RuleSpec], points: PointBase) -> dict[str, tuple[Any, ...]]:
    """The open findings over all rows at once, by the reference interpreter and the plain netting."""
    reference, lookups = Reference(points), store.lookups()
    by_id = {rule.id: rule for rule in rules if not rule.batch}
    known: list[Any] = [person_facts(raw, lookups) for raw in store.persons()]
    lines = {(line.institution, line.id): line for facts in known for line in facts.lines}
    by_trace: dict[str, list[Any]] = defaultdict(list)
    for sale in sales(store.rows["fsi_3505"], store.rows["fsi_3506"], lines, lookups.person_map):
        by_trace[sale.trace].append(sale)
    known += [PartitionFacts(sales=tuple(sold)) for sold in by_trace.values()]
    hits = [hit for facts in known for rule in by_id.values() for hit in reference.evaluate(rule, facts).hits]
    return {finding.finding_id: comparable(finding) for finding in assemble(by_id, hits)}


def take_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events that carry typed rows, without the check of shapes."""

    def decode(event: Event) -> tuple[Claim, list[Any]]:
        pieces = pickle.loads(event.value)
        return Claim(event, tuple(TypedRow(table, row, {}) for table, row in pieces), stored=True), []

    monkeypatch.setattr(streaming.consumer, "decode", decode)


def arrive(stream: Stream, rows: Rows, random: Random, runs: int = 3, at_once: Sequence[int] = (40, 150, 500)) -> None:
    """All rows in random order, a tenth of them twice, in several lives of the consumer, which takes so many events `at_once`."""
    pieces = [(table, row) for table, those in rows.items() for row in those]
    pieces += [piece for piece in pieces if random.random() < 0.1]
    random.shuffle(pieces)
    events: list[tuple[str, Message]] = []
    while pieces:
        count = random.randrange(1, 5)
        part, pieces = pieces[:count], pieces[count:]
        for topic in {topic_of(table) for table, _ in part}:
            events.append((topic, Message(str(random.random()), pickle.dumps([p for p in part if topic_of(p[0]) == topic]))))
    for number in range(runs):
        stream.send(events[number::runs])
        stream.run(events_at_once=random.choice(at_once))


def fired(findings: dict[str, tuple[Any, ...]]) -> Counter[str]:
    """Findings by rule."""
    return Counter(values[1] for values in findings.values())
