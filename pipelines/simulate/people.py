"""The insured: households with a shared address and telephone, employers, ages, sexes, insurance and chronic diseases."""

from __future__ import annotations

import numpy as np

from pipelines.simulate.frame import Frame
from pipelines.simulate.names import COUNTIES
from pipelines.simulate.settings import Settings
from pipelines.simulate.streams import Arr, Streams, digits, unit

NEVER = 10**8
"""A day that never comes."""
CHRONIC = ("htn", "dm", "chd", "copd", "psy", "ra", "hbv", "tumour", "ckd")
"""Chronic diseases in bit order of the column `chronic`: hypertension, diabetes, coronary, COPD, schizophrenia, rheumatoid arthritis,
hepatitis B, tumour under treatment, kidney failure on dialysis."""
BIT = {name: 1 << number for number, name in enumerate(CHRONIC)}
_PREVALENCE = {  # by age band 0-14, 15-44, 45-64, 65+
    "htn": (0, 0.02, 0.20, 0.42),
    "dm": (0, 0.012, 0.09, 0.17),
    "chd": (0, 0.001, 0.03, 0.10),
    "copd": (0, 0, 0.012, 0.05),
    "psy": (0, 0.005, 0.006, 0.003),
    "ra": (0, 0.002, 0.006, 0.008),
    "hbv": (0, 0.010, 0.012, 0.006),
    "tumour": (0, 0.0006, 0.005, 0.010),
    "ckd": (0, 0.0004, 0.0015, 0.0030),
}


def age_band(age: Arr) -> Arr:
    """0 for 0-14, 1 for 15-44, 2 for 45-64, 3 from 65 years."""
    return np.digitize(age, (15, 45, 65))


def make_people(settings: Settings, streams: Streams) -> Frame:
    """The persons at the start, household by household.

    Columns: key, household, county, sex (1 male, 2 female), birth (days since 1970-01-01), age (years at the start), insu (310 or 390),
    employer (-1 none), chronic (bits), death (day of a death outside hospital or NEVER), clop (1 = on clopidogrel).
    """
    rng = streams.rng("people")
    count = settings.persons
    sizes = rng.choice([1, 2, 3, 4, 5], size=count, p=[0.16, 0.27, 0.28, 0.18, 0.11])
    household = np.repeat(np.arange(count), sizes)[:count]
    place = np.arange(count) - np.searchsorted(household, household)
    eldest = rng.choice([0, 1, 2], size=count, p=[0.24, 0.42, 0.34])[household]
    head = np.where(eldest == 0, rng.uniform(22, 44, count), np.where(eldest == 1, rng.uniform(42, 65, count), rng.uniform(62, 92, count)))
    head = head[np.searchsorted(household, household)]
    child = rng.uniform(0.9, 1.0, count) * np.maximum(head - rng.uniform(22, 31, count), 0.2)
    age = np.where(
        place < 2, head + rng.normal(0, 2.2, count) * (place == 1), np.where(place == 4, head - rng.uniform(46, 55, count), child)
    )
    age = np.clip(age, 0.2, 98)
    sex = np.where(place < 2, 1 + (place + rng.integers(0, 2, count)[household]) % 2, rng.integers(1, 3, count))
    birth = (settings.first - np.round(age * 365.25)).astype(np.int64)
    band = age_band(age)
    working = (age >= 18) & (age < 60) & (rng.random(count) < 0.52)
    retired = (age >= 60) & (rng.random(count) < 0.36)
    insu = np.where(working | retired, 310, 390)
    employers = max(8, count // 120)
    employer = np.where(working, np.minimum((rng.pareto(1.1, count) * employers / 12).astype(np.int64), employers - 1), -1)
    chronic = np.zeros(count, dtype=np.int64)
    for name in CHRONIC:
        chance = np.array(_PREVALENCE[name])[band]
        chronic |= np.where(rng.random(count) < chance, BIT[name], 0)
    chronic[(chronic & BIT["ckd"]) > 0] &= ~BIT["tumour"]
    hazard = np.where(age < 60, 0.00005, 0.00028 * np.exp((age - 60) / 10.5)) * settings.months
    death = np.where(rng.random(count) < hazard * 0.6, rng.integers(settings.first, settings.end, count), NEVER)
    return Frame(
        key=streams.keys("person", count),
        household=household,
        county=rng.integers(0, len(COUNTIES), count)[household],
        sex=sex.astype(np.int64),
        birth=birth,
        age=age,
        insu=insu,
        employer=employer,
        chronic=chronic,
        death=death,
        clop=((chronic & BIT["chd"]) > 0).astype(np.int64),
    )


def telephone(people: Frame, person: Arr) -> Arr:
    """Telephone numbers by person: adults mostly have their own, the young and the old share the household's."""
    key, age = people["key"][person], people["age"][person]
    own = (age >= 18) & (age < 70) & (unit(key, "own phone") < 0.8)
    home = digits(people["household"][person].astype(np.uint64), "home phone", 8)
    return np.where(own, digits(key, "phone", 8), home) + 19_900_000_000
