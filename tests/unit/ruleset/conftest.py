"""A small rule base in a temporary folder, good as it is; tests spoil one thing at a time."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from xiezhi.domain.errors import Problem, XiezhiError
from xiezhi.ruleset.loader import RuleBase, load_rules
from xiezhi.ruleset.lock import write_lock
from xiezhi.ruleset.schema import write_schema
from xiezhi.settings import find_rules_dir

RULE = "catalogue/policy/drug/07_children_only.yaml"
PARAMETERS = """child_age_years:
  title: 儿童年龄上限
  type: int
  unit: 周岁
  values:
    - {from: 2020-01-01, value: 14, source: 起始值}
"""


@dataclass(frozen=True)
class Base:
    """A rules folder with one rule, one law, one parameter."""

    folder: Path

    @property
    def rule(self) -> Path:
        return self.folder / RULE

    def edit(self, path: str, old: str, new: str) -> int:
        """Replace a text in a file and return the line of its first letter."""
        file = self.folder / path
        text = file.read_text("utf-8")
        assert text.count(old) >= 1, old
        file.write_text(text.replace(old, new, 1), "utf-8")
        return text[: text.index(old)].count("\n") + 1

    def load(self) -> RuleBase:
        return load_rules(self.folder)

    def problems(self) -> list[Problem]:
        """What the loader refuses."""
        with pytest.raises(XiezhiError) as caught:
            self.load()
        return list(caught.value.problems)


@pytest.fixture
def base(tmp_path: Path) -> Base:
    """A rule base with the rule of class 7."""
    source, folder = find_rules_dir(), tmp_path / "rules"
    for path in (RULE, "laws/CN-SC-735.yaml"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / path, folder / path)
    (folder / "parameters").mkdir()
    (folder / "parameters" / "national.yaml").write_text(PARAMETERS, "utf-8")
    found = Base(folder)
    write_lock(found.load())
    write_schema(folder)
    return found


@pytest.fixture
def edited(base: Base) -> Callable[[str, str], Base]:
    """The base with one text of the rule file replaced."""

    def edit(old: str, new: str) -> Base:
        base.edit(RULE, old, new)
        return base

    return edit
