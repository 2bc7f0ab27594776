"""A folder of hand-written files with more than twenty kinds of errors: good rows are loaded, every bad one is named."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from pipelines.ingest.report import IngestReport
from pipelines.ingest.run import ingest
from xiezhi.storage.delta import DeltaStore

HEADER = "bkkp_sn,mdtrt_id,psn_no,fixmedins_code,fee_ocur_time,med_type,med_list_codg,cnt,pric,det_item_fee_sumamt,dscg_tkdrug_flag,spec"
GOOD = "{sn},M1,P1,H99010100001,2026-05-01 08:00:00,11,001102000010000,1,12.5,12.50,0,"


def line(sn: str, **values: str) -> str:
    """A good fee line with some values replaced."""
    cells = dict(zip(HEADER.split(","), GOOD.format(sn=sn).split(","), strict=True)) | values
    return ",".join(cells[name] for name in HEADER.split(","))


@dataclass(frozen=True)
class Kind:
    """One kind of error: the bad line (third of five), and what must be said about it."""

    name: str
    bad: str
    column: str
    reason: str
    keyword: str
    value: str | None = None


KINDS = [
    Kind("missing_key", line("", mdtrt_id="M1"), "bkkp_sn", "missing", "必填"),
    Kind("missing_person", line("L3", psn_no="  "), "psn_no", "missing", "必填"),
    Kind("missing_null_word", line("L3", mdtrt_id="NULL"), "mdtrt_id", "missing", "missing"),
    Kind("words_for_number", line("L3", cnt="two"), "cnt", "not_a_number", "不是数字", "two"),
    Kind("thousands", line("L3", det_item_fee_sumamt='"1,250.00"'), "det_item_fee_sumamt", "not_a_number", "separators", "1,250.00"),
    Kind("currency", line("L3", pric="¥12.5"), "pric", "not_a_number", "货币", "¥12.5"),
    Kind("not_finite", line("L3", cnt="nan"), "cnt", "not_a_number", "不是数字", "nan"),
    Kind("half_fen", line("L3", det_item_fee_sumamt="12.505"), "det_item_fee_sumamt", "too_many_decimals", "小数位", "12.505"),
    Kind("seven_decimals", line("L3", pric="0.1234567"), "pric", "too_many_decimals", "decimals", "0.1234567"),
    Kind("huge", line("L3", det_item_fee_sumamt="1" * 18), "det_item_fee_sumamt", "number_range", "超出范围", "1" * 18),
    Kind(
        "no_such_day", line("L3", fee_ocur_time="2026-02-30 08:00:00"), "fee_ocur_time", "not_a_time", "不是有效时间", "2026-02-30 08:00:00"
    ),
    Kind("no_such_hour", line("L3", fee_ocur_time="2026-05-01 25:00:00"), "fee_ocur_time", "not_a_time", "时间", "2026-05-01 25:00:00"),
    Kind("offset", line("L3", fee_ocur_time="2026-05-01T08:00:00+08:00"), "fee_ocur_time", "not_a_time", "without offset"),
    Kind("zulu", line("L3", fee_ocur_time="2026-05-01T08:00:00Z"), "fee_ocur_time", "not_a_time", "无时区"),
    Kind("day_first", line("L3", fee_ocur_time="01/05/2026"), "fee_ocur_time", "not_a_time", "YYYY-MM-DD", "01/05/2026"),
    Kind("long_ago", line("L3", fee_ocur_time="1026-05-01 08:00:00"), "fee_ocur_time", "date_range", "1900", "1026-05-01 08:00:00"),
    Kind("short_institution", line("L3", fixmedins_code="H9901"), "fixmedins_code", "code_shape", "11 位数字", "H9901"),
    Kind("zeros_lost", line("L3", med_list_codg="1102000010000"), "med_list_codg", "code_shape", "前导零", "1102000010000"),
    Kind("cut_drug", line("L3", med_list_codg="XA11DAW036A00101"), "med_list_codg", "code_shape", "23", "XA11DAW036A00101"),
    Kind("name_for_code", line("L3", med_type="门诊"), "med_type", "code_shape", "医疗类别", "门诊"),
    Kind("wrong_flag", line("L3", dscg_tkdrug_flag="yes"), "dscg_tkdrug_flag", "code_shape", "1 位数字", "yes"),
    Kind("digits_lost", line("L3", psn_no="9.901E+19"), "psn_no", "digits_lost", "科学计数", "9.901E+19"),
    Kind("too_few", line("L3").rsplit(",", 2)[0], "", "column_count", "列数"),
    Kind("too_many", line("L3") + ",surplus", "", "column_count", "header"),
    Kind("open_quote", line("L3", spec='"10mg'), "", "open_quote", "引号"),
    Kind("quote_inside", line("L3", spec='"10"mg"'), "", "open_quote", "quote"),
]


def write_folder(folder: Path) -> None:
    """One file a kind: four good lines around the bad one."""
    folder.mkdir()
    for index, kind in enumerate(KINDS):
        lines = [line(f"{index}-{number}") for number in (1, 2, 4, 5)]
        text = "\n".join([HEADER, *lines[:2], kind.bad, *lines[2:]]) + "\n"
        (folder / f"fee_list_d_{kind.name}.csv").write_text(text, "utf-8")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[DeltaStore, IngestReport, Path]:
    folder = tmp_path_factory.mktemp("bad") / "in"
    write_folder(folder)
    store = DeltaStore(folder.parent / "lake")
    return store, ingest([folder], store), folder


def quarantine(store: DeltaStore, columns: str = "*") -> list[tuple[object, ...]]:
    return duckdb.connect().execute(f"SELECT {columns} FROM {store.scan_sql('quarantine')} ORDER BY ALL").fetchall()


def stored(store: DeltaStore, table: str, columns: str) -> list[tuple[object, ...]]:
    return duckdb.connect().execute(f"SELECT {columns} FROM {store.scan_sql(table)} ORDER BY ALL").fetchall()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_bad_row_is_named_by_file_row_column_and_reason(kind: Kind, loaded: tuple[DeltaStore, IngestReport, Path]) -> None:
    store, _, _ = loaded
    file = f"fee_list_d_{kind.name}.csv"
    query = (
        "SELECT row_no, line_no, column_name, value, reason, reason_zh || ' ' || reason_en, row_json "
        f"FROM {store.scan_sql('quarantine')} WHERE file = ? ORDER BY row_no"
    )
    rows = duckdb.connect().execute(query, [file]).fetchall()
    assert len(rows) == 1, rows
    row, line_no, column, value, reason, text, whole = rows[0]
    assert (row, line_no, column, reason) == (3, 4, kind.column, kind.reason)
    assert kind.keyword in text
    if kind.value is not None:
        assert value == kind.value
        assert json.loads(whole)[kind.column] == kind.value


def test_the_good_rows_of_every_file_are_loaded(loaded: tuple[DeltaStore, IngestReport, Path]) -> None:
    store, report, _ = loaded
    assert [number for (number,) in stored(store, "fee_list_d", "bkkp_sn")] == sorted(
        f"{index}-{number}" for index in range(len(KINDS)) for number in (1, 2, 4, 5)
    )
    counts = report.of("fee_list_d")
    assert (counts.read, counts.accepted, counts.quarantined) == (5 * len(KINDS), 4 * len(KINDS), len(KINDS))
    assert len(KINDS) >= 20
    assert not report.clean


def test_loading_the_folder_again_adds_nothing_and_still_names_every_bad_row(loaded: tuple[DeltaStore, IngestReport, Path]) -> None:
    store, _, folder = loaded
    before, versions = quarantine(store), store.versions()
    again = ingest([folder], store).of("fee_list_d")
    assert (again.accepted, again.duplicates, again.quarantined, again.quarantined_before) == (0, 4 * len(KINDS), len(KINDS), len(KINDS))
    assert quarantine(store) == before
    assert store.versions() == versions


def test_every_reason_of_a_row_is_given(tmp_path: Path) -> None:
    bad = line("L1", psn_no="", cnt="x", fixmedins_code="?", fee_ocur_time="never")
    (tmp_path / "fee_list_d.csv").write_text(f"{HEADER}\n{bad}\n", "utf-8")
    store = DeltaStore(tmp_path / "lake")
    report = ingest([tmp_path / "fee_list_d.csv"], store).of("fee_list_d")
    assert report.quarantined == 1
    assert {(column, reason) for column, reason in quarantine(store, "column_name, reason")} == {
        ("psn_no", "missing"),
        ("cnt", "not_a_number"),
        ("fixmedins_code", "code_shape"),
        ("fee_ocur_time", "not_a_time"),
    }


def test_broken_bytes_are_named_and_the_rest_is_loaded(tmp_path: Path) -> None:
    rows = [line(f"L{number}", spec="阿莫西林胶囊每盒二十四粒") for number in range(1, 30)]
    data = "\n".join([HEADER, *rows]).encode()
    spoiled = data.replace("粒".encode(), "粒".encode()[:2], 1)
    (tmp_path / "fee_list_d.csv").write_bytes(spoiled)
    store = DeltaStore(tmp_path / "lake")
    report = ingest([tmp_path / "fee_list_d.csv"], store).of("fee_list_d")
    assert (report.accepted, report.quarantined) == (28, 1)
    assert quarantine(store, "row_no, column_name, reason") == [(1, "spec", "broken_characters")]
    assert {spec for (spec,) in stored(store, "fee_list_d", "spec")} == {"阿莫西林胶囊每盒二十四粒"}


def test_a_bad_header_names_all_its_problems_and_the_other_files_are_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "psn_map_d.csv").write_text("old_psn_no,psn_no\nA,B\n", "utf-8")
    (folder / "setl_d.csv").write_text("setl_id,mdtrt_id,psn_no,fixmedins_cod,SETL_ID\nS1,M1,P1,H99010100001,S1\n", "utf-8")
    (folder / "fee_lst_d.csv").write_text(f"{HEADER}\n", "utf-8")
    (folder / "medins_d.csv").write_text("", "utf-8")
    (folder / "mdtrt_d.parquet").write_bytes(b"PAR1 cut off")
    (folder / "staff_d.xlsx").write_bytes(b"no workbook")
    store = DeltaStore(tmp_path / "lake")
    report = ingest([folder], store)
    said = {str(problem) for problem in report.problems}
    for words in (
        ("setl_d.csv", "fixmedins_code is missing", "fixmedins_cod?"),
        ("setl_d.csv", "setl_time is missing", "accepted: setl_time"),
        ("setl_d.csv", "medfee_sumamt is missing"),
        ("setl_d.csv", "setl_id is there twice"),
        ("fee_lst_d.csv", "no table", "did you mean fee_list_d?"),
        ("medins_d.csv", "no header"),
        ("mdtrt_d.parquet", "not a whole Parquet file"),
        ("staff_d.xlsx", "not an Excel workbook"),
    ):
        assert any(all(word in text for word in words) for text in said), (words, said)
    assert stored(store, "psn_map_d", "old_psn_no, psn_no") == [("A", "B")]
