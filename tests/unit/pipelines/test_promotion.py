"""When a challenger may become champion."""

from __future__ import annotations

import pytest

from models.anomaly.peer import PeerResiduals
from models.registry import Stored
from models.supervised.evaluate import OUT_OF_TIME
from pipelines.train import worse


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        ({OUT_OF_TIME: 0.7}, {OUT_OF_TIME: 0.8}, True),
        ({OUT_OF_TIME: 0.8}, {OUT_OF_TIME: 0.8}, False),
        ({OUT_OF_TIME: 0.9}, {OUT_OF_TIME: 0.8}, False),
        # Out of fold says nothing about later cases.
        ({OUT_OF_TIME: 0.7, "auprc_out_of_fold": 0.99}, {OUT_OF_TIME: 0.8, "auprc_out_of_fold": 0.5}, True),
        ({}, {OUT_OF_TIME: 0.8}, False),
        ({}, {}, False),
    ],
)
def test_worse_on_later_cases(new: dict[str, float], old: dict[str, float], expected: bool) -> None:
    one, other = (Stored("m", version, PeerResiduals(), metrics, {}) for version, metrics in (("2", new), ("1", old)))
    assert worse(one, other) is expected
