from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from xiezhi.domain.facts import Line, PersonFacts
from xiezhi.domain.netting import Lookups, RawPerson, person_facts, practitioner_on

PLACE = "H99010100001"
WHEN = datetime(2026, 5, 4, 9, 30)


def line(number: str, count: str = "2", amount: str = "20.00", **values: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "bkkp_sn": number,
        "mdtrt_id": "M1",
        "psn_no": "1",
        "fixmedins_code": PLACE,
        "fee_ocur_time": WHEN,
        "med_type": "11",
        "med_list_codg": "XC08CAA909A001010199999",
        "cnt": Decimal(count),
        "pric": Decimal("10"),
        "det_item_fee_sumamt": Decimal(amount),
        "known_fields": 10,
        "content_hash": number,
    }
    return row | values


def settlement(number: str, **values: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "setl_id": number,
        "mdtrt_id": "M1",
        "psn_no": "1",
        "fund_pay_sumamt": Decimal("7.00"),
        "medfee_sumamt": Decimal("20.00"),
        "known_fields": 5,
        "content_hash": number,
    }
    return row | values


def facts(*lines: dict[str, Any], lookups: Lookups | None = None, **tables: Any) -> tuple[PersonFacts, dict[str, Line]]:
    found = person_facts(RawPerson("1", lines, **tables), lookups or Lookups())
    return found, {one.id: one for one in found.lines}


def test_a_partial_refund_shrinks_its_line_wherever_it_stands() -> None:
    early = line("R", "-0.5", "-5.00", init_feedetl_sn="F", fee_ocur_time=datetime(2026, 4, 1))
    for order in ([line("F", inscp_amt=Decimal("10.01")), early], [early, line("F", inscp_amt=Decimal("10.01"))]):
        _, found = facts(*order)
        assert (found["F"].quantity, found["F"].amount, found["F"].in_scope) == (1_500_000, 1_500, 751)
        assert (found["F"].billed_quantity, found["F"].billed_amount, found["F"].live) == (2_000_000, 2_000, True)
        assert (found["R"].refund, found["R"].live, found["R"].quantity, found["R"].amount) == ("linked", False, 0, 0)


def test_a_full_refund_leaves_nothing_and_more_than_full_is_said() -> None:
    _, found = facts(line("F", inscp_amt=Decimal("9")), line("R", "-2", "-20", init_feedetl_sn="F"))
    assert (found["F"].quantity, found["F"].amount, found["F"].in_scope, found["F"].live) == (0, 0, 0, False)
    assert not found["F"].over_refunded
    _, found = facts(line("F"), line("R", "-2", "-20", init_feedetl_sn="F"), line("S", "-1", "-10", init_feedetl_sn="F"))
    assert (found["F"].quantity, found["F"].over_refunded) == (0, True)


@pytest.mark.parametrize(
    ("target", "place", "link"),
    [
        (None, PLACE, "unlinked"),
        ("GONE", PLACE, "pending"),
        ("T", PLACE, "foreign"),
        ("F", "H99010100002", "foreign"),
        ("R", PLACE, "foreign"),
    ],
)
def test_refunds_that_do_not_net(target: str | None, place: str, link: str) -> None:
    lookups = Lookups(line_owners={(PLACE, "T"): "2"})
    _, found = facts(line("F"), line("R", "-1", "-10", init_feedetl_sn=target, fixmedins_code=place), lookups=lookups)
    assert (found["R"].refund, found["F"].quantity) == (link, 2_000_000)


@pytest.mark.parametrize("how", [{"refd_setl_flag": "1"}, {}])
def test_a_reversed_settlement_takes_its_lines_along(how: dict[str, str]) -> None:
    others = [] if how else [settlement("S2", init_setl_id="S1", mdtrt_id="M9")]
    _, found = facts(line("F", setl_id="S1"), line("G", setl_id="S3"), settlements=[settlement("S1", **how), *others])
    assert (found["F"].live, found["G"].live) == (False, True)


def test_a_refund_of_a_reversed_settlement_takes_nothing_away() -> None:
    refund = line("R", "-2", "-20", init_feedetl_sn="F", setl_id="S1")
    _, found = facts(line("F"), refund, settlements=[settlement("S1", refd_setl_flag="1")])
    assert found["F"].live


def test_without_an_encounter_its_fields_are_unknown_and_the_line_stands() -> None:
    _, found = facts(line("F"))
    one = found["F"]
    assert (one.live, one.kind, one.sex, one.age_years, one.settled, one.fund) == (True, "outpatient", None, None, False, None)


def test_the_encounter_wins_over_the_line_and_one_settlement_is_enough() -> None:
    visit = {
        "mdtrt_id": "M1",
        "psn_no": "1",
        "fixmedins_code": PLACE,
        "med_type": "21",
        "gend": "9",
        "brdy": date(2012, 5, 5),
        "begntime": WHEN,
        "known_fields": 9,
        "content_hash": "v",
    }
    found, lines = facts(line("F"), encounters=[visit], settlements=[settlement("S1")])
    assert (lines["F"].kind, lines["F"].sex, lines["F"].age_years) == ("inpatient", None, 13)
    assert (lines["F"].fund, lines["F"].total, lines["F"].settled, found.encounters[0].fund) == (700, 2_000, True, 700)
    found, lines = facts(line("F"), encounters=[visit], settlements=[settlement("S1"), settlement("S2")])
    assert (lines["F"].fund, found.encounters[0].fund) == (None, 1_400)


def test_a_status_without_a_date_says_nothing_about_earlier_services() -> None:
    def on(**values: Any) -> bool | None:
        row = {"begndate": date(2026, 1, 1), "content_hash": "a", "dr_profttl": "231", "caty": "A03"} | values
        return practitioner_on([row], date(2026, 5, 4))[0]

    assert on(status="1") is True
    assert on(status="1", begndate=date(2026, 6, 1)) is False
    assert on(status="1", enddate=date(2026, 5, 3)) is False
    assert on(status="2") is None
    assert on(status="2", updt_time=datetime(2026, 5, 4, 8)) is False
    assert on(status="2", updt_time=datetime(2026, 5, 5, 8)) is None
    assert on(status="1", begndate=None) is None
    assert practitioner_on([], date(2026, 5, 4)) == (None, None, None)
