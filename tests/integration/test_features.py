"""Features of a month are what was known at its end: building on the whole store and on a store that ends there gives the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from models.features import CATALOGUE, KEYS
from models.features.build import build_features
from pipelines.features import ensure_features, features_at, findings_at, read_features, stored_months
from pipelines.ingest.run import ingest
from pipelines.simulate.run import run as simulate
from xiezhi.domain.signal import Subject
from xiezhi.domain.tables import TABLES
from xiezhi.ruleset.knowledge.importer import read_points
from xiezhi.settings import find_rules_dir
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.duckdb_facts import open_facts
from xiezhi.storage.knowledge import KnowledgeBase

pytestmark = pytest.mark.slow
MONTH, CUT = "2026-04", "2026-05-01 00:00:00"


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small region of four months, one of them after `MONTH`."""
    folder = tmp_path_factory.mktemp("region")
    simulate(folder / "tables", persons=300, months=4, seed=11)
    return folder / "tables"


def store(home: Path, tables: Path, points: Path) -> Path:
    ingest(sorted(tables.glob("*.parquet")), DeltaStore.of_home(home))
    KnowledgeBase(home, find_rules_dir()).add(read_points([points / "points.csv", points / "codes.csv"]))
    return home


@pytest.fixture(scope="module")
def whole(region: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store(tmp_path_factory.mktemp("whole"), region, region / "knowledge")


@pytest.fixture(scope="module")
def truncated(region: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same region as somebody saw it at the end of `MONTH`: later rows were never sent."""
    folder = tmp_path_factory.mktemp("cut")
    for file in sorted(region.glob("*.parquet")):
        moments = [name for name in ("updt_time", TABLES[file.stem].month_column) if name]
        kept = " AND ".join(f"({name} IS NULL OR CAST({name} AS TIMESTAMP) < TIMESTAMP '{CUT}')" for name in moments)
        duckdb.sql(f"COPY (SELECT * FROM '{file}' WHERE {kept}) TO '{folder / file.name}' (FORMAT parquet)")
    return store(tmp_path_factory.mktemp("known"), folder, region / "knowledge")


def different(one: dict[Subject, pa.Table], other: dict[Subject, pa.Table]) -> set[str]:
    """Columns that are not the same in all rows, as subject.column."""
    found = set()
    for subject in Subject:
        assert one[subject].column_names == other[subject].column_names
        for name in one[subject].column_names:
            if one[subject].column(name).to_pylist() != other[subject].column(name).to_pylist():
                found.add(f"{subject.value}.{name}")
    return found


def leaking(home: Path, month: str) -> dict[Subject, pa.Table]:
    """The mutant: all stored facts, cut by service date alone, as `build_features` does for itself."""
    con = open_facts(DeltaStore.of_home(home), threads=1)
    findings = findings_at(con, home, find_rules_dir())
    return {subject: build_features(con, subject, month, findings=findings) for subject in Subject}


def test_nothing_that_came_later_shows(whole: Path, truncated: Path) -> None:
    expected = features_at(truncated, MONTH)
    assert all(len(expected[subject]) > 15 for subject in Subject)
    assert different(features_at(whole, MONTH), expected) == set()
    # A cut by service date alone lets later refunds, reversals and corrections through, and this test sees it.
    leaked = different(leaking(whole, MONTH), expected)
    assert {"institution.refund_share", "institution.fee_growth"} <= leaked


def test_threads_change_nothing(whole: Path) -> None:
    assert different(features_at(whole, MONTH, threads=1), features_at(whole, MONTH, threads=3)) == set()


def test_every_feature_has_values_of_its_unit(whole: Path) -> None:
    for subject, table in features_at(whole, "2026-05").items():
        for feature in CATALOGUE[subject]:
            values = [value for value in table.column(feature.name).to_pylist() if value is not None]
            assert values, f"{feature.name} is always missing"
            assert all(value >= 0 for value in values), feature.name
            if feature.unit == "share":
                assert all(value <= 1 for value in values), feature.name
            if feature.unit in ("count", "fen", "days"):
                assert max(values) >= 1 or feature.name in {"overlap_days", "repeated_traces"}, feature.name


def test_built_once_and_again_when_claims_change(whole: Path, region: Path) -> None:
    months = stored_months(DeltaStore.of_home(whole))
    assert len(months) == 4
    first = ensure_features(whole, months[-1:])
    assert first.built == months[-1:]
    assert first.rows["institution"] > 15
    again = ensure_features(whole, months[-1:])
    assert (again.built, again.present) == ([], months[-1:])
    before = read_features(DeltaStore.of_home(whole), Subject.PERSON)
    assert before.column_names[:4] == list(KEYS)
    # A line sent later with a new time of service in the month: the stamp is stale, the build is new, the old one stays in the table.
    lines = duckdb.sql(f"SELECT * REPLACE (bkkp_sn || 'x' AS bkkp_sn) FROM '{region / 'fee_list_d.parquet'}' LIMIT 1")
    extra = region.parent / "fee_list_d.parquet"
    lines.write_parquet(str(extra))
    ingest([extra], DeltaStore.of_home(whole))
    assert ensure_features(whole, months[-1:]).built == months[-1:]
    after = read_features(DeltaStore.of_home(whole), Subject.PERSON, months[-1:])
    assert len(after) == len(before)
    assert set(after.column("data_version").to_pylist()) != set(before.column("data_version").to_pylist())


def test_features_of_the_graph_join_by_subject(whole: Path) -> None:
    con = open_facts(DeltaStore.of_home(whole), threads=1)
    code = con.execute("SELECT MIN(institution) FROM lines").fetchall()[0][0]
    graph = pa.table({"subject_id": [code], "month": [MONTH], "bridge": [0.5]})
    table = build_features(con, Subject.INSTITUTION, MONTH, graph=graph)
    by_code = dict(zip(table.column("subject_id").to_pylist(), table.column("bridge").to_pylist(), strict=True))
    assert by_code.pop(code) == 0.5
    assert set(by_code.values()) == {None}
    assert set(table.column("definite_share").to_pylist()) == {None}, "no findings given: unknown, not zero"


def test_command(whole: Path, monkeypatch: pytest.MonkeyPatch, run_cli: Callable[..., Any]) -> None:
    monkeypatch.setenv("XIEZHI_HOME", str(whole))
    assert run_cli("features", "--month", "2026-13").code == 2
    assert run_cli("features", "--month", MONTH, "--all").code == 2
    done = run_cli("features", "--month", MONTH, "--json")
    assert done.code == 0, done.err
    assert MONTH in done.out
