from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from xiezhi.domain.calendar import day_number, month_number, second_number
from xiezhi.domain.facts import Line, Stock
from xiezhi.domain.netting import Lookups, RawPerson, person_facts
from xiezhi.domain.sales import sales
from xiezhi.domain.stock import RawStock, stock

PLACE, ITEM, TRACE = "H99010100001", "XC08CAA909A001010199999", "81234567890123456789"


def meta(number: int) -> dict[str, Any]:
    return {"fixmedins_code": PLACE, "med_list_codg": ITEM, "known_fields": 3, "content_hash": f"{number:032d}"}


def billed(number: str, when: datetime, count: int, amount: str) -> Line:
    row = meta(1) | {
        "bkkp_sn": number,
        "mdtrt_id": "M1",
        "psn_no": "1",
        "fee_ocur_time": when,
        "cnt": Decimal(count),
        "pric": Decimal("3"),
        "det_item_fee_sumamt": Decimal(amount),
    }
    return person_facts(RawPerson("1", [row]), Lookups()).lines[0]


def counted(day: datetime, count: int, lot: str = "A") -> dict[str, Any]:
    return meta(2) | {"invdate": day, "inv_cnt": Decimal(count), "fixmedins_bchno": lot}


def bought(day: datetime, count: int) -> dict[str, Any]:
    return meta(3) | {"purc_retn_stoin_time": day, "purc_retn_cnt": Decimal(count)}


def months(raw: RawStock, *lines: Line) -> list[tuple[int, int | None, int | None]]:
    return [(one.month % 12 + 1, one.shortfall, one.value) for one in stock(raw, lines, "990101")]


JAN, FEB, MAR = datetime(2026, 1, 1), datetime(2026, 2, 10), datetime(2026, 3, 10)


def test_what_was_billed_beyond_the_stock_is_short_once_and_valued_at_the_mean_price() -> None:
    raw = RawStock(PLACE, stocktakes=(counted(JAN, 2), counted(JAN, 1, "B")), purchases=(bought(FEB, 4),))
    lines = (billed("F1", FEB, 10, "31"), billed("F2", MAR, 1, "3"))
    assert months(raw, *lines) == [(1, 0, 0), (2, 3_000_000, 930), (3, 1_000_000, 309)]


def test_goods_that_come_later_in_the_month_count() -> None:
    raw = RawStock(PLACE, stocktakes=(counted(JAN, 0),), purchases=(bought(FEB.replace(day=28), 5),))
    assert months(raw, billed("F", FEB, 5, "15")) == [(1, 0, 0), (2, 0, 0)]


def test_the_moment_before_a_stocktake_is_a_checkpoint_and_the_balance_starts_again() -> None:
    raw = RawStock(PLACE, stocktakes=(counted(JAN, 1), counted(FEB, 9)), purchases=(bought(FEB.replace(day=20), 5),))
    lines = (billed("F1", FEB.replace(day=5), 3, "9"), billed("F2", FEB.replace(day=25), 14, "42"))
    assert months(raw, *lines) == [(1, 0, 0), (2, 2_000_000, 600)]
    assert months(raw, *lines, billed("F3", FEB, 1, "3")) == [(1, 0, 0), (2, 3_000_000, 900)]


def test_without_a_stocktake_before_nothing_is_known() -> None:
    raw = RawStock(PLACE, stocktakes=(counted(MAR, 1),))
    assert months(raw, billed("F", FEB, 5, "15")) == [(2, None, None), (3, 0, 0)]
    assert months(RawStock(PLACE), billed("F", FEB, 5, "15")) == []


@pytest.mark.parametrize(("kind", "short"), [("101", 0), ("102", 4), ("104", 4), ("103", 0), ("999", 0)])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_change_of_an_unknown_type_never_creates_a_shortfall(kind: str, short: int, sign: int) -> None:
    change = meta(4) | {"inv_chg_type": kind, "inv_chg_time": FEB, "cnt": Decimal(2 * sign)}
    raw = RawStock(PLACE, stocktakes=(counted(JAN, 1),), changes=(change,))
    assert months(raw, billed("F", FEB, 3, "9"))[-1][1] == short * 1_000_000


def test_the_first_of_the_month_is_its_date() -> None:
    (one,) = stock(RawStock(PLACE, stocktakes=(counted(FEB, 1),)), (), "990101")
    expected = Stock(PLACE, ITEM, "western", month_number(FEB), day_number(FEB.replace(day=1)), "990101", 0, 0, 0)
    assert one == expected


def sold(number: int, when: datetime, **values: Any) -> dict[str, Any]:
    row = meta(number) | {"drug_trac_codg": TRACE, "rtal_docno": f"F{number}", "sel_retn_cnt": Decimal("0.5"), "sel_retn_time": when}
    return row | {"finl_trns_pric": Decimal("0.03")} | values


def standing(rows: list[dict[str, Any]], returns: list[datetime], lines: dict[tuple[str, str], Line] | None = None) -> list[str]:
    back = [meta(9) | {"drug_trac_codg": TRACE, "sel_retn_time": when} for when in returns]
    return [one.id for one in sales(rows, back, lines or {}, {})]


def test_a_return_reverses_the_latest_earlier_sale() -> None:
    rows = [sold(1, JAN), sold(2, FEB)]
    assert standing(rows, []) == ["F1", "F2"]
    assert standing(rows, [MAR]) == ["F1"]
    assert standing(rows, [MAR, MAR]) == ["F1"]
    assert standing(rows, [JAN, FEB]) == []
    assert standing(rows, [datetime(2025, 12, 1)]) == ["F1", "F2"]


def test_a_sale_goes_with_its_line_and_takes_its_amount_from_it() -> None:
    line = billed("F1", JAN, 2, "8.88")
    (one,) = sales([sold(1, JAN)], [], {(PLACE, "F1"): line}, {})
    assert (one.line, one.amount, one.person, one.encounter, one.time) == ("F1", 888, "1", "M1", second_number(JAN))
    assert standing([sold(1, JAN)], [], {(PLACE, "F1"): replace(line, live=False)}) == []
    (one,) = sales([sold(1, JAN)], [], {}, {})
    assert (one.line, one.amount) == (None, 2)  # 0.5 × 0.03 yuan = 1.5 fen


def test_a_row_without_a_code_or_quantity_is_no_sale() -> None:
    assert standing([sold(1, JAN, drug_trac_codg=None), sold(2, JAN, sel_retn_cnt=Decimal(0))], []) == []
