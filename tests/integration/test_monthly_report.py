"""The monthly report over a real store: both files say the same numbers, to the fen, and the same bytes come out again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import openpyxl
import pytest
from docx import Document
from docx.oxml.ns import qn

from xiezhi.domain.money import yuan
from xiezhi.domain.words import LEAD_KINDS


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small region, swept, with cases open, decided by the simulated panel and rated, with scores and leads that name persons."""
    from pipelines.demo.run import command

    root = tmp_path_factory.mktemp("report")
    before = os.environ.get("XIEZHI_HOME")
    os.environ["XIEZHI_HOME"] = str(root / "home")
    try:
        tables = root / "tables"
        command("simulate", ["--out", str(tables), "--truth", str(root / "truth"), "--persons", "400", "--months", "2", "--seed", "3"])
        command("knowledge.import", [str(tables / "knowledge" / "points.csv"), str(tables / "knowledge" / "codes.csv")])
        command("ingest", [str(path) for path in sorted(tables.glob("*.parquet"))])
        command("sweep", [])
        command("cases.open", ["--as-of", "2026-03-31"])
        command("panel", ["--truth", str(root / "truth"), "--top", "40"])
        command("credit", [])
        put_signals(root / "home")
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


def rows_of(store: Path, asked: str, table: str) -> list[Any]:
    import duckdb

    from xiezhi.storage.delta import DeltaStore

    return duckdb.sql(asked.format(DeltaStore.of_home(store).scan_sql(table))).fetchall()


def put_signals(home: Path) -> None:
    """A score of every institution and a lead of each kind, whose sentences name a member and somebody who is none in full."""
    from pipelines.cases.app import Desk
    from xiezhi.domain.signal import Lead, Member, Score, ScoreReason, Subject, lead_id
    from xiezhi.domain.words import LEAD_KINDS
    from xiezhi.settings import load_settings
    from xiezhi.storage.sql.signals import SqlSignalStore

    places = [row[0] for row in rows_of(home, "SELECT DISTINCT fixmedins_code FROM {} ORDER BY 1", "fee_list_d")]
    persons = [row[0] for row in rows_of(home, "SELECT DISTINCT psn_no FROM {} ORDER BY 1 LIMIT 3", "mdtrt_d")]
    database = Desk.of(load_settings()).database
    signals = SqlSignalStore(database)
    reason = (ScoreReason("fee_per_stay", 12.0, 8.0, 0.7, "次均费用 12 元", "12 yuan a stay"),)
    one = "anomaly.institution"
    signals.put_scores(
        one,
        "2026-03",
        [Score(Subject.INSTITUTION, code, "2026-03", one, "1", 900 - at, None, "all", 9, reason, "r") for at, code in enumerate(places)],
    )
    for at, kind in enumerate(LEAD_KINDS):
        said = f"{persons[0]}与{persons[2]}在{places[at]}"
        members = (Member(Subject.PERSON, persons[0]), Member(Subject.PERSON, persons[1]), Member(Subject.INSTITUTION, places[at], "hub"))
        found = Lead(
            lead_id(kind, "2026-03", [persons[0], places[at]]), kind, "2026-03", 700 + at, said, said, members, (places[at],),
            date(2026, 3, 1), date(2026, 3, 9), (), {}, (said,), (said,), amount_fen=12_345,
        )  # fmt: skip
        signals.put_leads([kind], "2026-03", [found])
    database.dispose()


def plain(row: Sequence[Any]) -> list[Any]:
    """Values of a row; shares with the 12 digits that LibreOffice keeps."""
    return [round(value, 12) if isinstance(value, float) else value for value in row]


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
def test_decisions_are_the_same_in_both_files_and_add_up(made: dict[str, Any]) -> None:
    """Catches confirmed or undecided money summed apart, and a panel's decisions told as people's."""
    book = openpyxl.load_workbook(made["workbook"])
    said = "".join(texts(made["document"]))
    assert made["confirmed_fen"] > 0
    assert made["undecided_fen"] > 0
    assert made["closed_cases"] > 0
    rows = list(book["机构"].iter_rows(min_row=4, values_only=True))
    for column, name, before in ((7, "undecided_fen", "尚未判定"), (8, "confirmed_fen", "已确认金额")):
        assert sum(Decimal(str(row[column])) for row in rows) * 100 == made[name]
        whole, _, cents = yuan(made[name]).partition(".")
        assert f"{before} {int(whole):,}.{cents} 元" in said
    assert sum(int(str(row[9])) for row in rows) == made["waiting_cases"]
    assert sum(int(str(row[10])) for row in rows) == made["closed_cases"]
    assert "由演示用的模拟专家组判定，不是人的结论" in said
    rules = list(book["规则"].iter_rows(min_row=4, values_only=True))
    assert sum(int(str(row[8])) for row in rules) == sum(int(str(row[14])) for row in rules) > 0


@pytest.mark.slow
def test_the_factors_of_a_case_explain_its_place(made: dict[str, Any]) -> None:
    """Catches a factor of the queue that the sheet leaves out."""
    book = openpyxl.load_workbook(made["workbook"])
    heads = [cell.value for cell in book["案件"][3]]
    rows = [dict(zip(heads, row, strict=True)) for row in book["案件"].iter_rows(min_row=4, values_only=True)]
    assert rows
    for row in rows:
        product = int(Decimal(str(row["金额（元）"])) * 100) + 10_000
        for factor in ("可信系数", "信用系数", "账龄系数", "线索与模型系数"):
            product *= row[factor]
        assert row["优先级（分）"] == product // 10**12
        assert row["排序值（分）"] == max(row["优先级（分）"], row["抽查位置（分）"] or 0)
    assert [row["排序值（分）"] for row in rows] == sorted((row["排序值（分）"] for row in rows), reverse=True)


@pytest.mark.slow
def test_states_are_told_with_their_moment_and_institutions_by_name(made: dict[str, Any]) -> None:
    """Catches present states told as those of a past month, and codes where a name is known."""
    book = openpyxl.load_workbook(made["workbook"])
    for sheet in ("机构", "规则", "案件"):
        assert "不是月末的状态" in str(book[sheet]["A2"].value)
        assert "审计记录第" in str(book[sheet]["A2"].value)
    complete = list(book["字段完整率"].iter_rows(min_row=4, values_only=True))
    assert len(complete) > len([row for row in book["机构"].iter_rows(min_row=4, values_only=True) if row[3]])
    assert not any(row[0] == row[1] for row in complete)
    kinds = {row[1] for row in book["线索"].iter_rows(min_row=4, values_only=True)}
    assert kinds == {zh for zh, _ in LEAD_KINDS.values()}


@pytest.mark.slow
def test_a_month_before_all_leads_and_scores_and_a_document_to_somebody(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_cli: Callable[..., Any]
) -> None:
    """Catches leads and ranks of later months in the report of an earlier one, and sections that need them."""
    monkeypatch.setenv("XIEZHI_HOME", str(store))
    monkeypatch.setenv("XIEZHI_ADDRESSEE", "各县医疗保障局")
    for lang in ("zh", "en"):
        run = run_cli("report", "--month", "2026-02", "--lang", lang, "--out", tmp_path, "--json")
        assert run.code == 0, run.err
        made = json.loads(run.out)
        assert made["leads"] == 0
        said = texts(made["document"])
        assert said[1] == {"zh": "各县医疗保障局：", "en": "各县医疗保障局:"}[lang]
        sheet = openpyxl.load_workbook(made["workbook"]).worksheets[2]
        assert all(row[11] is None for row in sheet.iter_rows(min_row=4, values_only=True))


@pytest.mark.slow
def test_the_same_input_gives_the_same_bytes(made: dict[str, Any], tmp_path: Path, run_cli: Callable[..., Any]) -> None:
    """Catches a moment of today in properties or archive, and an order that a set decides."""
    again = json.loads(run_cli("report", "--month", "2026-03", "--out", tmp_path / "two", "--json").out)
    for kind in ("workbook", "document"):
        assert Path(made[kind]).read_bytes() == Path(again[kind]).read_bytes(), kind


@pytest.mark.slow
def test_the_workbook_has_no_formula_no_link_and_no_whole_person_number(made: dict[str, Any], store: Path) -> None:
    persons = {row[0] for row in rows_of(store, "SELECT DISTINCT psn_no FROM {}", "mdtrt_d")}
    said = texts(made["document"])
    assert not any(person in text for text in said for person in persons)
    with zipfile.ZipFile(made["workbook"]) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    pages = [part for name, part in parts.items() if name.startswith("xl/worksheets")]
    assert not any("<f>" in page or "hyperlink" in page for page in pages)
    assert not any("externalLink" in name for name in parts)
    assert persons
    assert not any(person in part for part in parts.values() for person in persons)
    book = openpyxl.load_workbook(made["workbook"])
    leads = list(book["线索"].iter_rows(min_row=4, values_only=True))
    assert len(leads) == made["leads"] == 5
    assert all("**********" in str(row[3]) and "**********" in str(row[4]) and "**********" in str(row[6]) for row in leads)
    assert any("**********" in text for text in said)
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
def test_libreoffice_shows_both_files_with_the_totals_and_saves_them_unchanged(
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
        assert not [line for line in done.stderr.splitlines() if line and "javaldx" not in line], done.stderr
    again = tmp_path / "again"
    for kind, ending in (("workbook", "xlsx"), ("document", "docx")):
        subprocess.run(
            ["soffice", profile, "--headless", "--convert-to", ending, "--outdir", str(again), made[kind]], capture_output=True, check=True
        )
    assert texts(str(again / Path(made["document"]).name)) == texts(made["document"])
    one, other = (openpyxl.load_workbook(path) for path in (made["workbook"], again / Path(made["workbook"]).name))
    for sheet in one.worksheets:
        saved = [plain(row) for row in other[sheet.title].iter_rows(max_col=sheet.max_column, values_only=True)]
        assert saved[: sheet.max_row] == [plain(row) for row in sheet.iter_rows(values_only=True)], sheet.title
