"""A broker recruits chronic patients: they fetch the same drugs at many places within days and hand them over for resale.

The broker registers the visits, so his telephone stands in the papers of people who do not know each other.
"""

from __future__ import annotations

import numpy as np

from pipelines.simulate.care import Care
from pipelines.simulate.catalogue import catalogue
from pipelines.simulate.people import BIT
from pipelines.simulate.plans import DIAGNOSIS, DISEASES
from pipelines.simulate.schemes.common import add_lines, add_visits, free, soon_after, start_day
from pipelines.simulate.truth import Truth

NAME = "resale_ring"
WANTED = {"chd": ("clop", "ator"), "htn": ("vals",), "hbv": ("heps",), "copd": ("tiot",)}
_CODES = {"chd": "I25.103", "htn": "I10.x00", "hbv": "B18.107", "copd": "J44.900"}
SUPPLY = 30
"""Days of drugs of every fetch."""


def act(care: Care, rng: np.random.Generator, truth: Truth) -> None:
    """Recruits fetch a month's drugs three to six times a month, at pharmacies and hospitals that ask nothing."""
    items = catalogue()
    start = start_day(care, rng)
    pharmacies = rng.choice(care.places.of_kind("pharmacy"), size=3, replace=False)
    hospitals = rng.choice(care.places.of_kind("secondary", "tertiary"), size=2, replace=False)
    for place in [*pharmacies.tolist(), *hospitals.tolist()]:
        truth.begin(NAME, place, start, "serves the recruits of a broker")
    phone = 19_900_000_000 + int(rng.integers(10**7, 10**8))
    for number, (disease, drugs) in enumerate(WANTED.items()):
        patients = np.flatnonzero(((care.people["chronic"] & BIT[disease]) > 0) & (care.people["age"] > 40))
        recruits = rng.choice(patients, size=min(len(patients), max(2, len(care.people) // 800)), replace=False)
        fetches = rng.integers(3, 7, len(recruits)) * max((care.settings.end - start) // 30, 1)
        person = np.repeat(recruits, fetches)
        day = rng.integers(start, care.settings.end, len(person))
        ok = free(care, person, day)
        person, day = person[ok], day[ok]
        at_shop = rng.random(len(person)) < 0.65
        groups = (
            (at_shop, rng.choice(pharmacies, len(person)), "41", -1),
            (~at_shop, rng.choice(hospitals, len(person)), "140104", DISEASES.index(disease)),
        )
        for turn, (mask, place, med, registered) in enumerate(groups):
            visits = add_visits(
                care, f"{NAME} {disease} {turn}", person[mask], place[mask], day[mask], med, DIAGNOSIS[_CODES[disease]], disease=registered
            )
            for visit in visits[rng.random(len(visits)) < 0.7].tolist():
                care.phone[visit] = phone
            for step, drug in enumerate(drugs, start=1):
                packs = max(-(-SUPPLY // int(items.days[items.index[drug]])), 1)
                truth.line(NAME, add_lines(care, NAME, visits, drug, soon_after(care, visits, drug), packs, step + 4 * number, SUPPLY))
        truth.entity(NAME, "person", person)
