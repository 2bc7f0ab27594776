"""How cases, queues and ratings are printed, and their JSON twins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Column, Table

from pipelines.console import wide_console
from xiezhi.domain.actor import mask
from xiezhi.domain.case import REASONS, Case
from xiezhi.domain.credit import Rating, Scheme
from xiezhi.domain.finding import Finding
from xiezhi.domain.money import yuan
from xiezhi.domain.priority import Factors
from xiezhi.domain.queue import QueueRow
from xiezhi.services.queue import QueuePage
from xiezhi.storage.sql.case_reader import PastDecision


def factors_document(factors: Factors) -> dict[str, int]:
    """The factors by name (fen and permille), and their product."""
    return asdict(factors) | {"priority": factors.priority}


def factors_text(factors: Factors) -> str:
    """The factors as they are multiplied."""
    shown = (factors.confidence, factors.credit, factors.age, factors.signal)
    return " × ".join((yuan(factors.amount_fen), *(f"{each / 1000:.2f}" for each in shown)))


def queue_document(page: QueuePage, totals: tuple[int, int, int]) -> dict[str, Any]:
    """A page of the queue."""
    return {
        "cases": [_row_document(row) for row in page.rows],
        "next": page.next,
        "total": {"cases": totals[0], "amount_fen": totals[1], "confirmed_fen": totals[2]},
    }


def _row_document(row: QueueRow) -> dict[str, Any]:
    values = {
        name: getattr(row, name) for name in QueueRow.__slots__ if name not in ("factors", "state", "opened_at", "first_service_date")
    }
    first = row.first_service_date.isoformat() if row.first_service_date else None
    return values | {
        "state": row.state.value,
        "factors": asdict(row.factors),
        "opened_at": row.opened_at.isoformat(),
        "first_service_date": first,
    }


def print_queue(page: QueuePage, totals: tuple[int, int, int]) -> None:
    """Print a page of the queue."""
    right: Any = "right"
    table = Table(
        Column("案件 case", min_width=20, no_wrap=True),
        "机构 institution",
        "人员 person",
        "状态 state",
        "类别 verdict",
        Column("疑点 findings", justify=right),
        Column("金额×置信×信用×账龄×指标 factors", justify=right),
        Column("优先级 priority", justify=right),
    )
    for row in page.rows:
        about = row.person_masked or row.theme
        table.add_row(
            row.case_id,
            row.institution_code,
            about,
            row.state.value,
            row.verdict,
            str(row.findings),
            factors_text(row.factors),
            str(row.priority) + (" 探索" if row.exploration else ""),
        )
    console = wide_console()
    console.print(table)
    console.print(f"共 {totals[0]} 件 cases · 涉及 {yuan(totals[1])} 元 at stake · 已确认 {yuan(totals[2])} 元 confirmed")
    if page.next:
        console.print(f"下一页 next page: --after {page.next}")


def case_document(case: Case, findings: Sequence[Finding], past: Sequence[PastDecision]) -> dict[str, Any]:
    """A case with its findings, lines and history; the person is masked."""
    return {
        "case_id": case.case_id,
        "kind": case.key.kind,
        "institution_code": case.key.institution_code,
        "encounter_id": case.key.encounter_id,
        "theme": case.key.theme,
        "person_masked": mask(case.person_id),
        "state": case.state.value,
        "outcome": case.outcome.value if case.outcome else None,
        "version": case.version,
        "assigned_to": case.assigned_to,
        "amount_fen": case.amount_fen,
        "confirmed_fen": case.confirmed_fen,
        "factors": factors_document(case.factors),
        "findings": [
            {
                "finding_id": each.finding_id,
                "rule_id": each.rule_id,
                "verdict": each.verdict,
                "status": each.status,
                "revision": each.revision,
                "service_date": each.service_date.isoformat(),
                "amount_fen": each.amount_fen,
                "message_zh": each.message_zh,
                "message_en": each.message_en,
                "law_refs": each.law_refs,
                "knowledge_ids": each.knowledge_ids,
            }
            for each in findings
        ],
        "lines": [
            {
                "finding_id": line.finding_id,
                "line_id": line.line_id,
                "part_fen": line.part_fen,
                "counted_fen": line.counted_fen,
                "present": line.present,
                "decision": line.decision.value if line.decision else None,
                "reason": line.reason,
                "decided_by": line.decided_by,
                "decided_at": line.decided_at.isoformat() if line.decided_at else None,
                "simulated": line.simulated,
            }
            for line in case.lines
        ],
        "decisions": [asdict(each) | {"at": each.at.isoformat()} for each in past],
    }


def print_case(case: Case, findings: Sequence[Finding], past: Sequence[PastDecision]) -> None:
    """Print a case: what it is about, its doubtful points, its lines and what was decided."""
    console = wide_console()
    about = mask(case.person_id) or case.key.theme
    console.print(
        f"案件 case {case.case_id} · {case.key.institution_code} · {about} · 状态 state {case.state.value} · 版本 version {case.version}"
    )
    product = f"{factors_text(case.factors)} = {case.factors.priority}"
    console.print(f"金额 amount {yuan(case.amount_fen)} · 已确认 confirmed {yuan(case.confirmed_fen)} · {product}")
    for each in findings:
        console.print(
            f"疑点 {each.finding_id[:12]} {each.rule_id} {each.verdict} {each.status}: {each.message_zh}  {', '.join(each.law_refs)}"
        )
    table = Table(
        "疑点 finding",
        "费用行 line",
        Column("主张 claimed", justify="right"),
        Column("计入 counted", justify="right"),
        "结论 decision",
        "理由 reason",
    )
    for column in table.columns[2:4]:
        column.justify = "right"
    for line in case.lines:
        reason = f"{REASONS[line.reason].zh} {line.reason}" if line.reason else ""
        marked = " （模拟 simulated）" if line.simulated else ""
        decided = (line.decision.value if line.decision else "") + marked + ("" if line.present else " （已失效 gone）")
        table.add_row(line.finding_id[:12], line.line_id or "—", yuan(line.part_fen), yuan(line.counted_fen), decided, reason)
    console.print(table)
    for old in past:
        what = f"{old.finding_id[:12]} {old.line_id or '—'} {old.decision} ({old.reason})"
        console.print(f"{old.at:%Y-%m-%d %H:%M} {old.actor}{' 模拟 simulated' if old.simulated else ''}: {what} {old.note}")


def rating_document(rating: Rating) -> dict[str, Any]:
    """A rating with its reasons."""
    return asdict(rating) | {"as_of": rating.as_of.isoformat()}


def print_ratings(ratings: Sequence[Rating], scheme: Scheme) -> None:
    """Print ratings, the lowest first."""
    table = Table("对象 subject", "编号 id", Column("得分 score", justify="right"), "等级 grade", "理由 reasons")
    names = {key: zh for key, (zh, _) in scheme.labels.items()}
    for each in ratings:
        reasons = "；".join(
            f"{names.get(r.dimension, r.dimension)} {r.points}（确认 {r.confirmed} 例 {yuan(r.amount_fen)} 元，排除 {r.refuted} 例）"
            for r in each.reasons
        )
        table.add_row(each.subject_kind, each.subject_id, str(each.score), each.grade + (" 一票否决" if each.veto else ""), reasons)
    wide_console().print(table)
