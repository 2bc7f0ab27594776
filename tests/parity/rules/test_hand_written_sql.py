"""The peers of `bench.sweep` are right: each rule written by hand in SQL gives the hits and money of the compiled rule on random lives.

The benchmark compares them on a simulated region too, where many rules have no knowledge point and so nothing to differ in.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
from engines import load
from random_life import world

from xiezhi.ruleset.spec import RuleSpec

pytestmark = pytest.mark.checkout


def test_hand_written_sql_says_the_same(checkout: Path, rules: Sequence[RuleSpec], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(checkout))
    from bench.sweep import SAME, our_hits

    different = {}
    with duckdb.connect(config={"threads": 2}) as con:
        load(con, world(3, 200))
        for rule in rules:
            hand = (checkout / "bench" / "sql" / f"{rule.id}.sql").read_text("utf-8")
            con.execute(f"CREATE OR REPLACE TEMP TABLE ours AS {our_hits(rule)}")
            con.execute(f"CREATE OR REPLACE TEMP TABLE hand AS SELECT institution, id, kp_id, amount::BIGINT AS amount FROM ({hand})")
            if rows := con.execute(SAME).fetchall()[0][0]:
                different[rule.id] = rows
    assert different == {}
