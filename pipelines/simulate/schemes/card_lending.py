"""People who are in hospital on paper lend their cards: a neighbour fetches drugs with them, and the bed is empty when the nurse looks."""

from __future__ import annotations

import numpy as np

from pipelines.simulate.care import Care
from pipelines.simulate.frame import Frame
from pipelines.simulate.plans import DIAGNOSIS
from pipelines.simulate.schemes.common import add_lines, add_visits, busiest, soon_after, start_day
from pipelines.simulate.settings import DAY
from pipelines.simulate.truth import Truth

NAME = "card_lending"


def act(care: Care, rng: np.random.Generator, truth: Truth) -> None:
    """Purchases and visits elsewhere during stays at one hospital, with identity checks that find nobody."""
    enc = care.encounters
    hospital = busiest(care, rng, care.inpatient(), "secondary", "primary")
    start = start_day(care, rng)
    truth.begin(NAME, hospital, start, "patients on paper are elsewhere")
    nights = enc["end"] // DAY - enc["begin"] // DAY
    lent = np.flatnonzero(care.inpatient() & (enc["inst"] == hospital) & (enc["begin"] >= start * DAY) & (enc["end"] > 0) & (nights >= 4))
    lent = lent[rng.random(len(lent)) < 0.4]
    if not len(lent):
        return
    clinics = care.places.of_kind("clinic")
    shops = care.places.of_kind("pharmacy")
    clinic, shop = int(rng.choice(clinics)), int(rng.choice(shops))
    truth.begin(NAME, shop, start, "sells on lent cards")
    truth.begin(NAME, clinic, start, "treats on lent cards")
    rows = np.repeat(lent, rng.integers(1, 4, len(lent)))
    inner = enc["end"][rows] // DAY - enc["begin"][rows] // DAY - 1
    day = enc["begin"][rows] // DAY + 1 + (rng.random(len(rows)) * inner).astype(np.int64)
    person, at_shop = enc["person"][rows], rng.random(len(rows)) < 0.6
    bought = add_visits(care, f"{NAME} shop", person[at_shop], np.full(int(at_shop.sum()), shop), day[at_shop], "41")
    seen = add_visits(
        care, f"{NAME} clinic", person[~at_shop], np.full(int((~at_shop).sum()), clinic), day[~at_shop], "11", DIAGNOSIS["M54.500"]
    )
    for turn, (numbers, item, days) in enumerate(
        ((bought, "lhqw", 4), (bought, "calc", 7), (bought, "shtg", 5), (seen, "visit", 0), (seen, "acup", 0), (seen, "shtg", 5)), start=1
    ):
        some = numbers if item in ("calc", "visit") else numbers[rng.random(len(numbers)) < 0.7]
        truth.line(NAME, add_lines(care, NAME, some, item, soon_after(care, some, item), 1, turn, days))
    looked = lent[rng.random(len(lent)) < 0.6]
    time = (
        (care.encounters["begin"][looked] // DAY + 1) * DAY + rng.integers(20, 22, len(looked)) * 3600 + rng.integers(0, 3600, len(looked))
    )
    care.checks = Frame.concat(
        [
            care.checks,
            Frame(
                person=care.encounters["person"][looked],
                inst=care.encounters["inst"][looked],
                time=time,
                result=(rng.random(len(looked)) < 0.25).astype(np.int64),
                enc=looked,
                way=np.full(len(looked), "nurse", dtype=object),
            ),
        ]
    )
    truth.entity(NAME, "person", person)
    truth.entity(NAME, "stay", lent)
