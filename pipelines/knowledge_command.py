"""Commands `xiezhi knowledge import|list|show`: take in, search and look at knowledge points."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xiezhi.ruleset.commands.options import JsonOption, print_json, problem_document

if TYPE_CHECKING:
    from xiezhi.domain.knowledge import KnowledgePoint
    from xiezhi.ruleset.knowledge.report import ImportReport
    from xiezhi.storage.knowledge import KnowledgeBase

_SHOWN_IDS = 5
_SHOWN_TEXT = 40


def _open() -> KnowledgeBase:
    from xiezhi.settings import load_settings
    from xiezhi.storage.knowledge import KnowledgeBase

    chosen = load_settings()
    return KnowledgeBase(chosen.home, chosen.rules_dir)


def import_points(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="points.csv 与 codes.csv（或 xlsx）。The two tables.")],
    as_json: JsonOption = False,
) -> None:
    """导入知识点（两张表），逐条说明未采纳的原因。Import knowledge points; every refused one is explained with file, line and column."""
    from xiezhi.domain.errors import UsageError
    from xiezhi.ruleset.knowledge.importer import read_points

    missing = [path for path in files if not path.is_file()]
    if missing:
        raise UsageError.of(f"没有此文件 no such file: {', '.join(map(str, missing))}", accepted="points.csv codes.csv")
    base = _open()
    report = base.add(read_points(files))
    if as_json:
        print_json(_report_document(report, base.version()))
    else:
        _print_report(report, base.version())
    if report.rejects:
        raise typer.Exit(1)


def _report_document(report: ImportReport, version: str) -> dict[str, Any]:
    return {
        "read": report.read,
        "imported": report.imported,
        "completed": report.completed,
        "unchanged": report.unchanged,
        "superseded": [{"kp_id": old, "by": new} for old, new in report.superseded],
        "not_coded": [{"class_no": each.class_no, "reason": each.reason, "kp_ids": each.kp_ids} for each in report.not_coded],
        "rejected": [
            {"kp_id": each.kp_id, "problems": [problem_document(problem) for problem in each.problems]} for each in report.rejects
        ],
        "warnings": [problem_document(each) for each in report.warnings],
        "knowledge_version": version,
    }


def _print_report(report: ImportReport, version: str) -> None:
    from xiezhi.domain.rule_classes import RULE_CLASSES

    waiting = sum(len(each.kp_ids) for each in report.not_coded)
    for label, number in (
        ("读取 read", report.read),
        ("新增 imported", report.imported),
        ("补全编码 completed", report.completed),
        ("未变 unchanged", report.unchanged),
        ("被替代 superseded", len(report.superseded)),
        ("尚未编码 not yet coded", waiting),
        ("未采纳 rejected", len(report.rejects)),
        ("提示 warnings", len(report.warnings)),
    ):
        typer.echo(f"{label}: {number}")
    typer.echo(f"知识库版本 knowledge version: {version}")
    for each in report.not_coded:
        ids = ", ".join(each.kp_ids[:_SHOWN_IDS]) + (" …" if len(each.kp_ids) > _SHOWN_IDS else "")
        name = RULE_CLASSES[each.class_no].name
        typer.echo(f"尚未编码 not yet coded: 第 {each.class_no} 类 {name}, {len(each.kp_ids)}: {each.reason} ({ids})")
    for reject in report.rejects:
        for problem in reject.problems:
            typer.echo(f"未采纳 rejected {reject.kp_id or '-'}: {problem}")
    for warning in report.warnings:
        typer.echo(f"提示 warning: {warning}")


def list_points(
    class_no: Annotated[int | None, typer.Option("--class", min=1, max=88, help="规则类别 1–88。Rule class.")] = None,
    code: Annotated[str | None, typer.Option("--code", help="涉及此编码的知识点。Points that name or cover this code.")] = None,
    on: Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="该日有效的。In force on this date.")] = None,
    as_json: JsonOption = False,
) -> None:
    """列出知识点，可按类别、编码、日期筛选。List knowledge points by class, code or date; without filters also those that are text only."""
    from xiezhi.domain.knowledge import covers

    base = _open()
    state = base.snapshot()
    columns = ("kp_id", "class_no", "item_name", "constraint", "valid_from", "valid_to", "region", "coded")
    rows = state.points.sort_by([("class_no", "ascending"), ("kp_id", "ascending")]).select(columns).to_pylist()
    if class_no is not None:
        rows = [row for row in rows if row["class_no"] == class_no]
    if code is not None:
        ids, codes = state.codes.column("kp_id").to_pylist(), state.codes.column("code").to_pylist()
        named = {kp_id for kp_id, each in zip(ids, codes, strict=True) if covers(each, code.strip())}
        rows = [row for row in rows if row["kp_id"] in named]
    if on is not None:
        rows = [row for row in rows if row["valid_from"] <= on.date() <= (row["valid_to"] or date.max)]
    if as_json:
        print_json({"knowledge_version": base.version(), "points": rows})
        return
    from rich.console import Console
    from rich.table import Column, Table

    kp_id, no, item, period, coded = "kp_id", "类 no", "名称与限定 item and limit", "期间 period", "编码 coded"
    table = Table(Column(kp_id, no_wrap=True), no, Column(item, ratio=1), Column(period, no_wrap=True), coded)
    for row in rows:
        text = row["constraint"] if len(row["constraint"]) <= _SHOWN_TEXT else row["constraint"][: _SHOWN_TEXT - 1] + "…"
        item = f"{row['item_name']}\n{text}".strip()
        table.add_row(
            row["kp_id"], str(row["class_no"]), item, f"{row['valid_from']}\n{row['valid_to'] or '…'}", "✓" if row["coded"] else "–"
        )
    Console().print(table)
    typer.echo(f"{len(rows)} 条 points")


def show_point(
    kp_id: Annotated[str, typer.Argument(metavar="ID", help="知识点标识。Identifier of the point.")],
    as_json: JsonOption = False,
) -> None:
    """查看一个知识点：限定、编码、有效期、替代链、所属规则。Show one knowledge point: limit, codes, dates, chain, rule."""
    from xiezhi.domain.errors import UsageError

    base = _open()
    found = base.points([kp_id])
    if not found:
        raise UsageError.of(f"没有此知识点 no such knowledge point: {kp_id!r}", todo="xiezhi knowledge list")
    document = _point_document(found[0], base)
    if as_json:
        print_json(document)
        return
    for name, value in document.items():
        if isinstance(value, list):
            typer.echo(f"{name}:")
            for each in value:
                typer.echo("  " + (" ".join(str(part) for part in each.values() if part) if isinstance(each, dict) else str(each)))
        else:
            typer.echo(f"{name}: {value if value not in (None, '') else '-'}")


def _point_document(point: KnowledgePoint, base: KnowledgeBase) -> dict[str, Any]:
    from xiezhi.domain.rule_classes import RULE_CLASSES, rule_id

    return {
        "kp_id": point.kp_id,
        "rule_id": rule_id(point.class_no),
        "class": f"{point.class_no} {RULE_CLASSES[point.class_no].name}",
        "item_name": point.item_name,
        "constraint": point.constraint,
        "detect_logic": point.detect_logic,
        "limit": [{"name": name, "value": value} for name, value in point.limit.given().items()],
        "coded": "是 yes" if point.coded else f"否 no: {point.why_not_coded}",
        "valid_from": point.valid_from.isoformat(),
        "valid_to": point.valid_to.isoformat() if point.valid_to else None,
        "region": point.region or "全国 nation",
        "chain": [{"kp_id": each, "period": period} for each, period in _chain(point, base)],
        "batch": point.batch,
        "published_at": point.published_at.isoformat() if point.published_at else None,
        "source_url": point.source_url,
        "source_file": point.source_file,
        "codes": [{"role": each.role, "code": each.code, "name": each.name} for each in point.codes],
    }


def _chain(point: KnowledgePoint, base: KnowledgeBase) -> list[tuple[str, str]]:
    """The chain that the point is part of, oldest first, each with its period."""
    older, newer = list(point.supersedes), base.successor(point.kp_id)
    chain: dict[str, None] = {}
    for each in older:
        chain[each] = None
    while older:
        found = base.points(older)
        older = [each for one in found for each in one.supersedes if each not in chain]
        chain = dict.fromkeys(older) | chain
    chain[point.kp_id] = None
    while newer and newer not in chain:
        chain[newer] = None
        newer = base.successor(newer)
    known = {each.kp_id: each for each in base.points(chain)}
    return [
        (each, f"{known[each].valid_from} – {known[each].valid_to or '…'}" if each in known else "尚未导入 not imported yet")
        for each in chain
    ]
