"""One day goes through the stream and the whole store through the sweep: every finding is there once, and the sweep has the last word."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stream_world import comparable

from pipelines.cases.app import Desk, open_stored
from pipelines.ingest.run import ingest
from pipelines.simulate.run import run as simulate
from pipelines.sweep.run import Request, sweep
from streaming.commands import replay, stream
from streaming.embedded_log import EmbeddedLog
from streaming.replay import Days, replay_store
from streaming.topics import CLAIM_TOPICS
from xiezhi.domain.finding import Finding
from xiezhi.ruleset.knowledge.importer import read_points
from xiezhi.settings import find_rules_dir, load_settings
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.findings import FindingStore
from xiezhi.storage.knowledge import KnowledgeBase
from xiezhi.storage.sql.case_reader import load_cases

AT = datetime(2026, 9, 1, 9, 0)


def fill(home: Path, tables: Path) -> None:
    ingest(sorted(tables.glob("*.parquet")), DeltaStore.of_home(home))
    KnowledgeBase(home, find_rules_dir()).add(read_points(sorted((tables / "knowledge").glob("*.csv"), reverse=True)))


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("day") / "tables"
    simulate(folder, persons=250, months=2, seed=4, schemes="all")
    return folder


def busiest_day(tables: Path) -> date:
    return duckdb.execute(
        f"SELECT CAST(setl_time AS DATE) FROM '{tables}/setl_d.parquet' GROUP BY 1 ORDER BY COUNT(*) DESC, 1 DESC LIMIT 1"
    ).fetchall()[0][0]


def current(home: Path) -> dict[str, Finding]:
    with closing(duckdb.connect()) as con:
        return FindingStore(DeltaStore.of_home(home), con).current()


def cases_of(home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What every open case is about and what it counts."""
    monkeypatch.setenv("XIEZHI_HOME", str(home))
    desk = Desk.of(load_settings())
    open_stored(desk, as_of=AT.date(), at=AT)
    with desk.store.write() as unit:
        ids = unit.open_case_ids(desk.reader(None).scope)
        found = load_cases(unit.connection, desk.reader(None).scope, ids)
    desk.database.dispose()
    return {
        case_id: (
            case.key,
            case.amount_fen,
            sorted((each.finding_id, each.line_id, each.part_fen, each.counted_fen) for each in case.present),
        )
        for case_id, case in found.items()
    }


def refund(tables: Path, finding: Finding, into: Path) -> None:
    """A file that takes back every line of a finding in full."""
    lines = pq.read_table(tables / "fee_list_d.parquet").to_pylist()
    rows = []
    for line in lines:
        if line["fixmedins_code"] == finding.institution_code and line["bkkp_sn"] in finding.line_ids:
            back = {"bkkp_sn": line["bkkp_sn"] + "R", "init_feedetl_sn": line["bkkp_sn"]}
            rows.append(line | back | {name: -line[name] for name in ("cnt", "det_item_fee_sumamt")})
    into.mkdir()
    pq.write_table(pa.Table.from_pylist(rows, pq.read_schema(tables / "fee_list_d.parquet")), into / "fee_list_d.parquet")


@pytest.mark.slow
def test_a_day_first_leaves_findings_and_cases_as_the_sweep_alone(
    tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """Kills: a finding of both engines taken twice; the open row of a finding that the sweep ended taken over the ended one."""
    alone, both = tmp_path / "alone", tmp_path / "both"
    day = datetime.combine(busiest_day(tables), datetime.min.time())
    for home in (alone, both):
        fill(home, tables)
    monkeypatch.setenv("XIEZHI_HOME", str(both))
    replay("store", first=day, last=day + timedelta(days=6))
    stream(once=True, as_json=True)
    out = capsys.readouterr().out
    counts = json.loads(out[out.index("{") :])
    early = current(both)
    assert (counts["dead"], counts["findings"]["new"]) == (0, len(early))
    # The stream does not hear of this refund: the sweep has to end the finding.
    gone = min((f for f in early.values() if f.line_ids), key=lambda f: f.finding_id)
    refund(tables, gone, tmp_path / "late")
    for home in (alone, both):
        ingest([tmp_path / "late" / "fee_list_d.parquet"], DeltaStore.of_home(home))
        sweep(Request(home, find_rules_dir()))
    expected, found = current(alone), current(both)
    assert gone.finding_id not in expected
    assert found[gone.finding_id].status == "superseded"
    assert {key: comparable(f) for key, f in found.items() if f.status == "open"} == {key: comparable(f) for key, f in expected.items()}
    assert len(set(early) & set(expected)) > 3, "what both find is there once"
    assert cases_of(both, monkeypatch) == cases_of(alone, monkeypatch) != {}


def test_only_what_was_settled_on_the_day_goes_onto_the_log(tables: Path, tmp_path: Path) -> None:
    """Kills: an encounter cut to the rows of the day; a bound that leaves out its own day; registry that is bounded as well."""
    fill(tmp_path, tables)
    day = busiest_day(tables)
    log = EmbeddedLog(tmp_path / "log", fsync="never")
    with closing(log):
        sent = replay_store(log, DeltaStore.of_home(tmp_path), days=Days(day, day))
        events = log.read("test", list(CLAIM_TOPICS), 100_000)
    rows: Counter[str] = Counter()
    for event in events:
        for table, those in json.loads(event.value)["tables"].items():
            rows[table] += len(those)
    assert sent == len(events)
    settled = f"SELECT mdtrt_id FROM '{tables}/setl_d.parquet' WHERE CAST(setl_time AS DATE) = DATE '{day}'"

    def count(table: str, where: str) -> int:
        return int(duckdb.execute(f"SELECT COUNT(*) FROM '{tables}/{table}.parquet' WHERE {where}").fetchall()[0][0])

    for table in ("mdtrt_d", "fee_list_d", "setl_d", "setl_list_diag_d"):
        assert rows[table] == count(table, f"mdtrt_id IN ({settled})") > 0, table
    assert rows["fsi_3505"] == count("fsi_3505", f"CAST(sel_retn_time AS DATE) = DATE '{day}'")
    assert rows["medins_d"] == count("medins_d", "true")
    assert rows["staff_d"] == count("staff_d", "true")


@pytest.mark.slow
def test_of_rows_of_one_moment_the_ended_one_counts(tables: Path, tmp_path: Path) -> None:
    """Kills: ties decided by the name of the run."""
    fill(tmp_path, tables)
    sweep(Request(tmp_path, find_rules_dir()))
    some = next(iter(current(tmp_path).values()))
    ended = replace(some, status="superseded", found_at=AT, run_id="a")
    opened = replace(some, status="open", found_at=AT, run_id="z")
    for number, order in enumerate(permutations((ended, opened))):
        with closing(duckdb.connect()) as con:
            store = FindingStore(DeltaStore(tmp_path / str(number)), con)
            for row in order:
                store.append([row])
            assert [f.status for f in store.current().values()] == ["superseded"]
            store.append([replace(opened, revision=some.revision + 1)])
            assert [f.status for f in store.current().values()] == ["open"]


def test_wrong_dates_are_wrong_use(home: Path, run_cli: Callable[..., Any]) -> None:
    assert run_cli("replay", "store", "--from", "2026-02-02", "--to", "2026-02-01").code == 2
    assert run_cli("replay", "dead-letters", "--from", "2026-02-02").code == 2
