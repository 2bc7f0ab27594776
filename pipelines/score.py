"""Scores the subjects of a month with the champions, writes the scores with their reasons, and lets them reach the queue."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from models.detector import PEER_GROUP, Explanation, Floats, explanation
from models.explain import permilles, sentences
from models.features import Feature
from models.registry import Stored
from models.supervised.cases import Cases, build_cases, case_features, expected_confirmed
from pipelines.cases.app import Desk
from pipelines.learning import (
    ANOMALY_MODELS,
    CASES_MODEL,
    Say,
    all_features,
    anomaly_features,
    decided,
    recent_months,
    registry,
    tables,
    waiting,
)
from pipelines.train import MOST_MONTHS
from xiezhi.domain.errors import UsageError
from xiezhi.domain.signal import Score, ScoreReason, Subject
from xiezhi.services.signals import Applied, apply_signals
from xiezhi.storage.sql.signals import SqlSignalStore

LEAST_PERMILLE = {Subject.INSTITUTION: 0, Subject.PRACTITIONER: 0, Subject.PERSON: 900}
"""Scores below are not stored: of millions of insured persons only the most conspicuous tenth is anybody's business."""

WITH_CASES = "有案件的机构"
"""Peer group of the model of cases: all institutions that have cases."""


@dataclass
class Scored:
    """What a run wrote: scores by model, models without a champion, and what it did to the queue."""

    month: str
    scores: dict[str, int] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    applied: Applied | None = None


def score(desk: Desk, month: str, *, as_of: date, at: datetime, say: Say = lambda text: None) -> Scored:
    """Score a month with every champion.

    Args:
        desk: settings and database.
        month: `YYYY-MM`; nothing after its end is looked at.
        as_of: day to which the age of cases is counted.
        at: the moment, for the audit log.
        say: where progress goes.

    Raises:
        UsageError: no model is registered.
    """
    kept, signals, done = registry(desk.settings), SqlSignalStore(desk.database), Scored(month)
    lines = [*waiting(desk, month), *decided(desk, month)] if kept.version_of(CASES_MODEL) else []
    frames = tables(desk.settings, recent_months(desk.settings, month, MOST_MONTHS) if lines else [month], say)
    written: list[tuple[str, list[Score]]] = []
    for subject in Subject:
        found = kept.load(ANOMALY_MODELS[subject])
        if found is None:
            done.missing.append(ANOMALY_MODELS[subject])
            continue
        frame = frames[subject]
        written.append((found.name, anomaly_scores(found, subject, frame[frame["month"] == month], month)))
    model = kept.load(CASES_MODEL)
    if model is None:
        done.missing.append(CASES_MODEL)
    else:
        written.append((model.name, case_scores(model, lines, frames, month)))
    if not written:
        raise UsageError.of("no model is registered", todo="xiezhi train")
    for name, scores in written:
        say(f"分值 scores {name}: {len(scores):,}")
        signals.put_scores(name, month, scores)
        done.scores[name] = len(scores)
    done.applied = apply_signals(desk.store, signals, as_of, at, desk.scheme.exploration)
    return done


def anomaly_scores(found: Stored, subject: Subject, frame: pd.DataFrame, month: str) -> list[Score]:
    """Scores of the subjects of a table of features, by id; reasons of those that are kept."""
    rows = frame.reset_index(drop=True)
    features: dict[str, Feature] = {each.name: each for each in anomaly_features(subject)}
    X = rows.reindex(columns=[*found.detector.features, PEER_GROUP])
    places = permilles(found.detector.score(X)) if len(X) else []
    kept = [row for row, place in enumerate(places) if place >= LEAST_PERMILLE[subject]]
    why: list[Explanation] = [Explanation(())] * len(X)
    for row, each in zip(kept, found.detector.explain(X.iloc[kept]), strict=True):
        why[row] = each
    words = sentences(X, why, features, subject)
    run = _run_id(found, month)
    return [
        Score(
            subject,
            str(rows["subject_id"][row]),
            month,
            found.name,
            found.version,
            places[row],
            None,
            str(rows[PEER_GROUP][row]),
            int(rows["peers"][row]),
            words[row],
            run,
        )
        for row in kept
    ]


def case_scores(found: Stored, lines: Sequence[Any], frames: dict[Subject, pd.DataFrame], month: str) -> list[Score]:
    """Scores of institutions with cases: what share of their cases' money is expected to be confirmed.

    Decided cases count with the model's chance like the others, so that an institution does not vanish once its cases are decided.
    """
    subjects = {subject: all_features(subject) for subject in Subject}
    rules = [name.removeprefix("rule.") for name in found.detector.features if name.startswith("rule.")]
    cases = build_cases(lines, frames, subjects, rules)
    if not cases.ids:
        return []
    names = case_features(subjects, rules)
    table = expected_confirmed(cases, found.detector.score(cases.X))
    places = permilles(table["share"].to_numpy(dtype=float))
    why, X = _by_institution(found, cases, table["institution"].tolist())
    words = sentences(X, why, names, Subject.INSTITUTION)
    run = _run_id(found, month)
    out = []
    for row, code in enumerate(table["institution"].tolist()):
        share = float(table["share"].iloc[row])
        reasons: tuple[ScoreReason, ...] = words[row]
        out.append(
            Score(Subject.INSTITUTION, code, month, found.name, found.version, places[row], share, WITH_CASES, len(table), reasons, run)
        )
    return out


def _by_institution(found: Stored, cases: Cases, codes: list[str]) -> tuple[list[Explanation], pd.DataFrame]:
    """Shares and values of each institution: the mean over its cases, weighted by money, so that the sums still add up."""
    columns = list(found.detector.features)
    place = {name: i for i, name in enumerate(columns)}
    shares: Floats = np.zeros((len(cases.ids), len(columns)))
    base = 0.0
    for row, each in enumerate(found.detector.explain(cases.X)):
        base = each.base
        for reason in each.reasons:
            shares[row, place[reason.feature]] = reason.share
    weights = np.maximum(cases.amounts, 1.0)
    values = cases.X[columns].to_numpy(dtype=float)
    institutions = np.array(cases.institutions, dtype=object)
    why, means = [], []
    for code in codes:
        rows = np.flatnonzero(institutions == code)
        weight = weights[rows] / weights[rows].sum()
        mean = weight @ shares[rows]
        why.append(explanation(columns, mean.tolist(), None, base, base + float(mean.sum())))
        known = ~np.isnan(values[rows])
        total = weight @ known
        means.append(np.divide(weight @ np.nan_to_num(values[rows]), total, out=np.full(len(columns), np.nan), where=total > 0))
    return why, pd.DataFrame(np.array(means), columns=columns)


def _run_id(found: Stored, month: str) -> str:
    digest = hashlib.sha256(f"{found.name}\x1f{found.version}\x1f{month}\x1f{found.tags.get('data_version', '')}".encode())
    return "S" + digest.hexdigest()[:15]
