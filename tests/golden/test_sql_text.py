"""The SQL of five typical rules, as text: a change of the compiler is seen, read and taken over on purpose.

To take over: run `XIEZHI_TEST_UPDATE=1 pytest tests/golden` and read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import sqlglot

from xiezhi.ruleset.compile_sql import compile_rule
from xiezhi.ruleset.loader import RuleBase, load_rules
from xiezhi.settings import find_rules_dir

HERE = Path(__file__).resolve().parent
RULES = {
    "GZ10000301004000": "row",
    "XZ-C31": "rolling",
    "GZ10000101010000": "course",
    "GZ10000102012000": "pair",
    "GZ10000204001000": "stay",
}
"""One rule a shape."""


@pytest.fixture(scope="module")
def base() -> RuleBase:
    return load_rules(find_rules_dir())


@pytest.mark.parametrize("dialect", ["duckdb", "spark"])
@pytest.mark.parametrize("rule", RULES)
def test_text(rule: str, dialect: str, base: RuleBase) -> None:
    text = compile_rule(base.rules[rule], dialect)
    shown = sqlglot.parse_one(text, read=dialect).sql(dialect=dialect, pretty=True) + "\n"
    path = HERE / "sql" / f"{RULES[rule]}.{dialect}.sql"
    if os.environ.get("XIEZHI_TEST_UPDATE"):
        path.write_text(shown, "utf-8")
    assert path.exists(), "no golden text yet: XIEZHI_TEST_UPDATE=1 writes it"
    assert shown == path.read_text("utf-8"), "the SQL changed: XIEZHI_TEST_UPDATE=1 takes it over, then read the difference"
