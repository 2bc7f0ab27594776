"""Every detector of the project passes `check_detector`, and a detector with one broken promise fails by that promise's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from models.anomaly.combined import PeerAnomaly
from models.anomaly.forest import PeerForest
from models.anomaly.peer import PeerResiduals
from models.checks import check_detector
from models.detector import PEER_GROUP, Explanation, Reason
from models.frame import matrix
from models.supervised.boosting import SupervisedDetector
from xiezhi.domain.errors import UsageError, XiezhiError

QUICK = {"rounds": 15, "folds": 2}


@pytest.mark.parametrize(
    "detector", [PeerResiduals(), PeerForest(trees=20), PeerAnomaly(), SupervisedDetector(**QUICK)], ids=lambda d: type(d).__name__
)
def test_detectors_of_the_project_pass(detector: Any) -> None:
    check_detector(detector)
    assert detector.features == (), "the detector that was given was fitted instead of a copy"


class Unpicklable(PeerResiduals):
    def fit(self, X: Any, y: Any = None, groups: Any = None) -> Any:
        self.secret = lambda: 1
        return super().fit(X, y, groups)


class Random(PeerResiduals):
    def score(self, X: Any) -> Any:
        return super().score(X) + np.random.default_rng().random(len(X))


class ByPosition(PeerResiduals):
    """Takes columns as they come."""

    def score(self, X: Any) -> Any:
        return X[[c for c in X.columns if c != PEER_GROUP]].fillna(0.0).to_numpy()[:, 0]


class NoNames(PeerResiduals):
    def score(self, X: Any) -> Any:
        return super().score(X.reindex(columns=[*self.features, PEER_GROUP]).assign(c_both=0.0))


class NotMissing(PeerResiduals):
    def score(self, X: Any) -> Any:
        return super().score(X) + matrix(X, self.features)[:, 0]


class Batch(PeerResiduals):
    """Ranks the rows among those that are scored with them."""

    def score(self, X: Any) -> Any:
        found = super().score(X)
        return np.argsort(np.argsort(found)) / max(1, len(found))


class Changing(PeerResiduals):
    def score(self, X: Any) -> Any:
        found = super().score(X)
        X["a_high"] = 0.0
        return found


class WrongWay(PeerResiduals):
    def score(self, X: Any) -> Any:
        return -super().score(X)


class WrongSum(PeerResiduals):
    def explain(self, X: Any) -> Sequence[Explanation]:
        return [Explanation(e.reasons, 0.0, (e.total or 0.0) + 0.01) for e in super().explain(X)]


class Invents(PeerResiduals):
    def explain(self, X: Any) -> Sequence[Explanation]:
        return [Explanation((Reason("weather", 1.0),)) for _ in range(len(X))]


class Constant(PeerResiduals):
    def score(self, X: Any) -> Any:
        return np.zeros(len(super().score(X)))


BROKEN = [
    (Unpicklable(), "pickle"),
    (Random(), "seed"),
    (ByPosition(), "columns"),
    (NoNames(), "names"),
    (NotMissing(), "missing"),
    (Batch(), "batch"),
    (Changing(), "input"),
    (WrongWay(), "direction"),
    (WrongSum(), "explanation"),
    (Invents(), "explanation"),
    (Constant(), "scores"),
]


@pytest.mark.parametrize(("detector", "promise"), BROKEN, ids=[type(d).__name__ for d, _ in BROKEN])
def test_a_broken_promise_is_named(detector: Any, promise: str) -> None:
    with pytest.raises(XiezhiError) as caught:
        check_detector(detector)
    assert promise in {problem.what.split(":")[0] for problem in caught.value.problems}


def test_a_detector_that_is_not_fitted_says_so() -> None:
    from models.checks import example

    for detector in (PeerResiduals(), PeerForest(), PeerAnomaly(), SupervisedDetector()):
        with pytest.raises(UsageError, match="not fitted"):
            detector.score(example(1)[0])
