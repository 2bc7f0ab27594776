"""A practice lets doctors who have left or are suspended sign, and swaps goods: what is charged is not what was handed out."""

from __future__ import annotations

import numpy as np

from pipelines.simulate.care import MED, Care
from pipelines.simulate.catalogue import catalogue
from pipelines.simulate.people import NEVER
from pipelines.simulate.schemes.common import add_lines, busiest, soon_after, start_day
from pipelines.simulate.settings import DAY
from pipelines.simulate.streams import Arr
from pipelines.simulate.truth import Truth

NAME = "unqualified"


def act(care: Care, rng: np.random.Generator, truth: Truth) -> None:
    """Former doctors go on signing at their place; one practice charges drugs without looking who the patient is."""
    staff, lines = care.places.staff, care.lines
    gone = np.flatnonzero(staff["last"] < NEVER)
    if len(gone):
        for doctor in rng.choice(gone, size=min(len(gone), 3), replace=False).tolist():
            place, last = int(staff["inst"][doctor]), int(staff["last"][doctor])
            until = int(staff["until"][doctor]) or care.settings.end
            truth.begin(NAME, place, last + 1, "a former doctor goes on signing")
            truth.entity(NAME, "practitioner", np.array([doctor]))
            enc = care.encounters
            here = (
                (enc["inst"] == place)
                & (enc["begin"] > (last + 1) * DAY)
                & (enc["begin"] < until * DAY)
                & (enc["dept"] == staff["dept"][doctor])
            )
            signed = np.flatnonzero(here & (rng.random(len(enc)) < 0.3))
            at = np.flatnonzero(np.isin(lines["enc"], signed) & (lines["time"] < until * DAY))
            enc["doctor"][signed] = doctor
            lines["doctor"][at] = doctor
            truth.line(NAME, lines["key"][at])
    _swap(care, rng, truth)


def _swap(care: Care, rng: np.random.Generator, truth: Truth) -> None:
    enc, items = care.encounters, catalogue()
    outpatient = np.isin(enc["med"], [MED["11"]])
    place, start = busiest(care, rng, outpatient, "clinic", "primary"), start_day(care, rng)
    truth.begin(NAME, place, start, "drugs are charged that were not handed out")
    here = np.flatnonzero(outpatient & (enc["inst"] == place) & (enc["begin"] >= start * DAY))
    here = here[rng.random(len(here)) < 0.35]
    stock = np.array(["fkqj", "clot", "chiw", "xeqj", "qltg", "fina", "dhzs"])
    drug = rng.choice(stock, len(here))
    for turn, item in enumerate(stock.tolist(), start=1):
        numbers = here[drug == item]
        keys = add_lines(
            care, NAME, numbers, item, soon_after(care, numbers, item), 2, turn, min(int(items.days[items.index[item]]) * 2, 14)
        )
        misfit = _does_not_fit(care, numbers, item)
        truth.line(NAME, keys[misfit])
        truth.entity(NAME, "person", enc["person"][numbers[misfit]])


def _does_not_fit(care: Care, numbers: Arr, item: str) -> Arr:
    """Mask of the patients for whom nobody would have fetched this drug: only these charges can be told from ordinary ones."""
    person = care.encounters["person"][numbers]
    sex, age = care.people["sex"][person], care.people["age"][person]
    if item in ("fkqj", "clot"):
        return np.asarray(sex == 1)
    if item in ("chiw", "xeqj"):
        return np.asarray(age >= 15.6)
    if item in ("qltg", "fina"):
        return np.asarray(sex == 2)
    return np.ones(len(numbers), dtype=bool)
