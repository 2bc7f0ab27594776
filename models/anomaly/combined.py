"""Both unsupervised detectors together, by the average of their ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from models.anomaly.forest import PeerForest
from models.anomaly.peer import PeerResiduals
from models.detector import Explanation, Floats, Frame, explanation
from models.frame import feature_columns, matrix


class PeerAnomaly:
    """Score = average of the ranks (0 to 1) that residuals and forest give a row among the rows they were fitted on.

    Ranks, because the two scales have nothing in common; among the fitted rows, because a score must not depend on the rows that
    happen to be scored with it. Shares: each detector's shares as parts of its rank; they order the features and claim no sum.

    Args:
        directions: by feature.
        weight: of the residuals, 0 to 1; the forest has the rest.
        seed: of the forest.
    """

    slack = 0.4

    def __init__(self, directions: Mapping[str, int] | None = None, *, weight: float = 0.5, seed: int = 0) -> None:
        self.directions = dict(directions or {})
        self.weight, self.seed = weight, seed
        self.features: tuple[str, ...] = ()
        self.parts: tuple[PeerResiduals | PeerForest, ...] = ()
        self.known: tuple[Floats, ...] = ()

    def fit(self, X: Frame, y: Any = None, groups: Any = None) -> Self:
        """Fit both and keep the scores of the fitted rows, sorted; labels are not looked at."""
        self.features = feature_columns(X)
        self.parts = (PeerResiduals(self.directions, seed=self.seed), PeerForest(self.directions, seed=self.seed))
        self.known = tuple(np.sort(part.fit(X).score(X)) for part in self.parts)
        return self

    def score(self, X: Frame) -> Floats:
        """Average rank of each row, 0 to 1."""
        ranks = self._ranks(X)
        out: Floats = self.weight * ranks[0] + (1 - self.weight) * ranks[1]
        return out

    def explain(self, X: Frame) -> Sequence[Explanation]:
        """Parts of the average rank by feature; what only lowers one of the two counts nothing."""
        place = {name: i for i, name in enumerate(self.features)}
        shares = np.zeros((len(X), len(self.features)))
        peers = np.full_like(shares, np.nan)
        for part, rank, weight in zip(self.parts, self._ranks(X), (self.weight, 1 - self.weight), strict=True):
            for row, found in enumerate(part.explain(X)):
                raising = [reason for reason in found.reasons if reason.share > 0]
                whole = sum(reason.share for reason in raising)
                for reason in raising:
                    column = place[reason.feature]
                    shares[row, column] += weight * float(rank[row]) * reason.share / whole
                    peers[row, column] = np.nan if reason.peer is None else reason.peer
        return [explanation(self.features, row.tolist(), near.tolist(), 0.0, None) for row, near in zip(shares, peers, strict=True)]

    def _ranks(self, X: Frame) -> list[Floats]:
        """Middle of the places that a score has among the fitted ones, 0 to 1."""
        matrix(X, self.features)
        out = []
        for part, known in zip(self.parts, self.known, strict=True):
            scores = part.score(X)
            out.append((np.searchsorted(known, scores, "left") + np.searchsorted(known, scores, "right")) / (2.0 * max(1, len(known))))
        return out
