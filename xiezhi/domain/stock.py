"""Running balances of the items of one institution (semantics.md 4, classes 43 and 48); `ruleset/sql/80_stock.sql` is the same in SQL.

Choices that the sources leave open, each in favour of the institution:

- Counts of several lots at the same moment add up; a negative count is no stock. Events at the moment of a stocktake come after it.
- A change (fsi_3502) of a type that takes out (`TAKING_OUT`) lowers the balance; every other type, also one we do not know, raises it,
  so that an unknown code can never create a doubtful point. The sign of `cnt` is not trusted: senders write losses both ways.
- Only items with any inventory row are looked at; before the first stocktake the shortfall is unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from xiezhi.domain.calendar import day_number, first_of_month, month_number, second_number
from xiezhi.domain.facts import Line, Stock
from xiezhi.domain.item_codes import item_category
from xiezhi.domain.money import micro, round_half_up
from xiezhi.domain.tables import TABLES
from xiezhi.domain.versions import Row, newest

TAKING_OUT = frozenset({"102", "104", "105", "107"})
"""inv_chg_type that takes out: 102 moved out, 104 missing at a count, 105 destroyed, 107 other. Into the stock go 101, 103, 106, 108.
Own knowledge of the interface, not verified; the sample region holds 102 only."""


@dataclass(frozen=True)
class RawStock:
    """All stored versions of the inventory rows of one institution: stocktakes (3501), changes (3502), purchases, their returns."""

    institution: str
    stocktakes: tuple[Row, ...] = ()
    changes: tuple[Row, ...] = ()
    purchases: tuple[Row, ...] = ()
    returns: tuple[Row, ...] = ()


@dataclass(slots=True)
class _Month:
    """Sums of one span (from one stocktake to the next) in one month."""

    moved: int = 0
    billed: int = 0
    amount: int = 0


def stock(raw: RawStock, lines: Iterable[Line], region: str | None) -> tuple[Stock, ...]:
    """The stock of one institution by item and month, in that order, for every month with billing or movement.

    Args:
        raw: inventory rows of the institution.
        lines: fee lines; those of other institutions or not live do not count.
        region: region of the institution (medins_d).
    """
    counts: dict[str, dict[int, tuple[int, int]]] = defaultdict(dict)
    for row in _newest("fsi_3501", raw.stocktakes):
        at = second_number(row["invdate"])
        counts[row["med_list_codg"]][at] = (
            month_number(row["invdate"]),
            counts[row["med_list_codg"]].get(at, (0, 0))[1] + micro(row["inv_cnt"]),
        )
    events: dict[str, list[tuple[int, int, _Month]]] = defaultdict(list)
    for item, when, quantity in _moves(raw):
        events[item].append((second_number(when), month_number(when), _Month(moved=quantity)))
    stocked = counts.keys() | events.keys()
    for line in lines:
        if line.live and line.institution == raw.institution and line.item in stocked:
            events[line.item].append((line.time, line.month, _Month(billed=line.quantity, amount=line.amount)))
    result: list[Stock] = []
    for item in sorted(stocked):
        result.extend(_item(raw.institution, item, region, counts.get(item, {}), events.get(item, [])))
    return tuple(result)


def _newest(table: str, rows: Iterable[Row]) -> Iterable[Row]:
    identity = TABLES[table].identity
    return newest(rows, lambda row: tuple(row.get(name) for name in identity)).values()


def _moves(raw: RawStock) -> Iterator[tuple[str, datetime, int]]:
    for row in _newest("fsi_3503", raw.purchases):
        yield row["med_list_codg"], row["purc_retn_stoin_time"], micro(row["purc_retn_cnt"])
    for row in _newest("fsi_3504", raw.returns):
        yield row["med_list_codg"], row["purc_retn_stoin_time"], -abs(micro(row["purc_retn_cnt"]))
    for row in _newest("fsi_3502", raw.changes):
        sign = -1 if row["inv_chg_type"] in TAKING_OUT else 1
        yield row["med_list_codg"], row["inv_chg_time"], sign * abs(micro(row["cnt"]))


def _item(
    institution: str, item: str, region: str | None, counts: dict[int, tuple[int, int]], events: list[tuple[int, int, _Month]]
) -> Iterator[Stock]:
    starts = sorted(counts)
    sums: dict[tuple[int, int], _Month] = defaultdict(_Month)
    for span, at in enumerate(starts, 1):
        month, counted = counts[at]
        sums[span, month].moved += max(0, counted)
    for time, month, change in events:
        total = sums[sum(1 for at in starts if at <= time), month]
        total.moved += change.moved
        total.billed += change.billed
        total.amount += change.amount
    months: dict[int, tuple[int, int | None, int | None]] = {}
    running, current, shown = _Month(), -1, 0
    for span, month in sorted(sums):
        if span != current:
            running, current, shown = _Month(), span, 0
        change = sums[span, month]
        running = _Month(running.moved + change.moved, running.billed + change.billed, running.amount + change.amount)
        billed, shortfall, value = months.get(month, (0, None, None))
        if span:
            missing = max(0, running.billed - running.moved - shown)
            shown += missing
            billed += running.billed
            shortfall = (shortfall or 0) + missing
            value = (value or 0) + (round_half_up(missing * running.amount, running.billed) if running.billed > 0 else 0)
        months[month] = (billed, shortfall, value)
    for month, (billed, shortfall, value) in sorted(months.items()):
        date = day_number(first_of_month(month))
        yield Stock(institution, item, item_category(item), month, date, region, billed, shortfall, value)
