"""History of persons straight from the stored tables (Delta, through DuckDB), as it was when this was opened.

It needs nothing beside the claim store: right for one-off screening and for a small site; a busy gateway reads a faster store.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import Any

import duckdb

from xiezhi.domain.netting import Lookups, RawPerson
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.duckdb_facts import open_facts, raw_persons


class StoreHistory:
    """A `HistoryStore` over the claim store; safe to use from several threads, one reads at a time."""

    def __init__(self, store: DeltaStore, *, threads: int = 1) -> None:
        self._con = open_facts(store, threads=threads)
        self._lock = threading.Lock()
        self._lookups = all_lookups(self._con)

    def raw_person(self, person: str) -> RawPerson | None:
        """All stored versions of the rows of a person (present number); None where there are none."""
        with self._lock:
            raw = next(iter(raw_persons(self._con, [person])))
        return raw if raw.lines or raw.encounters or raw.settlements else None

    def stamp(self, person: str) -> bytes:
        """Always the same: the store is read as it was when this was opened."""
        return b""

    def lookups(self) -> Lookups:
        """What persons' facts need from outside them, read once."""
        return self._lookups

    def close(self) -> None:
        """Close the connection."""
        self._con.close()


def all_lookups(con: duckdb.DuckDBPyConnection) -> Lookups:
    """The lookups of all persons of a store; `con` is made by `open_facts`."""

    def select(sql: str) -> list[dict[str, Any]]:
        done = con.execute(sql)
        names = [column[0] for column in done.description or ()]
        return [dict(zip(names, row, strict=True)) for row in done.fetchall()]

    staff: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in select("SELECT * FROM practitioners"):
        staff[row["staff_code"], row["fixmedins_code"]].append(row)
    earliest = select("SELECT earliest_date FROM store_info")
    return Lookups(
        person_map={row["old_psn_no"]: row["psn_no"] for row in select("SELECT old_psn_no, psn_no FROM person_map")},
        institutions={
            row["institution"]: row for row in select("SELECT institution, hosp_lv, region AS fix_blng_admdvs FROM institutions")
        },
        staff=dict(staff),
        usual_prices={(row["fixmedins_code"], row["med_list_codg"]): row["price"] for row in select("SELECT * FROM usual_prices")},
        line_owners={(row["fixmedins_code"], row["bkkp_sn"]): row["person"] for row in select("SELECT * FROM named_lines")},
        earliest_date=earliest[0]["earliest_date"] if earliest else None,
    )
