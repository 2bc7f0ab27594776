"""The graph on simulated regions with seeds that were not used while it was made: the schemes are found, ordinary life is silent."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.graph.leads import KINDS, find_leads
from pipelines.ingest.run import ingest
from pipelines.simulate.run import run as simulate
from xiezhi.domain.signal import Lead, Subject
from xiezhi.settings import load_settings
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.duckdb_facts import open_facts
from xiezhi.storage.sql.database import Database
from xiezhi.storage.sql.signals import SqlSignalStore

MONTH = 2026 * 12 + 6
FINDS = {"trace_codes": "trace_resale", "carriers": "resale_ring", "shared_contact": "resale_ring", "visits_during_stay": "card_lending"}
"""Which scheme each kind of lead shows."""


def region(folder: Path, home: Path, **settings: Any) -> None:
    simulate(folder / "out", truth=folder / "truth", **settings)
    ingest(sorted((folder / "out").glob("*.parquet")), DeltaStore.of_home(home))


def leads(folder: Path, **settings: Any) -> tuple[list[Lead], dict[str, set[str]]]:
    """Leads of a region of six months, and the true persons by scheme under their present numbers."""
    region(folder, folder / "home", months=6, **settings)
    with open_facts(DeltaStore.of_home(folder / "home"), threads=2) as con:
        now = dict(con.execute("SELECT old_psn_no, psn_no FROM person_map").fetchall())
        found = find_leads(con, MONTH)
    truth: dict[str, set[str]] = {}
    with (folder / "truth" / "truth_entities.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["kind"] == "person":
                truth.setdefault(row["scheme"], set()).add(now.get(row["id"], row["id"]))
    return found, truth


def persons(lead: Lead) -> set[str]:
    return {member.subject_id for member in lead.members if member.subject is Subject.PERSON}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [401, 402])
def test_ordinary_life_makes_no_leads(tmp_path: Path, seed: int) -> None:
    assert leads(tmp_path, persons=5000, seed=seed, schemes="none")[0] == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [401, 402])
def test_the_schemes_are_found_with_their_persons(tmp_path: Path, seed: int) -> None:
    """Every lead is of a scheme, every scheme that ties persons has a lead; members are the true persons (precision, recall ≥ 0.9)."""
    found, truth = leads(tmp_path, persons=5000, seed=seed, schemes="all")
    assert {lead.kind for lead in found} == set(FINDS)
    for lead in found:
        true = truth[FINDS[lead.kind]]
        both = persons(lead) & true
        assert len(both) >= 0.9 * len(persons(lead)), lead.title_en
        assert len(both) >= 0.9 * len(true), lead.title_en
        assert lead.measures["q"] <= 0.01
        assert len(lead.relations) <= 200


@pytest.mark.slow
def test_the_command_stores_leads_and_features_once(tmp_path: Path, home: Path, run_cli: Callable[..., Any]) -> None:
    """Catches a second run that adds leads or rows of features, and an export without the measures."""
    import json

    import networkx as nx

    region(tmp_path, home, persons=800, months=4, seed=403, schemes="trace_resale", start="2026-04")
    file = tmp_path / "graph.graphml"
    first = run_cli("graph", "--json", "--window", "4", "--export", file)
    assert first.code == 0, first.err
    told = json.loads(first.out)
    assert [lead["kind"] for lead in told["leads"]] == ["trace_codes"]
    assert told["month"] == "2026-07"
    again = json.loads(run_cli("graph", "--json", "--window", "4").out)
    assert again["leads"] == told["leads"]
    store = DeltaStore.of_home(home)
    with open_facts(store, threads=1) as con:
        rows = con.execute(f"SELECT COUNT(*), COUNT(DISTINCT subject_id) FROM {store.scan_sql('features_graph_person')}").fetchall()[0]
    assert rows[0] == rows[1] == told["features"]["2026-07"]["person"]
    signals = SqlSignalStore(Database(load_settings().database))
    place = told["leads"][0]["institutions"][0]
    (lead,) = signals.leads_of([(Subject.INSTITUTION, place)])[(Subject.INSTITUTION, place)]
    assert lead.kind in KINDS
    assert lead.lead_id == told["leads"][0]["lead_id"]
    graph = nx.read_graphml(file)
    assert graph.number_of_nodes() == sum(told["vertices"].values())
    assert {"bridge", "community"} <= set(graph.nodes[f"institution:{place}"])


def test_wrong_use_is_told(home: Path, run_cli: Callable[..., Any]) -> None:
    assert run_cli("graph", "--export", "x.csv").code == 2
    assert run_cli("graph").code == 2
    assert run_cli("graph", "--month", "2026-13").code == 2
