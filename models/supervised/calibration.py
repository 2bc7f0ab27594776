"""From margins of a model to chances that can be taken at their word.

Platt, "Probabilistic outputs for support vector machines", 1999; isotonic regression: Zadrozny, Elkan, KDD 2002. Both are fitted on
margins of rows that the model had not seen (out of fold).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from models.detector import Floats

ISOTONIC_FROM = 200
"""So many rows of the rarer kind it takes for isotonic regression; with fewer it learns the noise, and Platt's two numbers are safer."""


@dataclass
class Calibration:
    """A non-decreasing function from margin (log-odds) to chance.

    Attributes:
        points: margins, ascending; `chances` beside them. Between points it is linear, beyond the ends constant (isotonic).
        slope, offset: of the logistic curve where there are no points (Platt).
    """

    points: Floats = field(default_factory=lambda: np.empty(0))
    chances: Floats = field(default_factory=lambda: np.empty(0))
    slope: float = 1.0
    offset: float = 0.0

    @property
    def kind(self) -> str:
        """`isotonic` or `platt`."""
        return "isotonic" if len(self.points) else "platt"

    def fit(self, margins: Floats, y: Floats) -> Calibration:
        """Learn from margins out of fold and labels 0/1, both kinds present."""
        if min(y.sum(), len(y) - y.sum()) >= ISOTONIC_FROM:
            from sklearn.isotonic import IsotonicRegression

            found = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(margins, y)
            self.points, self.chances = np.asarray(found.X_thresholds_, float), np.asarray(found.y_thresholds_, float)
        else:
            self.slope, self.offset = _platt(margins, y)
        return self

    def chance(self, margins: Floats) -> Floats:
        """Chances, 0 to 1."""
        if len(self.points):
            return np.interp(margins, self.points, self.chances)
        out: Floats = 1.0 / (1.0 + np.exp(-np.clip(self.slope * margins + self.offset, -40.0, 40.0)))
        return out


def _platt(margins: Floats, y: Floats) -> tuple[float, float]:
    """Slope and offset by Newton's method on Platt's smoothed targets; a slope below 0 (worse than chance) becomes 0."""
    yes, no = y.sum(), len(y) - y.sum()
    target = np.where(y == 1, (yes + 1) / (yes + 2), 1 / (no + 2))
    at = np.array([1.0, float(np.log((yes + 1) / (no + 1)))])
    columns = np.stack([margins, np.ones_like(margins)], axis=1)
    for _ in range(100):
        chance = 1.0 / (1.0 + np.exp(-np.clip(columns @ at, -40.0, 40.0)))
        gradient = columns.T @ (chance - target)
        curve = (columns * (chance * (1 - chance))[:, None]).T @ columns + 1e-9 * np.eye(2)
        step = np.linalg.solve(curve, gradient)
        at = at - np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            break
    if at[0] < 0:
        share = float(target.mean())
        return 0.0, float(np.log(share / (1 - share)))
    return float(at[0]), float(at[1])
