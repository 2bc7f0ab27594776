"""A hospital's laboratory and wards charge packages in parts, contained items beside the main one, and second operations in full."""

from __future__ import annotations

import numpy as np

from pipelines.simulate.accounts import half_up
from pipelines.simulate.care import Care
from pipelines.simulate.catalogue import PRICE_SCALE, catalogue
from pipelines.simulate.schemes.common import add_lines, busiest, start_day
from pipelines.simulate.settings import DAY
from pipelines.simulate.truth import Truth

NAME = "unbundling"
BESIDE = (("ogtt", "glu"), ("stent", "cag"), ("resc", "resm"), ("icu", "oral"), ("deli", "peri"))
"""(main item, item whose content it contains)."""
PARTS = ("chm1", "chm2", "chm3", "chm4")


def act(care: Care, rng: np.random.Generator, truth: Truth) -> None:
    """From a day on, the large biochemistry panel is charged in four parts, and contained items appear on their own."""
    items = catalogue()
    hospital = busiest(care, rng, care.inpatient(), "secondary", "tertiary")
    start = start_day(care, rng)
    truth.begin(NAME, hospital, start, "packages in parts, contained items, second operations in full")
    here = (care.encounters["inst"][care.lines["enc"]] == hospital) & (care.lines["time"] >= start * DAY)
    panel = np.flatnonzero(here & (care.lines["item"] == items.index["chem"]))
    panel = panel[rng.random(len(panel)) < 0.75]
    level = int(care.places.inst["level"][hospital]) - 1
    excess = sum(int(items.price[items.index[p], level]) for p in PARTS) - int(items.price[items.index["chem"], level])
    share = half_up(np.full(len(panel), excess), 100 * len(PARTS))
    numbers, time = care.lines["enc"][panel], care.lines["time"][panel]
    care.lines["item"][panel] = items.index["chm1"]
    care.lines["pric"][panel] = items.price[items.index["chm1"], level]
    truth.line(NAME, care.lines["key"][panel], share)
    for turn, part in enumerate(PARTS[1:], start=1):
        truth.line(NAME, add_lines(care, NAME, numbers, part, time, 1, turn), share)
    for turn, (main, contained) in enumerate(BESIDE, start=5):
        at = np.flatnonzero(here & (care.lines["item"][: len(here)] == items.index[main]))
        at = at[rng.random(len(at)) < 0.8]
        truth.line(NAME, add_lines(care, NAME, care.lines["enc"][at], contained, care.lines["time"][at], 1, turn))
    second = np.flatnonzero(here & np.isin(care.lines["item"][: len(here)], items.numbers("adhe", "lbio", "orep")))
    care.lines["cnt"][second] = PRICE_SCALE
    truth.line(NAME, care.lines["key"][second], half_up(care.lines["pric"][second], 200))
