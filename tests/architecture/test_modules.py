"""Size and form of the modules: one concept each, at most 400 lines, a docstring first."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.checkout

FOLDERS = ["xiezhi", "models", "pipelines", "streaming", "supervision_ui", "bench"]


def test_every_module_is_short_and_says_what_it_is(checkout: Path) -> None:
    wrong = []
    for path in (path for folder in FOLDERS for path in (checkout / folder).rglob("*.py")):
        text = path.read_text("utf-8")
        tree = ast.parse(text)
        if text.count("\n") > 400:
            wrong.append(f"{path.relative_to(checkout)}: {text.count(chr(10))} lines, at most 400")
        if not ast.get_docstring(tree):
            wrong.append(f"{path.relative_to(checkout)}: no docstring")
        if len(tree.body) > 1 and "from __future__ import annotations" not in text:
            wrong.append(f"{path.relative_to(checkout)}: lacks `from __future__ import annotations`")
    assert wrong == []


def test_the_rule_base_holds_no_code(checkout: Path) -> None:
    assert list((checkout / "rules").rglob("*.py")) == []
