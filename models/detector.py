"""What a detector is: the form that every model of this project has, so that training, scoring and the checks know only this.

A detector is made with its parameters, fitted once, and then scores rows independently of each other. Rows are subjects in a month
(or cases); columns are features by name, float64, NaN = missing. A frame may carry one more column, `PEER_GROUP`, the readable key of
the peers; detectors that compare with peers use it, the others ignore it. How to write one: docs/how-to/add-a-detector.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
"""One value a row, or rows × features."""
Frame: TypeAlias = pd.DataFrame
"""Rows × named columns."""

PEER_GROUP = "peer_group"
"""Name of the column that holds the key of the peer group; missing column: all rows are each other's peers."""


@dataclass(frozen=True, slots=True)
class Reason:
    """The part of one feature in one score.

    Attributes:
        feature: name of the column.
        share: signed; positive raises the score. The unit is the detector's own (log-odds, robust deviations).
        peer: what the value was compared with, in the feature's unit; None where the detector compares with nothing.
    """

    feature: str
    share: float
    peer: float | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a row has its score.

    Attributes:
        reasons: by falling absolute share; features without a part in it are left out.
        base: what a row without any reason has.
        total: what `base` and all shares add up to, a non-decreasing function of which is the score; None where the shares only
            order the features and claim no sum.
    """

    reasons: tuple[Reason, ...]
    base: float = 0.0
    total: float | None = None


class Detector(Protocol):
    """A model that says how conspicuous rows are.

    Attributes:
        seed: of all chance in it; the same seed and the same rows give the same scores.
        features: columns it was fitted on, sorted by name; empty before.
        directions: by feature: +1 = high is conspicuous, -1 = low is, 0 or absent = both.
        slack: how much of the spread (standard deviation) of its scores a score may fall when a directed feature becomes more
            conspicuous; 0 for models that are monotone by construction.
    """

    seed: int
    features: tuple[str, ...]
    slack: float

    @property
    def directions(self) -> dict[str, int]:
        """The directions it was made with."""
        ...

    def fit(self, X: Frame, y: Any = None, groups: Any = None) -> Self:
        """Learn from rows; `y` (1 confirmed, 0 refuted) and `groups` (rows that must not be split in validation) where it needs them.

        Raises:
            UsageError: columns are not numbers, or labels are missing or of one kind.
        """
        ...

    def score(self, X: Frame) -> Floats:
        """One number a row, higher = more conspicuous; does not depend on the other rows, nor on the order of columns.

        Raises:
            UsageError: not fitted, or columns are missing or not numbers.
        """
        ...

    def explain(self, X: Frame) -> Sequence[Explanation]:
        """One explanation a row, in order."""
        ...


def explanation(
    features: Sequence[str], shares: Sequence[float], peers: Sequence[float] | None, base: float, total: float | None
) -> Explanation:
    """An explanation from one row of shares; equal shares are ordered by name, zeros and missing peers are left out."""
    rows = [
        Reason(name, float(share), None if peers is None or peers[i] != peers[i] else float(peers[i]))
        for i, (name, share) in enumerate(zip(features, shares, strict=True))
        if share != 0
    ]
    return Explanation(tuple(sorted(rows, key=lambda r: (-abs(r.share), r.feature))), base, total)
