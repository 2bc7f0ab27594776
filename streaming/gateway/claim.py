"""From the typed nodes of 3101/3102 to rows of the national tables (`xiezhi.services.screen_claim.Claim`), one claim a person.

Fields that carry a national column's name beyond the message's own fields are read as that column. Nothing is guessed: a prepaid
amount of 0 is an amount, a ceiling price of 0 is none, a settlement exists only where the message names it (`setl_id`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from streaming.gateway.reading import Node
from xiezhi.domain.facts import HOSPITAL_LEVELS
from xiezhi.domain.netting import RawPerson
from xiezhi.domain.tables import TABLES
from xiezhi.services.screen_claim import Claim

STAGES = {"3101": "pre", "3102": "mid"}
_COLUMNS = {name: frozenset(TABLES[name].names) for name in ("mdtrt_d", "fee_list_d", "setl_d")}
_META: Mapping[str, Any] = {"updt_time": None, "known_fields": 0, "content_hash": ""}

_ENCOUNTER = {
    "fixmedins_code": "medins_id", "fixmedins_name": "medins_name", "hosp_lv": "medins_lv", "begntime": "adm_date", "endtime": "dscg_date",
    "fix_blng_admdvs": "medins_admdvs", "dscg_maindiag_code": "dscg_main_dise_codg", "chfpdr_code": "dr_codg",
}  # fmt: skip
"""Columns of `mdtrt_d` whose field has another name in the message."""
_ORDER = {
    "bkkp_sn": "rx_id", "rx_drord_no": "rxno", "fee_ocur_time": "drord_begn_date", "med_list_codg": "hilist_code",
    "det_item_fee_sumamt": "sumamt", "medins_list_codg": "hosplist_code", "medins_list_name": "hosplist_name",
    "bilg_dept_codg": "drord_dept_codg", "bilg_dr_code": "drord_dr_codg", "chrgitm_lv": "hilist_lv", "med_chrgitm_type": "chrg_type",
    "list_type": "hilist_type", "init_feedetl_sn": "init_rx_id", "fulamt_ownpay_amt": "ownpay_amt",
}  # fmt: skip
"""Columns of `fee_list_d` whose field has another name in the message."""
_BEIJING_MATERNITY = {"0": None, "1": "0", "2": "0", "3": "1", "4": "2"}
"""matn_stas of Beijing (0 unknown, 1 not pregnant, 2 planned, 3 pregnant, 4 nursing) in the national code."""


def claims(data: Node, infno: str) -> Iterator[Claim]:
    """The claims of a screening request, in the order of its persons."""
    for patient in data["patient_dtos"]:
        yield _claim(patient, STAGES[infno])


def _claim(patient: Node, stage: str) -> Claim:
    person, current = patient["patn_id"], patient["curr_mdtrt_id"]
    lines: list[dict[str, Any]] = []
    encounters: list[dict[str, Any]] = []
    settlements: list[dict[str, Any]] = []
    diagnoses: list[dict[str, Any]] = []
    asked: set[tuple[str, str]] = set()
    for encounter in patient["fsi_encounter_dtos"]:
        row = _encounter(encounter, patient)
        encounters.append(row)
        if encounter.get("setl_id"):
            settlements.append(_settlement(encounter, row))
        for diagnose in encounter["fsi_diagnose_dtos"]:
            diagnoses.append(
                {
                    **_META,
                    "mdtrt_id": row["mdtrt_id"],
                    "diag_code": diagnose["dise_codg"],
                    "maindiag_flag": diagnose["maindise_flag"],
                    "diag_name": diagnose["dise_name"],
                    "psn_no": person,
                }
            )
        for order in encounter["fsi_order_dtos"]:
            line = _line(order, row, encounter.get("setl_id"))
            lines.append(line)
            if row["mdtrt_id"] == current and order["curr_drord_flag"] == "1":
                asked.add((line["fixmedins_code"], line["bkkp_sn"]))
    return Claim(person, current, stage, RawPerson(person, lines, encounters, settlements, diagnoses), frozenset(asked))


def _row(table: str, given: Node, names: Mapping[str, str]) -> dict[str, Any]:
    """The columns of a table that a node gives, under its own names first."""
    row: dict[str, Any] = {**_META, **{key: value for key, value in given.items() if key in _COLUMNS[table] and value != ""}}
    for column, name in names.items():
        if row.get(column) is None:
            row[column] = given.get(name)
    return row


def _encounter(encounter: Node, patient: Node) -> dict[str, Any]:
    row = _row("mdtrt_d", encounter, _ENCOUNTER)
    row |= {"psn_no": patient["patn_id"], "gend": patient["gend"], "brdy": patient["brdy"], "psn_name": patient["patn_name"]}
    if str(encounter["medins_admdvs"]).startswith("11"):
        row["matn_stas"] = _BEIJING_MATERNITY.get(str(encounter["matn_stas"]))
    return row


def _settlement(encounter: Node, row: Mapping[str, Any]) -> dict[str, Any]:
    settled = _row("setl_d", encounter, {})
    paid = settled.get("fund_pay_sumamt")
    if paid is None:
        paid = encounter.get("hifp_payamt", Decimal(0)) + encounter.get("ma_amt", Decimal(0))
    moment: datetime = settled.get("setl_time") or row.get("endtime") or row["begntime"]
    return {**settled, "psn_no": row["psn_no"], "fixmedins_code": row["fixmedins_code"], "fund_pay_sumamt": paid, "setl_time": moment}


def _line(order: Node, encounter: Mapping[str, Any], settlement: str | None) -> dict[str, Any]:
    row = _row("fee_list_d", order, _ORDER)
    row |= {name: encounter[name] for name in ("mdtrt_id", "psn_no", "fixmedins_code", "med_type")}
    row["setl_id"] = row.get("setl_id") or settlement
    if row.get("inscp_amt") is None:
        row["inscp_amt"] = order["sumamt"] - order["ownpay_amt"] - order["selfpay_amt"]
    if row.get("dscg_tkdrug_flag") is None:
        row["dscg_tkdrug_flag"] = "1" if order["drord_bhvr"] == "1" else "0"
    if row.get("pric_uplmt_amt") is None:
        level = HOSPITAL_LEVELS.get(encounter.get("hosp_lv") or "")
        row["pric_uplmt_amt"] = order.get(f"lv{level}_hosp_item_pric") or None if level else None
    return row
