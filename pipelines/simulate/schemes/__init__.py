"""False billing, written as what people and institutions do; nothing here knows how it might be found.

Each scheme is a function `act(care, rng, truth)`: it picks its participants, begins on a day of its own, blends into ordinary care and
notes in the truth what it did.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipelines.simulate.care import Care
from pipelines.simulate.schemes import (
    after_discharge,
    card_lending,
    inflated_quantities,
    resale_ring,
    split_stays,
    trace_resale,
    unbundling,
    unqualified,
)
from pipelines.simulate.truth import Truth

Act = Callable[[Care, np.random.Generator, Truth], None]
SCHEMES: dict[str, Act] = {
    module.NAME: module.act
    for module in (after_discharge, card_lending, split_stays, unbundling, resale_ring, trace_resale, inflated_quantities, unqualified)
}
"""All schemes by name."""
