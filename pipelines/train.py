"""Trains the models of a month and registers them: anomaly models always, the model of cases where enough was decided.

A new version becomes challenger. It becomes champion when there is none yet, or when it is asked for (`promote`) and its metric on
later cases is not worse than the champion's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.anomaly.combined import PeerAnomaly
from models.card import model_card
from models.detector import PEER_GROUP, Detector
from models.explain import KINDS
from models.features import Feature
from models.registry import CHAMPION, Registry, Stored
from models.supervised.boosting import SupervisedDetector
from models.supervised.cases import build_cases, case_features, frequent_rules
from models.supervised.evaluate import OUT_OF_TIME, evaluate
from pipelines.cases.app import Desk
from pipelines.features import STAMP
from pipelines.learning import ANOMALY_MODELS, CASES_MODEL, Say, all_features, anomaly_features, decided, recent_months, registry, tables
from xiezhi.domain.signal import Subject

LEAST_OF_A_KIND = 50
"""Confirmed and refuted lines that the model of cases needs, of each kind; fewer teach it noise."""
LEAST_CASES = 20
"""Confirmed and refuted cases that it needs, of each kind: many lines of one case are one experience."""
MOST_MONTHS = 12
"""Months of cases that are learned from, the latest."""


@dataclass
class Trained:
    """What happened to one model; `note` says in Chinese and English why it was not trained or not promoted."""

    model: str
    version: str = ""
    alias: str = ""
    rows: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    note: str = ""


def train(desk: Desk, month: str, *, seed: int, promote: bool, say: Say = lambda text: None) -> list[Trained]:
    """Train and register all models whose data suffice.

    Args:
        desk: settings and database; decisions are read, nothing else of the cases is.
        month: `YYYY-MM`; nothing after its end is looked at.
        seed: of all models.
        promote: whether challengers that are not worse become champions.
        say: where progress goes.
    """
    kept = registry(desk.settings)
    lines = decided(desk, month)
    months = recent_months(desk.settings, month, MOST_MONTHS) if lines else [month]
    frames = tables(desk.settings, months, say)
    done = [_anomaly(desk, kept, subject, frames[subject], month, seed, promote, say) for subject in Subject]
    return [*done, _cases(desk, kept, frames, lines, month, seed, promote, say)]


def _anomaly(desk: Desk, kept: Registry, subject: Subject, frame: Any, month: str, seed: int, promote: bool, say: Say) -> Trained:
    name, features = ANOMALY_MODELS[subject], anomaly_features(subject)
    rows = frame[frame["month"] == month]
    if not len(rows):
        return Trained(name, note="本月无对象 no subjects in the month")
    say(f"训练 train {name}: {len(rows):,}")
    detector = PeerAnomaly({each.name: each.direction for each in features}, seed=seed).fit(rows[[*(f.name for f in features), PEER_GROUP]])
    zh, en = KINDS[subject]
    about = (f"{zh}与同组相比有多突出。", f"How conspicuous {en} are among their peers.")
    facts = {"月份 month": month, "行数 rows": len(rows), "同组数 peer groups": rows[PEER_GROUP].nunique()}
    return _register(desk, kept, name, detector, features, about, facts, {}, None, str(rows[STAMP].iloc[0]), month, promote)


def _cases(desk: Desk, kept: Registry, frames: Any, lines: Any, month: str, seed: int, promote: bool, say: Say) -> Trained:
    subjects = {subject: all_features(subject) for subject in Subject}
    rules = frequent_rules(lines)
    features = case_features(subjects, rules)
    cases = build_cases(lines, frames, subjects, rules)
    cases = cases.take(np.flatnonzero(~np.isnan(cases.labels)).tolist())
    yes = int(cases.labels.sum())
    no = len(cases.ids) - yes
    said = [line.decision for line in lines]
    of_lines = said.count("confirmed"), said.count("refuted")
    if min(of_lines) < LEAST_OF_A_KIND or min(yes, no) < LEAST_CASES:
        have = f"确认 confirmed {yes} 件 cases {of_lines[0]} 行 lines, 排除 refuted {no} 件 cases {of_lines[1]} 行 lines"
        need = f"各需 {LEAST_CASES} 件 {LEAST_OF_A_KIND} 行，needed of each: {LEAST_CASES} cases and {LEAST_OF_A_KIND} lines"
        return Trained(CASES_MODEL, rows=len(cases.ids), note=f"结论太少，未训练 few decisions, not trained: {have}; {need}")
    say(f"训练 train {CASES_MODEL}: {yes} + {no}")
    directions = {name: each.direction for name, each in features.items()}
    detector, metrics = evaluate(lambda: SupervisedDetector(directions, seed=seed), cases)
    share = sum(cases.simulated) / len(cases.ids)
    labels = {
        "确认 confirmed": yes,
        "排除 refuted": no,
        "来源 source": "case decisions",
        "simulated_share": round(share, 4),
        "校准 calibration": detector.calibration.kind,
    }
    about = (
        "案件被审核确认的机会；机构按其案件金额的预期确认份额排序。",
        "Chance that a case is confirmed; institutions by the expected confirmed share.",
    )
    facts = {"截至月份 up to month": month, "案件 cases": len(cases.ids), "机构 institutions": len(set(cases.institutions))}
    stamp = str(frames[Subject.INSTITUTION][STAMP].iloc[-1])
    used = [features[column] for column in detector.features]
    return _register(desk, kept, CASES_MODEL, detector, used, about, facts, metrics, labels, stamp, month, promote)


def _register(
    desk: Desk,
    kept: Registry,
    name: str,
    detector: Detector,
    features: Any,
    about: tuple[str, str],
    facts: Mapping[str, object],
    metrics: dict[str, float],
    labels: Mapping[str, object] | None,
    stamp: str,
    month: str,
    promote: bool,
) -> Trained:
    chosen: list[Feature] = list(features)
    card = model_card(
        name, detector, about=about, data={**facts, "数据版本 data version": stamp}, metrics=metrics, labels=labels, features=chosen
    )
    champion = kept.load(name, CHAMPION)
    share = str(labels.get("simulated_share", "")) if labels else ""
    stored = kept.register(
        name,
        detector,
        params={"seed": detector.seed, "method": type(detector).__name__, **{f"data_{i}": v for i, v in enumerate(facts.values())}},
        metrics=metrics,
        tags={"month": month, "data_version": stamp, "simulated_share": share},
        features=detector.features,
        card=card,
    )
    folder = desk.settings.home / "models"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}-{stored.version}.md").write_text(card, "utf-8")
    done = Trained(name, stored.version, "challenger", int(str(list(facts.values())[1])), dict(stored.metrics))
    if champion is None or (promote and not worse(stored, champion)):
        kept.promote(stored)
        done.alias = "champion"
    elif promote:
        done.note = f"不如现任，未上任 worse than the champion on {OUT_OF_TIME}, not promoted"
    return done


def worse(new: Stored, old: Stored) -> bool:
    """Whether a challenger is worse on later cases than the champion; where one of them has no such metric, it is not known to be."""
    if OUT_OF_TIME not in new.metrics or OUT_OF_TIME not in old.metrics:
        return False
    return new.metrics[OUT_OF_TIME] < old.metrics[OUT_OF_TIME]
