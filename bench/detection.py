"""Institutions ranked by our score, beside ranking by amount, by cost per visit, by rule findings alone, and by chance.

Unseen seeds of the simulator: a region is ranked by models that learned on other regions, from answers of a simulated panel (half of
their institutions, 5 % of answers wrong), never from the truth; the anomaly detector looks at the region itself, without labels.
The truth is read at the very end. Nothing is tuned on it: parameters are the defaults of the classes.

The full run also measures `SupervisedDetector` on a public table of providers (`provider_fraud`), where it is there:
`XIEZHI_SHARED_DATA/provider_fraud`, else `../shared/data/provider_fraud`; 5 folds out of fold, 10 seeds.
"""

from __future__ import annotations

import os
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench._detection import Measured, make_region, measure, panel_answers, scheme_auprc, scores, truth_of
from bench._harness import finish, progress, read_options
from models.supervised.boosting import SupervisedDetector, splits
from models.supervised.threshold import average_precision, precision_at

LEAKS = ["c_isFraudConnected", "c_FraudNeighbor_Count"]
"""Columns of the public table that were made from its labels."""


def main() -> None:
    """Make the regions, rank each with models of the others, read the truth, compare."""
    options = read_options(__doc__)
    persons, months, seeds = (4_000, 3, (901, 902, 903)) if options.quick else (12_000, 4, (911, 912, 913, 914, 915))
    regions = []
    for seed in seeds:
        regions.append(make_region(persons, months, seed))
        progress(f"seed {seed}: {len(regions[-1].codes)} institutions")
    answers = {one.seed: panel_answers(one) for one in regions}
    ranked = [scores(one, [other for other in regions if other.seed != one.seed], answers, seed=1) for one in regions]
    quality: dict[str, list[Measured]] = {}
    schemes: dict[str, dict[str, list[float]]] = {}
    compared, positives, institutions = [], [], []
    for one, by_name in zip(regions, ranked, strict=True):
        true, money, members = truth_of(one)
        positives.append(int(true.sum()))
        institutions.append(len(true))
        for name, score in by_name.items():
            quality.setdefault(name, []).append(measure(score, true, money))
            for scheme, codes in sorted(members.items()):
                schemes.setdefault(scheme, {}).setdefault(name, []).append(scheme_auprc(score, one.codes, true, codes))
        shuffled = [measure(np.random.default_rng(turn).permutation(len(true)) * 1.0, true, money) for turn in range(50)]
        quality.setdefault("random", []).append(
            Measured(*(statistics.mean(getattr(each, field) for each in shuffled) for field in Measured.__dataclass_fields__))
        )
        compared.append(quality["ours"][-1].auprc / quality["amount"][-1].auprc)
        progress(f"seed {one.seed}: {positives[-1]} of {institutions[-1]} take part; ours / amount = {compared[-1]:.2f}")
    rankings = {name: _summary(values) for name, values in quality.items()}
    for name, row in rankings.items():
        progress(f"{name:>26}: " + ", ".join(f"{key} {value:.3f}" for key, value in row.items()))
    shown = ("ours", "ours_without_rules", "rules", "amount")
    more: dict[str, Any] = {} if options.quick else {"provider_fraud": provider_fraud()}
    finish(
        "detection",
        compared,
        goal=2.0,
        better="higher",
        unit="times the AUPRC of ranking by amount",
        persons=persons,
        seeds=list(seeds),
        institutions=institutions,
        positives=positives,
        best_possible=round(statistics.median(1 / each.auprc for each in quality["amount"]), 3),
        rankings=rankings,
        schemes={name: {key: round(statistics.mean(values[key]), 3) for key in shown} for name, values in sorted(schemes.items())},
        **more,
    )


def _summary(values: list[Measured]) -> dict[str, float]:
    out = {field: round(statistics.mean(getattr(each, field) for each in values), 4) for field in Measured.__dataclass_fields__}
    return out | {"auprc_sd": round(statistics.pstdev(each.auprc for each in values), 4)}


def provider_fraud(seeds: int = 10) -> dict[str, Any] | None:
    """AUC, AUPRC, P@100 and F1 of the supervised class, 5-fold out of fold by provider, mean and deviation over seeds; None without data.

    The threshold of F1 is chosen inside each training fold.
    """
    base = Path(os.environ.get("XIEZHI_SHARED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
    path = base / "provider_fraud" / "provider_features_all.parquet"
    if not path.is_file():
        progress("provider_fraud: no data (set XIEZHI_SHARED_DATA)")
        return None
    table = pd.read_parquet(path).drop(columns=LEAKS)
    target = table["label"].to_numpy(float)
    features = table.drop(columns=["label"]).select_dtypes("number").astype(float)
    out: dict[str, list[float]] = {"auc": [], "auprc": [], "p_at_100": [], "f1": []}
    for seed in range(seeds):
        chances, yes = np.full(len(target), np.nan), np.zeros(len(target))
        for train, test in splits(target, None, 5, seed):
            fitted = SupervisedDetector(seed=seed, folds=3).fit(features.iloc[train], target[train])
            chances[test] = fitted.score(features.iloc[test])
            yes[test] = chances[test] >= fitted.threshold
        true = float((yes * target).sum())
        out["auc"].append(_auc(chances, target))
        out["auprc"].append(average_precision(chances, target))
        out["p_at_100"].append(precision_at(chances, target, 100))
        out["f1"].append(2 * true / (yes.sum() + target.sum()))
        progress(f"provider_fraud seed {seed}: " + ", ".join(f"{name} {values[-1]:.4f}" for name, values in out.items()))
    return {
        "providers": len(target),
        "features": features.shape[1],
        "seeds": seeds,
        **{name: [round(statistics.mean(values), 4), round(statistics.pstdev(values), 4)] for name, values in out.items()},
    }


def _auc(score: Any, target: Any) -> float:
    """Area under the ROC curve: how often a positive row lies above a negative one, ties half."""
    order = pd.Series(score).rank().to_numpy()
    hits = float(target.sum())
    return float((order[target == 1].sum() - hits * (hits + 1) / 2) / (hits * (len(target) - hits)))


if __name__ == "__main__":
    main()
