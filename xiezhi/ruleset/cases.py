"""Runs the cases at the bottom of rule files: given rows, netting, reference interpreter, findings, compared with what is expected.

A case that expects silence can be silent for the wrong reason. So a case of kind `outside`, `refunded` or `exception` must come out
with a finding once its reason is taken away (dates, refunds and reversals, the named exception); else it proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from xiezhi.domain.errors import Place, XiezhiError
from xiezhi.domain.facts import AnyFacts, PartitionFacts
from xiezhi.domain.finding import Finding
from xiezhi.domain.money import fen, yuan
from xiezhi.ruleset.assemble import assemble
from xiezhi.ruleset.case_facts import CaseFacts, case_facts
from xiezhi.ruleset.hits import Evaluation
from xiezhi.ruleset.law import Citation
from xiezhi.ruleset.points import PointBase
from xiezhi.ruleset.reference import Reference
from xiezhi.ruleset.spec import RuleCase, RuleSpec

SILENT_KINDS = ("miss", "missing", "outside", "refunded", "exception")
"""Kinds of cases that must expect no finding."""

EVER = date(1900, 1, 1)


@dataclass(frozen=True)
class Difference:
    """One thing that came out otherwise than expected."""

    what: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.what}: 应为 expected {self.expected}, 实为 got {self.got}"


@dataclass(frozen=True)
class CaseResult:
    """How a case came out: differences from what is expected (none: passed), and the findings it made."""

    rule_id: str
    case: RuleCase
    place: Place
    differences: tuple[Difference, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all came out as expected."""
        return not self.differences


def run_case(rule: RuleSpec, case: RuleCase) -> CaseResult:
    """Run one case of a rule, whatever its status. A case that cannot be read is a difference, not an error."""
    place = Place(rule.path, case.line, field=case.name)
    try:
        facts = case_facts(rule, case)
        findings, unknown = judge(rule, facts)
        differences = [*_differences(case, findings, unknown), *_without_reason(rule, case, facts)]
    except XiezhiError as error:
        return CaseResult(
            rule.id, case, place, tuple(Difference("given", "rows that can be used", str(problem)) for problem in error.problems)
        )
    return CaseResult(rule.id, case, place, tuple(differences), tuple(findings))


def run_cases(rules: Iterable[RuleSpec]) -> list[CaseResult]:
    """Run all cases of some rules, in order."""
    return [run_case(rule, case) for rule in rules for case in rule.cases]


def judge(rule: RuleSpec, facts: CaseFacts) -> tuple[list[Finding], set[str]]:
    """The findings of a rule over the facts of a case, and the names that were missing where it stayed unknown."""
    reference = Reference(facts.points)
    partitions: list[AnyFacts] = list(facts.persons)
    if rule.row_kind == "sale":
        partitions = [PartitionFacts(sales=group) for group in facts.sales.values()]
    elif rule.row_kind == "stock":
        partitions = [PartitionFacts(stock=rows) for rows in facts.stock.values()]
    elif rule.row_kind == "month":
        partitions = [PartitionFacts(months=rows) for rows in facts.months.values()]
    result = Evaluation()
    for partition in partitions:
        result.add(reference.evaluate(rule, partition))
    return assemble({rule.id: rule}, result.hits), {name for _, name in result.unknown}


def _differences(case: RuleCase, findings: list[Finding], unknown: set[str]) -> list[Difference]:
    expect = case.expect
    found: list[Difference] = []

    def compare(key: str, got: Any, show: Any = str) -> None:
        if expect.get(key) is not None and expect[key] != got:
            found.append(Difference(key, show(expect[key]), show(got)))

    compare("hits", len(findings))
    total = sum(finding.amount_fen for finding in findings)
    if expect.get("amount") is not None and fen(expect["amount"]) != total:
        found.append(Difference("amount", str(expect["amount"]), yuan(total)))
    compare("amount_fen", total)
    if expect.get("fund") is not None:
        parts = [finding.fund_amount_fen for finding in findings]
        known = None if None in parts else sum(part or 0 for part in parts)
        if known != fen(Decimal(expect["fund"])):
            found.append(Difference("fund", str(expect["fund"]), "缺失 missing" if known is None else yuan(known)))
    wanted = expect.get("unknown")
    if wanted is not None and (set(wanted) - unknown or (not wanted and unknown)):
        found.append(Difference("unknown", _names(wanted), _names(sorted(unknown))))
    for key, names in (("lines", "line_ids"), ("related", "related_line_ids")):
        got = sorted(line for finding in findings for line in getattr(finding, names))
        if expect.get(key) is not None and sorted(expect[key]) != got:
            found.append(Difference(key, _names(expect[key]), _names(got)))
    if expect.get("message") is not None and not all(expect["message"] in finding.message_zh for finding in findings):
        found.append(Difference("message", expect["message"], " | ".join(finding.message_zh for finding in findings) or "—"))
    if case.kind in SILENT_KINDS and expect["hits"]:
        found.append(Difference("kind", f"{case.kind}: hits 0", f"hits {expect['hits']}"))
    if case.kind == "hit" and not expect["hits"]:
        found.append(Difference("kind", "hit: hits ≥ 1", "hits 0"))
    return found


def _names(values: Iterable[str]) -> str:
    return "[" + ", ".join(values) + "]"


def _without_reason(rule: RuleSpec, case: RuleCase, facts: CaseFacts) -> list[Difference]:
    """A difference where a case stays silent even without what it says is the reason of the silence."""
    if case.kind == "outside":
        known = [point for points in facts.points.by_code.values() for point in points]
        always = {point.kp_id: replace(point, start=0, end=None) for point in known}
        codes = {key: [always[point.kp_id] for point in points] for key, points in facts.points.by_code.items()}
        timeless = replace(facts, points=PointBase(codes, always))
        laws = tuple(Citation(replace(c.law, effective_from=EVER, effective_to=None), c.article) for c in rule.citations)
        rule, facts = replace(rule, effective_from=EVER, effective_to=None, citations=laws), timeless
        why = "日期 dates"
    elif case.kind == "refunded":
        facts, why = case_facts(rule, replace(case, given=charged_only(case.given))), "退费、冲正、退货 refunds, reversals, returns"
    elif case.kind == "exception":
        if case.exception not in rule.exceptions:
            return [Difference("exception", _names(rule.exceptions), str(case.exception))]
        rest = {name: part for name, part in rule.exceptions.items() if name != case.exception}
        rule, why = replace(rule, exceptions=rest), f"例外 exception {case.exception}"
    else:
        return []
    if judge(rule, facts)[0]:
        return []
    return [Difference(f"去掉{why}之后 without {why}", "hits ≥ 1", "hits 0 (此例什么也没有证明 the case proves nothing)")]


def charged_only(given: Mapping[str, Any]) -> dict[str, Any]:
    """The rows of a case without refunds, reversals and returns."""

    def kept(row: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in row.items() if key != "refd_setl_flag"}

    result = {key: value for key, value in given.items() if key != "sale_returns"}
    if result.get("lines") is not None:
        result["lines"] = [row for row in result["lines"] if row.get("cnt", 1) >= 0]
    if result.get("settlement") is not None:
        result["settlement"] = kept(result["settlement"])
    if result.get("settlements") is not None:
        result["settlements"] = [kept(row) for row in result["settlements"] if not row.get("init_setl_id")]
    return result
