"""Checks of the cases inside rule files: every way a rule can come out needs one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xiezhi.domain.facts import Encounter, InstitutionMonth, Line, Sale, Stock
from xiezhi.ruleset import expr as x
from xiezhi.ruleset.checks.base import Issue, RuleCheck
from xiezhi.ruleset.features import Related
from xiezhi.ruleset.spec import RuleCase, RuleSpec

_FACTS: Mapping[str, type] = {"line": Line, "encounter": Encounter, "sale": Sale, "stock": Stock, "month": InstitutionMonth}


def can_be_missing(rule: RuleSpec) -> bool:
    """Whether an input of the rule can be missing: a column that may be empty, diagnoses, or a partner that may still come."""
    for top in rule.expressions():
        for node in top.walk():
            if isinstance(node, x.Field | x.Other):
                types = (_FACTS[rule.row_kind],) if isinstance(node, x.Field) else tuple(_FACTS.values())
                if any("None" in kind.__annotations__.get(node.column, "") for kind in types):
                    return True
    return any(isinstance(node, Related) and node.of in ("diagnosis", "partner") for node in rule.features.values())


def has_limit(rule: RuleSpec) -> bool:
    """Whether the rule compares in order, so that there is a last value on either side."""
    return any(isinstance(node, x.Compare) and node.op not in ("=", "!=") for top in rule.expressions() for node in top.walk())


class HasCases(RuleCheck):
    """Rules without cases."""

    name = "cases"
    zh = "每条规则都有测试用例"
    en = "every rule has cases"

    def of_rule(self, rule: RuleSpec) -> Iterator[Issue]:
        """An issue where there are none."""
        if not rule.cases:
            yield self.issue(rule, "没有测试用例 there are no cases", todo="add cases: as in docs/reference/rule-language.md", at="cases")


class CaseKinds(RuleCheck):
    """Rules whose cases leave out a way in which the rule can come out."""

    name = "case-kinds"
    zh = "用例齐全：命中、未中、界限两侧、缺失、期限之外、退费、每个例外"
    en = "cases of all kinds: hit, miss, both sides of a limit, missing, outside, refunded, every exception"

    def of_rule(self, rule: RuleSpec) -> Iterator[Issue]:
        """An issue for each kind that is not there."""
        if not rule.cases:
            return
        kinds = {case.kind for case in rule.cases}
        wanted = {"hit": True, "miss": True, "outside": True, "missing": can_be_missing(rule), "refunded": rule.each != "billed_line"}
        for kind, needed in wanted.items():
            if needed and kind not in kinds:
                yield self.lacks(rule, f"kind: {kind}")
        if has_limit(rule):
            sides = {bool(case.expect["hits"]) for case in rule.cases if case.kind == "boundary"}
            for side, words in ((True, "kind: boundary, hits ≥ 1 (just beyond)"), (False, "kind: boundary, hits 0 (just within)")):
                if side not in sides:
                    yield self.lacks(rule, words)
        for name in rule.exceptions:
            if name not in {case.exception for case in rule.cases if case.kind == "exception"}:
                yield self.lacks(rule, f"kind: exception, exception: {name}")

    def lacks(self, rule: RuleSpec, words: str) -> Issue:
        """The issue that one case is not there."""
        return self.issue(rule, f"缺少用例 there is no case of {words}", todo="add one", at="cases")


class CaseAmounts(RuleCheck):
    """Rules with money of which no case says how much."""

    name = "case-amount"
    zh = "有金额的规则，至少一个命中用例写明金额"
    en = "where there is money, a case that hits says how much"

    def of_rule(self, rule: RuleSpec) -> Iterator[Issue]:
        """An issue where no case states an amount."""
        if rule.amount is not None and rule.cases and not any(self.says(case) for case in rule.cases):
            yield self.issue(rule, "没有用例写明金额 no case says the amount", "expect: {hits: 1, amount: 12.00}", at="cases")

    @staticmethod
    def says(case: RuleCase) -> bool:
        """Whether a case has findings and states their amount."""
        return bool(case.expect["hits"]) and (case.expect.get("amount") is not None or case.expect.get("amount_fen") is not None)
