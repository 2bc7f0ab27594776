"""What `bench.detection` measures with: regions as features and baselines, answers of a simulated panel, and the truth, kept apart."""

from __future__ import annotations

import csv
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench._data import region
from models.anomaly.combined import PeerAnomaly
from models.features import CATALOGUE
from models.features.build import build_features, month_of
from models.graph.features import GRAPH_FEATURES, graph_features
from models.supervised.boosting import SupervisedDetector
from models.supervised.threshold import average_precision, precision_at
from pipelines.features import facts_at, findings_at, stored_months
from pipelines.ingest.run import ingest
from pipelines.panel import chance, read_truth
from xiezhi.domain.signal import Subject
from xiezhi.ruleset.knowledge.importer import read_points
from xiezhi.settings import find_rules_dir
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.knowledge import KnowledgeBase

FEATURES = (*CATALOGUE[Subject.INSTITUTION], *GRAPH_FEATURES[Subject.INSTITUTION])
DIRECTIONS = {feature.name: feature.direction for feature in FEATURES}
WITHOUT_RULES = [feature.name for feature in FEATURES if feature.source != "rules"]
ALL = [feature.name for feature in FEATURES]
TOP = 20


@dataclass(frozen=True)
class Region:
    """One simulated region at the end of its last month; nothing in it comes from the truth.

    Attributes:
        seed: of the simulator.
        frame: features by name and `peer_group`, one row an institution.
        codes: of the institutions, in the order of the rows.
        amount: fund payment in the window, fen. `cost_z`: z-score of the fee per visit within peers. `found`: money of findings, fen.
        truth: folder of the injected truth, which only the panel and the last step read.
    """

    seed: int
    frame: pd.DataFrame
    codes: tuple[str, ...]
    amount: Any
    cost_z: Any
    found: Any
    truth: Path


def make_region(persons: int, months: int, seed: int) -> Region:
    """Simulate, ingest, and compute the features of the last month over facts as they were known at its end, all months looked back."""
    source = region(persons, months, seed, truth=True)
    with tempfile.TemporaryDirectory() as folder:
        home, store = Path(folder), DeltaStore.of_home(Path(folder))
        ingest(sorted(source.glob("*.parquet")), store)
        KnowledgeBase(home, find_rules_dir()).add(read_points([source / "knowledge" / "points.csv", source / "knowledge" / "codes.csv"]))
        month = stored_months(store)[-1]
        con = facts_at(store, month, threads=2)
        findings = findings_at(con, home, find_rules_dir())
        graph = graph_features(con, month_of(month))[Subject.INSTITUTION]
        table = build_features(con, Subject.INSTITUTION, month, findings=findings, graph=graph, window=months).to_pandas()
        fund = dict(con.execute("SELECT institution, SUM(fund)::BIGINT FROM encounters WHERE live GROUP BY institution").fetchall())
        con.close()
    money: dict[str, int] = defaultdict(int)
    for code, amount in zip(findings.column("institution_code").to_pylist(), findings.column("amount_fen").to_pylist(), strict=True):
        money[code] += amount
    codes = tuple(table["subject_id"])
    by_group = table.groupby("peer_group")["fee_per_visit"]
    cost_z = ((table["fee_per_visit"] - by_group.transform("mean")) / by_group.transform("std")).fillna(0.0).to_numpy()
    amount = np.array([float(fund.get(code) or 0) for code in codes])
    found = np.array([float(money[code]) for code in codes])
    return Region(seed, table[[*ALL, "peer_group"]], codes, amount, cost_z, found, source.with_name(source.name + ".truth"))


def panel_answers(of: Region, *, share: float = 0.5, error: float = 0.05) -> Any:
    """What a simulated panel says of a random share of a region's institutions: 1, 0, NaN = not visited; a share of errors is made."""
    true = read_truth(of.truth).institutions
    out = np.full(len(of.codes), np.nan)
    for row, code in enumerate(of.codes):
        if chance(of.seed, "visit", code) < share:
            out[row] = float((code in true) != (chance(of.seed, "error", code) < error))
    return out


def ranks(values: Any) -> Any:
    """Average ranks from 0 to 1, so that scores of different scales can be averaged."""
    return pd.Series(values).rank(pct=True).to_numpy()


def scores(test: Region, training: Sequence[Region], answers: Mapping[int, Any], seed: int) -> dict[str, Any]:
    """Every ranking of a region: models learned on other regions only, anomaly on the region itself without labels, and baselines.

    `ours` is the average of both models' ranks with the weight that ranks the training regions' answers best, out of fold.
    """
    out = {"amount": test.amount, "cost_z": test.cost_z, "rules": test.found}
    labels = np.concatenate([answers[one.seed] for one in training])
    seen = ~np.isnan(labels)
    groups = np.concatenate([[f"{one.seed}:{code}" for code in one.codes] for one in training])[seen]
    regions = np.concatenate([np.full(len(one.codes), one.seed) for one in training])[seen]
    for suffix, names in (("", ALL), ("_without_rules", WITHOUT_RULES)):
        directions = {name: DIRECTIONS[name] for name in names}
        columns = [*names, "peer_group"]

        def odd(one: Region, directions: Mapping[str, int] = directions, columns: list[str] = columns) -> Any:
            return PeerAnomaly(directions, seed=seed).fit(one.frame[columns]).score(one.frame[columns])

        there = pd.concat([one.frame[names] for one in training], ignore_index=True)[seen]
        learned = SupervisedDetector(directions, seed=seed).fit(there, labels[seen], groups)
        known = np.concatenate([odd(one) for one in training])[seen]
        weight = best_weight(known, np.nan_to_num(learned.out_of_fold), labels[seen], regions)
        anomaly, supervised = odd(test), learned.score(test.frame[names])
        out |= {f"anomaly{suffix}": anomaly, f"supervised{suffix}": supervised}
        out[f"ours{suffix}"] = (1 - weight) * ranks(anomaly) + weight * ranks(supervised)
    return out


def best_weight(anomaly: Any, supervised: Any, answers: Any, regions: Any) -> float:
    """The weight of the supervised ranks (0, ½, 1) with the best mean AUPRC over the regions' answers; the smallest one of equals."""

    def quality(weight: float) -> float:
        found = []
        for name in np.unique(regions):
            rows = regions == name
            if answers[rows].any():
                found.append(average_precision((1 - weight) * ranks(anomaly[rows]) + weight * ranks(supervised[rows]), answers[rows]))
        return float(np.mean(found)) if found else 0.0

    return max((0.0, 0.5, 1.0), key=lambda weight: (round(quality(weight), 9), -weight))


@dataclass(frozen=True)
class Measured:
    """How good a ranking of one region is; shares are 0 to 1."""

    auprc: float
    precision_at_20: float
    money_at_20: float


def truth_of(of: Region) -> tuple[Any, Any, dict[str, set[str]]]:
    """(1 where an institution takes part in any scheme, its injected money in fen, institutions by scheme)."""
    by_scheme: dict[str, set[str]] = defaultdict(set)
    with (of.truth / "truth_schemes.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_scheme[row["scheme"]].add(row["institution"])
    money: dict[str, int] = defaultdict(int)
    with (of.truth / "truth_lines.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            money[row["fixmedins_code"]] += int(row["amount_fen"])
    everyone = set().union(*by_scheme.values())
    return (
        np.array([float(code in everyone) for code in of.codes]),
        np.array([float(money[code]) for code in of.codes]),
        dict(by_scheme),
    )


def measure(score: Any, true: Any, money: Any) -> Measured:
    """AUPRC, precision among the first 20, and the share of injected money at the first 20."""
    top = np.argsort(-score, kind="stable")[:TOP]
    return Measured(average_precision(score, true), precision_at(score, true, TOP), float(money[top].sum() / money.sum()))


def scheme_auprc(score: Any, codes: Sequence[str], true: Any, members: set[str]) -> float:
    """AUPRC of one scheme: its institutions against those that take part in none."""
    member = np.array([code in members for code in codes])
    kept = member | (true == 0)
    return average_precision(score[kept], member[kept].astype(float))
