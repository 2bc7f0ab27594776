"""Money: the shares of every fee line and the settlements, so that the identities of the interface hold to the fen.

medfee = fund + person; person = account + cash; medfee = own pay + above ceiling + pre-copay + within scope.
"""

from __future__ import annotations

import numpy as np

from pipelines.simulate.care import MED, Care
from pipelines.simulate.catalogue import catalogue
from pipelines.simulate.frame import Frame
from pipelines.simulate.noise import reversed_encounters
from pipelines.simulate.streams import Arr, unit


def half_up(numerator: Arr, denominator: int) -> Arr:
    """Integer division rounded half away from zero."""
    size: Arr = (2 * np.abs(numerator) + denominator) // (2 * denominator)
    return np.sign(numerator) * size


def price_lines(care: Care, rows: Frame) -> None:
    """Add to fee rows, in fen: amount, own (full own pay), over (above ceiling), pre (pre-copay), scope (within scope); and ceiling, share.

    ceiling is in 1/10,000 yuan (0 = none), share in 1/10,000. A line marked `uncut` hides that its price is above the ceiling.
    """
    items = catalogue()
    item = rows["item"]
    level = care.places.inst["level"][care.encounters["inst"][rows["enc"]]]
    rows["amount"] = half_up(rows["cnt"] * rows["pric"], 1_000_000) + rows["odd"]
    rows["ceiling"] = np.where(items.ceiling[item], items.price[item, level - 1], 0)
    above = np.where((rows["ceiling"] > 0) & (rows["uncut"] == 0), np.maximum(rows["pric"] - rows["ceiling"], 0), 0)
    rows["over"] = half_up(rows["cnt"] * above, 1_000_000)
    rows["share"] = items.share[item]
    rest = rows["amount"] - rows["over"]
    rows["own"] = np.where(rows["share"] == 10_000, rest, 0)
    rows["pre"] = np.where(rows["share"] == 10_000, 0, half_up(rest * rows["share"], 10_000))
    rows["scope"] = rest - rows["own"] - rows["pre"]


def settle(care: Care, rows: Frame) -> Frame:
    """Settlements: enc, part (0 valid, 1 reversed, 2 its reversal), time and the money in fen.

    Money: medfee, own, over, pre, scope, fund, account, cash.
    """
    enc = care.encounters
    again = reversed_encounters(care)
    counted = rows["kind"] <= 1
    parts = []
    for part, mask in ((0, enc["end"] > 0), (1, again & (enc["end"] > 0))):
        numbers = np.flatnonzero(mask)
        use = counted & (rows["part"] == part)
        sums = {}
        for name, column in (("medfee", "amount"), ("own", "own"), ("over", "over"), ("pre", "pre"), ("scope", "scope")):
            # sums of integers below 2**53 are exact in the double that bincount uses
            sums[name] = np.bincount(rows["enc"][use], weights=rows[column][use], minlength=len(enc)).astype(np.int64)[numbers]
        parts.append(_pay(care, numbers, part, sums))
    back = parts[1].copy()
    for name in ("medfee", "own", "over", "pre", "scope", "fund", "account", "cash"):
        back[name] = -back[name]
    back["part"], back["time"] = np.full(len(back), 2), back["time"] + 1200
    parts[0]["time"] = np.where(again[parts[0]["enc"]], parts[0]["time"] + 1800, parts[0]["time"])
    return Frame.concat([*parts, back])


def _pay(care: Care, numbers: Arr, part: int, sums: dict[str, Arr]) -> Frame:
    enc = care.encounters
    med, insu, key = enc["med"][numbers], enc["insu"][numbers], enc["key"][numbers]
    level = care.places.inst["level"][enc["inst"][numbers]]
    stay = care.inpatient()[numbers]
    employee = np.isin(insu, [310, 510, 410])
    rate = np.where(
        stay, np.where(employee, np.array([0, 93, 90, 87])[level], np.array([0, 85, 75, 65])[level]), np.where(employee, 60, 50)
    )
    rate = np.where(np.isin(med, [MED["140104"], MED["140201"]]), np.where(employee, 85, 70), rate)
    rate = np.where(insu == 510, 95, np.where(insu == 410, 100, rate))
    floor = np.where(stay & (insu != 510) & (insu != 410), np.array([0, 20_000, 50_000, 80_000])[level], 0)
    scope = np.maximum(sums["scope"], 0)
    fund = half_up(np.maximum(scope - floor, 0) * rate, 100)
    psn = sums["medfee"] - fund
    account = np.where(employee, np.maximum(half_up(psn * 50, 100), 0), 0)
    wait = np.where(stay, 1800 + unit(key, "settle") * 7200, 60 + unit(key, "settle") * 240).astype(np.int64)
    return Frame(
        enc=numbers,
        part=np.full(len(numbers), part),
        time=enc["end"][numbers] + wait,
        **sums,
        fund=fund,
        account=account,
        cash=psn - account,
    )
