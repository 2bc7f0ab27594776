"""The registry: aliases, what is logged, a changed file is refused, nothing calls home and nothing warns."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import pytest

from models.anomaly.peer import PeerResiduals
from models.card import model_card
from models.checks import example
from models.features import CATALOGUE
from models.registry import CHALLENGER, CHAMPION, Registry
from xiezhi.domain.errors import XiezhiError
from xiezhi.domain.signal import Subject

pytestmark = pytest.mark.slow  # MLflow takes ten seconds to come up and make its tables


def test_versions_aliases_and_integrity(tmp_path: Path) -> None:
    X, _, _ = example(1)
    detector = PeerResiduals({"a_high": 1}).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        registry = Registry(tmp_path)
        assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
        assert registry.load("anomaly.test") is None
        first, second = (
            registry.register(
                "anomaly.test",
                detector,
                params={"seed": n},
                metrics={"auprc": 0.5 + n / 10, "unknown": float("nan")},
                tags={"month": "2026-07"},
                features=detector.features,
                card="# card",
            )
            for n in range(2)
        )
        assert (first.version, second.version) == ("1", "2")
        assert registry.version_of("anomaly.test", CHALLENGER) == "2"
        assert registry.load("anomaly.test") is None, "a challenger must not score"
        registry.promote(first)
        assert registry.version_of("anomaly.test", CHALLENGER) == "2"
        registry.promote(second)
        assert registry.version_of("anomaly.test", CHALLENGER) is None
        again = Registry(tmp_path).load("anomaly.test", CHAMPION)
    assert again is not None
    assert (again.version, again.metrics, again.tags) == ("2", {"auprc": 0.6}, {"month": "2026-07"})
    assert (again.detector.score(X) == detector.score(X)).all()
    stored = sorted((tmp_path / "mlflow-artifacts").rglob("model.pkl"))
    assert len(stored) == 2
    for path in stored:
        path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(XiezhiError, match="not the registered one"):
        registry.load("anomaly.test")


def test_the_card_says_what_it_learned_from_and_whom_it_must_not_judge() -> None:
    features = CATALOGUE[Subject.INSTITUTION]
    labels = {"confirmed": 60, "simulated_share": 1.0}
    card = model_card(
        "m",
        PeerResiduals(),
        about=("甲", "a"),
        data={"month": "2026-07"},
        metrics={"auprc": float("nan")},
        labels=labels,
        features=features,
    )
    assert "只供演示" in card
    assert "不作为认定依据" in card
    assert "无法计算" in card
    assert all(feature.name in card for feature in features)
    real = model_card("m", PeerResiduals(), about=("甲", "a"), data={}, metrics={}, labels={"simulated_share": 0.0}, features=features)
    assert "只供演示" not in real
