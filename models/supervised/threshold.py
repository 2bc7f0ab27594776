"""Thresholds and measures of ranked rows."""

from __future__ import annotations

import numpy as np

from models.detector import Floats


def best_threshold(scores: Floats, y: Floats) -> float:
    """The score from which on saying yes has the best F1; the highest one of equals. 0.5 where there is no positive row.

    >>> best_threshold(np.array([0.9, 0.8, 0.3, 0.1]), np.array([1.0, 1.0, 0.0, 0.0]))
    0.8
    """
    if not len(scores) or not y.sum():
        return 0.5
    order = np.argsort(-scores, kind="stable")
    hits, place = np.cumsum(y[order]), np.arange(1, len(y) + 1)
    f1 = 2 * hits / (place + y.sum())
    last = np.append(scores[order][1:] != scores[order][:-1], True)
    return float(scores[order][np.argmax(np.where(last, f1, -1.0))])


def average_precision(scores: Floats, y: Floats) -> float:
    """Area under precision and recall as a sum over thresholds (AUPRC); NaN without a positive row. Equal scores count together.

    >>> average_precision(np.array([3.0, 2.0, 1.0]), np.array([1.0, 0.0, 1.0])) == (1 + 2 / 3) / 2
    True
    """
    if not y.sum():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    hits, place = np.cumsum(y[order]), np.arange(1, len(y) + 1)
    last = np.append(scores[order][1:] != scores[order][:-1], True)
    precision, recall = (hits / place)[last], (hits / y.sum())[last]
    return float(np.sum(np.diff(np.append(0.0, recall)) * precision))


def precision_at(scores: Floats, y: Floats, k: int) -> float:
    """Share of positive rows among the `k` highest (all rows where there are fewer); equal scores in the order of the rows."""
    top = np.argsort(-scores, kind="stable")[:k]
    return float(y[top].mean()) if len(top) else float("nan")
