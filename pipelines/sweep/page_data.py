"""Everything the page of a sweep says, as plain values: totals by rule, institution and month, cards, data quality."""

from __future__ import annotations

import re
import shlex
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.sweep.page_cards import Card, build_cards, chosen, level_text
from pipelines.sweep.page_evidence import institution_names, months_of_lines, read_evidence
from pipelines.sweep.page_words import LAPS, VERDICTS, Text, cut, same
from pipelines.sweep.run import Outcome, month_text
from xiezhi.domain.finding import REVISED_BY, VERDICT_RANK, Finding
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.ruleset.types import ROW_FIELDS
from xiezhi.storage.knowledge import KnowledgeBase

INSTITUTIONS = 20
MONTHS = 36
UNKNOWNS = 60
REFUSED = 20


@dataclass(frozen=True)
class Sums:
    """Findings with their amount and counted amount, in fen."""

    findings: int = 0
    amount: int = 0
    counted: int = 0

    def plus(self, finding: Finding) -> Sums:
        """These sums and one more finding."""
        return Sums(self.findings + 1, self.amount + finding.amount_fen, self.counted + finding.counted_amount_fen)


@dataclass(frozen=True)
class RuleRow:
    """A rule that ran, with its open findings and how many of them have a card."""

    rule: RuleSpec
    sums: Sums
    shown: int
    first_card: str


@dataclass(frozen=True)
class InstitutionRow:
    """An institution with its open findings and the number of rules they come from."""

    code: str
    name: Text
    level: Text
    rules: int
    sums: Sums


@dataclass(frozen=True)
class MonthRow:
    """A month of service dates: its fee lines and open findings."""

    month: str
    lines: int
    sums: Sums


@dataclass(frozen=True)
class UnknownRow:
    """How often a rule could not be decided because a field was missing; `field_name` in Chinese where the catalogue has one."""

    rule: RuleSpec
    field: str
    field_name: str
    count: int


@dataclass(frozen=True)
class RefusedRow:
    """A finding that the evidence gate refused, and the columns that could not be recomputed."""

    finding_id: str
    rule_id: str
    differs: str


@dataclass(frozen=True)
class PageData:
    """The content of the page."""

    outcome: Outcome
    months: Text
    tables: tuple[str, ...]
    seconds: float
    laps: tuple[tuple[Text, float], ...]
    total: Sums
    by_verdict: tuple[tuple[str, Text, Sums], ...]
    by_rule: tuple[RuleRow, ...]
    silent: tuple[RuleSpec, ...]
    by_institution: tuple[InstitutionRow, ...]
    institutions: int
    by_month: tuple[MonthRow, ...]
    cards: tuple[Card, ...]
    unknown: tuple[UnknownRow, ...]
    unknown_total: int
    unknown_left_out: int
    refused: tuple[RefusedRow, ...]
    command: str


def build_page(outcome: Outcome, home: Path) -> PageData:
    """Gather the content; reads the facts of `outcome.con` and the knowledge base below `home`."""
    rules = outcome.rules.rules
    findings = [finding for finding in outcome.open if finding.rule_id in rules]
    names = institution_names(outcome.con)
    institutions = {code: same(cut(name, 60) if name else code) for code, (name, _) in names.items()}
    shown = chosen(findings)
    knowledge = KnowledgeBase(home, outcome.request.rules_dir)
    points = {point.kp_id: point for point in knowledge.points({kp for finding in shown for kp in finding.knowledge_ids})}
    evidence = read_evidence(outcome.con, shown, rules)
    cards = build_cards(shown, rules, evidence, points, institutions)
    by_rule = _sums(findings, lambda finding: finding.rule_id)
    by_verdict = _sums(findings, lambda finding: finding.verdict)
    by_institution = _sums(findings, lambda finding: finding.institution_code)
    by_month = _sums(findings, lambda finding: f"{finding.service_date:%Y-%m}")
    shown_of = Counter(card.rule.id for card in cards)
    first_card = {card.rule.id: card.finding.finding_id for card in reversed(cards)}
    rules_at: dict[str, set[str]] = defaultdict(set)
    for finding in findings:
        rules_at[finding.institution_code].add(finding.rule_id)
    unknown = _unknown(outcome.unknown, rules)
    ran = [rules[i] for i in outcome.request.rules if i in rules] or list(outcome.rules.active)
    return PageData(
        outcome=outcome,
        months=_months(outcome),
        tables=tuple(outcome.data_version.split()) or ("—",),
        seconds=sum(outcome.seconds.values()),
        laps=tuple((LAPS.get(name, same(name)), value) for name, value in outcome.seconds.items()),
        total=_all(findings),
        by_verdict=tuple((key, VERDICTS[key], by_verdict.get(key, Sums())) for key in sorted(VERDICTS, key=VERDICT_RANK.__getitem__)),
        by_rule=tuple(RuleRow(rules[key], sums, shown_of[key], first_card.get(key, "")) for key, sums in _by_counted(by_rule)),
        silent=tuple(sorted((rule for rule in ran if rule.id not in by_rule), key=lambda rule: rule.id)),
        by_institution=tuple(
            InstitutionRow(key, institutions.get(key, same(key)), level_text(names.get(key, (None, None))[1]), len(rules_at[key]), sums)
            for key, sums in _by_counted(by_institution)[:INSTITUTIONS]
        ),
        institutions=len(by_institution),
        by_month=_month_rows(outcome, by_month),
        cards=tuple(cards),
        unknown=tuple(unknown[:UNKNOWNS]),
        unknown_total=sum(outcome.unknown.values()),
        unknown_left_out=len(unknown[UNKNOWNS:]),
        refused=tuple(_refused(r.finding, r.reason) for r in outcome.refused[:REFUSED]),
        command=_command(outcome),
    )


def _sums(findings: Iterable[Finding], key: Callable[[Finding], str]) -> dict[str, Sums]:
    result: dict[str, Sums] = {}
    for finding in findings:
        result[key(finding)] = result.get(key(finding), Sums()).plus(finding)
    return result


def _all(findings: Iterable[Finding]) -> Sums:
    return _sums(findings, lambda finding: "").get("", Sums())


def _by_counted(sums: Mapping[str, Sums]) -> list[tuple[str, Sums]]:
    """By counted money, then amount, then findings, then key."""
    return sorted(sums.items(), key=lambda entry: (-entry[1].counted, -entry[1].amount, -entry[1].findings, entry[0]))


def _months(outcome: Outcome) -> Text:
    first, last = month_text(outcome.request.from_month), month_text(outcome.request.to_month)
    if not first and not last:
        return Text("全部已入库月份", "all stored months")
    if first == last:
        return same(first)
    return Text(f"{first or '最早'} 至 {last or '最近'}", f"{first or 'earliest'} to {last or 'latest'}")


def _month_rows(outcome: Outcome, by_month: Mapping[str, Sums]) -> tuple[MonthRow, ...]:
    """Months in order; those outside the asked ones have no findings and are left out."""
    request = outcome.request
    lines = {
        month_text(number): count
        for number, count in months_of_lines(outcome.con).items()
        if (request.from_month or number) <= number <= (request.to_month or number)
    }
    return tuple(MonthRow(month, lines.get(month, 0), by_month.get(month, Sums())) for month in sorted({*lines, *by_month})[-MONTHS:])


def _unknown(unknown: Counter[tuple[str, str]], rules: Mapping[str, RuleSpec]) -> list[UnknownRow]:
    rows = []
    for (rule_id, name), count in sorted(unknown.items(), key=lambda entry: (-entry[1], entry[0])):
        if rule_id in rules and count:
            info = ROW_FIELDS[rules[rule_id].row_kind].get(name)
            rows.append(UnknownRow(rules[rule_id], name, info.zh if info else "", count))
    return rows


def _refused(finding: Finding, reason: str) -> RefusedRow:
    """Only the names of the columns: their values may hold person numbers."""
    names = [name for name in REVISED_BY if re.search(rf"(^|, ){name}: ", reason)]
    return RefusedRow(finding.finding_id, finding.rule_id, ", ".join(names) or cut(reason, 120))


def _command(outcome: Outcome) -> str:
    """The command line that repeats the run."""
    request = outcome.request
    parts = ["xiezhi", "sweep"]
    for name, month in (("--from", request.from_month), ("--to", request.to_month)):
        parts += [name, month_text(month)] if month is not None else []
    for rule in request.rules:
        parts += ["--rule", rule]
    if request.engine != "duckdb":
        parts += ["--engine", request.engine]
    return shlex.join(parts)
