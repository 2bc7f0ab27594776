"""Checks of what a rule says about itself: owner, gaps, titles, messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from xiezhi.ruleset.checks.base import Check, Issue, RuleCheck
from xiezhi.ruleset.loader import RuleBase
from xiezhi.ruleset.spec import RuleSpec

NOBODY = frozenset({"", "-", "?", "待定", "无", "tbd", "todo", "n/a", "none", "nobody"})
"""Words that name no owner."""
FORBIDDEN = ("违规", "违法", "诈骗", "骗保", "fraud", "violation", "illegal")
"""Words that decide what only a person may decide; a finding is a doubtful point."""


class Owner(RuleCheck):
    """Rules for which nobody answers."""

    name = "owner"
    zh = "有人负责"
    en = "somebody answers for the rule"

    def of_rule(self, rule: RuleSpec) -> Iterator[Issue]:
        """An issue where the owner is a placeholder."""
        if rule.owner.strip().lower() in NOBODY:
            yield self.issue(rule, f"没有负责人 owner is {rule.owner!r}", "a department or person", at="owner")


class KnownGaps(RuleCheck):
    """Suspicious rules that admit no gap."""

    name = "known-gaps"
    zh = "可疑类规则写明已知的例外情形"
    en = "a suspicious rule names what it may get wrong"

    def of_rule(self, rule: RuleSpec) -> Iterator[Issue]:
        """An issue where a suspicious rule has no known gaps."""
        if rule.verdict == "suspicious" and not rule.known_gaps:
            yield self.issue(rule, "可疑类规则没有 known_gaps a suspicious rule without known_gaps", "at least one line", at="known_gaps")


class MessageNamesAmount(RuleCheck):
    """Rules with money whose message does not say how much."""

    name = "message-amount"
    zh = "有金额的规则，提示中写明金额"
    en = "where there is money, the message names it"

    def of_rule(self, rule: RuleSpec) -> Iterator[Issue]:
        """An issue for each language that lacks the amount."""
        for key, text in (("message", rule.message), ("message_en", rule.message_en)):
            if rule.amount is not None and "{amount}" not in text:
                yield self.issue(rule, "提示没有金额 the message does not name the amount", "{amount}", at=key)


class NeutralWords(RuleCheck):
    """Messages that judge."""

    name = "neutral-words"
    zh = "提示用语中立，只说疑点"
    en = "messages are neutral: a doubtful point is not an offence"

    def of_rule(self, rule: RuleSpec) -> Iterator[Issue]:
        """An issue for each word that judges."""
        for key in ("title", "title_en", "message", "message_en"):
            text: str = getattr(rule, key)
            for word in FORBIDDEN:
                if word in text.lower():
                    yield self.issue(rule, f"用语不中立 {word!r} judges", "neutral words, such as 疑点", at=key)


class UniqueTitles(Check):
    """Two rules of one title."""

    name = "titles"
    zh = "标题不重复"
    en = "no two rules have the same title"

    def issues(self, base: RuleBase) -> Iterator[Issue]:
        """An issue at the second rule of a title."""
        for key in ("title", "title_en"):
            owners: dict[str, list[RuleSpec]] = defaultdict(list)
            for _, rule in sorted(base.rules.items()):
                if rule.status != "retired":
                    owners[getattr(rule, key).strip().lower()].append(rule)
            for first, *others in owners.values():
                for other in others:
                    yield self.issue(other, f"标题与 {first.id} 相同 {getattr(other, key)!r} is the {key} of {first.path} too", at=key)
