"""A region that nobody here shaped, with more mess added, through the stream: open findings = the sweep of the store it leaves behind."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from stream_world import Stream, comparable, events_of, rows_of_store

from pipelines.ingest.run import ingest
from pipelines.sweep.run import Request, sweep
from streaming.judge import Judge
from xiezhi.ruleset.loader import RuleBase
from xiezhi.settings import find_rules_dir
from xiezhi.storage.delta import DeltaStore

PERSONS = int(os.environ.get("XIEZHI_TEST_REGION_PERSONS", "500"))
"""Of the region's 8,000. The whole takes longer than a test may: every row comes in an event of its own or with few others, so that a
person is judged about once a row. At 500 persons (10,507 events) the test takes about 40 s of one core, four minutes where a dozen
processes share two cores; `XIEZHI_TEST_REGION_PERSONS=8000` takes the whole region."""
BY_PERSON = ("fee_list_d", "mdtrt_d", "setl_d", "setl_list_diag_d", "setl_list_oprn_d", "idty_check_d", "fsi_3505", "fsi_3506")
REGISTRY = ("medins_d", "staff_d")
"""Stock movements are left out: the rules that read them are batch only."""
CENT = Decimal("0.01")
Rows = dict[str, list[dict[str, Any]]]


def sample(region: Path, out: Path, persons: int, seed: int) -> list[Path]:
    """Parquet files with all rows of some persons and the whole registry."""
    out.mkdir()
    with closing(duckdb.connect()) as con:
        everyone = con.execute(f"SELECT DISTINCT psn_no FROM '{region}/mdtrt_d.parquet' ORDER BY 1").fetchall()
        con.execute("CREATE TABLE chosen (psn_no VARCHAR)")
        con.executemany("INSERT INTO chosen VALUES (?)", Random(seed).sample(everyone, persons))
        for table in (*BY_PERSON, *REGISTRY):
            kept = "" if table in REGISTRY else "WHERE psn_no IN (SELECT psn_no FROM chosen)"
            con.execute(f"COPY (SELECT * FROM '{region}/{table}.parquet' {kept}) TO '{out}/{table}.parquet' (FORMAT parquet)")
    return sorted(out.glob("*.parquet"))


def add_mess(rows: Rows, random: Random) -> dict[str, int]:
    """Partial refunds, corrections of lines, updates of encounters; returns how many of each."""
    counts = {"partial refunds": 0, "corrections": 0, "encounter updates": 0}
    for line in list(rows["fee_list_d"]):
        draw = random.random()
        if line["cnt"] > 0 and draw < 0.06:
            part = random.choice((Decimal("0.5"), Decimal("0.25")))
            refund = {
                "bkkp_sn": f"{line['bkkp_sn']}R",
                "init_feedetl_sn": line["bkkp_sn"],
                "cnt": -line["cnt"] * part,
                "det_item_fee_sumamt": -(line["det_item_fee_sumamt"] * part).quantize(CENT),
                "inscp_amt": None,
                "fee_ocur_time": line["fee_ocur_time"] + timedelta(days=random.randrange(4)),
            }
            rows["fee_list_d"].append({**line, **refund})
            counts["partial refunds"] += 1
        elif line["cnt"] > 0 and draw < 0.1:
            later = (line["updt_time"] or line["fee_ocur_time"]) + timedelta(days=2)
            doubled = {"cnt": line["cnt"] * 2, "det_item_fee_sumamt": line["det_item_fee_sumamt"] * 2, "inscp_amt": None}
            rows["fee_list_d"].append({**line, **doubled, "updt_time": later})
            counts["corrections"] += 1
    for visit in list(rows["mdtrt_d"]):
        if random.random() < 0.06 and visit["endtime"] is not None:
            later = (visit["updt_time"] or visit["endtime"]) + timedelta(days=3)
            rows["mdtrt_d"].append({**visit, "endtime": visit["endtime"] + timedelta(hours=9), "updt_time": later})
            counts["encounter updates"] += 1
    return counts


@pytest.mark.slow
@pytest.mark.data
def test_a_region_with_more_mess_comes_to_what_the_sweep_finds(
    shared_data: Path, tmp_path: Path, rule_base: RuleBase, judge: Judge, record_property: Callable[[str, object], None]
) -> None:
    """Random order in four portions, duplicates, refunds before and after their lines, corrections, updates of encounters.

    Mutant caught: any that makes a finding depend on when a row came.
    """
    source = tmp_path / "source"
    ingest(sample(shared_data / "region", tmp_path / "sample", PERSONS, seed=4), DeltaStore.of_home(source))
    rows = rows_of_store(DeltaStore.of_home(source))
    random = Random(8)
    counts: dict[str, object] = {"persons": PERSONS, "lines": len(rows["fee_list_d"]), **add_mess(rows, random)}
    assert min(value for value in counts.values() if isinstance(value, int)) > 50
    events = events_of(rows, random)
    stream = Stream(tmp_path / "streamed", judge)
    began, found = time.perf_counter(), {"new": 0, "revised": 0, "refreshed": 0, "superseded": 0}
    for portion in range(4):
        stream.send(events[portion::4])
        done = stream.run().counts
        assert done.dead == 0
        found = {name: count + done.findings[name] for name, count in found.items()}
    counts |= {"events": len(events), "seconds": round(time.perf_counter() - began, 1), **found}
    streamed = tuple(rule.id for rule in rule_base.active if not rule.batch)
    outcome = sweep(Request(stream.home, find_rules_dir(), rules=streamed))
    counts["open"] = len(outcome.open)
    record_property("region", counts)
    sys.stdout.write(f"{counts}\n")
    assert stream.open() == {f.finding_id: comparable(f) for f in outcome.open}
    assert outcome.changes.rows == (), "the sweep adds nothing to what the stream stored"
    assert len(outcome.open) > 100
    assert found["revised"] > 20, "the mess changed too little on the way"
    assert found["superseded"] > 0
