"""Explains one stored finding: the reference interpreter judges it anew from the stored claim, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xiezhi.domain.calendar import date_of
from xiezhi.domain.errors import UsageError
from xiezhi.domain.facts import PartitionFacts
from xiezhi.domain.finding import Finding
from xiezhi.domain.money import plain, yuan
from xiezhi.ruleset import expr as x
from xiezhi.ruleset.loader import load_rules
from xiezhi.ruleset.points import JudgedPoint, PointBase
from xiezhi.ruleset.reference import Judgement, Reference, subject_of
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.ruleset.types import Type
from xiezhi.services.evidence_gate import pass_gate
from xiezhi.settings import Settings
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.duckdb_facts import open_facts
from xiezhi.storage.facts_reader import DuckDBFacts
from xiezhi.storage.findings import FindingStore
from xiezhi.storage.knowledge import KnowledgeBase


@dataclass(frozen=True)
class Explanation:
    """A finding, its rule, the judgement of every row of its subject, and whether the stored data still bear it out."""

    finding: Finding
    rule: RuleSpec
    judgements: tuple[Judgement, ...]
    points: tuple[JudgedPoint, ...]
    holds: bool
    reason: str


def explain_finding(settings: Settings, prefix: str) -> Explanation:
    """Find a stored finding by the beginning of its id and judge it anew.

    The facts are read at the table versions the finding was computed from, so that the answer is the same years later.

    Raises:
        UsageError: no finding, or several, begin so; or the rule is no longer in the rule base.
    """
    present = DeltaStore.of_home(settings.home)
    import duckdb

    stored = FindingStore(present, duckdb.connect()).current()
    matches = [finding for key, finding in stored.items() if key.startswith(prefix)]
    if len(matches) != 1:
        raise UsageError.of(f"{len(matches)} findings begin with {prefix!r}", accepted="the beginning of one finding id")
    finding = matches[0]
    base = load_rules(settings.rules_dir)
    if finding.rule_id not in base.rules:
        raise UsageError.of(
            f"rule {finding.rule_id} is not in {settings.rules_dir}", todo="set XIEZHI_RULES_DIR to the release that made it"
        )
    rule = base.rules[finding.rule_id]
    then = DeltaStore.of_home(settings.home, DeltaStore.parse_data_version(finding.data_version))
    facts = DuckDBFacts(open_facts(then, threads=settings.threads))
    knowledge = KnowledgeBase(settings.home, settings.rules_dir)
    points = PointBase.of(knowledge.points(), knowledge.version())
    reference = Reference(points)
    gated = pass_gate([finding], base.rules, reference, facts)
    judgements = tuple(j for j in _judge(reference, rule, finding, facts) if subject_of(rule, j.candidate) == finding.subject)
    used = tuple(points.by_id[kp] for kp in finding.knowledge_ids if kp in points.by_id)
    return Explanation(finding, rule, judgements, used, bool(gated.proven), "; ".join(r.reason for r in gated.refused))


def _judge(reference: Reference, rule: RuleSpec, finding: Finding, facts: DuckDBFacts) -> list[Judgement]:
    if rule.row_kind == "sale":
        groups = facts.sales([(finding.subject[0], finding.subject[1])])
        return [j for group in groups for j in reference.judge(rule, PartitionFacts(sales=group))]
    if rule.row_kind == "stock":
        rows = facts.stock([(finding.institution_code, finding.item_code or "")])
        return [j for group in rows for j in reference.judge(rule, PartitionFacts(stock=group))]
    if rule.row_kind == "month":
        return [j for group in facts.months([finding.institution_code]) for j in reference.judge(rule, PartitionFacts(months=group))]
    return [j for person in facts.persons([finding.person_id or ""]) for j in reference.judge(rule, person)]


def shown(value: Any, kind: Type) -> str:
    """A value as people write it.

    >>> shown(1_500_000, Type.QTY), shown(None, Type.INT), shown(120, Type.FEN)
    ('1.5', '缺失 missing', '1.20')
    """
    if value is None:
        return "缺失 missing"
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    if kind in (Type.QTY, Type.PRICE):
        return plain(value)
    if kind is Type.FEN:
        return yuan(value)
    return date_of(value).isoformat() if kind is Type.DATE else str(value)


def inputs(rule: RuleSpec, judgement: Judgement) -> list[tuple[str, str]]:
    """Every field, limit, parameter and feature that the condition read, with its value for one row."""
    row, point = judgement.candidate.row, judgement.candidate.point
    result: dict[str, str] = {}
    for node in rule.condition.walk():
        if isinstance(node, x.Field):
            result[node.name] = shown(getattr(row, node.column), node.type)
        elif isinstance(node, x.Point):
            result[f"point.{node.name}"] = shown(point.limits[node.name] if point else None, node.type)
        elif isinstance(node, x.Param):
            day = getattr(row, "begin_date", None) if rule.row_kind == "encounter" else row.date  # type: ignore[union-attr]
            value = rule.parameters[node.name].at(day, getattr(row, "region", None)) if day is not None else None
            result[f"param.{node.name}"] = shown(value.value if value else None, node.type) + (f" ({value.source})" if value else "")
        elif isinstance(node, x.Feature):
            result[node.name] = shown(judgement.features[node.name], node.type)
    return sorted(result.items())


def document(explanation: Explanation) -> dict[str, Any]:
    """The explanation as one JSON document."""
    finding, rule = explanation.finding, explanation.rule
    return {
        "finding_id": finding.finding_id,
        "revision": finding.revision,
        "status": finding.status,
        "message_zh": finding.message_zh,
        "message_en": finding.message_en,
        "holds": explanation.holds,
        "reason": explanation.reason,
        "rule": {"id": rule.id, "title": rule.title, "why": rule.why, "version": rule.version, "hash": rule.hash},
        "laws": [{"law": c.law.title, "article": c.article, "gist": c.gist} for c in rule.citations],
        "points": [{"kp_id": p.kp_id, "item": p.item_name, "constraint": p.constraint} for p in explanation.points],
        "rows": [
            {
                "row": getattr(j.candidate.row, "id", ""),
                "point": j.candidate.point.kp_id if j.candidate.point else None,
                "truth": j.truth,
                "inputs": dict(inputs(rule, j)),
                "exceptions": j.exceptions,
            }
            for j in explanation.judgements
        ],
        "amount_fen": finding.amount_fen,
        "data_version": finding.data_version,
    }


def print_explanation(explanation: Explanation) -> None:
    """Sentence, rule, law, knowledge, and the inputs of every row."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    finding, rule = explanation.finding, explanation.rule

    def line(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    line(finding.message_zh)
    line(finding.message_en)
    line(f"规则 rule {rule.id} v{rule.version} {rule.title} · {rule.title_en}")
    line(f"理由 why: {rule.why}")
    for citation in rule.citations:
        line(f"依据 law: {citation} — {citation.gist}")
    for point in explanation.points:
        line(f"知识点 point: {point.kp_id} {point.item_name} — {point.constraint}")
    for gap in rule.known_gaps:
        line(f"可能的正常情形 known gap: {gap}")
    table = Table(title="逐行推算 rows", title_justify="left")
    for name in ("明细 row", "日期 date", "结论 truth", "输入 inputs"):
        table.add_column(name)
    for judgement in explanation.judgements:
        row: Any = judgement.candidate.row
        day = row.begin_date if rule.row_kind == "encounter" else row.date
        words = {True: "成立 true", False: "不成立 false", None: "未知 unknown"}[judgement.truth]
        table.add_row(getattr(row, "id", ""), date_of(day).isoformat(), words, "\n".join(f"{k} = {v}" for k, v in inputs(rule, judgement)))
    console.print(table)
    for text in _related(finding):
        line(text)
    verdict = "重新推算一致 the stored claim bears it out" if explanation.holds else f"与保存的疑点不一致 differs: {explanation.reason}"
    line(f"金额 amount {yuan(finding.amount_fen)} 元 yuan · {verdict}")


def _related(finding: Finding) -> Sequence[str]:
    if not finding.related_line_ids:
        return ()
    return (f"关联明细 related lines: {', '.join(finding.related_line_ids)}",)
