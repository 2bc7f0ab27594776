"""Requests made of stored rows: the whole national envelope around a claim, for rehearsals, benchmarks and tests.

What the message has no field for (settlement, days supplied, ceiling price) goes under the national column's own name, which the
gateway reads; so nothing that is stored is lost on the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from xiezhi.domain.netting import RawPerson
from xiezhi.domain.versions import Row, newest

NAMELESS, NOBODY = "样例", "D000000"
"""What stands where a message must name something or a doctor and the stored row does not."""
_PERSONAL = ("gend", "brdy", "psn_name", "tel", "addr", "certno")
_VERSION = {"updt_time", "known_fields", "content_hash", "psn_no", "mdtrt_id", "fixmedins_code"}


def plain(value: Any) -> Any:
    """A typed value as messages write it: decimals as shortest text, times and dates in the national form."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return value.isoformat() if isinstance(value, date) else value


def request(raw: RawPerson, encounter_ids: Sequence[str], *, infno: str = "3102", serial: int = 1, task: str = "T1") -> dict[str, Any]:
    """A 3101 or 3102 request about the first encounter; further ones are sent as history.

    Versions are settled first: the newest row of each identity is sent, the newest set of diagnoses.
    """
    visits = {row["mdtrt_id"]: row for row in newest(raw.encounters, lambda row: row["mdtrt_id"]).values()}
    lines = newest(raw.lines, lambda row: (row["fixmedins_code"], row["bkkp_sn"])).values()
    bills = newest(raw.settlements, lambda row: row["setl_id"]).values()
    encounters = [
        _encounter(
            visits[key],
            [row for row in lines if row["mdtrt_id"] == key],
            [row for row in bills if row["mdtrt_id"] == key],
            [row for row in raw.diagnoses if row["mdtrt_id"] == key],
            current=key == encounter_ids[0],
        )
        for key in encounter_ids
    ]
    current = visits[encounter_ids[0]]
    patient = {
        "patn_id": raw.person,
        "patn_name": current.get("psn_name") or NAMELESS,
        "gend": current.get("gend") or "9",
        "brdy": plain(current.get("brdy")) or "1900-01-01",
        "poolarea": current.get("insu_admdvs") or "990101",
        "curr_mdtrt_id": encounter_ids[0],
        "fsi_encounter_dtos": encounters,
    }
    data = {"syscode": "HIS", "task_id": task, "trig_scen": "4" if infno == "3101" else "6", "patient_dtos": [patient]}
    moment: datetime = current.get("endtime") or current["begntime"]
    return envelope(infno, current["fixmedins_code"], moment, serial, data)


def envelope(infno: str, institution: str, moment: datetime, serial: int, data: Mapping[str, Any]) -> dict[str, Any]:
    """The national envelope around `input.data`."""
    return {
        "infno": infno,
        "msgid": f"{institution}{moment:%Y%m%d%H%M%S}{serial % 10_000:04d}",
        "mdtrtarea_admvs": "990101",
        "insuplc_admdvs": "990101",
        "recer_sys_code": "FSI_OWN",
        "signtype": "SM3",
        "infver": "V1.0",
        "opter_type": "1",
        "opter": "001",
        "opter_name": NAMELESS,
        "inf_time": plain(moment),
        "fixmedins_code": institution,
        "fixmedins_name": NAMELESS,
        "input": {"data": dict(data)},
    }


def _others(row: Row, leave: Iterable[str] = ()) -> dict[str, Any]:
    left = {*_VERSION, *leave}
    return {key: plain(value) for key, value in row.items() if key not in left and value is not None}


def _encounter(row: Row, lines: Sequence[Row], bills: Sequence[Row], diagnoses: Sequence[Row], *, current: bool) -> dict[str, Any]:
    bill: Row = bills[0] if bills else {}
    main = row.get("dscg_maindiag_code") or (diagnoses[0]["diag_code"] if diagnoses else "Z00.000")
    begin = plain(row["begntime"])
    return {
        **_others(bill, ("med_type", "insutype")),
        **_others(row, (*_PERSONAL, "begntime", "endtime", "hosp_lv", "fix_blng_admdvs", "dscg_maindiag_code", "fixmedins_name")),
        "mdtrt_id": row["mdtrt_id"],
        "medins_id": row["fixmedins_code"],
        "medins_name": row.get("fixmedins_name") or NAMELESS,
        "medins_admdvs": row.get("fix_blng_admdvs") or "990101",
        "medins_type": "1",
        "medins_lv": row.get("hosp_lv") or "11",
        "adm_date": begin,
        "dscg_date": plain(row.get("endtime")),
        "dscg_main_dise_codg": main,
        "dscg_main_dise_name": NAMELESS,
        "fsi_diagnose_dtos": [
            {
                "dise_id": str(number),
                "inout_dise_type": "2",
                "maindise_flag": each["maindiag_flag"],
                "dias_srt_no": str(number),
                "dise_codg": each["diag_code"],
                "dise_name": NAMELESS,
                "dise_date": begin,
            }
            for number, each in enumerate(diagnoses, 1)
        ],
        "dr_codg": row.get("chfpdr_code") or NOBODY,
        "adm_dept_codg": row.get("adm_dept_codg") or "A01",
        "adm_dept_name": NAMELESS,
        "dscg_dept_codg": row.get("dscg_dept_codg") or "A01",
        "dscg_dept_name": NAMELESS,
        "med_mdtrt_type": "2" if str(row["med_type"]).startswith("21") else "1",
        "med_type": row["med_type"],
        "fsi_order_dtos": [_order(line, current) for line in lines],
        "matn_stas": row.get("matn_stas") or "0",
        "medfee_sumamt": plain(bill.get("medfee_sumamt", Decimal(0))),
        "ownpay_amt": "0",
        "selfpay_amt": "0",
        "setl_totlnum": 1,
        "insutype": row.get("insutype") or "310",
        "reim_flag": "1",
        "out_setl_flag": "2",
    }


def _order(line: Row, current: bool) -> dict[str, Any]:
    return {
        **_others(line, ("bkkp_sn", "init_feedetl_sn", "fee_ocur_time", "med_list_codg", "det_item_fee_sumamt")),
        "init_rx_id": line.get("init_feedetl_sn"),
        "rx_id": line["bkkp_sn"],
        "rxno": str(line.get("rx_drord_no") or line["mdtrt_id"])[:20],
        "long_drord_flag": "0",
        "hilist_type": line.get("list_type") or "101",
        "chrg_type": line.get("med_chrgitm_type") or "14",
        "drord_bhvr": "1" if line.get("dscg_tkdrug_flag") == "1" else "0",
        "hilist_code": line["med_list_codg"],
        "hilist_name": str(line.get("hilist_name") or NAMELESS)[:50],
        "hilist_lv": line.get("chrgitm_lv") or "01",
        "hilist_pric": plain(line["pric"]),
        "hosplist_code": str(line.get("medins_list_codg") or "0")[:20],
        "hosplist_name": str(line.get("medins_list_name") or NAMELESS)[:50],
        "cnt": plain(line["cnt"]),
        "pric": plain(line["pric"]),
        "sumamt": plain(line["det_item_fee_sumamt"]),
        "ownpay_amt": "0",
        "selfpay_amt": "0",
        "spec": line.get("spec") or "—",
        "spec_unt": "—",
        "drord_begn_date": plain(line["fee_ocur_time"]),
        "drord_dept_codg": line.get("bilg_dept_codg") or "A01",
        "drord_dept_name": NAMELESS,
        "drord_dr_codg": line.get("bilg_dr_code") or NOBODY,
        "drord_dr_name": NAMELESS,
        "drord_dr_profttl": "234",
        "curr_drord_flag": "1" if current else "0",
    }
