"""What chance would do: a configuration model that keeps how often each person comes and how busy each place is.

Given those degrees and independent choices, the number of coincidences inside a group is a sum of many rare events, so its tail is at
most that of a Poisson variable with the same mean (Barbour, Holst and Janson, "Poisson Approximation", 1992). A group was looked for,
not drawn: its tail is multiplied by the number of groups of its size that could have been found (union bound), and what then remains is
compared over all candidates (Benjamini and Hochberg, J. R. Stat. Soc. B 57, 1995).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

LEAST_P = 1e-300
"""Smaller values are not told apart."""


def poisson_tail(observed: int, expected: float) -> float:
    """Natural logarithm of P(X ≥ observed) for a Poisson variable with mean `expected`.

    >>> round(math.exp(poisson_tail(1, 1.0)), 6)
    0.632121
    >>> poisson_tail(0, 2.0)
    0.0
    """
    if observed <= 0:
        return 0.0
    if expected <= 0:
        return -math.inf
    if observed <= expected:
        return math.log(max(1.0 - sum(math.exp(_poisson_log(k, expected)) for k in range(observed)), LEAST_P))
    total, term, step = 1.0, 1.0, observed
    while term > 1e-17 * total:
        step += 1
        term *= expected / step
        total += term
    return min(0.0, _poisson_log(observed, expected) + math.log(total))


def _poisson_log(count: int, expected: float) -> float:
    return count * math.log(expected) - expected - math.lgamma(count + 1)


def choose_log(total: int, chosen: int) -> float:
    """Natural logarithm of the number of groups of `chosen` among `total`.

    >>> round(math.exp(choose_log(5, 2)), 6)
    10.0
    """
    chosen = min(chosen, total)
    return math.lgamma(total + 1) - math.lgamma(chosen + 1) - math.lgamma(total - chosen + 1)


def sum_tail(chances: Sequence[float], observed: int) -> float:
    """P(at least `observed` of independent events happen), exactly; `chances` are theirs.

    >>> sum_tail([0.5, 0.5], 2)
    0.25
    """
    spread: npt.NDArray[np.float64] = np.zeros(len(chances) + 1)
    spread[0] = 1.0
    for chance in chances:
        spread[1:] = spread[1:] * (1.0 - chance) + spread[:-1] * chance
        spread[0] *= 1.0 - chance
    return float(min(1.0, max(spread[observed:].sum(), 0.0)))


def group_p(observed: int, expected: float, ways: float) -> float:
    """p-value of a group that was searched for: Poisson tail times the number of groups that might have been found.

    Args:
        observed: coincidences inside it.
        expected: their mean by chance.
        ways: natural logarithm of the number of possible groups.

    Returns:
        Between `LEAST_P` and 1.
    """
    value = poisson_tail(observed, expected) + ways
    return 1.0 if value >= 0 else max(math.exp(max(value, -690.0)), LEAST_P)


def q_values(values: Sequence[float], tests: int | None = None) -> list[float]:
    """Benjamini–Hochberg: the least false discovery rate at which each would be taken.

    Args:
        values: p-values, in any order.
        tests: how many were tested, where those with large values are not given; at least `len(values)`.

    >>> q_values([0.01, 0.5, 0.02])
    [0.03, 0.5, 0.03]
    """
    count = max(len(values), tests or 0)
    result = [1.0] * len(values)
    least = 1.0
    order = sorted(range(len(values)), key=lambda at: values[at])
    for rank in range(len(order), 0, -1):
        least = min(least, values[order[rank - 1]] * count / rank)
        result[order[rank - 1]] = least
    return result


def strength(observed: float, expected: float) -> int:
    """Permille of a lead, rising with its lift: 0 at lift 1, and every factor of ten halves what is missing to 1000.

    >>> strength(10, 10), strength(100, 10), strength(1000, 10)
    (0, 500, 750)
    """
    lift = observed / max(expected, 1e-9)
    return 0 if lift <= 1 else min(1000, round(1000 * (1 - 0.5 ** math.log10(lift))))
