"""A pharmacy charges the cards it keeps for drugs that it never hands out, and scans the codes of empty boxes again."""

from __future__ import annotations

import numpy as np

from pipelines.simulate.care import MED, Care
from pipelines.simulate.catalogue import catalogue
from pipelines.simulate.fee_table import is_split, package_key
from pipelines.simulate.schemes.common import add_lines, add_visits, free, soon_after, start_day
from pipelines.simulate.settings import DAY
from pipelines.simulate.truth import Truth

NAME = "trace_resale"
ITEMS = ("lhqw", "calc", "blgk", "shtg", "hxzq", "moxa")


def act(care: Care, rng: np.random.Generator, truth: Truth) -> None:
    """Purchases on kept cards, each with the trace code of a package that was sold before, and no goods behind them."""
    shop = int(rng.choice(care.places.of_kind("pharmacy")))
    start = start_day(care, rng)
    truth.begin(NAME, shop, start, "charges without goods, old trace codes")
    enc = care.encounters
    known = np.unique(enc["person"][(enc["inst"] == shop) & (enc["med"] == MED["41"])])
    if not len(known):
        known = np.arange(len(care.people))
    cards = rng.choice(known, size=max(3, min(len(known), len(care.people) // 150)), replace=len(known) < 3)
    count = int(len(cards) * max((care.settings.end - start) // 12, 1))
    person, day = rng.choice(cards, count), rng.integers(start, care.settings.end, count)
    # one charge a card and day
    pairs = np.unique(person * 1_000_000 + day)
    person, day = pairs // 1_000_000, pairs % 1_000_000
    ok = free(care, person, day)
    person, day = person[ok], day[ok]
    visits = add_visits(care, NAME, person, np.full(len(person), shop), day, "41", hours=(18.5, 22))
    first_line = len(care.lines)
    whole = ~is_split(care.lines, enc["inst"][care.lines["enc"]])
    for turn, item in enumerate(ITEMS, start=1):
        some = visits[rng.random(len(visits)) < 0.45]
        keys = add_lines(
            care, NAME, some, item, soon_after(care, some, item), 1, turn, min(7, int(catalogue().days[catalogue().index[item]]))
        )
        truth.line(NAME, keys)
    lines = care.lines
    lines["ghost"][first_line:] = 1
    at_counter = care.encounters["med"][lines["enc"][:first_line]] == MED["41"]
    for item in np.unique(lines["item"][first_line:]).tolist():
        mine = np.flatnonzero((np.arange(len(lines)) >= first_line) & (lines["item"] == item))
        old = np.flatnonzero((lines["item"][:first_line] == item) & at_counter & whole & (lines["time"][:first_line] < start * DAY))
        if len(old):
            boxes = rng.choice(old, size=max(2, len(mine) // 3))
            chosen = lines["key"][boxes[rng.integers(0, len(boxes), len(mine))]]
            lines["trace"][mine] = package_key(chosen, np.zeros(len(mine), dtype=np.int64))
    truth.entity(NAME, "person", person)
