"""A hospital charges more hours than a day has, nursing twice, and laboratory prices above the ceiling that it does not report."""

from __future__ import annotations

import numpy as np

from pipelines.simulate.accounts import half_up
from pipelines.simulate.care import Care
from pipelines.simulate.catalogue import PRICE_SCALE, catalogue
from pipelines.simulate.schemes.common import add_lines, busiest, start_day
from pipelines.simulate.settings import DAY
from pipelines.simulate.truth import Truth

NAME = "inflated_quantities"


def act(care: Care, rng: np.random.Generator, truth: Truth) -> None:
    """Two monitors on one patient all day, a second nursing charge, and prices set by hand."""
    items = catalogue()
    hospital = busiest(care, rng, care.inpatient(), "secondary", "tertiary")
    start = start_day(care, rng)
    truth.begin(NAME, hospital, start, "hours beyond the day, double nursing, prices above the ceiling")
    lines = care.lines
    here = (care.encounters["inst"][lines["enc"]] == hospital) & (lines["time"] >= start * DAY)
    whole = np.flatnonzero(here & np.isin(lines["item"], items.numbers("cmon", "spo2", "vent")) & (lines["cnt"] == 24 * PRICE_SCALE))
    whole = whole[rng.random(len(whole)) < 0.6]
    more = rng.integers(6, 25, len(whole))
    lines["cnt"][whole] += more * PRICE_SCALE
    truth.line(NAME, lines["key"][whole], half_up(more * lines["pric"][whole], 100))
    dear = np.flatnonzero(here & np.isin(lines["item"], items.numbers("ct", "cte", "mri", "ptct", "us")))
    dear = dear[rng.random(len(dear)) < 0.8]
    surcharge = half_up(lines["pric"][dear] * 15, 10_000) * 100
    lines["pric"][dear] += surcharge
    lines["uncut"][dear] = 1
    truth.line(NAME, lines["key"][dear], half_up(surcharge * lines["cnt"][dear], 1_000_000))
    nursing = np.flatnonzero(here & np.isin(lines["item"], items.numbers("nur1", "nur2")))
    nursing = nursing[rng.random(len(nursing)) < 0.2]
    for turn, item in enumerate(("nur1", "nur2"), start=1):
        of_item = nursing[lines["item"][nursing] == items.index[item]]
        truth.line(NAME, add_lines(care, NAME, lines["enc"][of_item], item, lines["time"][of_item] + 60, 1, turn))
