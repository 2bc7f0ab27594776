"""Sales of traced packages that no return reversed (fsi_3505, fsi_3506); `ruleset/sql/70_sales.sql` is the same for a whole store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from xiezhi.domain.calendar import day_number, month_number, second_number
from xiezhi.domain.facts import Line, Sale
from xiezhi.domain.money import PRICE_TIMES_QUANTITY_PER_FEN, micro, round_half_up
from xiezhi.domain.tables import TABLES
from xiezhi.domain.versions import Row, newest


def sales(
    sold: Iterable[Row], returned: Iterable[Row], lines: Mapping[tuple[str, str], Line], person_map: Mapping[str, str]
) -> tuple[Sale, ...]:
    """The sales that stand, ordered by time, institution and trace code.

    A return reverses the latest sale of its code at its institution that is not later than it. A sale whose fee line is refunded or
    reversed is gone as well.

    Args:
        sold: all versions of the `fsi_3505` rows of some trace codes; rows without a code or with no positive quantity are no sale.
        returned: the `fsi_3506` rows of these codes.
        lines: fee lines by (institution, line id), at least those that `rtal_docno` names.
        person_map: old person number to the present one.
    """
    identity = TABLES["fsi_3505"].identity
    chosen = newest((row for row in sold if row.get("drug_trac_codg")), lambda row: tuple(row.get(name) for name in identity))
    by_code: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in chosen.values():
        if row["sel_retn_cnt"] > 0:
            by_code[row["fixmedins_code"], row["drug_trac_codg"]].append(row)
    returns: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in returned:
        if row.get("drug_trac_codg"):
            returns[row["fixmedins_code"], row["drug_trac_codg"]].append(second_number(row["sel_retn_time"]))
    result: list[Sale] = []
    for code, rows in by_code.items():
        for row in _standing(rows, returns.get(code, ())):
            line = lines.get((row["fixmedins_code"], row.get("rtal_docno") or ""))
            if line is None or line.live:
                result.append(_sale(row, line, person_map))
    return tuple(sorted(result, key=lambda s: (s.time, s.institution, s.trace, s.id)))


def _standing(rows: Iterable[Row], returns: Sequence[int]) -> list[Row]:
    ordered = sorted(rows, key=lambda row: (second_number(row["sel_retn_time"]), row["content_hash"]))
    times = [*(second_number(row["sel_retn_time"]) for row in ordered), None]
    return [
        row
        for row, (start, end) in zip(ordered, pairwise(times), strict=True)
        if not any(start is not None and start <= moment and (end is None or moment < end) for moment in returns)
    ]


def _sale(row: Row, line: Line | None, person_map: Mapping[str, str]) -> Sale:
    when = row["sel_retn_time"]
    quantity = micro(row["sel_retn_cnt"])
    price = micro(row["finl_trns_pric"]) if row.get("finl_trns_pric") is not None else 0
    number = row.get("psn_no")
    return Sale(
        trace=row["drug_trac_codg"],
        institution=row["fixmedins_code"],
        id=row.get("rtal_docno") or f"{row['drug_trac_codg']}@{second_number(when)}",
        person=line.person if line else person_map.get(number, number) if number else None,
        encounter=line.encounter if line else row.get("mdtrt_sn"),
        item=row["med_list_codg"],
        time=second_number(when),
        date=day_number(when),
        month=month_number(when),
        year=when.year,
        quantity=quantity,
        amount=line.amount if line else round_half_up(max(0, price) * quantity, PRICE_TIMES_QUANTITY_PER_FEN),
        split=None if row.get("trdn_flag") is None else row["trdn_flag"] == "1",
        line=line.id if line else None,
        insured=None if row.get("mdtrt_setl_type") is None else row["mdtrt_setl_type"] == "1",
    )
