"""Lets the tests of this folder import its helpers, and loads the catalogue once."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from xiezhi.ruleset.loader import load_rules
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.settings import find_rules_dir

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def rules() -> Sequence[RuleSpec]:
    """All rules of the catalogue."""
    folder = find_rules_dir()
    return [rule for _, rule in sorted(load_rules(folder).rules.items())]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A session of Spark is shared by a module: whether there can be one is asked before."""
    if item.get_closest_marker("spark") and find_spec("pyspark") is None:
        reason = "no pyspark: pip install 'xiezhi[spark]'"
        if "services" in os.environ.get("XIEZHI_REQUIRE", "").split(","):
            pytest.fail(f"required (services) but missing: {reason}", pytrace=False)
        pytest.skip(reason)
