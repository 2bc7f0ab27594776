"""The few codes, places and moments that random lives and random knowledge points share, so that they meet often."""

from __future__ import annotations

from datetime import date, datetime
from random import Random
from typing import Any

from xiezhi.domain.calendar import day_number

START = datetime(2026, 1, 5, 8)
EARLIEST = day_number(date(2025, 10, 20))
HOSPITALS, PHARMACY = ("H1", "H2", "H3"), "P1"
DRUGS = tuple(f"XA0{group}AAA00{group}{form}001010100001" for group in (1, 2, 3) for form in ("A", "B", "C"))
SERVICES = tuple(f"00{number}109000010000" for number in range(1, 8))
PIECES = ("T000100001", "T000100002", "T000100003")
DEPARTMENTS, DISEASES = ("A03", "A04.01", "A15"), ("M01600", "M03900")
ITEMS = (*DRUGS, "ZA01BAF9997030199315", *SERVICES, *PIECES, "C0101010010000000001", "LOCAL-1")
DIAGNOSES = ("E11.900", "I10.x00", "J18.900", "Z51.100", "F20.000", "K35.800")
REGIONS = ("990101", "990201", "98", None)
MILD = ("I10.x00", "J18.900")
KINDS = ("11", "11", "13", "14", "21", "21", "21", "41", "51", "99", None)


def maybe(random: Random, value: Any, share: float = 0.9) -> Any:
    """The value, or sometimes nothing."""
    return value if random.random() < share else None
