"""Cases as rows: labels from decisions, features of the month of the case, expected confirmed money."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.features import Feature
from models.supervised.boosting import SupervisedDetector
from models.supervised.cases import CaseLineRow, Cases, build_cases, case_features, expected_confirmed, frequent_rules
from models.supervised.evaluate import OUT_OF_TIME, evaluate
from xiezhi.domain.signal import Subject

FEATURES = {subject: (Feature("fee", subject, "fen", "费用", "fee", 1),) for subject in Subject}
TABLES = {
    Subject.INSTITUTION: pd.DataFrame({"subject_id": ["H1", "H1"], "month": ["2026-01", "2026-02"], "fee": [10.0, 20.0]}),
    Subject.PRACTITIONER: pd.DataFrame({"subject_id": ["D1", "D2"], "month": ["2026-02"] * 2, "fee": [1.0, 2.0]}),
    Subject.PERSON: pd.DataFrame({"subject_id": ["P1"], "month": ["2026-01"], "fee": [7.0]}),
}


def _line(case: str, **changes: object) -> CaseLineRow:
    values: dict[str, object] = {
        "institution": "H1",
        "practitioner": "D1",
        "person": "P1",
        "rule_id": "R1",
        "verdict": "definite",
        "service_date": date(2026, 2, 3),
        "part_fen": 100,
    }
    return CaseLineRow(case, **(values | changes))  # type: ignore[arg-type]


def test_features_are_those_of_the_month_of_the_case() -> None:
    # Mutant caught: the newest month for all cases. What the institution did in February must not be known in January.
    lines = [_line("b"), _line("a", service_date=date(2026, 1, 31))]
    cases = build_cases(lines, TABLES, FEATURES, ("R1", "R2"))
    assert cases.ids == ["a", "b"]
    assert cases.X["institution.fee"].tolist() == [10.0, 20.0]
    assert cases.X["person.fee"].tolist()[0] == 7.0
    assert np.isnan(cases.X["person.fee"].tolist()[1]), "a month that is not stored is missing, not zero"
    assert cases.X["rule.R1"].tolist() == [1.0, 1.0]
    assert cases.X["rule.R2"].tolist() == [0.0, 0.0]
    assert set(cases.X.columns) == set(case_features(FEATURES, ("R1", "R2")))


def test_the_practitioner_with_the_most_money_speaks_for_the_case() -> None:
    lines = [_line("a", part_fen=10), _line("a", practitioner="D2", part_fen=50), _line("a", practitioner=None, part_fen=900)]
    cases = build_cases(lines, TABLES, FEATURES, ())
    assert cases.X["practitioner.fee"].tolist() == [2.0]
    assert cases.amounts.tolist() == [960.0]


@pytest.mark.parametrize(
    ("said", "label"),
    [
        (["confirmed", "refuted"], 1.0),
        (["refuted", "refuted"], 0.0),
        (["refuted", "inconclusive"], 0.0),
        (["inconclusive"], None),
        ([None], None),
    ],
)
def test_labels(said: list[str | None], label: float | None) -> None:
    cases = build_cases([_line("a", decision=each) for each in said], TABLES, FEATURES, ())
    assert np.isnan(cases.labels[0]) if label is None else cases.labels[0] == label


def test_rules_with_few_cases_are_no_features() -> None:
    lines = [_line(f"c{n}") for n in range(10)] + [_line(f"c{n}", rule_id="R2") for n in range(9)] + [_line("c0", rule_id="R3")] * 50
    assert frequent_rules(lines) == ("R1",)


def test_one_small_certain_case_does_not_lead() -> None:
    # Mutant caught: share without drawing towards the overall one.
    lines = [_line("a", part_fen=1)] + [_line(f"b{n}", institution="H2", part_fen=1000) for n in range(20)]
    lines += [_line(f"c{n}", institution="H3", part_fen=1000) for n in range(20)]
    cases = build_cases(lines, TABLES, FEATURES, ())
    chances = np.array([1.0 if i == "H1" else 0.9 if i == "H2" else 0.1 for i in cases.institutions])
    table = expected_confirmed(cases, chances).set_index("institution")
    assert table["share"].idxmax() == "H2"
    assert table.loc["H2", "expected_fen"] == pytest.approx(18000)
    assert table.loc["H3", "share"] < table.loc["H1", "share"] < table.loc["H2", "share"]


def test_out_of_time_trains_on_earlier_cases_only() -> None:
    # What a feature means turns around in the last quarter: folds that mix times do not see it, the test by time does.
    random = np.random.default_rng(2)
    n = 400
    x = random.normal(size=n)
    late = np.arange(n) >= 300
    y = ((np.where(late, -x, x) + 0.3 * random.normal(size=n)) > 0.3).astype(float)
    cases = Cases(
        pd.DataFrame({"x": x, "noise": random.normal(size=n)}),
        [str(i) for i in range(n)],
        [f"H{i % 20}" for i in range(n)],
        ["2026-01"] * n,
        [date.fromordinal(738000 + i) for i in range(n)],
        np.ones(n),
        y,
        [False] * n,
    )
    _, metrics = evaluate(lambda: SupervisedDetector(rounds=30, seed=1), cases)
    assert metrics[OUT_OF_TIME] < metrics["base_rate_later"]
    assert metrics["auprc_out_of_fold"] > metrics["base_rate"] + 0.2
