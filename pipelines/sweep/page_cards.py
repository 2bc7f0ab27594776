"""Cards of single findings: which are shown, and everything a reader needs to check one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.sweep.page_evidence import Evidence, EvidenceEncounter, EvidenceLine, EvidenceSale, EvidenceStock, age
from pipelines.sweep.page_reasons import calculation, definitions, formulas, values_read, written_rule
from pipelines.sweep.page_words import INSURANCES, KINDS, LEVELS, SEXES, Text, cut, masked, money, same
from xiezhi.domain.counting import line_key
from xiezhi.domain.finding import Finding
from xiezhi.domain.knowledge import KnowledgePoint
from xiezhi.ruleset.law import Citation
from xiezhi.ruleset.spec import RuleSpec

SHOWN = 40
SHOWN_PER_RULE = 5
LINES_PER_CARD = 16
RELATED_PER_CARD = 12
POINTS_PER_CARD = 4


@dataclass(frozen=True)
class ShownLine:
    """A fee line of a card: `offends` or only related; `part_fen` its part of the amount; `elsewhere`: another institution billed it."""

    line: EvidenceLine
    offends: bool
    part_fen: int
    elsewhere: bool


@dataclass(frozen=True)
class ShownVisit:
    """A visit beside a finding about visits; `own` where it is one of those found doubtful."""

    visit: EvidenceEncounter
    own: bool


@dataclass(frozen=True)
class Card:
    """One finding with its rule and evidence, ready to be written."""

    place: int
    finding: Finding
    rule: RuleSpec
    person: str
    institution: Text
    facts: tuple[tuple[Text, Text], ...]
    formulas: tuple[tuple[Text, str], ...]
    definitions: tuple[tuple[Text, str], ...]
    read: tuple[tuple[Text, Text], ...]
    calculation: tuple[tuple[Text, Text], ...]
    lines: tuple[ShownLine, ...]
    lines_related: int
    lines_left_out: int
    visits: tuple[ShownVisit, ...]
    sales: tuple[EvidenceSale, ...]
    stock: EvidenceStock | None
    citations: tuple[Citation, ...]
    points: tuple[KnowledgePoint, ...]
    points_left_out: int


def chosen(findings: Sequence[Finding], shown: int = SHOWN, per_rule: int = SHOWN_PER_RULE) -> list[Finding]:
    """The findings to show: the one with the most counted money of each rule, then by counted money, few of one rule.

    Returned in order of counted money; ties by amount, then id, so that a page of the same run is the same.
    """
    ordered = sorted(findings, key=lambda f: (-f.counted_amount_fen, -f.amount_fen, f.finding_id))
    firsts: dict[str, Finding] = {}
    for finding in ordered:
        firsts.setdefault(finding.rule_id, finding)
    picked = list(firsts.values())[:shown]
    ids, of_rule = {f.finding_id for f in picked}, Counter(f.rule_id for f in picked)
    for finding in ordered:
        if len(picked) < shown and finding.finding_id not in ids and of_rule[finding.rule_id] < per_rule:
            picked.append(finding)
            of_rule[finding.rule_id] += 1
    places = {finding.finding_id: place for place, finding in enumerate(ordered)}
    return sorted(picked, key=lambda f: places[f.finding_id])


def build_cards(
    findings: Sequence[Finding],
    rules: Mapping[str, RuleSpec],
    evidence: Evidence,
    points: Mapping[str, KnowledgePoint],
    institutions: Mapping[str, Text],
) -> list[Card]:
    """A card for each finding, in the given order."""
    written = {rule_id: written_rule(rules[rule_id]) for rule_id in sorted({f.rule_id for f in findings})}
    return [
        _card(place, finding, rules[finding.rule_id], written[finding.rule_id], evidence, points, institutions)
        for place, finding in enumerate(findings, 1)
    ]


def _card(
    place: int,
    finding: Finding,
    rule: RuleSpec,
    written: Mapping[str, Any],
    evidence: Evidence,
    points: Mapping[str, KnowledgePoint],
    institutions: Mapping[str, Text],
) -> Card:
    lines = _lines(finding, evidence)
    own = {finding.encounter_id if rule.row_kind == "encounter" else None, *(line.line.encounter for line in lines if line.offends)}
    cited = [points[kp] for kp in finding.knowledge_ids if kp in points]
    offending = sorted((line for line in lines if line.offends), key=lambda line: -line.part_fen)
    shown = offending[:LINES_PER_CARD] + [line for line in lines if not line.offends][:RELATED_PER_CARD]
    return Card(
        place=place,
        finding=finding,
        rule=rule,
        person=masked(finding.person_id),
        institution=institutions.get(finding.institution_code, same(finding.institution_code)),
        facts=tuple(_facts(finding, evidence)),
        formulas=tuple(formulas(written)),
        definitions=tuple(definitions(written)),
        read=tuple(values_read(rule, evidence.rows.get(finding.finding_id), cited)),
        calculation=tuple(calculation(finding, rule, sum(line.line.amount for line in lines if line.offends))),
        lines=tuple(sorted(shown, key=lambda s: (s.line.time, s.line.institution, s.line.id))),
        lines_related=sum(not line.offends for line in lines),
        lines_left_out=len(lines) - len(shown),
        visits=tuple(ShownVisit(visit, visit.id in own) for visit in evidence.visits.get(finding.finding_id, ())),
        sales=tuple(evidence.sales.get(finding.finding_id, ())[:LINES_PER_CARD]),
        stock=evidence.stock.get(finding.finding_id),
        citations=tuple(c for c in rule.citations if str(c) in finding.law_refs),
        points=tuple(cited[:POINTS_PER_CARD]),
        points_left_out=len(finding.knowledge_ids) - len(cited[:POINTS_PER_CARD]),
    )


def _lines(finding: Finding, evidence: Evidence) -> list[ShownLine]:
    parts = dict(zip(finding.line_ids, finding.line_amounts, strict=True))
    result = []
    for line_id in (*finding.line_ids, *finding.related_line_ids):
        key = line_key(finding, line_id)
        if key in evidence.lines:
            result.append(ShownLine(evidence.lines[key], line_id in parts, parts.get(line_id, 0), key[0] != finding.institution_code))
    return result


def _facts(finding: Finding, evidence: Evidence) -> list[tuple[Text, Text]]:
    """What the encounter says; only what is known."""
    first = next((evidence.lines[k] for line in finding.line_ids if (k := line_key(finding, line)) in evidence.lines), None)
    encounter = evidence.encounters.get(finding.encounter_id or (first.encounter if first else ""))
    result = []
    if encounter is not None:
        years = age(encounter.birth_date, finding)
        sex = SEXES.get(encounter.sex or "", same("—"))
        if years is not None:
            result.append((Text("性别 / 年龄", "Sex / age"), Text(f"{sex.zh} / {years} 岁", f"{sex.en} / {years}")))
        if encounter.insurance:
            result.append((Text("险种", "Insurance"), INSURANCES.get(encounter.insurance, same(encounter.insurance))))
        if encounter.kind:
            result.append((Text("就医方式", "Kind of visit"), KINDS.get(encounter.kind, same(encounter.kind))))
        if encounter.main_diagnosis:
            result.append((Text("主诊断", "Main diagnosis"), same(cut(encounter.main_diagnosis, 20))))
        if encounter.total is not None:
            result.append((Text("本次费用（元）", "Visit total (yuan)"), same(money(encounter.total))))
        if encounter.fund is not None:
            result.append((Text("其中基金支付（元）", "Paid by the fund (yuan)"), same(money(encounter.fund))))
    if finding.practitioner_code:
        result.append((Text("开单人员", "Ordered by"), same(cut(finding.practitioner_code, 24))))
    return result


def level_text(level: int | None) -> Text:
    """The level of an institution in words."""
    return same("—") if level is None else LEVELS.get(level, same(str(level)))
