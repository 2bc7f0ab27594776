"""Facts over a Delta store: an empty one, and the shared examples with their inventory cases."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, fields
from pathlib import Path

import pytest

from pipelines.ingest.run import ingest
from xiezhi.domain.facts import Line
from xiezhi.domain.netting import person_facts
from xiezhi.ruleset.facts_sql import OUTPUTS
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.duckdb_facts import lookups, open_facts, raw_persons


def test_an_empty_store_has_all_tables_and_no_facts(tmp_path: Path) -> None:
    con = open_facts(DeltaStore(tmp_path / "lake"), threads=1, memory_mb=500)
    for name in OUTPUTS:
        assert con.execute(f"SELECT * FROM {name}").fetchall() == ([(None,)] if name == "store_info" else [])
    (raw,) = raw_persons(con, ["1"])
    assert raw.lines == []


@pytest.mark.data
def test_the_examples_are_the_same_in_both_forms_and_their_stock_is_as_told(home: Path, shared_data: Path) -> None:
    store = DeltaStore.of_home(home)
    ingest([shared_data / "examples" / "tables"], store)
    con = open_facts(store, threads=2)
    people = [person for (person,) in con.execute("SELECT DISTINCT person FROM lines").fetchall()]
    raws = list(raw_persons(con, people))
    found = lookups(con, raws)
    ours = Counter(astuple(line) for raw in raws for line in person_facts(raw, found).lines)
    columns = ", ".join(f'"{f.name}"' for f in fields(Line))
    assert ours == Counter(con.execute(f"SELECT {columns} FROM lines").fetchall())
    assert ours.total() > 10_000
    stock = con.execute("SELECT institution, CAST(SUM(value) AS BIGINT) FROM stock GROUP BY institution ORDER BY institution").fetchall()
    values = dict(stock)
    assert values["H99010400027"] >= 2_592_000  # C43-01: 780 of 1,000 billed were never there, 720 by the narrowest reading
    assert values["H99010200033"] >= 18_720_000  # C48-01
    assert values["H99010300030"] == values["H99010100036"] == 0  # C43-04, C48-04
