"""Facts of chosen partitions from the raw rows of a store, by the plain Python form (`xiezhi.ports.FactsReader`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

import duckdb
import pyarrow as pa

from xiezhi.domain.facts import Encounter, InstitutionMonth, Line, PersonFacts, Sale, Stock
from xiezhi.domain.indicators import institution_months
from xiezhi.domain.netting import person_facts
from xiezhi.domain.sales import sales
from xiezhi.domain.stock import RawStock, stock
from xiezhi.domain.versions import Row
from xiezhi.storage.duckdb_facts import lookups, raw_persons

_LINE_FIELDS = tuple(field.name for field in fields(Line))
_ENCOUNTER_FIELDS = tuple(field.name for field in fields(Encounter))


class DuckDBFacts:
    """Reads from a connection made by `open_facts`."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con

    def persons(self, numbers: Sequence[str]) -> Iterator[PersonFacts]:
        """Facts of persons, in order of number; each is netted anew from its raw rows."""
        raws = list(raw_persons(self.con, numbers))
        known = lookups(self.con, raws)
        yield from (person_facts(raw, known) for raw in raws)

    def sales(self, identities: Sequence[tuple[str, str]]) -> Iterator[tuple[Sale, ...]]:
        """All standing sales of each trace code of the given sales, netted anew."""
        found = self._select(
            "SELECT DISTINCT s.trace FROM sales AS s JOIN asked AS a ON a.key_0 = s.institution AND a.key_1 = s.id", identities
        )
        traces = sorted(row["trace"] for row in found)
        sold = self._rows_of("fsi_3505", traces)
        returned = self._rows_of("fsi_3506", traces)
        documents = sorted({(row["fixmedins_code"], row["rtal_docno"]) for row in sold if row.get("rtal_docno")})
        owners = self._select(
            "SELECT DISTINCT l.person FROM lines AS l JOIN asked AS a ON a.key_0 = l.institution AND a.key_1 = l.id", documents
        )
        lines: dict[tuple[str, str], Line] = {}
        wanted = set(documents)
        for person in self.persons([row["person"] for row in owners]):
            lines.update({(line.institution, line.id): line for line in person.lines if (line.institution, line.id) in wanted})
        person_map = dict(self.con.execute("SELECT old_psn_no, psn_no FROM person_map").fetchall())
        by_trace: dict[str, list[Sale]] = defaultdict(list)
        for sale in sales(sold, returned, lines, person_map):
            by_trace[sale.trace].append(sale)
        yield from (tuple(group) for _, group in sorted(by_trace.items()))

    def stock(self, keys: Sequence[tuple[str, str]]) -> Iterator[tuple[Stock, ...]]:
        """Stock rows of items of institutions; the ledger is run anew over the raw inventory and the net lines of the item.

        The lines themselves come from the fact table: netting every person of an institution again would cost more than the
        ledger is worth, and that table is proved equal to the Python form by the parity tests.
        """
        regions = dict(self.con.execute("SELECT institution, region FROM institutions").fetchall())
        wanted: dict[str, set[str]] = defaultdict(set)
        for institution, item in keys:
            wanted[institution].add(item)
        for institution, items in sorted(wanted.items()):
            pairs = [(institution, item) for item in sorted(items)]
            raw = [self._inventory(f"fsi_{table}", pairs) for table in ("3501", "3502", "3503", "3504")]
            rows = self._select(
                "SELECT l.* FROM lines AS l JOIN asked AS a ON a.key_0 = l.institution AND a.key_1 = l.item WHERE l.live", pairs
            )
            lines = [Line(**{name: row[name] for name in _LINE_FIELDS}) for row in rows]
            yield stock(RawStock(institution, *raw), lines, regions.get(institution))

    def months(self, institutions: Sequence[str]) -> Iterator[tuple[InstitutionMonth, ...]]:
        """Months of institutions, added up anew from the net lines and encounters of the fact tables (why: see `stock`)."""
        regions = dict(self.con.execute("SELECT institution, region FROM institutions").fetchall())
        for institution in sorted(set(institutions)):
            asked = [(institution, "")]
            lines = self._select("SELECT l.* FROM lines AS l JOIN asked AS a ON a.key_0 = l.institution WHERE l.live", asked)
            visits = self._select("SELECT e.* FROM encounters AS e JOIN asked AS a ON a.key_0 = e.institution WHERE e.live", asked)
            yield institution_months(
                institution,
                [Line(**{name: row[name] for name in _LINE_FIELDS}) for row in lines],
                [Encounter(**{name: row[name] for name in _ENCOUNTER_FIELDS}) for row in visits],
                regions.get(institution),
            )

    def _rows_of(self, table: str, traces: Sequence[str]) -> Sequence[Row]:
        return self._select(
            f"SELECT r.* FROM raw_{table} AS r JOIN asked AS a ON a.key_0 = r.drug_trac_codg", [(trace, "") for trace in traces]
        )

    def _inventory(self, table: str, pairs: Sequence[tuple[str, str]]) -> tuple[Row, ...]:
        sql = f"SELECT r.* FROM raw_{table} AS r JOIN asked AS a ON a.key_0 = r.fixmedins_code AND a.key_1 = r.med_list_codg"
        return tuple(self._select(sql, pairs))

    def _select(self, sql: str, pairs: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
        self.con.register("asked", pa.table({f"key_{i}": pa.array([pair[i] for pair in pairs], pa.string()) for i in (0, 1)}))
        try:
            done = self.con.execute(sql)
            names = [column[0] for column in done.description]
            return [dict(zip(names, row, strict=True)) for row in done.fetchall()]
        finally:
            self.con.unregister("asked")
