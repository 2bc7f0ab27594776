"""Ingest as a whole: forms of files, nothing twice, corrections, sets, crashes, references, mapping, the shared examples."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from pipelines.ingest.mapping import load_mapping
from pipelines.ingest.run import ingest
from xiezhi.domain.errors import UsageError
from xiezhi.domain.tables import TABLES, content_hash
from xiezhi.storage.delta import META_TYPES, DeltaStore

VISIT = {
    "mdtrt_id": "M1",
    "psn_no": "P1",
    "gend": "1",
    "brdy": "1980-01-02",
    "insutype": "310",
    "fixmedins_code": "H99010100001",
    "hosp_lv": "05",
    "begntime": "2026-05-01 08:00:00",
    "med_type": "11",
    "psn_name": "张三",
    "updt_time": "2026-05-01 09:00:00",
}
DIAGNOSIS = {"mdtrt_id": "M1", "diag_code": "J18.900", "maindiag_flag": "1"}
FEE = {
    "bkkp_sn": "L1",
    "mdtrt_id": "M1",
    "psn_no": "P1",
    "fixmedins_code": "H99010100001",
    "fee_ocur_time": "2026-05-01 08:30:00",
    "med_type": "11",
    "med_list_codg": "001102000010000",
    "cnt": "2",
    "pric": "12.5",
    "det_item_fee_sumamt": "25",
}


def write_csv(path: Path, *rows: dict[str, str], encoding: str = "utf-8") -> Path:
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(names), *(",".join(row.get(name, "") for name in names) for row in rows)]
    path.write_text("\r\n".join(lines) + "\r\n", encoding, newline="")
    return path


def stored(store: DeltaStore, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    return duckdb.connect().execute(f"SELECT {columns} FROM {store.scan_sql(table)} ORDER BY ALL").fetchall()


def records(store: DeltaStore, table: str) -> list[dict[str, Any]]:
    cursor = duckdb.connect().execute(f"SELECT * FROM {store.scan_sql(table)} ORDER BY ALL")
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture
def store(tmp_path: Path) -> DeltaStore:
    return DeltaStore(tmp_path / "lake")


def test_a_stored_row_is_typed_hashed_and_in_its_month(tmp_path: Path, store: DeltaStore) -> None:
    ingest([write_csv(tmp_path / "FEE_LIST_D.CSV".replace("CSV", "csv"), FEE | {"local_note": "留存", "cnt": " 2.0 "})], store)
    (row,) = records(store, "fee_list_d")
    assert row["cnt"] == Decimal("2.000000")
    assert row["det_item_fee_sumamt"] == Decimal("25.00")
    assert row["fee_ocur_time"] == datetime(2026, 5, 1, 8, 30)
    assert row["month"] == 202605
    assert row["setl_id"] is None
    assert row["known_fields"] == len(FEE)
    assert row["content_hash"] == content_hash(TABLES["fee_list_d"], row)
    assert json.loads(row["extra"]) == {"local_note": "留存"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_are_detected(tmp_path: Path, store: DeltaStore, encoding: str) -> None:
    report = ingest(
        [write_csv(tmp_path / "mdtrt_d.csv", VISIT, VISIT | {"mdtrt_id": "M2", "psn_name": "欧阳𠮷"}, encoding=encoding)], store
    )
    assert report.clean
    assert stored(store, "mdtrt_d", "mdtrt_id, psn_name") == [("M1", "张三"), ("M2", "欧阳𠮷")]


def test_every_form_of_a_file_gives_the_same_content(tmp_path: Path, store: DeltaStore) -> None:
    rows = [FEE | {"bkkp_sn": f"L{number}", "cnt": str(number), "spec": "一行" if number % 2 else ""} for number in range(1, 8)]
    assert ingest([write_csv(tmp_path / "fee_list_d.csv", *rows)], store).of("fee_list_d").accepted == 7
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([name.upper() for name in rows[0]])
    for row in rows:
        typed: dict[str, Any] = row | {"cnt": float(row["cnt"]), "pric": 12.5, "fee_ocur_time": datetime(2026, 5, 1, 8, 30)}
        sheet.append([typed[name] for name in row])
    book.save(tmp_path / "fee_list_d.xlsx")
    table = pa.table(
        {
            "pric": pa.array([12.5] * 7, pa.float64()),
            "cnt": pa.array([Decimal(row["cnt"]) for row in rows], pa.decimal128(20, 4)),
            "fee_ocur_time": pa.array([datetime(2026, 5, 1, 0, 30, tzinfo=UTC)] * 7, pa.timestamp("ms", "UTC")),
            "det_item_fee_sumamt": pa.array([25] * 7, pa.int32()),
            "spec": pa.array([row["spec"] for row in rows]).dictionary_encode(),
            **{name: [row[name] for row in rows] for name in ("bkkp_sn", "mdtrt_id", "psn_no", "fixmedins_code")},
            **{name: pa.array([row[name] for row in rows], pa.large_string()) for name in ("med_type", "med_list_codg")},
        }
    )
    pq.write_table(table, tmp_path / "fee_list_d.parquet")
    for form in ("xlsx", "parquet"):
        again = ingest([tmp_path / f"fee_list_d.{form}"], store).of("fee_list_d")
        assert (form, again.accepted, again.duplicates, again.quarantined) == (form, 0, 7, 0)


def test_parquet_types_that_carry_codes_as_numbers(tmp_path: Path, store: DeltaStore) -> None:
    table = pa.table(
        {
            "psn_no": pa.array([1.0, float("nan"), 3.0]),
            "fixmedins_code": ["H99010100001"] * 3,
            "check_time": pa.array([datetime(2026, 5, 1, 8)] * 3),
            "rslt": pa.array([True, False, True]),
        }
    )
    pq.write_table(table, tmp_path / "idty_check_d.parquet")
    report = ingest([tmp_path / "idty_check_d.parquet"], store)
    assert stored(store, "idty_check_d", "psn_no, rslt") == [("1", "1"), ("3", "1")]
    assert [(e.row, e.column, e.reason) for e in report.of("idty_check_d").examples] == [(2, "psn_no", "missing")]


def test_line_breaks_in_quotes_other_delimiters_and_blank_rows(tmp_path: Path, store: DeltaStore) -> None:
    names = [*FEE, "spec"]
    text = ";".join(names) + "\n" + ";".join([*FEE.values(), '"two\nlines; and ""quotes"""']) + "\n\n" + ";" * (len(names) - 1) + "\n"
    (tmp_path / "2026-05_fee_list_d-1.csv").write_text(text, "utf-8")
    report = ingest([tmp_path], store)
    assert report.clean
    assert report.of("fee_list_d").read == 1
    assert stored(store, "fee_list_d", "spec") == [('two\nlines; and "quotes"',)]


def test_nothing_is_loaded_twice(tmp_path: Path, store: DeltaStore) -> None:
    file = write_csv(tmp_path / "fee_list_d.csv", FEE, FEE, FEE | {"bkkp_sn": "L2"})
    first = ingest([file], store).of("fee_list_d")
    assert (first.read, first.accepted, first.duplicates, first.corrections) == (3, 2, 1, 0)
    versions, rows = store.versions(), stored(store, "fee_list_d")
    again = ingest([file, write_csv(tmp_path / "fee_list_d_copy.csv", FEE)], store).of("fee_list_d")
    assert (again.accepted, again.duplicates) == (0, 4)
    assert (store.versions(), stored(store, "fee_list_d")) == (versions, rows)


def test_same_identity_with_other_content_is_a_correction(tmp_path: Path, store: DeltaStore) -> None:
    within = ingest([write_csv(tmp_path / "fee_list_d.csv", FEE, FEE | {"cnt": "3"})], store).of("fee_list_d")
    assert (within.accepted, within.corrections) == (2, 1)
    moved = FEE | {"cnt": "4", "fee_ocur_time": "2026-06-01 08:30:00"}
    other_house = FEE | {"fixmedins_code": "H99010100002"}
    later = ingest([write_csv(tmp_path / "fee_list_d.csv", moved, other_house)], store).of("fee_list_d")
    assert (later.accepted, later.corrections) == (2, 1)


def test_a_newer_set_corrects_the_older_as_a_whole(tmp_path: Path, store: DeltaStore) -> None:
    old = [DIAGNOSIS | {"updt_time": "2026-05-01 10:00:00"}, DIAGNOSIS | {"diag_code": "I10.x00", "updt_time": "2026-05-01 10:00:00"}]
    first = ingest([write_csv(tmp_path / "setl_list_diag_d.csv", *old)], store).of("setl_list_diag_d")
    assert (first.accepted, first.corrections) == (2, 0)
    new = [row | {"updt_time": "2026-05-02 10:00:00"} for row in old]
    second = ingest([write_csv(tmp_path / "setl_list_diag_d.csv", *new)], store).of("setl_list_diag_d")
    assert (second.accepted, second.corrections) == (2, 1)


def test_references_may_come_later(tmp_path: Path, store: DeltaStore) -> None:
    refund = FEE | {"bkkp_sn": "L9", "cnt": "-2", "det_item_fee_sumamt": "-25", "init_feedetl_sn": "L1", "setl_id": "S1"}
    report = ingest([write_csv(tmp_path / "fee_list_d.csv", refund)], store)
    assert report.clean
    kinds = {(item.table, item.column, item.target, item.rows, item.example) for item in report.pending}
    assert kinds == {
        ("fee_list_d", "mdtrt_id", "mdtrt_d", 1, "M1"),
        ("fee_list_d", "setl_id", "setl_d", 1, "S1"),
        ("fee_list_d", "init_feedetl_sn", "fee_list_d", 1, "L1"),
    }
    # A line of the same number at another institution is not the refunded one.
    stranger = FEE | {"fixmedins_code": "H99010100002"}
    report = ingest([write_csv(tmp_path / "mdtrt_d.csv", VISIT), write_csv(tmp_path / "fee_list_d.csv", stranger)], store)
    assert {item.column for item in report.pending} == {"setl_id", "init_feedetl_sn"}
    report = ingest([write_csv(tmp_path / "fee_list_d.csv", FEE)], store)
    assert {item.column for item in report.pending} == {"setl_id"}


def test_a_crash_between_tables_is_completed_by_the_same_call(tmp_path: Path, store: DeltaStore, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [write_csv(tmp_path / "mdtrt_d.csv", VISIT), write_csv(tmp_path / "fee_list_d.csv", FEE, FEE | {"bkkp_sn": "L2"})]
    append = DeltaStore.append

    def dies(self: DeltaStore, table: str, data: Any, partition_by: Any = ()) -> int:
        if table == "fee_list_d":
            raise OSError("disk full")
        return append(self, table, data, partition_by)

    monkeypatch.setattr(DeltaStore, "append", dies)
    with pytest.raises(OSError, match="disk full"):
        ingest(files, store)
    assert len(stored(store, "mdtrt_d")) == 1
    assert stored(store, "fee_list_d") == []
    monkeypatch.setattr(DeltaStore, "append", append)
    report = ingest(files, store)
    assert (report.of("mdtrt_d").duplicates, report.of("fee_list_d").accepted) == (1, 2)
    assert not [item for item in store.root.iterdir() if item.name.startswith(".ingest")]


def test_a_mapping_renames_columns_and_replaces_values(tmp_path: Path, store: DeltaStore) -> None:
    (tmp_path / "mapping.yaml").write_text(
        "mdtrt_d:\n  files: ['就诊*.csv']\n  columns: {就诊号: mdtrt_id, SEX: gend}\n  values: {gend: {男: '1', 女: '2'}}\n", "utf-8"
    )
    row = {"就诊号": "M1", "sex": "女"} | {k: v for k, v in VISIT.items() if k not in ("mdtrt_id", "gend")}
    file = write_csv(tmp_path / "就诊2026.csv", row, encoding="gb18030")
    assert not ingest([file], store).clean
    assert ingest([file], store, mappings=load_mapping(tmp_path / "mapping.yaml")).clean
    assert stored(store, "mdtrt_d", "mdtrt_id, gend, extra") == [("M1", "2", None)]


def test_a_wrong_mapping_names_all_its_problems_with_positions(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("mdtrt:\n  columns: {}\nsetl_d:\n  colums: {}\n  columns:\n    a: setl_ids\n", "utf-8")
    with pytest.raises(UsageError) as caught:
        load_mapping(path)
    said = str(caught.value)
    assert "m.yaml:1:1: unknown table 'mdtrt'" in said
    assert "m.yaml:4:3: unknown key 'colums'" in said
    assert "m.yaml:6:8: setl_d has no column 'setl_ids'" in said
    assert "did you mean setl_id?" in said


def test_workbook_sheets_named_after_tables_are_read_one_by_one(tmp_path: Path, store: DeltaStore) -> None:
    book = openpyxl.Workbook()
    for table, rows in {"psn_map_d": [["old_psn_no", "psn_no"], ["A", "B"]], "mdtrt_d": [list(VISIT), list(VISIT.values())]}.items():
        sheet = book.create_sheet(table)
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "upload.xlsx")
    assert ingest([tmp_path / "upload.xlsx"], store).clean
    assert stored(store, "psn_map_d", "old_psn_no, psn_no") == [("A", "B")]
    assert stored(store, "mdtrt_d", "mdtrt_id") == [("M1",)]


def test_many_batches_keep_row_numbers_and_find_late_duplicates(tmp_path: Path, store: DeltaStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.ingest.csv_source.BLOCK", 4096)
    monkeypatch.setattr("pipelines.ingest.writer.SEGMENT_ROWS", 100)
    rows = [FEE | {"bkkp_sn": f"L{number}"} for number in range(1, 501)]
    rows[449] |= {"cnt": "many"}
    rows[470] = rows[3]
    names = ",".join(FEE)
    lines = [",".join(row.values()) for row in rows]
    lines[460] += ",surplus"
    (tmp_path / "fee_list_d.csv").write_text("\n".join([names, *lines]) + "\n", "utf-8")
    report = ingest([tmp_path / "fee_list_d.csv"], store).of("fee_list_d")
    assert (report.read, report.accepted, report.duplicates, report.quarantined) == (500, 497, 1, 2)
    assert sorted((e.row, e.reason) for e in report.examples) == [(450, "not_a_number"), (461, "column_count")]
    assert len({number for (number,) in stored(store, "fee_list_d", "bkkp_sn")}) == 497


def test_the_command_exits_1_lists_the_rows_and_prints_one_json_document(tmp_path: Path, home: Path, run_cli: Callable[..., Any]) -> None:
    file = write_csv(tmp_path / "mdtrt_d.csv", VISIT, VISIT | {"mdtrt_id": "M2", "brdy": "1980-13-01"})
    run = run_cli("ingest", file)
    assert run.code == 1
    assert "mdtrt_d.csv: 第 2 行数据" in run.out
    assert "'1980-13-01'" in run.out
    run = run_cli("ingest", file, "--json")
    assert run.code == 1
    document = json.loads(run.out)
    assert document["tables"]["mdtrt_d"]["duplicates"] == 1
    assert document["tables"]["mdtrt_d"]["examples"][0]["column"] == "brdy"
    assert run_cli("ingest", write_csv(tmp_path / "psn_map_d.csv", {"old_psn_no": "A", "psn_no": "B"})).code == 0
    assert run_cli("ingest", tmp_path / "absent").code == 2
    assert DeltaStore.of_home(home).names() == ["mdtrt_d", "psn_map_d", "quarantine"]


@pytest.mark.data
@pytest.mark.parametrize("folder", ["examples/tables", "region"])
def test_the_shared_examples_go_in_whole_and_only_once(shared_data: Path, store: DeltaStore, folder: str) -> None:
    files = [path for path in sorted((shared_data / folder).iterdir()) if path.suffix in (".csv", ".parquet")]
    report = ingest([shared_data / folder], store)
    assert report.problems == []
    assert {item.table for item in report.tables} == {path.stem for path in files}
    for item in report.tables:
        assert item.read == item.accepted + item.duplicates + item.quarantined
        assert sum(item.reasons.values()) >= item.quarantined
    # Nothing in them is malformed, so nothing may be held back.
    assert {item.table: item.quarantined for item in report.tables if item.quarantined} == {}
    again = ingest([shared_data / folder], store)
    assert sum(item.accepted for item in again.tables) == 0
    assert again.data_version == report.data_version


@pytest.mark.data
def test_csv_and_parquet_of_a_region_have_the_same_hashes(shared_data: Path, tmp_path: Path) -> None:
    table = pq.read_table(shared_data / "region" / "fee_list_d.parquet").slice(0, 3000)
    seconds = [pa.field(f.name, pa.timestamp("s") if pa.types.is_timestamp(f.type) else f.type) for f in table.schema]
    texts = table.cast(pa.schema(seconds))
    pq.write_table(table, tmp_path / "fee_list_d.parquet")
    pacsv.write_csv(texts, tmp_path / "fee_list_d.csv")
    hashes = []
    for form in ("parquet", "csv"):
        store = DeltaStore(tmp_path / f"lake-{form}")
        assert ingest([tmp_path / f"fee_list_d.{form}"], store).clean
        columns = ", ".join(name for name in [*TABLES["fee_list_d"].names, *META_TYPES] if name != "ingest_id")
        hashes.append(stored(store, "fee_list_d", columns))
    assert hashes[0] == hashes[1]
    assert len(hashes[0]) == 3000
