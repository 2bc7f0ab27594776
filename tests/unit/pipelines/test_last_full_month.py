"""Without `--month` a month is looked at that has hardly ended, not one that has hardly begun."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa

from pipelines.features import last_full_month, stored_months
from xiezhi.storage.delta import DeltaStore


def stored(folder: Path, lines: dict[str, int]) -> DeltaStore:
    store = DeltaStore(folder)
    times = [datetime.fromisoformat(f"{month}-03T09:00:00") for month, count in lines.items() for _ in range(count)]
    store.append("fee_list_d", pa.table({"fee_ocur_time": pa.array(times, pa.timestamp("us")), "month": [f"{t:%Y-%m}" for t in times]}))
    return store


def test_a_few_lines_of_the_next_month_do_not_count(tmp_path: Path) -> None:
    store = stored(tmp_path, {"2026-01": 40, "2026-02": 50, "2026-03": 3})
    assert last_full_month(store) == "2026-02"
    assert stored_months(store)[-1] == "2026-03"


def test_a_tenth_of_the_median_is_enough(tmp_path: Path) -> None:
    assert last_full_month(stored(tmp_path, {"2026-01": 40, "2026-02": 50, "2026-03": 4})) == "2026-03"


def test_a_single_month_is_full(tmp_path: Path) -> None:
    assert last_full_month(stored(tmp_path, {"2026-01": 1})) == "2026-01"
