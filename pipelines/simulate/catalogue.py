"""The simulated catalogue: every item that may be billed, with code, price and shares, as columns by item number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from pipelines.simulate.drugs import CONSUMABLES, PATENT, PIECES, WESTERN
from pipelines.simulate.services import SERVICES
from pipelines.simulate.streams import Arr

MAKER = "99999"
"""Maker number of all synthetic products."""
PRICE_SCALE = 10_000
"""Prices and quantities are integers of 1/10,000 inside the simulator."""


@dataclass(frozen=True)
class Item:
    """One item of the catalogue.

    Attributes:
        key: short name used by the plans of care.
        code: national code.
        list_type: 101 western and patent drugs, 102 decoction pieces, 201 services, 301 consumables.
        charge: charge type 01-14 (domain of `med_chrgitm_type`).
        level: 01, 02 or 03 (甲, 乙, 丙).
        prices: price in 1/10,000 yuan at primary, secondary and tertiary institutions.
        ceiling: whether the prices of services are also the ceilings (`pric_uplmt_amt`).
        days: days that one pack lasts, 0 where it is used at once.
        spec: packing, empty for services.
    """

    key: str
    code: str
    name: str
    list_type: str
    charge: str
    level: str
    prices: tuple[int, int, int]
    ceiling: bool
    days: int
    spec: str


def _money(value: float) -> int:
    return round(value * PRICE_SCALE)


def _same(value: float) -> tuple[int, int, int]:
    return (_money(value),) * 3


class Catalogue:
    """All items; `index` finds the number of a key, the arrays are addressed by that number."""

    def __init__(self) -> None:
        items: list[Item] = []
        for key, name, group, substance, form, price, days, level, spec in WESTERN:
            code = f"X{group}{substance}{form}0010101{MAKER}"
            items.append(Item(key, code, name, "101", "09", level, _same(price), False, days, spec))
        for key, name, group, substance, price, days, level, spec in PATENT:
            items.append(Item(key, f"Z{group}{substance}0101{MAKER}", name, "101", "11", level, _same(price), False, days, spec))
        for number, (name, price) in enumerate(PIECES):
            items.append(Item(f"t{number}", f"T{990100001 + number * 100}", name, "102", "10", "01", _same(price), False, 0, "g"))
        for key, code, name, charge, low, middle, high in SERVICES:
            prices = (_money(low), _money(middle), _money(high))
            items.append(Item(key, code, name, "201", charge, "01" if charge != "06" else "02", prices, True, 0, ""))
        for key, name, number_text, price, level in CONSUMABLES:
            items.append(Item(key, f"C{number_text}{MAKER}", name, "301", "08", level, _same(price), False, 0, "个"))
        self.items = tuple(items)
        self.index = {item.key: number for number, item in enumerate(items)}
        self.price: Arr = np.array([item.prices for item in items], dtype=np.int64)
        self.ceiling: Arr = np.array([item.ceiling for item in items])
        self.days: Arr = np.array([item.days for item in items], dtype=np.int64)
        self.share: Arr = np.array([{"01": 0, "02": 1000, "03": 10000}[item.level] for item in items], dtype=np.int64)
        self.stocked: Arr = np.array([item.list_type in ("101", "301") for item in items])
        self.drug: Arr = np.array([item.list_type == "101" for item in items])

    def numbers(self, *keys: str) -> Arr:
        """The item numbers of some keys."""
        return np.array([self.index[key] for key in keys], dtype=np.int32)


@cache
def catalogue() -> Catalogue:
    """The one catalogue of the simulation (it does not depend on the seed)."""
    return Catalogue()
