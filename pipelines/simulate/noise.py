"""The honest mess: refunds, corrections, duplicates, reversed settlements, late and broken rows, at stated rates.

What happens to a line is a function of its key alone, so the same line meets the same fate whatever else is simulated.
"""

from __future__ import annotations

import numpy as np

from pipelines.simulate.care import MED, Care
from pipelines.simulate.catalogue import PRICE_SCALE, catalogue
from pipelines.simulate.frame import Frame
from pipelines.simulate.settings import DAY
from pipelines.simulate.streams import Arr, mix, unit

REFUND, CORRECTION, DUPLICATE, BROKEN, ARITHMETIC = 0.006, 0.003, 0.002, 0.0003, 0.0002
"""Shares of fee lines (refunds: of drugs and consumables)."""
REVERSED = 0.003
"""Share of outpatient settlements that are reversed and made anew."""
REFUND_KINDS = (("full", 0.58), ("partial", 0.27), ("early", 0.08), ("over", 0.04), ("unlinked", 0.03))
BROKEN_KINDS = ("item code", "institution code", "date", "person", "quantity")
_TIED = ("iohe", "sten", "lens", "oxyt")


def with_noise(care: Care) -> Frame:
    """The rows of the fee table: all lines and what honest work adds to them.

    Columns of the lines and: ref (key of the refunded line, 0 none), part (which settlement of the encounter: 0 the valid one, 1 the
    reversed one), kind (0 line, 1 refund, 2 superseded version, 3 duplicate), broken (0 or 1 + number in BROKEN_KINDS), odd (fen added to
    the amount by mistake).
    """
    lines = care.lines.copy()
    count = len(lines)
    for name in ("ref", "part", "kind", "broken", "odd"):
        lines[name] = np.zeros(count, dtype=np.uint64 if name == "ref" else np.int64)
    again = reversed_encounters(care)[lines["enc"]]
    fate = np.where(again, 1.0, unit(lines["key"], "fate"))
    items = catalogue()
    goods = items.stocked[lines["item"]] & ~np.isin(lines["item"], items.numbers(*_TIED))
    edges = np.cumsum([REFUND, CORRECTION, DUPLICATE, BROKEN, ARITHMETIC])
    refund = (fate < edges[0]) & goods
    correction, duplicate = (fate >= edges[0]) & (fate < edges[1]), (fate >= edges[1]) & (fate < edges[2])
    broken, odd = (fate >= edges[2]) & (fate < edges[3]) & goods, (fate >= edges[3]) & (fate < edges[4])
    lines["broken"] = np.where(broken, 1 + (unit(lines["key"], "broken") * len(BROKEN_KINDS)).astype(np.int64), 0)
    lines["odd"] = np.where(odd, 50, 0)
    first = lines.take(again)
    lines["part"] = np.where(again, 0, lines["part"])
    first["part"] = np.ones(len(first), dtype=np.int64)
    first["key"] = mix(first["key"], "first settlement")
    lines["upd"] = np.where(again, lines["upd"] + 3600, lines["upd"])
    doubles = lines.take(duplicate)
    doubles["kind"] = np.full(len(doubles), 3)
    return Frame.concat([lines, first, _refunds(lines.take(refund)), _old_versions(lines.take(correction)), doubles])


def reversed_encounters(care: Care) -> Arr:
    """Mask of the encounters whose first settlement was reversed."""
    enc = care.encounters
    outpatient = np.isin(enc["med"], [MED["11"], MED["140104"], MED["41"]])
    mask: Arr = outpatient & (unit(enc["key"], "reversed") < REVERSED)
    return mask


def refund_kind(key: Arr) -> Arr:
    """Number in REFUND_KINDS that belongs to a refunded line."""
    return np.searchsorted(np.cumsum([share for _, share in REFUND_KINDS])[:-1], unit(key, "refund kind"), side="right")


def _refunds(lines: Frame) -> Frame:
    kind = refund_kind(lines["key"])
    rows = lines.copy()
    packs = lines["cnt"] // PRICE_SCALE
    part = np.where((kind == 1) & (packs >= 2), packs // 2 * PRICE_SCALE, lines["cnt"])
    part = np.where(kind == 3, lines["cnt"] + PRICE_SCALE, part)
    rows["cnt"] = -part
    rows["ref"] = np.where(kind == 4, 0, lines["key"]).astype(np.uint64)
    rows["key"] = mix(lines["key"], "refund")
    wait = 900 + (unit(lines["key"], "refund wait") * 7200).astype(np.int64)
    day_end = lines["time"] // DAY * DAY + DAY - 1
    rows["time"] = np.minimum(lines["time"] + wait, day_end)
    rows["upd"] = np.where(kind == 2, lines["upd"] - 120, lines["upd"] + wait)
    rows["kind"] = np.ones(len(rows), dtype=np.int64)
    return rows


def _old_versions(lines: Frame) -> Frame:
    rows = lines.copy()
    rows["cnt"] = lines["cnt"] + np.where(unit(lines["key"], "wrong") < 0.7, PRICE_SCALE, 0)
    wrong_price = rows["cnt"] == lines["cnt"]
    rows["pric"] = np.where(wrong_price, lines["pric"] // 200 * 100 + 100, lines["pric"])
    rows["upd"] = lines["upd"] - 600
    rows["kind"] = np.full(len(rows), 2)
    return rows
