"""The declared reach of features, and that a sweep which leaves out rows beyond it finds the same."""

from __future__ import annotations

import pytest

from xiezhi.ruleset.loader import load_rules
from xiezhi.ruleset.reach import reach_days
from xiezhi.settings import find_rules_dir

RULES = load_rules(find_rules_dir()).rules


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("GZ10000101002000", 0),  # a row alone
        ("GZ10000101008000", 0),  # diagnoses of its encounter
        ("GZ10000102014000", 0),  # the calendar day
        ("XZ-C31", 15),  # rolling days of the longest point
        ("GZ10000101010000", None),  # a course may have begun at any time
        ("GZ10000204001000", None),  # an earlier stay
    ],
)
def test_reach(rule: str, days: int | None) -> None:
    assert reach_days(RULES[rule], lambda limit: 15 if limit == "per_days" else None) == days


def test_reach_without_points_is_not_the_whole_history() -> None:
    assert reach_days(RULES["XZ-C31"], lambda limit: None) == 0
