"""The evidence gate: no finding is stored as open unless independent code finds the same from the stored claim.

The reference interpreter recomputes lines, quantities, dates and money from the raw rows, and checks that rule, law and
knowledge point held on the service date. What fails is kept apart with its reason and never reaches an inspector.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from xiezhi.domain.facts import AnyFacts, PartitionFacts
from xiezhi.domain.finding import REVISED_BY, Finding
from xiezhi.ports import FactsReader
from xiezhi.ruleset.assemble import assemble
from xiezhi.ruleset.reference import Reference
from xiezhi.ruleset.spec import RuleSpec

PERSONS_AT_ONCE = 2_000


@dataclass(frozen=True)
class Refused:
    """A finding that could not be recomputed, and in which columns it differed."""

    finding: Finding
    reason: str


@dataclass(frozen=True)
class Gated:
    """Findings with their proof (related lines filled in), and those refused."""

    proven: tuple[Finding, ...]
    refused: tuple[Refused, ...]


def pass_gate(findings: Sequence[Finding], rules: Mapping[str, RuleSpec], reference: Reference, facts: FactsReader) -> Gated:
    """Recompute every finding; raises nothing: a difference is a refusal with its reason."""
    proven: list[Finding] = []
    refused: list[Refused] = []
    for claimed, known in _partitions(findings, rules, facts):
        recomputed = _recompute(claimed, rules, reference, known)
        for finding in claimed:
            again = recomputed.get(finding.finding_id)
            reason = _difference(finding, again)
            if again is None or reason:
                refused.append(Refused(finding, reason))
            else:
                proven.append(replace(finding, related_line_ids=again.related_line_ids))
    return Gated(tuple(sorted(proven, key=lambda f: f.finding_id)), tuple(sorted(refused, key=lambda r: r.finding.finding_id)))


def _recompute(
    claimed: Iterable[Finding], rules: Mapping[str, RuleSpec], reference: Reference, known: Sequence[AnyFacts]
) -> dict[str, Finding]:
    """All findings of the claimed rules and subjects over the facts of one partition, by id."""
    subjects: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for finding in claimed:
        subjects[finding.rule_id].add(finding.subject)
    hits = [
        hit
        for rule_id, wanted in sorted(subjects.items())
        for facts in known
        for hit in reference.evaluate(rules[rule_id], facts, wanted).hits
    ]
    return {finding.finding_id: finding for finding in assemble(rules, hits)}


def _difference(finding: Finding, again: Finding | None) -> str:
    if again is None:
        return "not found again from the stored rows"
    if not again.law_refs:
        return "no cited article holds on the service date"
    names = [name for name in REVISED_BY if getattr(finding, name) != getattr(again, name)]
    return ", ".join(f"{name}: {getattr(finding, name)!r} but {getattr(again, name)!r}" for name in names)


def _partitions(
    findings: Sequence[Finding], rules: Mapping[str, RuleSpec], facts: FactsReader
) -> Iterator[tuple[list[Finding], Sequence[AnyFacts]]]:
    """Findings beside the facts they rest on: one person, all trace codes of the sales, one institution's stock or months."""
    by_person: dict[str, list[Finding]] = defaultdict(list)
    by_sale: list[Finding] = []
    by_stock: list[Finding] = []
    by_month: list[Finding] = []
    for finding in findings:
        kind = rules[finding.rule_id].row_kind
        if kind == "sale":
            by_sale.append(finding)
        elif kind == "stock":
            by_stock.append(finding)
        elif kind == "month":
            by_month.append(finding)
        else:
            by_person[finding.person_id or ""].append(finding)
    numbers = sorted(by_person)
    for start in range(0, len(numbers), PERSONS_AT_ONCE):
        for person in facts.persons(numbers[start : start + PERSONS_AT_ONCE]):
            yield by_person[person.person], [person]
    if by_sale:
        sales = facts.sales(sorted({(f.subject[0], f.subject[1]) for f in by_sale}))
        yield by_sale, [PartitionFacts(sales=group) for group in sales]
    if by_stock:
        stock = facts.stock(sorted({(f.institution_code, f.item_code or "") for f in by_stock}))
        yield by_stock, [PartitionFacts(stock=group) for group in stock]
    if by_month:
        months = facts.months(sorted({f.institution_code for f in by_month}))
        yield by_month, [PartitionFacts(months=group) for group in months]
