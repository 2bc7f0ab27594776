"""Peer residuals: small groups lean on all rows, missing is not guilt, directions are kept, wild values are capped."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.anomaly.combined import PeerAnomaly
from models.anomaly.peer import PeerResiduals
from models.anomaly.residuals import PeerScales
from models.detector import PEER_GROUP


def _rows(n: int = 200, seed: int = 1) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"fee": random.normal(100, 10, n), "rest": random.normal(0, 1, n)})
    frame[PEER_GROUP] = ["large"] * (n - 4) + ["small"] * 4
    return frame


def test_compared_with_peers_and_not_with_all() -> None:
    # Mutant caught: residuals against all rows. The village clinics' ordinary fee is the hospitals' wild one.
    random = np.random.default_rng(3)
    fee = np.concatenate([random.normal(1000, 50, 100), random.normal(50, 5, 100)])
    frame = pd.DataFrame({"fee": fee, PEER_GROUP: ["hospital"] * 100 + ["clinic"] * 100})
    detector = PeerResiduals({"fee": 1}).fit(frame)
    probe = pd.DataFrame({"fee": [1000.0, 400.0], PEER_GROUP: ["hospital", "clinic"]})
    hospital, clinic = detector.score(probe)
    assert hospital == 0
    assert clinic > 0
    (reason,) = detector.explain(probe)[1].reasons
    assert reason.peer == np.median(fee[100:])


def test_small_groups_are_drawn_towards_all_rows() -> None:
    # Mutant caught: no shrinkage. Four peers say little: their middle is nearer to that of all rows than their own median is.
    frame = _rows()
    frame.loc[frame[PEER_GROUP] == "small", "fee"] = [300.0, 301.0, 302.0, 303.0]
    scales = PeerScales(10.0).fit(frame[["fee"]].to_numpy(float), frame[PEER_GROUP].tolist())
    whole, own, used = scales.centres[""][0], scales.centres["small"][0], scales.middles["small"][0]
    assert own == 301.5
    assert np.isclose(used, (4 * own + 10 * whole) / 14)
    assert scales.scales["small"][0] > 5 * 1.4826, "four alike peers must not make the scale tiny"


def test_missing_values_never_raise_a_score() -> None:
    # Mutant caught: dividing by the number of present features.
    frame = _rows()
    detector = PeerResiduals({"fee": 1}).fit(frame)
    full = detector.score(frame)
    for name in ("fee", "rest"):
        assert (detector.score(frame.assign(**{name: np.nan})) <= full).all()
    assert (detector.score(frame.assign(fee=np.nan, rest=np.nan)) == 0).all()


def test_the_innocent_direction_counts_nothing_and_wild_values_are_capped() -> None:
    frame = _rows()
    detector = PeerResiduals({"fee": 1}, floor=1.0, cap=8.0).fit(frame)
    low, high, wild = detector.score(
        pd.DataFrame({"fee": [-1e6, 1e3, 1e12], "rest": [0.0] * 3, PEER_GROUP: ["large"] * 3}),
    )
    assert low == 0
    assert high == wild == (8.0 - 1.0) / 2


def test_a_feature_that_is_mostly_zero_still_has_a_scale() -> None:
    # Mutant caught: MAD alone, which is 0 here, so that nobody would ever be conspicuous.
    values = np.zeros(100)
    values[:10] = np.arange(1.0, 11.0)
    frame = pd.DataFrame({"share": values})
    assert PeerResiduals({"share": 1}).fit(frame).score(frame)[9] > 0


def test_a_constant_feature_says_nothing() -> None:
    frame = pd.DataFrame({"same": [5.0] * 50, "fee": np.arange(50.0)})
    detector = PeerResiduals().fit(frame)
    assert {r.feature for e in detector.explain(frame) for r in e.reasons} == {"fee"}


def test_combined_finds_what_is_planted() -> None:
    frame = _rows(300)
    frame.loc[:4, "fee"] = 190.0
    frame.loc[:4, "rest"] = 6.0
    score = PeerAnomaly({"fee": 1}, seed=1).fit(frame).score(frame)
    assert set(np.argsort(-score)[:5].tolist()) == set(range(5))
    assert (score >= 0).all()
    assert (score <= 1).all()
