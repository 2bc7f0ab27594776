"""Checks of what a rule leans on: laws, classes, knowledge, parameters."""

from __future__ import annotations

from collections.abc import Iterator

from xiezhi.domain.rule_classes import RULE_CLASSES, class_of_id, rule_id
from xiezhi.ruleset.checks.base import Check, Issue, RuleCheck
from xiezhi.ruleset.knowledge.vocabulary import FORMS
from xiezhi.ruleset.loader import RuleBase
from xiezhi.ruleset.marks import read_yaml
from xiezhi.ruleset.spec import RuleSpec


class LawHolds(RuleCheck):
    """Rules that stay in force after every law they cite has ended (the start is checked by the loader)."""

    name = "law"
    zh = "规则有效期内始终有引用的法规有效"
    en = "a cited law holds as long as the rule"

    def of_rule(self, rule: RuleSpec) -> Iterator[Issue]:
        """An issue where the rule outlives its laws."""
        ends = [citation.law.effective_to for citation in rule.citations]
        if None in ends:
            return
        last = max(end for end in ends if end is not None)
        if rule.effective_to is None or rule.effective_to > last:
            what = f"引用的法规于 {last} 全部失效 every cited law has ended by {last}, the rule has not"
            yield self.issue(rule, what, f"to: {last} or earlier, or a law that holds", at="effective.to")


class IdOfClass(RuleCheck):
    """Rules whose id and class number do not agree."""

    name = "id"
    zh = "规则编号与类别一致"
    en = "the id is that of the class"

    def of_rule(self, rule: RuleSpec) -> Iterator[Issue]:
        """An issue where an official id stands beside another class."""
        named = class_of_id(rule.id)
        if rule.id.startswith("XZ-") and not rule.id.startswith("XZ-C"):
            return
        if named is None or named != rule.class_no:
            accepted = (
                f"{rule_id(rule.class_no)} for class {rule.class_no}" if rule.class_no else "XZ-<letters>-<number> for a rule of our own"
            )
            yield self.issue(rule, f"编号与类别不符 id {rule.id} is of class {named}, class_no is {rule.class_no}", accepted, at="class_no")


class VerdictOfClass(RuleCheck):
    """Rules with another verdict than their class, without a word why."""

    name = "verdict"
    zh = "结论类型与类别的通例一致，否则在 meta.note 说明"
    en = "the verdict is that of the class, or meta.note says why"

    def of_rule(self, rule: RuleSpec) -> Iterator[Issue]:
        """An issue where it differs and no note says why."""
        usual = RULE_CLASSES[rule.class_no].verdict if rule.class_no else rule.verdict
        if rule.verdict != usual and not rule.meta.get("note"):
            what = f"结论类型与通例不同 verdict {rule.verdict}, usual for class {rule.class_no}: {usual}"
            yield self.issue(rule, what, "the usual verdict, or meta: {note: why}", at="verdict")


class KnowledgeClass(RuleCheck):
    """Rules that ask for points of a class that has none."""

    name = "knowledge"
    zh = "知识点的类别存在"
    en = "the class of knowledge has points"

    def of_rule(self, rule: RuleSpec) -> Iterator[Issue]:
        """An issue where the class is judged without points."""
        if rule.knowledge is not None and rule.knowledge.class_no not in FORMS:
            what = f"第 {rule.knowledge.class_no} 类没有知识点 class {rule.knowledge.class_no} has no knowledge points"
            yield self.issue(rule, what, ", ".join(map(str, sorted(FORMS))), at="knowledge.class")


class UsedParameters(Check):
    """Parameters that no rule reads."""

    name = "parameters"
    zh = "每个参数都有规则使用"
    en = "every parameter is read by a rule"

    def issues(self, base: RuleBase) -> Iterator[Issue]:
        """An issue at each parameter that none reads."""
        used = {name for rule in base.rules.values() for name in rule.parameters}
        for path in sorted((base.folder / "parameters").glob("*.yaml")):
            for name in read_yaml(path).data or ():
                if name not in used:
                    what = f"参数 {name} 没有规则使用 no rule reads the parameter {name}"
                    yield self.issue(None, what, todo="remove it, or use it as param." + name, path=str(path), at=name)
