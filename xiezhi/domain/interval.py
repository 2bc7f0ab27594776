"""The interval of a share that was counted in a sample."""

from __future__ import annotations

import math

Z95 = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """The 95 % score interval of a share (E. B. Wilson, J. Am. Stat. Assoc. 22 (1927), 209-212); (0, 1) without trials.

    It stays honest for few cases and for shares near 0 or 1.

    >>> tuple(round(bound, 4) for bound in wilson(8, 10)), [round(each, 3) for each in wilson(9, 10)], wilson(0, 0)
    ((0.4902, 0.9433), [0.596, 0.982], (0.0, 1.0))
    """
    if not trials:
        return 0.0, 1.0
    share, square = hits / trials, Z95 * Z95
    centre = (share + square / (2 * trials)) / (1 + square / trials)
    half = Z95 * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials)) / (1 + square / trials)
    return max(0.0, centre - half), min(1.0, centre + half)
