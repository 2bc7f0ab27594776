"""The national tables as Arrow: encounters, settlements, diagnoses, operations, institutions, staff, identity checks, merged persons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.simulate.accounts import price_lines, settle
from pipelines.simulate.arrow import Column, choose, dated_ids, day, day_of, decimal, moment, text
from pipelines.simulate.care import MED_TYPES, Care
from pipelines.simulate.frame import Frame
from pipelines.simulate.names import CITY, COUNTIES, COUNTY_NAMES, DEPARTMENTS, STREETS, certificate_numbers, person_names
from pipelines.simulate.noise import with_noise
from pipelines.simulate.people import NEVER, telephone
from pipelines.simulate.plans import DIAGNOSES, DIAGNOSIS_CODES, DISEASE_NO, DISEASES
from pipelines.simulate.settings import DAY
from pipelines.simulate.streams import Arr, digits, mix, unit

MERGED = 0.002
"""Share of persons who got a new number during the time."""


@dataclass
class Claims:
    """A region ready to be written: rows of the fee table, settlements, and the texts of all identities.

    Attributes:
        rows: fee rows with noise and money, in no particular order.
        settlements: frame of `accounts.settle`.
        encounter_id, person_no, settlement_id: texts by encounter, by person slot, by settlement row.
        slot: person slot of each encounter (the old number before a merge).
        settlement_row: (valid, reversed) settlement row by encounter, -1 none.
    """

    care: Care
    rows: Frame
    settlements: Frame
    encounter_id: Column
    person_no: Column
    settlement_id: Column
    slot: Arr
    merge_day: Arr
    settlement_row: tuple[Arr, Arr]


def prepare(care: Care) -> Claims:
    """Noise, money and identities of a region."""
    people, enc = care.people, care.encounters
    rows = with_noise(care)
    price_lines(care, rows)
    settlements = settle(care, rows)
    count = len(people)
    numbers = dated_ids(np.full(count, care.settings.first), people["key"], "person number") % 10**12 + 990_100 * 10**12
    old = dated_ids(np.full(count, care.settings.first), people["key"], "old person number") % 10**12 + 990_200 * 10**12
    span = max(care.settings.end - care.settings.first - 20, 1)
    merge = np.where(unit(people["key"], "merged") < MERGED, care.settings.first + 10 + digits(people["key"], "merge day", 9) % span, 0)
    slot = enc["person"] + np.where(day_of(enc["begin"]) < merge[enc["person"]], count, 0)
    which = []
    for part in (0, 1):
        found = np.full(len(enc), -1)
        at = np.flatnonzero(settlements["part"] == part)
        found[settlements["enc"][at]] = at
        which.append(found)
    key = mix(enc["key"][settlements["enc"]] + settlements["part"].astype(np.uint64), "settlement")
    return Claims(
        care,
        rows,
        settlements,
        text(dated_ids(day_of(enc["begin"]), enc["key"], "encounter")),
        text(np.concatenate([numbers, old])),
        text(dated_ids(day_of(settlements["time"]), key, "settlement")),
        slot,
        merge,
        (which[0], which[1]),
    )


def encounters(claims: Claims) -> Column:
    """mdtrt_d."""
    care, enc = claims.care, claims.care.encounters
    people, inst, key = care.people, care.places.inst, claims.care.encounters["key"]
    person, where = enc["person"], enc["inst"]
    stay = care.inpatient()
    is_open = enc["end"] == 0
    phone = telephone(people, person)
    for number, other in care.phone.items():
        phone[number] = other
    employer = people["employer"][person]
    house = digits(people["household"].astype(np.uint64), "house", 9)
    streets = [
        f"{CITY}{COUNTY_NAMES[c]}{STREETS[h % len(STREETS)]}{h // 16 % 180 + 1}号"
        for c, h in zip(people["county"].tolist(), house.tolist(), strict=True)
    ]
    certs = certificate_numbers(people["county"], people["birth"], people["sex"], people["key"])
    last = np.where(is_open, care.settings.end, day_of(enc["end"]))
    chief = np.where(unit(key, "no chief") < 0.01, -1, enc["doctor"])
    dept = np.where(inst["kind"][where] == "pharmacy", -1, enc["dept"])
    table = {
        "mdtrt_id": claims.encounter_id,
        "psn_no": choose(claims.person_no, claims.slot),
        "gend": text(people["sex"][person]),
        "brdy": day(people["birth"][person], unit(key, "no birthday") < 0.0005),
        "insutype": text(enc["insu"]),
        "fixmedins_code": choose(inst["code"].tolist(), where),
        "hosp_lv": choose(inst["hosp_lv"].tolist(), where),
        "begntime": moment(enc["begin"]),
        "med_type": choose(MED_TYPES, enc["med"]),
        "certno": choose(certs.tolist(), person),
        "psn_name": choose(person_names(people["key"]).tolist(), person),
        "tel": text(phone, unit(key, "no phone") < 0.02),
        "addr": choose(streets, np.where(unit(key, "no address") < 0.02, -1, person)),
        "emp_no": text(employer + 20_001, employer < 0),
        "emp_name": choose([f"{CITY}第{i + 1}实业公司" for i in range(int(employer.max(initial=0)) + 1)], employer),
        "insu_admdvs": choose(COUNTIES, people["county"][person]),
        "fixmedins_name": choose(inst["name"].tolist(), where),
        "fix_blng_admdvs": choose(COUNTIES, inst["county"][where]),
        "endtime": moment(enc["end"], is_open),
        "adm_dept_codg": choose(DEPARTMENTS, dept),
        "dscg_dept_codg": choose(DEPARTMENTS, np.where(stay & ~is_open, dept, -1)),
        "adm_caty": choose(DEPARTMENTS, dept),
        "chfpdr_code": choose(care.places.staff["code"].tolist(), chief),
        "dscg_maindiag_code": choose(DIAGNOSIS_CODES, enc["main"]),
        "dise_no": choose([DISEASE_NO[name] for name in DISEASES], enc["disease"]),
        "dscg_way": text(enc["way"], enc["way"] == 0),
        "die_date": day(enc["die"], enc["die"] == NEVER),
        "matn_stas": text(enc["matn"]),
        "fetus_cnt": pa.array(enc["fetus"], mask=enc["fetus"] == 0),
        "refl_old_mdtrt_id": choose(claims.encounter_id, enc["ref"]),
        "ipt_days": pa.array(np.maximum(last - day_of(enc["begin"]), 1), mask=~stay | is_open),
        "internet_flag": text(enc["internet"]),
        "hosp_infect_flag": text((unit(key, "infection") < 0.004).astype(np.int64), ~stay),
        "updt_time": moment(np.where(is_open, enc["begin"] + 1800, np.maximum(enc["end"], enc["begin"]) + 900)),
    }
    return pa.table(table).take(np.argsort(enc["begin"], kind="stable"))


def settlements(claims: Claims) -> Column:
    """setl_d: valid, reversed and reversing rows."""
    care, rows = claims.care, claims.settlements
    enc = care.encounters
    number, part = rows["enc"], rows["part"]
    original = np.where(part == 2, claims.settlement_row[1][number], -1)
    table = {
        "setl_id": claims.settlement_id,
        "mdtrt_id": choose(claims.encounter_id, number),
        "psn_no": choose(claims.person_no, claims.slot[number]),
        "fixmedins_code": choose(care.places.inst["code"].tolist(), enc["inst"][number]),
        "setl_time": moment(rows["time"]),
        "medfee_sumamt": decimal(rows["medfee"], 2),
        "fund_pay_sumamt": decimal(rows["fund"], 2),
        "insutype": text(enc["insu"][number]),
        "med_type": choose(MED_TYPES, enc["med"][number]),
        "refd_setl_flag": text((part > 0).astype(np.int64)),
        "init_setl_id": choose(claims.settlement_id, original),
        "psn_setlway": choose(["01"], np.zeros(len(rows), dtype=np.int64)),
        "hifp_pay": decimal(rows["fund"], 2),
        "acct_pay": decimal(rows["account"], 2),
        "psn_pay": decimal(rows["account"] + rows["cash"], 2),
        "cash_payamt": decimal(rows["cash"], 2),
        "inscp_amt": decimal(rows["scope"], 2),
        "fulamt_ownpay_amt": decimal(rows["own"], 2),
        "overlmt_selfpay": decimal(rows["over"], 2),
        "preselfpay_amt": decimal(rows["pre"], 2),
        "out_setl_flag": choose(["2"], np.zeros(len(rows), dtype=np.int64)),
        "updt_time": moment(rows["time"] + 120),
    }
    return pa.table(table).take(np.argsort(rows["time"], kind="stable"))


def diagnoses(claims: Claims) -> Column:
    """setl_list_diag_d, one set an encounter."""
    care, rows = claims.care, claims.care.diagnoses
    enc = care.encounters
    number = rows["enc"]
    order = np.lexsort((rows["diag"], -rows["main"], number))
    number, diag, main = number[order], rows["diag"][order], rows["main"][order]
    done = np.where(enc["end"] > 0, enc["end"], enc["begin"])[number]
    key = mix(enc["key"][number] + diag.astype(np.uint64), "diagnosis")
    return pa.table(
        {
            "mdtrt_id": choose(claims.encounter_id, number),
            "diag_code": choose(DIAGNOSIS_CODES, diag),
            "maindiag_flag": text(main),
            "setl_list_diag_id": text(dated_ids(day_of(done), key, "diagnosis")),
            "setl_id": choose(claims.settlement_id, claims.settlement_row[0][number]),
            "psn_no": choose(claims.person_no, claims.slot[number]),
            "diag_type": choose(["1"], np.zeros(len(number), dtype=np.int64)),
            "diag_name": choose(list(DIAGNOSES.values()), diag),
            "adm_cond_type": choose(["1", "2", "3", "4"], (unit(key, "condition") ** 6 * 4).astype(np.int64)),
            "updt_time": moment(done + 900),
        }
    )


def operations(claims: Claims) -> Column:
    """setl_list_oprn_d, one set an encounter."""
    care, rows = claims.care, claims.care.operations
    number = rows["enc"]
    enc, staff = care.encounters, care.places.staff["code"].tolist()
    key = mix(enc["key"][number] + rows["day"].astype(np.uint64), "operation")
    local = rows["way"] == "3"
    return pa.table(
        {
            "mdtrt_id": choose(claims.encounter_id, number),
            "oprn_oprt_code": pa.array(rows["code"].tolist(), type=pa.string()),
            "main_oprn_flag": text(rows["main"]),
            "oprn_oprt_date": day(rows["day"]),
            "setl_list_oprn_id": text(dated_ids(rows["day"], key, "operation")),
            "setl_id": choose(claims.settlement_id, claims.settlement_row[0][number]),
            "psn_no": choose(claims.person_no, claims.slot[number]),
            "oprn_oprt_begntime": moment(rows["begin"]),
            "oprn_oprt_endtime": moment(rows["end"]),
            "anst_way": pa.array(rows["way"].tolist(), type=pa.string()),
            "anst_begntime": moment(rows["begin"] - 1500, local),
            "anst_endtime": moment(rows["end"] + 600, local),
            "oper_dr_code": choose(staff, rows["doctor"]),
            "anst_dr_code": choose(staff, np.where(local, -1, rows["doctor"])),
            "updt_time": moment(np.maximum(enc["end"][number], rows["end"]) + 900),
        }
    )


def institutions(claims: Claims) -> Column:
    """medins_d."""
    inst = claims.care.places.inst
    kinds = np.where(inst["kind"] == "pharmacy", "B", np.where(inst["kind"] == "clinic", "A5", "A1"))
    return pa.table(
        {
            "fixmedins_code": pa.array(inst["code"].tolist()),
            "fixmedins_name": pa.array(inst["name"].tolist()),
            "hosp_lv": pa.array(inst["hosp_lv"].tolist()),
            "medins_type": pa.array(kinds.tolist()),
            "fix_blng_admdvs": choose(COUNTIES, inst["county"]),
            "aprv_bed_cnt": pa.array(inst["beds"]),
            "begndate": day(inst["begin"]),
            "enddate": day(inst["begin"], np.ones(len(inst), dtype=bool)),
            "updt_time": moment(inst["begin"] * DAY),
        }
    )


def staff(claims: Claims) -> Column:
    """staff_d: one row for each span of time with its status; a doctor is qualified on a date when a row with status 1 covers it."""
    doctors = claims.care.places.staff
    changed = np.flatnonzero(doctors["last"] < NEVER)
    back = changed[doctors["until"][changed] > 0]
    row = np.concatenate([np.arange(len(doctors)), changed, back])
    zero, one = np.zeros(len(doctors), dtype=np.int64), np.ones(len(back), dtype=np.int64)
    suspended = doctors["until"][changed] > 0
    status = np.concatenate([zero + 1, np.where(suspended, 2, 3), one])
    begin = np.concatenate([doctors["begin"], doctors["last"][changed] + 1, doctors["until"][back] + 1])
    end = np.concatenate([doctors["last"], np.where(suspended, doctors["until"][changed], NEVER), np.full(len(back), NEVER)])
    order = np.lexsort((begin, row))
    row, status, begin, end = row[order], status[order], begin[order], end[order]
    return pa.table(
        {
            "staff_code": choose(doctors["code"].tolist(), row),
            "fixmedins_code": choose(claims.care.places.inst["code"].tolist(), doctors["inst"][row]),
            "name": choose(doctors["name"].tolist(), row),
            "dr_profttl": choose(doctors["title"].tolist(), row),
            "caty": choose(DEPARTMENTS, doctors["dept"][row]),
            "status": text(status),
            "begndate": day(begin),
            "enddate": day(end, end == NEVER),
            "updt_time": moment(begin * DAY + 8 * 3600),
        }
    )


def checks(claims: Claims) -> Column:
    """idty_check_d."""
    rows, care = claims.care.checks, claims.care
    order = np.lexsort((rows["enc"], rows["time"]))
    rows = rows.take(order)
    merged = claims.slot[np.maximum(rows["enc"], 0)]
    return pa.table(
        {
            "psn_no": choose(claims.person_no, np.where(rows["enc"] >= 0, merged, rows["person"])),
            "fixmedins_code": choose(care.places.inst["code"].tolist(), rows["inst"]),
            "check_time": moment(rows["time"]),
            "rslt": text(rows["result"]),
            "mdtrt_id": choose(claims.encounter_id, rows["enc"]),
            "way": pa.array(rows["way"].tolist(), type=pa.string()),
            "updt_time": moment(rows["time"] + 60),
        }
    )


def merged_persons(claims: Claims) -> Column:
    """psn_map_d."""
    found = np.flatnonzero(claims.merge_day > 0)
    return pa.table(
        {
            "old_psn_no": choose(claims.person_no, found + len(claims.merge_day)),
            "psn_no": choose(claims.person_no, found),
            "updt_time": moment(claims.merge_day[found] * DAY + 9 * 3600),
        }
    )
