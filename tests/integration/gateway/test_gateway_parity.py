"""What the gateway says about a settled claim is what the sweep finds about its lines, when everything is known (semantics.md 5)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from pipelines.ingest.run import ingest
from pipelines.simulate.run import run as simulate
from pipelines.sweep.run import Request, sweep
from streaming.gateway.app import load_screener
from streaming.gateway.claim import claims
from streaming.gateway.reading import decode, read
from streaming.gateway.sample import NOBODY, request
from xiezhi.domain.finding import Finding
from xiezhi.domain.netting import RawPerson
from xiezhi.ruleset.knowledge.importer import read_points
from xiezhi.services.screen_claim import Known, Screener
from xiezhi.settings import find_rules_dir
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.duckdb_facts import raw_persons
from xiezhi.storage.knowledge import KnowledgeBase
from xiezhi.storage.store_history import StoreHistory

pytestmark = pytest.mark.slow
PERSONS, COMPARED = 400, 150
FREE = {"revision", "stage", "found_at", "run_id", "data_version", "counted_amount_fen"}
"""Columns in which a reminder may differ from a stored finding. (A message must name a doctor, a stored pharmacy line need not.)"""


@dataclass
class Region:
    screener: Screener
    history: StoreHistory
    raws: dict[str, RawPerson]
    found: dict[str, list[Finding]]


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    folder = tmp_path_factory.mktemp("region")
    simulate(folder / "in", persons=PERSONS, months=4, seed=7, schemes="all")
    home = folder / "home"
    ingest([folder / "in"], DeltaStore.of_home(home))
    points = folder / "in" / "knowledge"
    KnowledgeBase(home, find_rules_dir()).add(read_points([points / "points.csv", points / "codes.csv"]))
    outcome = sweep(Request(home, find_rules_dir()))
    found: dict[str, list[Finding]] = {}
    for finding in outcome.open:
        found.setdefault(finding.person_id or "", []).append(finding)
    seldom = Counter(finding.rule_id for findings in found.values() for finding in findings)
    doubtful = sorted((p for p in found if p), key=lambda person: (min(seldom[f.rule_id] for f in found[person]), person))
    raws = {raw.person: raw for raw in raw_persons(outcome.con, doubtful[:COMPARED])}
    history = StoreHistory(DeltaStore.of_home(home))
    alone = history.raw_person(doubtful[0])
    assert alone is not None
    assert sorted(row["bkkp_sn"] for row in alone.lines) == sorted(row["bkkp_sn"] for row in raws[doubtful[0]].lines)
    assert history.raw_person("nobody") is None
    screener = load_screener(home, find_rules_dir())
    yield Region(screener, history, raws, found)
    outcome.con.close()
    history.close()


def compared(region: Region, without_claim: bool) -> tuple[Counter[str], list[str]]:
    """Rules that fired, and every difference between the gateway and the sweep, claim by claim."""
    fired: Counter[str] = Counter()
    wrong: list[str] = []
    rules = {rule.id for rule in region.screener.rules.values() if "mid" in rule.stages and rule.row_kind != "sale"}
    for person, raw in region.raws.items():
        for visit in sorted({row["mdtrt_id"] for row in raw.encounters}):
            if without_claim and len({row["setl_id"] for row in raw.settlements if row["mdtrt_id"] == visit}) > 1:
                continue  # a message carries one settlement of an encounter
            body = json.dumps(request(raw, [visit]), ensure_ascii=False).encode()
            (claim,) = claims(read(decode(body), "3102")[1], "3102")
            stored = raw
            if without_claim:
                parts = {name: [r for r in getattr(raw, name) if r["mdtrt_id"] != visit] for name in ("lines", "encounters", "settlements")}
                stored = replace(raw, **parts, diagnoses=[row for row in raw.diagnoses if row["mdtrt_id"] != visit])
            said = {f.finding_id: f for f in region.screener.screen(claim, Known(stored, region.history.lookups())).findings}
            wanted = {
                f.finding_id: f
                for f in region.found[person]
                if f.rule_id in rules and any((f.institution_code, each) in claim.asked for each in f.line_ids)
            }
            for key in said.keys() | wanted.keys():
                if key not in said or key not in wanted:
                    wrong.append(
                        f"{(said.get(key) or wanted[key]).rule_id} {visit}: {'only the gateway' if key in said else 'only the sweep'}"
                    )
                    continue
                fired[said[key].rule_id] += 1
                wrong += [
                    f"{said[key].rule_id} {visit} {name}: {getattr(said[key], name)!r} {getattr(wanted[key], name)!r}"
                    for name in Finding.__slots__
                    if name not in FREE
                    and getattr(said[key], name) != getattr(wanted[key], name)
                    and not (name == "practitioner_code" and said[key].practitioner_code == NOBODY)
                ]
    return fired, wrong


def test_with_the_claim_already_stored(region: Region) -> None:
    fired, wrong = compared(region, without_claim=False)
    assert wrong == []
    assert len(fired) >= 10, fired
    assert sum(fired.values()) >= 50, fired


def test_with_the_claim_in_the_message_only(region: Region) -> None:
    """Nothing of the claim is stored: all that the rules read came over the interface."""
    fired, wrong = compared(region, without_claim=True)
    assert wrong == []
    assert sum(fired.values()) >= 50, fired
