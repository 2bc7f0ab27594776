"""Sentences carry value, unit and peers; the share of peers below is counted without the subject itself; what is missing is said."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.anomaly.peer import PeerResiduals
from models.detector import PEER_GROUP, Explanation, Reason
from models.explain import permilles, sentences
from models.features import Feature
from xiezhi.domain.signal import Subject

FEE = Feature("fee", Subject.INSTITUTION, "fen", "次均费用", "mean fee of a visit", 1)
DAYS = Feature("days", Subject.INSTITUTION, "days", "平均住院日", "mean length of stay", 0)


def test_a_reason_names_value_peers_and_place() -> None:
    # Mutants caught: the place counted among all rows instead of peers, or with the subject itself (then never 100 %).
    X = pd.DataFrame({"fee": [float(n) * 100 for n in range(1, 21)] + [9e9] * 5, PEER_GROUP: ["一级"] * 20 + ["三级"] * 5})
    why = [Explanation(())] * 19 + [Explanation((Reason("fee", 2.0, 1050.0),))] + [Explanation(())] * 5
    (reason,) = sentences(X, why, {"fee": FEE}, Subject.INSTITUTION)[19]
    assert reason.zh == "次均费用 20.00 元，同组中位数 10.50 元，高于 100% 的同组机构"
    assert reason.en == "mean fee of a visit 20.00 yuan, peer median 10.50 yuan, above 100% of peer institutions"
    assert (reason.value, reason.peer_value, reason.share) == (2000.0, 1050.0, 2.0)


def test_low_values_say_below_and_the_median_of_the_frame_stands_in() -> None:
    X = pd.DataFrame({"days": [1.0, 5.0, 6.0, 7.0], PEER_GROUP: ["a"] * 4})
    why = [Explanation((Reason("days", 1.0),)), *[Explanation(())] * 3]
    (reason,) = sentences(X, why, {"days": DAYS}, Subject.PERSON)[0]
    assert reason.zh == "平均住院日 1.0 天，同组中位数 5.5 天，低于 100% 的同组人员"


def test_missing_is_said() -> None:
    X = pd.DataFrame({"days": [np.nan, 5.0], PEER_GROUP: ["a"] * 2})
    (reason,) = sentences(X, [Explanation((Reason("days", 1.0),)), Explanation(())], {"days": DAYS}, Subject.PERSON)[0]
    assert reason.value is None
    assert "缺失，按中位数计" in reason.zh


def test_most_reasons_and_order() -> None:
    random = np.random.default_rng(1)
    X = pd.DataFrame(random.normal(size=(50, 9)), columns=[f"f{i}" for i in range(9)])
    X.loc[0] = 20.0
    words = sentences(X, PeerResiduals().fit(X).explain(X), {}, Subject.PRACTITIONER, most=4)[0]
    assert len(words) == 4
    assert [r.share for r in words] == sorted((r.share for r in words), reverse=True)


def test_permilles() -> None:
    assert permilles(np.array([3.0, 1.0, 2.0, 2.0, 9.0])) == [750, 0, 375, 375, 1000]
    assert permilles(np.array([1.0])) == [0], "one subject alone is not conspicuous among others"
    assert permilles(np.zeros(5)) == [500] * 5
