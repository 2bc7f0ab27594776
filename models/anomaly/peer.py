"""The detector of robust peer residuals: the sum of what is conspicuous, feature by feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from models.anomaly.residuals import PeerScales, directed, signs_of
from models.detector import Explanation, Floats, Frame, explanation
from models.frame import feature_columns, matrix, peer_groups


class PeerResiduals:
    """Score = mean over features of the directed residual beyond `floor`, capped; the shares add up to it exactly.

    A missing value adds nothing and the divisor counts all features, so missing data never raises a score; the cap keeps one wild
    value (a data error) from deciding alone.

    Args:
        directions: by feature, see `models.detector.Detector`.
        floor: robust deviations that are ordinary.
        cap: robust deviations beyond which more says no more.
        shrink: peers that weigh as much as all groups together.
        seed: not used; there is no chance in it.
    """

    slack = 0.0

    def __init__(
        self, directions: Mapping[str, int] | None = None, *, floor: float = 1.0, cap: float = 8.0, shrink: float = 10.0, seed: int = 0
    ) -> None:
        self.directions = dict(directions or {})
        self.floor, self.cap, self.shrink, self.seed = floor, cap, shrink, seed
        self.features: tuple[str, ...] = ()
        self.scales = PeerScales(shrink)

    def fit(self, X: Frame, y: Any = None, groups: Any = None) -> Self:
        """Learn centres and scales of all peer groups; labels are not looked at."""
        self.features = feature_columns(X)
        self.scales = PeerScales(self.shrink).fit(matrix(X, self.features), peer_groups(X))
        return self

    def score(self, X: Frame) -> Floats:
        """Mean of the shares' sum a row, in robust deviations a feature."""
        out: Floats = self._shares(X).sum(axis=1)
        return out

    def explain(self, X: Frame) -> Sequence[Explanation]:
        """Each feature's part, with the median of the peers."""
        shares, peers = self._shares(X), self.scales.peers(peer_groups(X)) if len(X) else np.empty((0, 0))
        return [
            explanation(self.features, row.tolist(), near.tolist(), 0.0, float(row.sum())) for row, near in zip(shares, peers, strict=True)
        ]

    def _shares(self, X: Frame) -> Floats:
        residuals = self.scales.residuals(matrix(X, self.features), peer_groups(X))
        return directed(residuals, signs_of(self.features, self.directions), self.floor, self.cap) / len(self.features)
