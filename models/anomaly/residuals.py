"""Robust peer residuals: how many robust deviations a value lies from the median of its peers.

Median and median absolute deviation (Hampel, J. Am. Stat. Assoc. 69 (1974) 383) within the peer group, drawn towards those of all
groups where the group is small: the more peers, the more they count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.detector import Floats

MAD_TO_SD = 1.4826
"""Median absolute deviation of a normal distribution × this = its standard deviation."""
MEAN_TO_SD = 1.2533
"""The same for the mean absolute deviation; used where more than half of the peers have the same value, so that MAD is 0."""
SCALE_FLOOR = 0.1
"""A group's scale is at least this part of the scale of all groups: ten alike peers do not make the eleventh a monster."""


@dataclass
class PeerScales:
    """Centre and scale of every feature, over all rows and by peer group.

    Attributes:
        shrink: so many peers weigh as much as all groups together do.
        centres: median of the peers alone, by group; what a reader is shown. `""` = over all rows.
        middles: the median drawn towards the overall one, by group; what is computed with.
        scales: robust standard deviation by group, NaN where nothing varies.
    """

    shrink: float = 10.0
    centres: dict[str, Floats] = field(default_factory=dict)
    middles: dict[str, Floats] = field(default_factory=dict)
    scales: dict[str, Floats] = field(default_factory=dict)

    def fit(self, values: Floats, groups: list[str]) -> PeerScales:
        """Learn from rows × features; rows without a group (`""`) count only towards the overall values."""
        keys = np.asarray(groups, dtype=object)
        middle, scale = _centre(values), _scale(values)
        self.centres, self.middles, self.scales = {"": middle}, {"": middle}, {"": scale}
        for key in sorted(set(groups) - {""}):
            rows = values[keys == key]
            known = (~np.isnan(rows)).sum(axis=0)
            weight = known / (known + self.shrink)
            own, own_scale = _centre(rows), np.nan_to_num(_scale(rows))
            self.centres[key] = own
            self.middles[key] = np.where(known > 0, weight * np.nan_to_num(own) + (1 - weight) * np.nan_to_num(middle), middle)
            joint = np.sqrt(weight * own_scale**2 + (1 - weight) * np.nan_to_num(scale) ** 2)
            joint = np.maximum(joint, SCALE_FLOOR * np.nan_to_num(scale))
            self.scales[key] = np.where(joint > 0, joint, np.nan)
        return self

    def residuals(self, values: Floats, groups: list[str]) -> Floats:
        """(value - middle) / scale; NaN where the value is missing or nothing varies. A group never seen is judged by all rows."""
        keys = [key if key in self.middles else "" for key in groups]
        if not keys:
            return np.empty_like(values)
        middle = np.stack([self.middles[key] for key in keys])
        scale = np.stack([self.scales[key] for key in keys])
        out: Floats = (values - middle) / scale
        return out

    def peers(self, groups: list[str]) -> Floats:
        """The median of each row's peers."""
        return np.stack([self.centres.get(key, self.centres[""]) for key in groups])


def directed(residuals: Floats, signs: Floats, floor: float, cap: float) -> Floats:
    """What of a residual is conspicuous, 0 to `cap - floor`: beyond `floor`, in the feature's direction; missing is 0.

    >>> directed(np.array([[3.0, 3.0, -3.0, np.nan]]), np.array([1.0, -1.0, 0.0, 1.0]), 1.0, 8.0).tolist()
    [[2.0, 0.0, 2.0, 0.0]]
    """
    toward = np.where(signs == 0, np.abs(residuals), residuals * signs)
    out: Floats = np.clip(np.nan_to_num(toward, nan=0.0) - floor, 0.0, cap - floor)
    return out


def signs_of(features: tuple[str, ...], directions: dict[str, int]) -> Floats:
    """Directions in the order of the features, 0 where none is given."""
    return np.array([float(directions.get(name, 0)) for name in features])


def _centre(values: Floats) -> Floats:
    return _quiet(np.nanmedian, values)


def _scale(values: Floats) -> Floats:
    away = np.abs(values - _centre(values))
    mad, mean = MAD_TO_SD * _quiet(np.nanmedian, away), MEAN_TO_SD * _quiet(np.nanmean, away)
    scale = np.where(mad > 0, mad, mean)
    return np.where(scale > 0, scale, np.nan)


def _quiet(function: Any, values: Floats) -> Floats:
    """By column; NaN for a column without a value, which NumPy would warn about."""
    known = ~np.isnan(values).all(axis=0) if len(values) else np.zeros(values.shape[1], dtype=bool)
    out = np.full(values.shape[1], np.nan)
    if known.any():
        out[known] = function(values[:, known], axis=0)
    return out
