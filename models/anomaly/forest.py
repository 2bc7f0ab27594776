"""Isolation forest on directed peer residuals: finds combinations that are rare, where each value alone is ordinary.

Liu, Ting, Zhou, "Isolation Forest", ICDM 2008.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from models.anomaly.residuals import PeerScales, directed, signs_of
from models.detector import Explanation, Floats, Frame, explanation
from models.frame import feature_columns, matrix, peer_groups


class PeerForest:
    """Score = mean isolation of the row among residuals (0 to 1, scikit-learn's -score_samples).

    What is ordinary or points the innocent way is 0 before the trees see it, as is what is missing. Trees are not monotone: see
    `slack`. The share of a feature is how much the score falls when that feature alone is set to ordinary; no sum is claimed.

    Args:
        directions: by feature.
        trees: their number.
        cap: robust deviations beyond which more says no more.
        shrink: peers that weigh as much as all groups together.
        seed: of the trees.
    """

    slack = 0.4

    def __init__(
        self, directions: Mapping[str, int] | None = None, *, trees: int = 100, cap: float = 8.0, shrink: float = 10.0, seed: int = 0
    ) -> None:
        self.directions = dict(directions or {})
        self.trees, self.cap, self.shrink, self.seed = trees, cap, shrink, seed
        self.features: tuple[str, ...] = ()
        self.scales = PeerScales(shrink)
        self.forest: Any = None

    def fit(self, X: Frame, y: Any = None, groups: Any = None) -> Self:
        """Learn centres, scales and trees; labels are not looked at."""
        from sklearn.ensemble import IsolationForest

        self.features = feature_columns(X)
        self.scales = PeerScales(self.shrink).fit(matrix(X, self.features), peer_groups(X))
        self.forest = IsolationForest(n_estimators=self.trees, random_state=self.seed, n_jobs=1).fit(self._parts(X))
        return self

    def score(self, X: Frame) -> Floats:
        """Isolation of each row, higher = more conspicuous."""
        return self._isolation(self._parts(X))

    def explain(self, X: Frame) -> Sequence[Explanation]:
        """How much of the isolation goes when a feature is set to ordinary, with the median of the peers."""
        parts = self._parts(X)
        whole = self._isolation(parts)
        shares = np.zeros_like(parts)
        for column in range(parts.shape[1]):
            rows = np.flatnonzero(parts[:, column])
            if len(rows):
                without = parts[rows]
                without[:, column] = 0.0
                shares[rows, column] = whole[rows] - self._isolation(without)
        peers = self.scales.peers(peer_groups(X)) if len(X) else np.empty((0, 0))
        return [explanation(self.features, row.tolist(), near.tolist(), 0.0, None) for row, near in zip(shares, peers, strict=True)]

    def _parts(self, X: Frame) -> Floats:
        residuals = self.scales.residuals(matrix(X, self.features), peer_groups(X))
        return directed(residuals, signs_of(self.features, self.directions), 0.0, self.cap)

    def _isolation(self, parts: Floats) -> Floats:
        if not len(parts):
            return np.empty(0)
        out: Floats = -self.forest.score_samples(parts)
        return out
