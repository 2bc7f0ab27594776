"""A hospital goes on charging after the patient has left, and a clinic near it uses the cards of the dead."""

from __future__ import annotations

import numpy as np

from pipelines.simulate.care import Care
from pipelines.simulate.people import NEVER
from pipelines.simulate.plans import DIAGNOSIS
from pipelines.simulate.schemes.common import add_lines, add_visits, busiest, soon_after, start_day
from pipelines.simulate.settings import DAY
from pipelines.simulate.truth import Truth

NAME = "after_discharge"


def act(care: Care, rng: np.random.Generator, truth: Truth) -> None:
    """Ward charges for days after discharge at one hospital; visits in the name of the dead at one clinic."""
    enc = care.encounters
    hospital = busiest(care, rng, care.inpatient(), "secondary", "primary")
    start = start_day(care, rng)
    truth.begin(NAME, hospital, start, "ward charges go on after discharge")
    left = np.flatnonzero(
        care.inpatient() & (enc["inst"] == hospital) & (enc["end"] > start * DAY) & (enc["end"] < (care.settings.end - 4) * DAY)
    )
    left = left[rng.random(len(left)) < 0.45]
    extra = rng.integers(1, 4, len(left))
    for day in range(1, 4):
        numbers = left[extra >= day]
        base = (enc["end"][numbers] // DAY + day) * DAY
        for turn, (item, cnt) in enumerate((("bed", 1), ("nur2", 1), ("ward", 1), ("nacl", 2), ("ceft", 2), ("drip", 1)), start=10 * day):
            if item == "ceft":
                numbers = numbers[rng.random(len(numbers)) < 0.7]
                base = (enc["end"][numbers] // DAY + day) * DAY
            truth.line(NAME, add_lines(care, NAME, numbers, item, base + rng.integers(8, 17, len(numbers)) * 3600, cnt, turn))
    truth.entity(NAME, "stay", left)
    _cards_of_the_dead(care, rng, truth, start)


def _cards_of_the_dead(care: Care, rng: np.random.Generator, truth: Truth, start: int) -> None:
    enc = care.encounters
    dead = np.flatnonzero((enc["die"] < NEVER) & (enc["die"] >= start - 30) & (enc["die"] < care.settings.end - 10))
    if not len(dead):
        return
    clinic = busiest(care, rng, ~care.inpatient(), "clinic")
    truth.begin(NAME, clinic, start, "cards of the dead are used")
    times = rng.integers(2, 7, len(dead))
    rows = np.repeat(dead, times)
    day = enc["die"][rows] + rng.integers(2, 60, len(rows))
    keep = (day < care.settings.end) & (day >= start)
    person, day = enc["person"][rows[keep]], day[keep]
    numbers = add_visits(care, NAME, person, np.full(len(person), clinic), day, "11", DIAGNOSIS["I10.x00"])
    for turn, item in enumerate(("visit", "fudx", "yxyp", "vitc"), start=1):
        some = numbers[rng.random(len(numbers)) < (1 if turn == 1 else 0.7)]
        truth.line(NAME, add_lines(care, NAME, some, item, soon_after(care, some, item), 1, turn, 7 if turn > 1 else 0))
    truth.entity(NAME, "person", person)
