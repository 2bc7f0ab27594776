"""How good a model of cases is, on rows it did not see: by institution (out of fold) and by time (later cases)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.detector import Floats
from models.supervised.boosting import SupervisedDetector
from models.supervised.cases import Cases
from models.supervised.threshold import average_precision, precision_at

LATER = 0.25
"""Share of the cases, the latest, that the test by time keeps away from training."""
OUT_OF_TIME = "auprc_out_of_time"
"""The metric that decides between champion and challenger."""


def evaluate(make: Callable[[], SupervisedDetector], cases: Cases) -> tuple[SupervisedDetector, dict[str, float]]:
    """A detector fitted on all labelled cases, and its metrics; NaN where a part has one kind of label only.

    `auprc_out_of_fold`, `brier_out_of_fold`, `precision_20_out_of_fold`: folds that never split an institution. `auprc_out_of_time`:
    fitted on earlier cases, measured on the later ones. `base_rate` and `base_rate_later`: what a blind order would reach in each.

    Raises:
        UsageError: labels of one kind only.
    """
    fitted = make().fit(cases.X, cases.labels, cases.institutions)
    seen = ~np.isnan(fitted.out_of_fold)
    chances, labels = fitted.out_of_fold[seen], cases.labels[seen]
    metrics = {
        "base_rate": float(cases.labels.mean()),
        "auprc_out_of_fold": average_precision(chances, labels) if seen.any() else float("nan"),
        "brier_out_of_fold": float(np.mean((chances - labels) ** 2)) if seen.any() else float("nan"),
        "precision_20_out_of_fold": precision_at(chances, labels, 20),
    }
    return fitted, metrics | _out_of_time(make, cases)


def _out_of_time(make: Callable[[], SupervisedDetector], cases: Cases) -> dict[str, float]:
    days: Floats = np.array([day.toordinal() for day in cases.dates], dtype=float)
    cut = np.quantile(days, 1 - LATER)
    earlier, later = np.flatnonzero(days < cut), np.flatnonzero(days >= cut)
    if len(np.unique(cases.labels[earlier])) < 2 or len(np.unique(cases.labels[later])) < 2:
        return {OUT_OF_TIME: float("nan"), "base_rate_later": float("nan")}
    known, new = cases.take(earlier.tolist()), cases.take(later.tolist())
    scores = make().fit(known.X, known.labels, known.institutions).score(new.X)
    return {OUT_OF_TIME: average_precision(scores, new.labels), "base_rate_later": float(new.labels.mean())}
