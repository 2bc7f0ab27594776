"""From the nodes of a message to rows of the national tables: other spellings, what may be missing, what is never guessed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from streaming.gateway.claim import claims
from streaming.gateway.reading import decode, read
from xiezhi.services.screen_claim import Claim

E = "input.data.patient_dtos[0].fsi_encounter_dtos[0]"
ORDER = f"{E}.fsi_order_dtos[0]"
Change = Callable[[dict[str, Any]], dict[str, Any]]


def claim_of(message: dict[str, Any]) -> Claim:
    (claim,) = claims(read(decode(json.dumps(message).encode()), message["infno"])[1], message["infno"])
    return claim


def test_a_registration_has_no_orders_and_no_end(bench: Any, changed: Change) -> None:
    for missing in ("", None, ...):
        message = changed({f"{E}.dscg_date": missing, f"{E}.fsi_order_dtos": [], "input.data.trig_scen": 1, "infno": "3101"})
        claim = claim_of(message)
        assert claim.rows.encounters[0]["endtime"] is None
        assert (list(claim.rows.lines), claim.asked, claim.stage) == ([], frozenset(), "pre")
        (answer,) = bench.ask(message)
        assert (answer["infcode"], answer["output"]["result"]) == (0, [])


def test_other_spellings_are_read(changed: Change, message: dict[str, Any]) -> None:
    other = copy.deepcopy(message)
    other["mdtrtarea_admdvs"] = other.pop("mdtrtarea_admvs")
    patient = other["input"]["data"]["patient_dtos"][0]
    patient["psn_no"] = patient.pop("patn_id")
    encounter = patient["fsi_encounter_dtos"][0]
    encounter["fixmedins_code"] = encounter.pop("medins_id")
    order = encounter["fsi_order_dtos"][0]
    order["hilist_codg"] = order.pop("hilist_code")
    assert claim_of(other) == claim_of(message)


@pytest.mark.parametrize(("given", "column", "value"), [
    ({f"{ORDER}.prd_days": "14"}, "prd_days", Decimal(14)),
    ({f"{ORDER}.drord_bhvr": "1"}, "dscg_tkdrug_flag", "1"),
    ({f"{ORDER}.drord_bhvr": "0"}, "dscg_tkdrug_flag", "0"),
    ({f"{ORDER}.init_rx_id": "L0"}, "init_feedetl_sn", "L0"),
    ({f"{ORDER}.ownpay_amt": "5", f"{ORDER}.selfpay_amt": "2.5"}, "inscp_amt", Decimal("42.5")),
    ({f"{ORDER}.lv2_hosp_item_pric": "4.2", f"{ORDER}.lv3_hosp_item_pric": "6"}, "pric_uplmt_amt", Decimal("4.2")),
    ({f"{ORDER}.lv2_hosp_item_pric": 0}, "pric_uplmt_amt", None),
    ({f"{ORDER}.lv3_hosp_item_pric": 6}, "pric_uplmt_amt", None),
    ({f"{ORDER}.hilist_pric": 3}, "pric_uplmt_amt", None),
    ({f"{ORDER}.fee_ocur_time": "2026-05-01 10:00:00"}, "bkkp_sn", "L1"),
])  # fmt: skip
def test_what_a_line_is_made_of(given: dict[str, Any], column: str, value: Any, changed: Change) -> None:
    assert claim_of(changed(given)).rows.lines[0][column] == value


def test_a_settlement_exists_only_where_it_is_named(changed: Change) -> None:
    assert list(claim_of(changed({f"{E}.hifp_payamt": 30})).rows.settlements) == []
    (bill,) = claim_of(
        changed({f"{E}.setl_id": "S1", f"{E}.hifp_payamt": 30, f"{E}.ma_amt": "2", f"{E}.medfee_sumamt": 50})
    ).rows.settlements
    assert (bill["fund_pay_sumamt"], bill["medfee_sumamt"], bill["mdtrt_id"]) == (Decimal(32), Decimal(50), "M1")


def test_pregnancy_has_another_code_in_beijing(changed: Change) -> None:
    codes = [
        claim_of(changed({f"{E}.medins_admdvs": "110101", f"{E}.matn_stas": code})).rows.encounters[0]["matn_stas"] for code in "01234"
    ]
    assert codes == [None, "0", "0", "1", "2"]
    assert claim_of(changed({f"{E}.matn_stas": "1"})).rows.encounters[0]["matn_stas"] == "1"
