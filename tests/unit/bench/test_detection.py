"""The measures of `bench.detection`, and that nothing of the truth reaches a model but the panel's answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench._detection import ALL, WITHOUT_RULES, Region, best_weight, measure, panel_answers, scheme_auprc, scores, truth_of
from models.features import CATALOGUE
from xiezhi.domain.signal import Subject


def truth(folder: Path, guilty: list[str], fen: int = 100) -> Path:
    folder.mkdir()
    lines = "".join(f"ring,{code},{i},P,E,{fen}\n" for i, code in enumerate(guilty))
    (folder / "truth_lines.csv").write_text("scheme,fixmedins_code,bkkp_sn,psn_no,mdtrt_id,amount_fen\n" + lines)
    (folder / "truth_entities.csv").write_text("scheme,kind,id\n" + "".join(f"ring,institution,{code}\n" for code in guilty))
    (folder / "truth_schemes.csv").write_text("scheme,institution,start,note\n" + "".join(f"ring,{code},2026-02-01,\n" for code in guilty))
    return folder


def region(seed: int, folder: Path, size: int = 60) -> Region:
    """A region in which every fifth institution takes part and one feature shows it."""
    codes = tuple(f"H{i:03d}" for i in range(size))
    guilty = [code for i, code in enumerate(codes) if i % 5 == 0]
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({name: rng.random(size) for name in ALL})
    frame["price_ratio"] = [1.0 + 5.0 * (i % 5 == 0) for i in range(size)] + rng.random(size) / 10
    frame["peer_group"] = "all"
    amount = rng.random(size)
    return Region(seed, frame, codes, amount, amount[::-1], amount, truth(folder, guilty))


def test_panel_visits_half_and_errs_at_its_rate(tmp_path: Path) -> None:
    one = region(1, tmp_path / "t", size=4_000)
    true, money, members = truth_of(one)
    answers = panel_answers(one)
    visited = ~np.isnan(answers)
    assert 0.45 < visited.mean() < 0.55
    assert 0.03 < (answers[visited] != true[visited]).mean() < 0.07
    assert money.sum() == 100 * true.sum()
    assert members == {"ring": {code for code, yes in zip(one.codes, true, strict=True) if yes}}


def test_the_tested_region_is_ranked_without_its_truth(tmp_path: Path) -> None:
    regions = [region(seed, tmp_path / str(seed)) for seed in (1, 2, 3)]
    answers: dict[int, Any] = {one.seed: panel_answers(one) for one in regions}
    found = scores(regions[0], regions[1:], answers, seed=1)
    # Other truth, other answers of the tested region: not a single score may change.
    (tmp_path / "1" / "truth_schemes.csv").unlink()
    again = scores(regions[0], regions[1:], answers | {1: 1 - answers[1]}, seed=1)
    assert all(np.array_equal(found[name], again[name]) for name in found)
    true = np.array([float(i % 5 == 0) for i in range(60)])
    assert measure(found["ours"], true, true).auprc > 0.9
    assert measure(found["amount"], true, true).auprc < 0.5


def test_the_weight_is_chosen_by_answers() -> None:
    answers = np.array([1.0, 0.0, 0.0, 0.0] * 5)
    noise = np.random.default_rng(0).random(20)
    places = np.repeat(["a", "b"], 10)
    assert best_weight(noise, answers, answers, places) == 1.0
    assert best_weight(answers, noise, answers, places) == 0.0
    assert best_weight(answers, answers, answers, places) == 0.0, "no better: the model without labels"


def test_a_scheme_is_held_against_the_innocent_only() -> None:
    codes, true = ["a", "b", "c", "d"], np.array([1.0, 1.0, 0.0, 0.0])
    score = np.array([0.5, 0.9, 0.4, 0.1])
    assert scheme_auprc(score, codes, true, {"a"}) == pytest.approx(1.0), "b, of another scheme, is no error of the ranking"


def test_models_without_rules_see_no_feature_of_rules() -> None:
    rules = {feature.name for feature in CATALOGUE[Subject.INSTITUTION] if feature.source == "rules"}
    assert len(rules) >= 4
    assert not rules & set(WITHOUT_RULES)
    assert rules <= set(ALL)
