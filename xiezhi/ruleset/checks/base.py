"""What a check is: a name, a sentence, and the issues it finds in a rule base.

To add one, derive from `RuleCheck` (one rule at a time) or `Check` (the whole base) in the module it belongs to, add it to
`registry.CHECKS`, and give it a fixture that is bad on purpose in `tests/unit/ruleset/test_checks.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from xiezhi.domain.errors import Place, Problem
from xiezhi.ruleset.loader import RuleBase
from xiezhi.ruleset.marks import read_yaml
from xiezhi.ruleset.spec import RuleSpec


@dataclass(frozen=True)
class Issue:
    """A problem that a check found; `rule_id` is empty where it is about no single rule."""

    check: str
    rule_id: str
    problem: Problem


class Check(ABC):
    """A check of the whole rule base.

    Attributes:
        name: word for exceptions and output.
        zh, en: what is asked of the rule base, one sentence each.
    """

    name: ClassVar[str]
    zh: ClassVar[str]
    en: ClassVar[str]

    @abstractmethod
    def issues(self, base: RuleBase) -> Iterator[Issue]:
        """What is wrong, each with its place and what to do."""

    def issue(self, rule: RuleSpec | None, what: str, accepted: str = "", todo: str = "", *, at: str = "", path: str = "") -> Issue:
        """An issue at a key of a rule file (or of another file), with its line; at the first line where the key is not there."""
        file = Path(path or (rule.path if rule else ""))
        place = read_yaml(file).place(tuple(at.split("."))) if file.is_file() else Place(str(file), field=at)
        return Issue(self.name, rule.id if rule else "", Problem(what, place, accepted, todo))


class RuleCheck(Check):
    """A check that looks at one rule at a time; retired rules are left alone."""

    def issues(self, base: RuleBase) -> Iterator[Issue]:
        """Issues of every rule, by id."""
        for _, rule in sorted(base.rules.items()):
            if rule.status != "retired":
                yield from self.of_rule(rule)

    @abstractmethod
    def of_rule(self, rule: RuleSpec) -> Iterator[Issue]:
        """Issues of one rule."""
