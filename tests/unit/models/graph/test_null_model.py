"""The null model against independent computation: closed forms, scipy, and seeded rewiring."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import false_discovery_control, poisson
from small_world import MONTH, ordinary

from models.graph.candidates import rows
from models.graph.edges import SLOT, Bounds, build_edges
from models.graph.null import choose_log, group_p, poisson_tail, q_values, strength, sum_tail
from models.graph.together import _CHANCE


@pytest.mark.parametrize(("observed", "expected"), [(1, 0.01), (5, 0.3), (30, 12.0), (12, 30.0), (60, 3.0)])
def test_poisson_tail_is_that_of_scipy(observed: int, expected: float) -> None:
    """Catches a tail that starts one too late, or loses the far end to rounding."""
    assert poisson_tail(observed, expected) == pytest.approx(poisson.logsf(observed - 1, expected), rel=1e-9)


def test_sum_of_chances_is_exact() -> None:
    chances = [0.1, 0.5, 0.9, 0.25]
    for least in range(5):
        exact = sum(
            math.prod(c if happened else 1 - c for c, happened in zip(chances, way, strict=True))
            for way in itertools.product((False, True), repeat=4)
            if sum(way) >= least
        )
        assert sum_tail(chances, least) == pytest.approx(exact)


def test_false_discovery_is_that_of_scipy() -> None:
    """Catches q-values that are not made monotone."""
    values = [0.001, 0.04, 0.03, 0.2, 0.8, 0.0301]
    assert q_values(values) == pytest.approx(list(false_discovery_control(values)))
    assert q_values(values, 600)[0] == pytest.approx(0.6)


def test_a_search_costs() -> None:
    """Catches a group's p-value without the number of groups it was chosen from."""
    assert group_p(4, 0.2, 0.0) < 1e-4
    assert group_p(4, 0.2, choose_log(5000, 4)) == 1.0
    assert strength(50, 1) > strength(5, 1) > strength(1, 1) == 0


def test_expected_meetings_are_those_of_rewired_visits() -> None:
    """200 seeded rewirings that keep each person's visits by place and each place's times give the analytic mean.

    Catches an expectation that counts a person against itself, or forgets that a slot is open on both sides.
    """
    con = ordinary(5, persons=60, visits=30, places=2).connection()
    build_edges(con, MONTH, Bounds())
    con.execute(_CHANCE)
    chances = dict(rows(con, "SELECT institution, chance FROM graph_close"))
    visits = rows(con, "SELECT institution, person, time FROM graph_slots ORDER BY ALL")
    group = [f"P{number:04d}" for number in range(0, 60, 5)]
    rng = np.random.default_rng(9)
    expected, drawn = 0.0, 0.0
    for place, chance in sorted(chances.items()):
        persons = np.array([person for where, person, _ in visits if where == place])
        times = np.array([time for where, _, time in visits if where == place])
        counts = np.array([int((persons == person).sum()) for person in group])
        expected += chance * (counts.sum() ** 2 - (counts**2).sum()) / 2
        mine = np.isin(persons, group)
        for _ in range(200):
            at = rng.permutation(times)[mine]
            near = np.abs(at[:, None] - at[None, :]) <= SLOT
            apart = persons[mine][:, None] != persons[mine][None, :]
            drawn += float((near & apart).sum() / 2) / 200
    assert expected == pytest.approx(drawn, rel=0.1)
