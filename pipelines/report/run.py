"""Makes both files of a month, and says what they hold."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipelines.report.archive import settle
from pipelines.report.content import MonthReport, chooser
from pipelines.report.data import gather
from pipelines.report.document import write_document, write_template
from pipelines.report.sheets import sheets
from pipelines.report.wording import title
from pipelines.report.workbook import write_workbook
from xiezhi.domain.errors import UsageError
from xiezhi.domain.money import yuan
from xiezhi.settings import Settings


@dataclass(frozen=True)
class Written:
    """The files of a report, its content, and the seconds it took."""

    report: MonthReport
    workbook: Path
    document: Path
    seconds: float


def save_builtin(path: Path, lang: str) -> None:
    """Write the built-in template of the Word report; raises `UsageError` where the ending is not `.docx`."""
    if path.suffix != ".docx":
        raise UsageError.of(f"--save-template {path.name}: unknown ending", accepted=".docx")
    write_template(path, chooser(lang))


def write_report(
    settings: Settings, month: int, folder: Path, lang: str, *, dated: date | None = None, template: Path | None = None
) -> Written:
    """Gather a month and write `<title>.xlsx` and `<title>.docx` into a folder.

    Raises:
        UsageError: no data of the month, or a template that cannot be read.
        ServiceUnreachable: the database does not answer.
    """
    if template is not None and not template.is_file():
        raise UsageError.of(f"--template {template}: no such file", accepted="a file of `xiezhi report --save-template`")
    start = time.perf_counter()
    say = chooser(lang)
    report = gather(settings, month, dated=dated)
    stem = say(f"{report.month}-医保基金智能监管筛查月报", f"{report.month}-screening-report")
    workbook, document = folder / f"{stem}.xlsx", folder / f"{stem}.docx"
    moment = datetime.combine(report.dated, datetime.min.time())
    write_workbook(workbook, sheets(report, say), title=title(report, say), author=report.issuer, created=moment)
    settle(workbook)
    with tempfile.TemporaryDirectory() as scratch:
        if template is None:
            template = Path(scratch) / "template.docx"
            write_template(template, say)
        write_document(document, report, say, workbook=workbook.name, template=template)
    return Written(report, workbook, document, time.perf_counter() - start)


def document(written: Written) -> dict[str, Any]:
    """The report as one JSON document: files, totals (fen), and what it rests on."""
    report = written.report
    return {
        "month": report.month,
        "date": report.dated.isoformat(),
        "workbook": str(written.workbook),
        "document": str(written.document),
        "lines": report.claims.lines,
        "findings": report.total.findings,
        "amount_fen": report.total.amount,
        "counted_amount_fen": report.total.counted,
        "undecided_fen": report.open_fen,
        "confirmed_fen": report.confirmed_fen,
        "institutions": sum(1 for row in report.institutions if row.sums.findings),
        "waiting_cases": report.waiting,
        "closed_cases": report.closed,
        "leads": report.leads_total,
        "advice": [{"institution": row.code, "undecided_fen": row.open_fen, "weight": factors.weight} for row, factors in report.advice],
        "rules_version": report.versions.rules,
        "knowledge_version": report.versions.knowledge,
        "data_version": report.versions.data,
        "runs": list(report.versions.runs),
        "seconds": round(written.seconds, 3),
    }


def print_summary(written: Written) -> None:
    """The totals and the files on the terminal."""
    from pipelines.console import wide_console

    report, console = written.report, wide_console()
    console.print(
        f"{report.month} · 疑点 findings {report.total.findings:,} · 计入 counted {yuan(report.total.counted)} 元 · "
        f"未判定 undecided {yuan(report.open_fen)} 元 · 待办案件 waiting {report.waiting:,} · 线索 leads {report.leads_total:,}"
    )
    for row, _ in report.advice[:5]:
        console.print(f"  建议核查 advised: {row.code} {row.name} {yuan(row.open_fen)} 元", markup=False)
    console.print(f"工作簿 workbook: {written.workbook}\n月报 document: {written.document}", markup=False, soft_wrap=True)
