"""All kinds of ordinary stays: medical, surgical, births, newborns and courses of chemotherapy."""

from __future__ import annotations

from pipelines.simulate.medical_stays import MEDICAL
from pipelines.simulate.plans import Line, Stay
from pipelines.simulate.surgical_stays import SURGICAL
from pipelines.simulate.ward import CONTRAST, surgery, ward

STAYS: tuple[Stay, ...] = (*MEDICAL, *SURGICAL)

NATURAL_BIRTH = Stay(
    "natural birth",
    ("O80.000",),
    "A05",
    (2, 3, 5),
    (0, 0, 0, 0),
    (
        Line("bed", "night"),
        Line("ward", "night"),
        Line("nur1", "night"),
        Line("deli", "op"),
        Line("oxyt", "op", 1, 0.8),
        Line("cbc", "first"),
        Line("urin", "first"),
        Line("chem", "first"),
        Line("nacl", "daily", 1, 0.5),
        Line("us", "first"),
    ),
    extra=(("Z37.000", 1.0), ("O24.900", 0.1)),
    med="52",
    place=(0.05, 0.55, 0.4),
    sex=2,
)
CAESAREAN = Stay(
    "caesarean",
    ("O82.000",),
    "A05",
    (4, 6, 8),
    (0, 0, 0, 0),
    (
        *ward("nur1"),
        *surgery("cesa", "spin", Line("ceft", "n:2", 2)),
        Line("oxyt", "op", 1, 0.9),
        Line("fetm", "first", 1, 0.8),
    ),
    extra=(("Z37.000", 1.0), ("O24.900", 0.12)),
    med="52",
    operation="74.1000",
    anaesthesia="2",
    place=(0, 0.5, 0.5),
    sex=2,
)
NEONATE = Stay(
    "neonatal jaundice",
    ("P59.900",),
    "A07",
    (3, 6, 10),
    (0, 0, 0, 0),
    (
        Line("bed", "night"),
        Line("ward", "night"),
        Line("nurn", "night"),
        Line("pho", "daily", 8, 0.8),
        Line("cbc", "every:3"),
        Line("chem", "every:4"),
        Line("gluc", "daily", 1, 0.7),
        Line("vitk", "first"),
    ),
    place=(0, 0.5, 0.5),
)
CHEMOTHERAPY = Stay(
    "chemotherapy",
    ("Z51.103",),
    "A19",
    (2, 3, 5),
    (0, 0, 0, 0),
    (*ward("nur2"), Line("onda", "daily", 2, 0.9), Line("peme", "second", 2, 0.5, tie="drug"), Line("oxal", "second", 3, 0.6), *CONTRAST),
    place=(0, 0.35, 0.65),
    course=True,
    death=0.004,
)
ALL_STAYS = (*STAYS, NATURAL_BIRTH, CAESAREAN, NEONATE, CHEMOTHERAPY)
STAY_NUMBER = {plan.key: number for number, plan in enumerate(ALL_STAYS)}
