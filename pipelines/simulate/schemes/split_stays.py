"""A hospital paid by case discharges its long patients on paper and admits them again the same day for the same disease."""

from __future__ import annotations

import numpy as np

from pipelines.simulate.care import MED, Care
from pipelines.simulate.frame import Frame
from pipelines.simulate.people import NEVER
from pipelines.simulate.schemes.common import busiest, fresh_keys, start_day
from pipelines.simulate.settings import DAY
from pipelines.simulate.streams import Arr, mix
from pipelines.simulate.truth import Truth

NAME = "split_stays"


def act(care: Care, rng: np.random.Generator, truth: Truth) -> None:
    """Long stays of one hospital become two; all lines keep their identity and move with the paper."""
    enc = care.encounters
    hospital = busiest(care, rng, care.inpatient(), "secondary", "tertiary")
    start = start_day(care, rng)
    truth.begin(NAME, hospital, start, "long stays are split to stay under the case payment")
    nights = enc["end"] // DAY - enc["begin"] // DAY
    long = care.inpatient() & (enc["inst"] == hospital) & (enc["begin"] >= start * DAY) & (enc["end"] > 0) & (nights >= 8) & (nights < 24)
    rows = np.flatnonzero(long & ~np.isin(enc["person"], enc["person"][enc["ref"] >= 0]) & (enc["ref"] < 0))
    rows = rows[rng.random(len(rows)) < 0.6]
    if not len(rows):
        return
    cut = enc["begin"][rows] // DAY + np.clip(nights[rows] // 2, 3, 9)
    second = enc.take(rows)
    second["key"] = mix(fresh_keys(care, NAME, len(rows)), "second")
    second["begin"], second["med"] = cut * DAY + 14 * 3600 + rng.integers(0, 3600, len(rows)), np.full(len(rows), MED["21"])
    numbers = care.add_encounters(second, diagnoses=False)
    enc = care.encounters
    enc["end"][rows] = cut * DAY + 11 * 3600
    enc["way"][rows], enc["die"][rows] = 1, NEVER
    _move(care, rows, numbers, cut)
    moved = care.lines["key"][np.isin(care.lines["enc"], numbers)]
    truth.line(NAME, moved)
    truth.entity(NAME, "stay", numbers)
    truth.entity(NAME, "person", enc["person"][numbers])


def _move(care: Care, rows: Arr, numbers: Arr, cut: Arr) -> None:
    """Move lines, diagnoses and operations from the day of the cut on to the second stay."""
    target = np.full(len(care.encounters), -1)
    first_day = np.full(len(care.encounters), NEVER)
    target[rows], first_day[rows] = numbers, cut
    lines, begin = care.lines, care.encounters["begin"]
    goes = (target[lines["enc"]] >= 0) & (lines["time"] // DAY >= first_day[lines["enc"]])
    lines["enc"] = np.where(goes, target[lines["enc"]], lines["enc"])
    lines["time"] = np.where(goes, np.maximum(lines["time"], begin[lines["enc"]] + 60), lines["time"])
    copies = care.diagnoses.take(target[care.diagnoses["enc"]] >= 0)
    copies["enc"] = target[copies["enc"]]
    care.diagnoses = Frame.concat([care.diagnoses, copies])
    operations = care.operations
    later = (target[operations["enc"]] >= 0) & (operations["day"] >= first_day[operations["enc"]])
    operations["enc"] = np.where(later, target[operations["enc"]], operations["enc"])
    checks = care.checks
    after = (target[checks["enc"]] >= 0) & (checks["time"] // DAY >= first_day[checks["enc"]])
    checks["enc"] = np.where(after, target[checks["enc"]], checks["enc"])
