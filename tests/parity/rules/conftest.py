"""Lets the tests of this folder import its helpers, and loads the catalogue once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from xiezhi.ruleset.loader import load_rules
from xiezhi.ruleset.spec import RuleSpec

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def rules() -> Sequence[RuleSpec]:
    """All rules of the catalogue."""
    folder = Path(__file__).resolve().parents[3] / "rules"
    return [rule for _, rule in sorted(load_rules(folder).rules.items())]
