"""The monthly report over a real store: both files say the same numbers, to the fen, and the same bytes come out again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import openpyxl
import pytest
from docx import Document
from docx.oxml.ns import qn

from xiezhi.domain.money import yuan


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small region, swept, with cases open."""
    from pipelines.demo.run import command

    root = tmp_path_factory.mktemp("report")
    before = os.environ.get("XIEZHI_HOME")
    os.environ["XIEZHI_HOME"] = str(root / "home")
    try:
        tables = root / "tables"
        command("simulate", ["--out", str(tables), "--persons", "400", "--months", "2", "--seed", "3"])
        command("knowledge.import", [str(tables / "knowledge" / "points.csv"), str(tables / "knowledge" / "codes.csv")])
        command("ingest", [str(path) for path in sorted(tables.glob("*.parquet"))])
        command("sweep", [])
        command("cases.open", ["--as-of", "2026-03-31"])
    finally:
        if before is None:
            del os.environ["XIEZHI_HOME"]
        else:
            os.environ["XIEZHI_HOME"] = before
    return root / "home"


@pytest.fixture
def made(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_cli: Callable[..., Any]) -> dict[str, Any]:
    monkeypatch.setenv("XIEZHI_HOME", str(store))
    monkeypatch.setenv("XIEZHI_ISSUER", "某市医疗保障局")
    run = run_cli("report", "--month", "2026-03", "--out", tmp_path / "one", "--json")
    assert run.code == 0, run.err
    return dict(json.loads(run.out))


def texts(path: str) -> list[str]:
    document = Document(path)
    return [p.text for p in document.paragraphs] + [c.text for t in document.tables for r in t.rows for c in r.cells]


@pytest.mark.slow
def test_both_files_hold_the_same_totals_and_the_sum_of_their_parts(made: dict[str, Any]) -> None:
    """Catches money counted twice, months that leak, and sums made apart in the two files."""
    book = openpyxl.load_workbook(made["workbook"])
    assert book.sheetnames == ["总览", "线索", "机构", "规则", "案件", "数据质量", "字段完整率", "依据"]
    totals = {row[0].value: row for row in book["总览"].iter_rows(min_row=4)}
    counted = totals["疑点：计入金额"]
    assert made["findings"] > 0
    assert counted[1].value == made["findings"]
    assert Decimal(str(counted[2].value)) * 100 == made["counted_amount_fen"]
    for sheet, column in (("机构", 6), ("规则", 7)):
        rows = list(book[sheet].iter_rows(min_row=4, values_only=True))
        assert sum(Decimal(str(row[column])) for row in rows) * 100 == made["counted_amount_fen"]
    said = texts(made["document"])
    whole, _, cents = yuan(made["counted_amount_fen"]).partition(".")
    assert any(f"计入金额 {int(whole):,}.{cents} 元" in text for text in said)
    assert any(f"疑点 {made['findings']:,} 个" in text for text in said)
    assert any(text == "2026年3月医保基金智能监管筛查月报" for text in said)
    assert {"某市医疗保障局", "2026年3月31日"} <= set(said)
    assert not any("违规" in text or "{{" in text or "{%" in text for text in said)


@pytest.mark.slow
def test_the_same_input_gives_the_same_bytes(made: dict[str, Any], tmp_path: Path, run_cli: Callable[..., Any]) -> None:
    """Catches a moment of today in properties or archive, and an order that a set decides."""
    again = json.loads(run_cli("report", "--month", "2026-03", "--out", tmp_path / "two", "--json").out)
    for kind in ("workbook", "document"):
        assert Path(made[kind]).read_bytes() == Path(again[kind]).read_bytes(), kind


@pytest.mark.slow
def test_the_workbook_has_no_formula_no_link_and_no_whole_person_number(made: dict[str, Any], store: Path) -> None:
    import duckdb

    from xiezhi.storage.delta import DeltaStore

    persons = {row[0] for row in duckdb.sql(f"SELECT DISTINCT psn_no FROM {DeltaStore.of_home(store).scan_sql('mdtrt_d')}").fetchall()}
    with zipfile.ZipFile(made["workbook"]) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    pages = [part for name, part in parts.items() if name.startswith("xl/worksheets")]
    assert not any("<f>" in page or "hyperlink" in page for page in pages)
    assert not any("externalLink" in name for name in parts)
    assert persons
    assert not any(person in part for part in parts.values() for person in persons)
    first = parts["xl/worksheets/sheet1.xml"]
    assert 'state="frozen"' in first
    assert 'paperSize="9"' in first
    assert 'orientation="landscape"' in first


@pytest.mark.slow
def test_the_document_has_the_form_of_official_documents(made: dict[str, Any]) -> None:
    """GB/T 9704-2012: catches margins, line spacing and East Asian fonts that Word would fall back on."""
    document = Document(made["document"])
    section = document.sections[0]
    sides = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(side.mm) for side in sides if side is not None] == [37, 35, 28, 26]
    styles: Any = document.styles
    for name, font, size in (("GW Title", "方正小标宋简体", 22), ("GW Body", "仿宋_GB2312", 16), ("GW Heading", "黑体", 16)):
        style = styles[name]
        assert style.element.rPr.rFonts.get(qn("w:eastAsia")) == font
        assert style.font.size.pt == size
    assert styles["GW Body"].paragraph_format.line_spacing.pt == 28


@pytest.mark.slow
def test_a_month_without_data_names_the_months_there_are(made: dict[str, Any], run_cli: Callable[..., Any]) -> None:
    run = run_cli("report", "--month", "2031-01")
    assert run.code == 2
    assert "2026-03" in run.err
    assert run_cli("report", "--month", "2026-13").code == 2
    assert run_cli("report").code == 2


@pytest.mark.slow
def test_libreoffice_shows_both_files_with_the_totals(
    made: dict[str, Any], tmp_path: Path, unavailable: Callable[[str, str], NoReturn]
) -> None:
    if not (shutil.which("soffice") and shutil.which("pdftotext")):
        unavailable("services", "no LibreOffice: install libreoffice-writer-nogui, libreoffice-calc-nogui and poppler-utils")
    whole, _, cents = yuan(made["counted_amount_fen"]).partition(".")
    for kind in ("workbook", "document"):
        out = tmp_path / kind
        profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
        done = subprocess.run(
            ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(out), made[kind]], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        (pdf,) = out.glob("*.pdf")
        text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
        assert f"{int(whole):,}.{cents}" in text.replace("\n", "") or f"{int(whole):,}.{cents}" in text
        assert 2 <= text.count("\f") <= 60
