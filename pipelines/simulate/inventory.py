"""Stock of drugs and consumables: stocktakes (3501), changes (3502), purchases (3503), returns (3504), sales with trace codes (3505, 3506).

The books balance to the piece: opening + bought − returned ± changes − sold is what the next stocktake counts. Lines marked `ghost`
were billed without goods, so nothing was bought for them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.simulate.arrow import Column, choose, dated_ids, day, day_of, decimal, moment, text
from pipelines.simulate.care import MED
from pipelines.simulate.catalogue import PRICE_SCALE, catalogue
from pipelines.simulate.fee_table import is_split, line_ids, trace_code, trace_keys
from pipelines.simulate.settings import DAY
from pipelines.simulate.streams import Arr, digits, mix, unit
from pipelines.simulate.tables import Claims

COUNTERS = tuple(MED[code] for code in ("11", "140104", "140201", "41"))
"""Encounter types whose packages are scanned when they are handed out."""


@dataclass(frozen=True)
class Stock:
    """The flow of every (institution, item): rows are pairs, columns months; quantities in 1/10,000."""

    inst: Arr
    item: Arr
    opening: Arr
    sold: Arr
    bought: Arr
    changed: Arr
    returned: Arr

    @property
    def key(self) -> Arr:
        """A key of each pair."""
        return mix(self.inst.astype(np.uint64) * np.uint64(100_003) + self.item.astype(np.uint64), "stock")

    def balance(self, month: int) -> Arr:
        """What lies on the shelf after the given number of months."""
        flow = self.bought[:, :month] + self.changed[:, :month] - self.returned[:, :month] - self.sold[:, :month]
        total: Arr = self.opening + flow.sum(axis=1)
        return total


def make_stock(claims: Claims) -> Stock:
    """Sales by month from the fee rows, and purchases that follow them."""
    care, rows, items = claims.care, claims.rows, catalogue()
    months = np.array(care.settings.month_days())
    use = items.stocked[rows["item"]] & (rows["kind"] <= 1) & (rows["ghost"] == 0) & (rows["part"] == 0)
    pair = care.encounters["inst"][rows["enc"][use]] * len(items.items) + rows["item"][use]
    month = np.clip(np.searchsorted(months, day_of(rows["time"][use]), side="right") - 1, 0, len(months) - 2)
    pairs, where = np.unique(pair, return_inverse=True)
    size = len(months) - 1
    sold = np.bincount(where * size + month, weights=rows["cnt"][use], minlength=len(pairs) * size).astype(np.int64).reshape(-1, size)
    key = mix(pairs.astype(np.uint64), "stock flow")
    box = np.array([5, 10, 10, 20])[digits(key, "box", 3) % 4] * PRICE_SCALE
    opening = (np.maximum(sold.max(axis=1), 0) * 3 // 2 // box + 2) * box
    bought = -(-np.maximum(sold, 0) // box[:, None]) * box[:, None]
    turn = mix(key[:, None] + np.arange(size, dtype=np.uint64), "month")
    changed = np.where(unit(turn, "lost") < 0.004, -PRICE_SCALE, 0)
    returned = np.where((unit(turn, "returned") < 0.001) & (bought > 0), 2 * PRICE_SCALE, 0)
    return Stock(pairs // len(items.items), pairs % len(items.items), opening, sold, bought, changed, returned)


def _base(claims: Claims, inst: Arr, item: Arr, key: Arr) -> dict[str, Column]:
    items = catalogue().items
    batch = digits(key, "batch", 8)
    return {
        "fixmedins_code": choose(claims.care.places.inst["code"].tolist(), inst),
        "med_list_codg": choose([i.code for i in items], item),
        "fixmedins_hilist_id": choose([f"L{n + 10001}" for n in range(len(items))], item),
        "fixmedins_hilist_name": choose([i.name for i in items], item),
        "fixmedins_bchno": text(batch + 2 * 10**8),
        "manu_lotnum": text(digits(key, "lot", 6) + 26 * 10**6),
        "rx_flag": choose(["1" if i.charge == "09" else "0" for i in items], item),
    }


def stocktakes(claims: Claims, stock: Stock) -> Column:
    """fsi_3501: at the opening, after every third month and at the end."""
    months = claims.care.settings.month_days()
    at = sorted({0, len(months) - 1, *range(3, len(months), 3)})
    parts = []
    for month in at:
        inv = np.full(len(stock.inst), months[month] * DAY + (1800 if month == 0 else -600))
        key = mix(stock.key + np.uint64(month), "stocktake")
        parts.append(
            pa.table(
                {
                    **_base(claims, stock.inst, stock.item, key),
                    "invdate": moment(inv),
                    "inv_cnt": decimal(stock.balance(month) // 100, 2),
                    "manu_date": day(day_of(inv) - 200),
                    "expy_end": day(day_of(inv) + 500),
                    "updt_time": moment(inv + 1200),
                }
            )
        )
    return pa.concat_tables(parts)


def _monthly(claims: Claims, stock: Stock, amounts: Arr, name: str, hour: int) -> tuple[Arr, Arr, Arr, Arr]:
    """(pair, quantity, seconds, key) of the non-zero cells of a monthly flow, early in the month."""
    pair, month = np.nonzero(amounts)
    key = mix(stock.key[pair] + month.astype(np.uint64), name)
    first = np.array(claims.care.settings.month_days())[month]
    time = (first + digits(key, "day", 3) % 5) * DAY + hour * 3600 + digits(key, "minute", 4) % 3600
    order = np.lexsort((key, time))
    return pair[order], amounts[pair, month][order], time[order], key[order]


def purchases(claims: Claims, stock: Stock) -> Column:
    """fsi_3503: deliveries that cover the month's sales."""
    pair, quantity, time, key = _monthly(claims, stock, stock.bought, "bought", 8)
    cost = catalogue().price[stock.item[pair], 0] * 87 // 100
    return pa.table(
        {
            **_base(claims, stock.inst[pair], stock.item[pair], key),
            "dynt_no": text(dated_ids(day_of(time), key, "delivery")),
            "spler_name": choose(["云泽医药有限公司", "临江医药供应站", "青川药业配送中心"], digits(key, "supplier", 3) % 3),
            "prodentp_name": choose(["第一制药厂", "第二制药厂", "医用器材厂"], stock.item[pair] % 3),
            "aprvno": text(stock.item[pair] + 20_269_000),
            "manu_date": day(day_of(time) - 120),
            "expy_end": day(day_of(time) + 600),
            "finl_trns_pric": decimal(cost * 100, 6),
            "purc_retn_cnt": decimal(quantity, 4),
            "purc_invo_no": text(digits(key, "invoice", 10)),
            "purc_retn_stoin_time": moment(time),
            "purc_retn_opter_name": choose(["库管"], np.zeros(len(pair), dtype=np.int64)),
            "updt_time": moment(time + 1800),
        }
    )


def purchase_returns(claims: Claims, stock: Stock) -> Column:
    """fsi_3504: goods sent back to the supplier."""
    pair, quantity, time, key = _monthly(claims, stock, stock.returned, "sent back", 15)
    return pa.table(
        {
            **_base(claims, stock.inst[pair], stock.item[pair], key),
            "spler_name": choose(["云泽医药有限公司"], np.zeros(len(pair), dtype=np.int64)),
            "finl_trns_pric": decimal(catalogue().price[stock.item[pair], 0] * 87, 6),
            "purc_retn_cnt": decimal(quantity, 4),
            "purc_invo_no": text(digits(key, "invoice", 10)),
            "purc_retn_rea": choose(["包装破损"], np.zeros(len(pair), dtype=np.int64)),
            "purc_retn_stoin_time": moment(time),
            "updt_time": moment(time + 1800),
        }
    )


def changes(claims: Claims, stock: Stock) -> Column:
    """fsi_3502: losses, as negative quantities."""
    pair, quantity, time, key = _monthly(claims, stock, stock.changed, "lost", 17)
    return pa.table(
        {
            **_base(claims, stock.inst[pair], stock.item[pair], key),
            "inv_chg_type": choose(["102"], np.zeros(len(pair), dtype=np.int64)),
            "pric": decimal(catalogue().price[stock.item[pair], 0] * 100, 6),
            "cnt": decimal(quantity, 4),
            "inv_chg_time": moment(time),
            "memo": choose(["破损"], np.zeros(len(pair), dtype=np.int64)),
            "updt_time": moment(time + 1800),
        }
    )


def sales(claims: Claims) -> tuple[Column, Column]:
    """(fsi_3505, fsi_3506): one row a package with its trace code; refunded packages come back. Split packages (拆零) carry trdn_flag 1."""
    care, rows, items = claims.care, claims.rows, catalogue()
    inst = care.encounters["inst"][rows["enc"]]
    counter = np.isin(care.encounters["med"][rows["enc"]], COUNTERS) & items.drug[rows["item"]]
    # every pharmacy scans, and about two hospitals in three
    scans = (care.places.inst["kind"] == "pharmacy") | (
        unit(mix(np.arange(len(care.places.inst), dtype=np.uint64), "scan"), "scans") < 0.66
    )
    line = np.flatnonzero(counter & scans[inst] & (rows["kind"] == 0) & (rows["part"] == 0) & (rows["cnt"] > 0) & (rows["broken"] == 0))
    opened = is_split(rows.take(line), inst[line])
    packs = np.where(opened, 1, np.maximum(rows["cnt"][line] // PRICE_SCALE, 1))
    at = np.repeat(line, packs)
    pack = np.arange(len(at)) - np.repeat(np.cumsum(packs) - packs, packs)
    split = np.repeat(opened, packs)
    key = trace_keys(rows.take(at), inst[at], pack)
    ids = line_ids(claims)
    refund = rows["ref"][(rows["kind"] == 1) & (rows["ref"] > 0)]
    amount = -rows["cnt"][(rows["kind"] == 1) & (rows["ref"] > 0)] // PRICE_SCALE
    order = np.argsort(refund)
    found = np.searchsorted(refund[order], rows["key"][at])
    safe = np.minimum(found, max(len(refund) - 1, 0))
    returned = np.zeros(len(at), dtype=bool)
    if len(refund):
        returned = (refund[order][safe] == rows["key"][at]) & (pack >= packs.repeat(packs) - amount[order][safe])
    table = pa.table(
        {
            **_base(
                claims,
                inst[at],
                rows["item"][at],
                mix(inst[at].astype(np.uint64) * np.uint64(977) + rows["item"][at].astype(np.uint64), "shelf"),
            ),
            "hi_feesetl_type": choose(["1"], np.zeros(len(at), dtype=np.int64)),
            "setl_id": choose(claims.settlement_id, claims.settlement_row[0][rows["enc"][at]]),
            "mdtrt_sn": choose(claims.encounter_id, rows["enc"][at]),
            "psn_no": choose(claims.person_no, claims.slot[rows["enc"][at]]),
            "trdn_flag": text(split.astype(np.int64)),
            "finl_trns_pric": decimal(rows["pric"][at] * 100, 6),
            "rxno": text(rows["rx"][at], rows["rx"][at] == 0),
            "rtal_docno": text(ids[at]),
            "sel_retn_cnt": decimal(np.where(split, rows["cnt"][at], PRICE_SCALE), 4),
            "sel_retn_time": moment(rows["time"][at] + 60),
            "sel_retn_opter_name": choose(["收银"], np.zeros(len(at), dtype=np.int64)),
            "mdtrt_setl_type": choose(["1"], np.zeros(len(at), dtype=np.int64)),
            "drug_trac_codg": trace_code(rows["item"][at], key),
            "updt_time": moment(rows["time"][at] + 900),
        }
    )
    sorted_rows = np.lexsort((pack, ids[at], rows["time"][at]))
    back = np.flatnonzero(returned & ~split)
    wait = 1800 + digits(key[back], "back", 4)
    columns = [
        n for n in table.column_names if n not in ("hi_feesetl_type", "rxno", "rtal_docno", "mdtrt_setl_type", "sel_retn_time", "updt_time")
    ]
    returns = table.select(columns).take(back)
    returns = returns.append_column("sel_retn_time", moment(rows["time"][at][back] + wait)).append_column(
        "updt_time", moment(rows["time"][at][back] + wait + 600)
    )
    return table.take(sorted_rows), returns
