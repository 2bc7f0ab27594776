"""fee_list_d, made chunk by chunk in the order in which lines were uploaded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from pipelines.simulate.arrow import Column, choose, dated_ids, day_of, decimal, joined, moment, text
from pipelines.simulate.care import MED_TYPES
from pipelines.simulate.catalogue import catalogue
from pipelines.simulate.frame import Frame
from pipelines.simulate.names import DEPARTMENTS
from pipelines.simulate.plans import DIAGNOSIS_CODES
from pipelines.simulate.settings import DAY
from pipelines.simulate.streams import Arr, digits, mix, unit
from pipelines.simulate.tables import Claims

CHUNK = 200_000
"""Rows of one chunk; bounds the memory of writing."""
FREQUENCIES = ("qd", "bid", "tid")


def line_ids(claims: Claims) -> Arr:
    """bkkp_sn of every fee row as an integer: versions and duplicates of a line share it."""
    rows = claims.rows
    unique, where = np.unique(rows["key"], return_inverse=True)
    days = np.zeros(len(unique), dtype=np.int64)
    days[where] = day_of(rows["time"])
    return dated_ids(days, unique, "line")[where]


def trace_code(item: Arr, key: Arr) -> Column:
    """20-digit trace codes: 8, six digits of the product, 13 of the package."""
    product = 8_000_000 + digits(item.astype(np.uint64), "product", 6)
    return joined(text(product), text(10**12 + digits(key, "package", 12)))


def fee_chunks(claims: Claims) -> Iterator[Column]:
    """The table in chunks of at most CHUNK rows; refunds that came early stand before their line."""
    rows, ids = claims.rows, line_ids(claims)
    names = np.argsort(rows["key"], kind="stable")
    referred = np.zeros(len(rows), dtype=np.int64)
    has = rows["ref"] > 0
    referred[has] = ids[names[np.searchsorted(rows["key"][names], rows["ref"][has])]]
    order = np.lexsort((ids, rows["upd"]))
    for start in range(0, len(order), CHUNK):
        yield _chunk(claims, order[start : start + CHUNK], ids, referred)


def _chunk(claims: Claims, at: Arr, ids: Arr, referred: Arr) -> Column:
    rows = claims.rows.take(at)
    care, items = claims.care, catalogue()
    enc = care.encounters
    number, item, key, broken = rows["enc"], rows["item"], rows["key"], rows["broken"]
    inst, person = enc["inst"][number], claims.slot[number]
    setl = np.where(rows["part"] == 1, claims.settlement_row[1][number], claims.settlement_row[0][number])
    codes = [i.code for i in items.items] + [i.code[:7] for i in items.items]
    places = care.places.inst["code"].tolist()
    drug, piece = items.drug[item], rows["rx"] > 0
    piece &= ~drug
    dept = np.where(rows["doctor"] >= 0, care.places.staff["dept"][np.maximum(rows["doctor"], 0)], -1)
    doctor = np.where(unit(key, "no doctor") < 0.002, -1, rows["doctor"])
    # an opened package has no code of its own on the claim
    sold = (
        drug
        & ~is_split(rows, inst)
        & (rows["kind"] != 1)
        & (unit(key, "no trace") > 0.03)
        & np.isin(enc["med"][number], [MED_TYPES.index(m) for m in ("11", "41", "140104", "140201")])
    )
    long_ago = np.where(broken == 3, rows["time"] - 86_400 * 365_000, rows["time"])
    operated = np.array([i.charge == "06" for i in items.items])[item]
    zero = np.zeros(len(rows), dtype=np.int64)
    own_name = [f"{i.name}" for i in items.items]
    local = [f"L{n + 10001}" for n in range(len(items.items))]
    return pa.table(
        {
            "bkkp_sn": text(ids[at]),
            "mdtrt_id": choose(claims.encounter_id, number),
            "psn_no": choose(claims.person_no, np.where(broken == 4, -1, person)),
            "fixmedins_code": choose([*places, *(f"{c[:9]}O{c[10:]}" for c in places)], inst + np.where(broken == 2, len(places), 0)),
            "fee_ocur_time": moment(long_ago),
            "med_type": choose(MED_TYPES, enc["med"][number]),
            "med_list_codg": choose(codes, item + np.where(broken == 1, len(items.items), 0)),
            "cnt": decimal(rows["cnt"], 4, broken == 5),
            "pric": decimal(rows["pric"] * 100, 6),
            "det_item_fee_sumamt": decimal(rows["amount"], 2),
            "setl_id": choose(claims.settlement_id, setl),
            "rx_drord_no": text(rows["rx"], rows["rx"] == 0),
            "chrg_bchno": choose(claims.encounter_id, np.where(care.inpatient()[number], -1, number)),
            "pric_uplmt_amt": decimal(rows["ceiling"] * 100, 6, rows["ceiling"] == 0),
            "selfpay_prop": decimal(rows["share"], 4),
            "fulamt_ownpay_amt": decimal(rows["own"], 2),
            "overlmt_selfpay": decimal(rows["over"], 2),
            "preselfpay_amt": decimal(rows["pre"], 2),
            "inscp_amt": decimal(rows["scope"], 2),
            "chrgitm_lv": choose([i.level for i in items.items], item),
            "list_type": choose([i.list_type for i in items.items], item),
            "med_chrgitm_type": choose([i.charge for i in items.items], item),
            "medins_list_codg": choose(local, item),
            "medins_list_name": choose(own_name, item),
            "hilist_name": choose(own_name, item),
            "spec": choose([i.spec or None for i in items.items], np.where(unit(key, "no spec") < 0.01, -1, item)),
            "bilg_dept_codg": choose(DEPARTMENTS, dept),
            "bilg_dr_code": choose(care.places.staff["code"].tolist(), doctor),
            "acord_dept_codg": choose(DEPARTMENTS, dept),
            "acord_dr_code": choose(care.places.staff["code"].tolist(), rows["doctor"]),
            "sin_dos_dscr": choose(["1", "2"], np.where(drug & (rows["days"] > 0), item % 2, -1)),
            "used_frqu_dscr": choose(FREQUENCIES, np.where(drug & (rows["days"] > 0), item % 3, -1)),
            "prd_days": decimal(rows["days"] * 100, 2, rows["days"] == 0),
            "tcmdrug_used_way": choose(["1"], np.where(piece, 0, -1)),
            "dise_codg": choose(DIAGNOSIS_CODES, np.where(care.inpatient()[number], -1, enc["main"][number])),
            "oprn_oprt_code": _operation_codes(claims, np.where(operated, number, -1)),
            "init_feedetl_sn": text(referred[at], rows["ref"] == 0),
            "dscg_tkdrug_flag": text(rows["home"]),
            "rx_circ_flag": text(((enc["med"][number] == MED_TYPES.index("41")) & (enc["main"][number] >= 0)).astype(np.int64)),
            "hosp_appr_flag": text(zero),
            "updt_time": moment(rows["upd"], (unit(key, "no update time") < 0.0005) & (unit(key, "fate") > 0.5)),
            "drug_trac_codg": _where(sold, trace_code(item, trace_keys(rows, inst, zero))),
        }
    )


def package_key(key: Arr, pack: Arr) -> Arr:
    """Key of the package number `pack` (0, 1, …) of a line."""
    return mix(key + pack.astype(np.uint64), "package")


def is_split(rows: Frame, inst: Arr) -> Arr:
    """Mask of the rows that are sold out of an opened package (拆零): some places do so with some items."""
    habit = mix(inst.astype(np.uint64) * np.uint64(1_000_003) + rows["item"].astype(np.uint64), "split")
    split: Arr = (unit(habit, "split") < 0.06) & (unit(rows["key"], "split") < 0.4) & (rows["trace"] == 0)
    return split


def trace_keys(rows: Frame, inst: Arr, pack: Arr) -> Arr:
    """Keys of the trace codes of package `pack` of each row: an old one where it is sold again, a shared one where it is split."""
    week = rows["time"] // (7 * DAY)
    opened = mix(inst.astype(np.uint64) * np.uint64(1_000_003) + week.astype(np.uint64), "opened") + rows["item"].astype(np.uint64)
    own = np.where(is_split(rows, inst), mix(opened, "opened"), package_key(rows["key"], pack))
    old = np.where(pack == 0, rows["trace"], mix(rows["trace"] + pack.astype(np.uint64), "again"))
    chosen: Arr = np.where(rows["trace"] > 0, old, own)
    return chosen


def _operation_codes(claims: Claims, number: Arr) -> Column:
    operations = claims.care.operations
    code = np.full(len(claims.care.encounters), -1)
    code[operations["enc"]] = np.arange(len(operations))
    return choose(pa.array(operations["code"].tolist(), type=pa.string()), np.where(number >= 0, code[np.maximum(number, 0)], -1))


def _where(mask: Arr, values: Column) -> Column:
    return values.take(pa.array(np.arange(len(mask)), mask=~mask))
