"""The sweep on input that nobody here made, and its life over time: repeat, refund, correction, reversal, months."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.ingest.run import ingest
from pipelines.sweep.outputs import write_out
from pipelines.sweep.run import Outcome, Request, sweep
from xiezhi.domain.errors import UsageError
from xiezhi.ruleset.knowledge.importer import read_points
from xiezhi.settings import find_rules_dir
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.knowledge import KnowledgeBase

CLASSES = {2, 7, 8, 9, 10, 12, 13, 14, 15, 25, 26, 27, 31, 34, 36, 42, 43, 46, 49, 51, 64, 67, 69, 74}
FEW = ("GZ10000102014000", "GZ10000102012000", "XZ-DQ-001")
"""Hours of monitoring, another rule over lines and one over billed lines: planning all rules for every step of a life would take long."""
ECG = "003107010220000"
VISIT = {
    "mdtrt_id": "M1", "psn_no": "P1", "gend": "1", "brdy": "1980-01-02", "insutype": "310", "fixmedins_code": "H99010100001",
    "hosp_lv": "05", "begntime": "2026-05-01 08:00:00", "endtime": "2026-05-01 20:00:00", "med_type": "11",
}  # fmt: skip
SETTLED = {
    "setl_id": "S1", "mdtrt_id": "M1", "psn_no": "P1", "fixmedins_code": "H99010100001", "setl_time": "2026-05-01 21:00:00",
    "medfee_sumamt": "150.00", "fund_pay_sumamt": "75.00", "refd_setl_flag": "0",
}  # fmt: skip


def fee(number: str, quantity: str, **more: str) -> dict[str, str]:
    amount = f"{float(quantity) * 5:.2f}"
    return {
        "bkkp_sn": number, "mdtrt_id": "M1", "psn_no": "P1", "fixmedins_code": "H99010100001", "fee_ocur_time": "2026-05-01 08:30:00",
        "med_type": "11", "med_list_codg": ECG, "cnt": quantity, "pric": "5", "det_item_fee_sumamt": amount, "setl_id": "S1",
        "init_feedetl_sn": "", "updt_time": "2026-05-01 09:00:00", **more,
    }  # fmt: skip


def load(home: Path, folder: Path, **tables: list[dict[str, str]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in tables.items():
        with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    report = ingest([folder], DeltaStore.of_home(home))
    assert report.clean


def run(home: Path, rules: tuple[str, ...] = FEW, **more: Any) -> Outcome:
    return sweep(Request(home, find_rules_dir(), rules=rules, **more))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A store with 30 hours of monitoring on one day (limit 24, five yuan each)."""
    home = tmp_path / "home"
    load(
        home,
        tmp_path / "one",
        mdtrt_d=[VISIT],
        setl_d=[SETTLED],
        fee_list_d=[fee("L1", "20"), fee("L2", "10", fee_ocur_time="2026-05-01 09:30:00")],
    )
    return home


def hours(outcome: Outcome) -> list[tuple[int, int, tuple[str, ...], int | None]]:
    return [(f.revision, f.amount_fen, f.line_ids, f.fund_amount_fen) for f in outcome.open if f.class_no == 27]


def test_the_crossing_line_offends_with_its_excess(small: Path) -> None:
    """With all rules, none of which refuses or adds hours."""
    outcome = run(small, rules=())
    assert hours(outcome) == [(1, 3_000, ("L2",), 1_500)]
    finding = next(f for f in outcome.open if f.class_no == 27)
    assert finding.related_line_ids == ("L1",)
    assert (finding.quantity, finding.limit_value) == (30_000_000, 24_000_000)
    assert finding.counted_amount_fen == 3_000
    assert all(number in finding.message_zh for number in ("30，", "24", "30.00"))
    assert not outcome.refused


def test_running_again_adds_nothing(small: Path) -> None:
    run(small)
    version = DeltaStore.of_home(small).versions()["findings"]
    again = run(small)
    assert DeltaStore.of_home(small).versions()["findings"] == version
    assert again.changes.rows == ()
    assert again.changes.unchanged == len(again.open) > 0


def test_a_partial_refund_makes_the_next_revision(small: Path, tmp_path: Path) -> None:
    run(small)
    load(small, tmp_path / "two", fee_list_d=[fee("R1", "-2", init_feedetl_sn="L2", fee_ocur_time="2026-05-03 10:00:00")])
    assert hours(run(small)) == [(2, 2_000, ("L2",), 1_000)]


def test_a_full_refund_ends_the_finding(small: Path, tmp_path: Path) -> None:
    run(small)
    load(small, tmp_path / "two", fee_list_d=[fee("R1", "-10", init_feedetl_sn="L2", fee_ocur_time="2026-05-03 10:00:00")])
    outcome = run(small)
    assert hours(outcome) == []
    assert [(f.status, f.class_no) for f in outcome.changes.superseded] == [("superseded", 27)]


def test_a_correction_ends_the_finding(small: Path, tmp_path: Path) -> None:
    run(small)
    load(small, tmp_path / "two", fee_list_d=[fee("L2", "4", fee_ocur_time="2026-05-01 09:30:00", updt_time="2026-05-04 09:00:00")])
    assert hours(run(small)) == []


def test_a_reversed_settlement_ends_the_finding(small: Path, tmp_path: Path) -> None:
    run(small)
    load(small, tmp_path / "two", setl_d=[{**SETTLED, "setl_id": "S2", "init_setl_id": "S1", "refd_setl_flag": "1"}])
    assert hours(run(small)) == []


def test_months_are_those_of_the_service_date(small: Path) -> None:
    june = 2026 * 12 + 5
    assert hours(run(small, from_month=june)) == []
    may = june - 1
    assert len(hours(run(small, from_month=may, to_month=may))) == 1
    assert run(small, from_month=june).changes.superseded == ()


def test_only_the_asked_rule_runs(small: Path) -> None:
    outcome = run(small, rules=("GZ10000201008000",))
    assert outcome.open == ()
    with pytest.raises(UsageError, match="NO-RULE"):
        run(small, rules=("NO-RULE",))


def test_what_the_stored_rows_do_not_bear_out_goes_to_quarantine(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that errs (here: amounts doubled) reaches no inspector."""
    import pipelines.sweep.run as module
    from xiezhi.storage import duckdb_rules

    honest = duckdb_rules.run_rule

    def erring(*arguments: Any) -> Any:
        from dataclasses import replace

        evaluation = honest(*arguments)
        evaluation.hits = [replace(hit, numerator=hit.numerator // 2) for hit in evaluation.hits]
        return evaluation

    monkeypatch.setattr(module, "run_rule", erring)
    outcome = run(small)
    assert hours(outcome) == []
    assert any("amount_fen" in refused.reason for refused in outcome.refused)
    assert "finding_quarantine" in DeltaStore.of_home(small).versions()


def test_an_empty_store_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="xiezhi ingest"):
        run(tmp_path)


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_every_form_of_the_out_file_holds_the_same(small: Path, tmp_path: Path, ending: str) -> None:
    outcome = run(small)
    path = tmp_path / f"findings.{ending}"
    write_out(path, outcome.open)
    if ending == "parquet":
        rows = pq.read_table(path).to_pylist()
    elif ending == "csv":
        with path.open(encoding="utf-8-sig") as handle:
            rows = list(csv.DictReader(handle))
    else:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [row["finding_id"] for row in rows] == [f.finding_id for f in outcome.open]
    assert {int(row["amount_fen"]) for row in rows if int(row["class_no"]) == 27} == {3_000}


@pytest.mark.data
def test_the_examples_with_answers(shared_data: Path, tmp_path: Path) -> None:
    """The 24 classes fully right, near misses and clean lives silent; whatever else is found is listed by the checker."""
    examples = shared_data / "examples"
    home, out = tmp_path / "home", tmp_path / "findings.parquet"
    knowledge = KnowledgeBase(home, find_rules_dir())
    knowledge.add(read_points([examples / "knowledge" / "points.csv", examples / "knowledge" / "codes.csv"]))
    assert ingest([examples / "tables"], DeltaStore.of_home(home)).clean
    outcome = run(home, rules=(), from_month=2026 * 12 + 4, to_month=2026 * 12 + 9)
    assert not outcome.refused
    write_out(out, outcome.open)
    checked = subprocess.run(
        [sys.executable, str(examples / "check.py"), "--findings", str(out), "--expected", str(examples / "expected.csv")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = checked.stdout.splitlines()
    table = {int(parts[0]): parts for line in lines if (parts := line.split()) and parts[0].isdigit() and len(parts) > 4}
    for number in sorted(CLASSES):
        _, found, false, short, *_ = table[number]
        right, expected = found.split("/")
        assert (right == expected, false.split("/")[0], short) == (True, "0", "0"), table[number]
    summary = json.loads(lines[-1])
    wrong = ("near_miss_false", "clean_false", "amount_short", "clean_any_finding")
    assert {name: summary[name] for name in wrong} == dict.fromkeys(wrong, 0)


@pytest.mark.data
@pytest.mark.slow
def test_the_sample_region_runs_through(shared_data: Path, tmp_path: Path, run_cli: Callable[..., Any]) -> None:
    """Every quarantined row is explained, every finding is borne out by the stored rows, and a second run adds nothing."""
    home = tmp_path / "home"
    report = ingest([shared_data / "region"], DeltaStore.of_home(home))
    for table in report.document()["tables"].values():
        assert table["quarantined"] == 0 or table["reasons"]
    points = [shared_data / name / file for name in ("nhsa_points", "nhsa_points_2026") for file in ("points.csv", "codes.csv")]
    KnowledgeBase(home, find_rules_dir()).add(read_points(points))
    outcome = sweep(Request(home, find_rules_dir()), now=lambda: datetime(2026, 6, 1))
    assert not outcome.refused
    assert len(outcome.open) > 100
    assert sum(f.counted_amount_fen for f in outcome.open) <= sum(f.amount_fen for f in outcome.open)
    assert sweep(Request(home, find_rules_dir())).changes.rows == ()
