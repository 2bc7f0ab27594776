"""Checks of the generated files of a rules folder: lock and schema. What one command brings up to date is a warning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from xiezhi.domain.errors import Place, Problem
from xiezhi.ruleset.checks.base import Check, Issue
from xiezhi.ruleset.loader import RuleBase
from xiezhi.ruleset.lock import lock_problems
from xiezhi.ruleset.schema import PATH, editor_line, schema_is_current


class LockCurrent(Check):
    """Rules that have changed since they were locked (a warning: `rules lock --check` is strict), and ids that have disappeared."""

    name = "lock"
    zh = "锁文件与规则一致，编号不消失"
    en = "the lock is current and no id has disappeared"

    def issues(self, base: RuleBase) -> Iterator[Issue]:
        """All that `lock_problems` finds."""
        for problem in lock_problems(base):
            gone = "消失" in problem.what
            yield Issue(self.name, "", problem if gone else replace(problem, warning=True))


class SchemaCurrent(Check):
    """A schema for editors that is not that of this program."""

    name = "schema"
    zh = "编辑器用的 JSON Schema 是最新的"
    en = "the JSON schema for editors is current"

    def issues(self, base: RuleBase) -> Iterator[Issue]:
        """A warning where it is not there or stale."""
        if not schema_is_current(base.folder):
            place = Place(str(base.folder / PATH))
            yield Issue(
                self.name, "", Problem("JSON Schema 已过时 the schema is not current", place, todo="xiezhi rules lock", warning=True)
            )


class EditorLine(Check):
    """Rule files whose first line does not lead to the schema; a moved copy leads nowhere."""

    name = "editor-line"
    zh = "首行指向 JSON Schema"
    en = "the first line leads editors to the schema"

    def issues(self, base: RuleBase) -> Iterator[Issue]:
        """A warning for each file without the line."""
        for _, rule in sorted(base.rules.items()):
            wanted = editor_line(base.folder, Path(rule.path))
            if Path(rule.path).read_text("utf-8-sig").partition("\n")[0].strip() != wanted:
                what = "首行没有指向 JSON Schema the first line does not lead to the schema"
                yield Issue(self.name, rule.id, Problem(what, Place(rule.path, 1), wanted, warning=True))
