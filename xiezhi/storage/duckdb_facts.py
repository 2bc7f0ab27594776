"""Facts of a whole store in DuckDB, and the raw rows of chosen persons for the Python form (evidence gate, `rules explain`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from xiezhi.domain.netting import Lookups, RawPerson
from xiezhi.domain.tables import TABLES
from xiezhi.domain.versions import Row, resolve_persons
from xiezhi.ruleset.facts_sql import INPUTS, statements
from xiezhi.storage.delta import DeltaStore

_PERSONS_AT_ONCE = 200
_VERSION = "psn_no updt_time content_hash known_fields"
_LINE = (
    "fixmedins_code bkkp_sn mdtrt_id setl_id fee_ocur_time med_type med_list_codg cnt pric det_item_fee_sumamt inscp_amt "
    "pric_uplmt_amt rx_drord_no bilg_dept_codg bilg_dr_code prd_days dscg_tkdrug_flag medins_list_name hilist_name init_feedetl_sn "
    + _VERSION
).split()
_ENCOUNTER = (
    "mdtrt_id fixmedins_code med_type gend brdy insutype hosp_lv fix_blng_admdvs begntime endtime adm_caty dise_no "
    "dscg_maindiag_code dscg_way die_date matn_stas internet_flag refl_old_mdtrt_id " + _VERSION
).split()
_SETTLEMENT = ("setl_id mdtrt_id refd_setl_flag init_setl_id fund_pay_sumamt medfee_sumamt " + _VERSION).split()
_DIAGNOSIS = ["mdtrt_id", "diag_code", "maindiag_flag", "updt_time"]


def open_facts(
    store: DeltaStore, *, threads: int, memory_mb: int | None = None, known_before: datetime | None = None
) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection that holds all facts of a store: `facts_sql.OUTPUTS`, the `raw_<table>` views and `person_map`.

    Args:
        store: the tables, at the versions that the store reads.
        threads: threads of DuckDB.
        memory_mb: memory limit in MB, beyond which DuckDB spills below the home; None: its own default.
        known_before: what was known at a moment: only rows that happened before it and were sent before it (`updt_time`; missing is
            older than any) are read, so that later corrections, refunds and reversals do not show. None: all rows.

    The connection reads the files of the versions that were current when it was opened. Cursors of it see the same tables.
    """
    con = duckdb.connect(config={"threads": threads, "temp_directory": str(store.root.parent / "tmp"), "preserve_insertion_order": False})
    if memory_mb is not None:
        con.execute(f"SET memory_limit = '{int(memory_mb)}MB'")
    # A filter inside a view over Parquet files breaks DuckDB 2.0.1 once a join pushes a second one down: then the rows are copied.
    kind = "VIEW" if known_before is None else "TABLE"
    for table in INPUTS:
        con.execute(f"CREATE {kind} raw_{table} AS SELECT * FROM {store.scan_sql(table)}{_known(table, known_before)}")
    moves = f"{store.scan_sql('psn_map_d')}{_known('psn_map_d', known_before)}"
    build_facts(con, _rows(con, f"SELECT old_psn_no, psn_no, updt_time, known_fields, content_hash FROM {moves}"))
    return con


def _known(table: str, before: datetime | None) -> str:
    """The condition that a row happened and was sent before a moment."""
    if before is None:
        return ""
    happened = TABLES[table].month_column
    columns = ["updt_time"] if happened is None else ["updt_time", happened]
    return " WHERE " + " AND ".join(f"({column} IS NULL OR {column} < TIMESTAMP '{before:%Y-%m-%d %H:%M:%S}')" for column in columns)


def build_facts(con: duckdb.DuckDBPyConnection, map_rows: Sequence[Row]) -> None:
    """Create all tables of facts on a connection that has the `raw_<table>` tables; `map_rows` are all stored `psn_map_d` rows."""
    resolved = resolve_persons(map_rows)
    columns = {"old_psn_no": pa.array(resolved.keys(), pa.string()), "psn_no": pa.array(resolved.values(), pa.string())}
    con.register("resolved_persons", pa.table(columns))
    con.execute("CREATE OR REPLACE TABLE person_map AS SELECT * FROM resolved_persons")
    con.unregister("resolved_persons")
    for _, sql in statements("duckdb"):
        con.execute(sql)


def _rows(con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
    done = con.execute(sql, list(parameters))
    names = [column[0] for column in done.description or ()]
    return [dict(zip(names, row, strict=True)) for row in done.fetchall()]


def raw_persons(con: duckdb.DuckDBPyConnection, persons: Sequence[str]) -> Iterator[RawPerson]:
    """All stored versions of the rows of persons (present numbers), one `RawPerson` each, in ascending order of the number.

    Old numbers of a person are included, and so are versions that give one of these facts to somebody else. Every table is scanned
    once for all persons and read in portions, so that memory holds the dictionaries of few persons at a time.
    """
    wanted = sorted(set(persons))
    if not wanted:
        return
    cursor = con.cursor()
    cursor.register("asked", pa.table({"person": pa.array(wanted, pa.string())}))
    cursor.execute(
        "CREATE TEMP TABLE wanted AS SELECT person, person AS psn_no FROM asked"
        " UNION SELECT a.person, m.old_psn_no FROM asked AS a JOIN person_map AS m ON m.psn_no = a.person"
    )
    found = {
        "lines": _versions_sql("fee_list_d", _LINE, ("fixmedins_code", "bkkp_sn"), "line_versions"),
        "encounters": _versions_sql("mdtrt_d", _ENCOUNTER, ("mdtrt_id",), "encounter_versions"),
        "settlements": _versions_sql("setl_d", _SETTLEMENT, ("setl_id",), "settlement_versions"),
        "diagnoses": f"SELECT e.person AS wanted_person, {', '.join('r.' + name for name in _DIAGNOSIS)} FROM raw_setl_list_diag_d AS r"
        " JOIN encounter_base AS e ON e.id = r.mdtrt_id JOIN asked AS a ON a.person = e.person",
    }
    for name, sql in found.items():
        cursor.execute(f"CREATE TEMP TABLE found_{name} AS SELECT * FROM ({sql}) ORDER BY wanted_person")
    for first in range(0, len(wanted), _PERSONS_AT_ONCE):
        part = wanted[first : first + _PERSONS_AT_ONCE]
        grouped: dict[str, dict[str, list[Row]]] = {name: {person: [] for person in part} for name in found}
        for name in found:
            of_person = grouped[name]
            for row in _rows(cursor, f"SELECT * FROM found_{name} WHERE wanted_person BETWEEN ? AND ?", (part[0], part[-1])):
                of_person[row.pop("wanted_person")].append(row)
        for person in part:
            yield RawPerson(person, **{name: grouped[name][person] for name in found})
    cursor.close()


def _versions_sql(table: str, columns: Sequence[str], identity: Sequence[str], versions: str) -> str:
    """Rows of the wanted persons, and the other rows of identities of which several persons may hold a version."""
    names = ", ".join("r." + name for name in columns)
    same = " AND ".join(f"{{0}}.{name} = {{1}}.{name}" for name in identity)
    keys = ", ".join("k." + name for name in identity)
    return (
        f"SELECT w.person AS wanted_person, {names} FROM raw_{table} AS r JOIN wanted AS w ON w.psn_no = r.psn_no"
        f" UNION ALL SELECT i.person AS wanted_person, {names} FROM raw_{table} AS r JOIN"
        f" (SELECT DISTINCT w.person, {keys} FROM raw_{table} AS k JOIN {versions} AS v ON {same.format('v', 'k')}"
        f" JOIN wanted AS w ON w.psn_no = k.psn_no) AS i ON {same.format('i', 'r')}"
        " LEFT JOIN wanted AS o ON o.psn_no = r.psn_no AND o.person = i.person WHERE o.person IS NULL"
    )


def lookups(con: duckdb.DuckDBPyConnection, raws: Iterable[RawPerson]) -> Lookups:
    """What the facts of these persons need from outside them; narrow enough for some thousands of persons at once."""
    pairs: set[tuple[str, str]] = set()
    doctors: set[tuple[str, str]] = set()
    named: set[tuple[str, str]] = set()
    for raw in raws:
        for row in raw.lines:
            institution = row["fixmedins_code"]
            pairs.add((institution, row["med_list_codg"]))
            if row["bilg_dr_code"]:
                doctors.add((row["bilg_dr_code"], institution))
            if row["cnt"] < 0 and row["init_feedetl_sn"]:
                named.add((institution, row["init_feedetl_sn"]))
    cursor = con.cursor()
    institutions = _rows(cursor, "SELECT institution, hosp_lv, region AS fix_blng_admdvs FROM institutions")
    earliest = cursor.execute("SELECT earliest_date FROM store_info").fetchall()
    prices = _matching(cursor, "usual_prices", ("fixmedins_code", "med_list_codg"), pairs)
    staff: dict[tuple[str, str], list[Row]] = {}
    for row in _matching(cursor, "practitioners", ("staff_code", "fixmedins_code"), doctors):
        staff.setdefault((row["staff_code"], row["fixmedins_code"]), []).append(row)
    owners = _matching(cursor, "named_lines", ("fixmedins_code", "bkkp_sn"), named)
    result = Lookups(
        person_map=dict(cursor.execute("SELECT old_psn_no, psn_no FROM person_map").fetchall()),
        institutions={row["institution"]: row for row in institutions},
        staff=staff,
        usual_prices={(row["fixmedins_code"], row["med_list_codg"]): row["price"] for row in prices},
        line_owners={(row["fixmedins_code"], row["bkkp_sn"]): row["person"] for row in owners},
        earliest_date=earliest[0][0] if earliest else None,
    )
    cursor.close()
    return result


def _matching(con: duckdb.DuckDBPyConnection, table: str, keys: tuple[str, str], values: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    ordered = sorted(values)
    con.register("keys_wanted", pa.table({f"key_{i}": pa.array([value[i] for value in ordered], pa.string()) for i in (0, 1)}))
    sql = f"SELECT t.* FROM {table} AS t JOIN keys_wanted AS k ON k.key_0 = t.{keys[0]} AND k.key_1 = t.{keys[1]}"
    rows = _rows(con, sql)
    con.unregister("keys_wanted")
    return rows
