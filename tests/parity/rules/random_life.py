"""Random persons, sales, stocks and knowledge points on which every rule of the catalogue can fire, and often cannot be sure.

Rows are raw and pass through the netting, so refunds, corrections and reversals are in. There are few items, few places and few
moments, so that windows, ties and pairs are frequent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from random_codes import (
    DEPARTMENTS,
    DIAGNOSES,
    DISEASES,
    DRUGS,
    EARLIEST,
    HOSPITALS,
    ITEMS,
    KINDS,
    MILD,
    PHARMACY,
    PIECES,
    REGIONS,
    SERVICES,
    START,
    maybe,
)
from random_points import points

from xiezhi.domain.calendar import day_number
from xiezhi.domain.facts import InstitutionMonth, PartitionFacts, PersonFacts, Sale, Stock
from xiezhi.domain.knowledge import KnowledgePoint
from xiezhi.domain.money import MICRO
from xiezhi.domain.netting import Lookups, RawPerson, person_facts

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Habit:
    """How a person uses care; ranges are those of `randrange`. A habit of weight 0 is never drawn, only asked for."""

    weight: int
    visits: tuple[int, int] = (1, 6)
    days: int = 70
    kinds: tuple[str | None, ...] = KINDS
    lines: tuple[int, int] = (1, 9)
    longest_stay: int = 9
    diagnoses: tuple[str, ...] = DIAGNOSES
    hospitals: int = 3
    items: tuple[str, ...] = ()
    one_prescription: bool = False


HABITS = {
    "none": Habit(4),
    "buyer": Habit(3, visits=(12, 26), days=5, kinds=("41", "41", "41", "41", "21"), lines=(1, 3)),
    "visitor": Habit(2, visits=(20, 26), days=3, kinds=("11", "11", "11", "13"), lines=(1, 2), diagnoses=MILD),
    "readmitted": Habit(5, visits=(9, 12), days=40, kinds=("21",), lines=(1, 3), longest_stay=3, diagnoses=MILD, hospitals=1),
    "many drugs": Habit(1, kinds=("11", "14"), lines=(9, 10), items=DRUGS, one_prescription=True),
    "parts": Habit(4, items=SERVICES),
    "pieces": Habit(2, kinds=("11",), lines=(2, 5), items=PIECES),
    "one day's visitor": Habit(0, visits=(6, 9), days=1, kinds=("11", "13"), lines=(1, 2), diagnoses=MILD),
    "one day's buyer": Habit(0, visits=(5, 8), days=1, kinds=("41",), lines=(1, 3)),
}


@dataclass(frozen=True)
class World:
    """What the engines are given."""

    persons: tuple[PersonFacts, ...]
    partitions: tuple[PartitionFacts, ...]
    points: tuple[KnowledgePoint, ...]
    earliest: int = EARLIEST


def world(seed: int, persons: int, net: Callable[[RawPerson, Lookups], PersonFacts] = person_facts) -> World:
    """A whole world from a seed; `net` turns raw persons into facts."""
    random = Random(seed)
    people = [person(random, f"N{number}", net) for number in range(persons)]
    sold = [trace(random, f"T{number}") for number in range(persons)]
    stocked = [stock(random, place) for place in (*HOSPITALS, PHARMACY)]
    counted = [months(random, f"M{number}") for number in range(24)]
    return World(tuple(people), (*sold, *stocked, *counted), points(random))


def person(random: Random, number: str, net: Callable[[RawPerson, Lookups], PersonFacts] = person_facts) -> PersonFacts:
    """The facts of one person."""
    raw = raw_person(random, number)
    return net(raw, lookups(random))


def lookups(random: Random) -> Lookups:
    """What lies outside the person."""
    places = {
        place: {"hosp_lv": maybe(random, level), "fix_blng_admdvs": maybe(random, random.choice(REGIONS))}
        for place, level in zip((*HOSPITALS, PHARMACY), ("01", "05", "08", None), strict=True)
    }
    staff = {
        ("D1", place): [
            {
                "staff_code": "D1",
                "fixmedins_code": place,
                "status": random.choice("123"),
                "begndate": maybe(random, date(2026, 1, 20)),
                "enddate": maybe(random, date(2026, 3, 20), 0.5),
                "dr_profttl": maybe(random, random.choice(("231", "233", "234"))),
                "caty": None,
                "updt_time": datetime(2026, 2, 10),
                "content_hash": "0",
            }
        ]
        for place in HOSPITALS
    }
    usual = {(place, item): random.choice((5, 10, 20)) * MICRO for place in HOSPITALS for item in ITEMS if random.random() < 0.8}
    return Lookups(institutions=places, staff=staff, usual_prices=usual, line_owners={("H1", "foreign"): "someone"}, earliest_date=EARLIEST)


def raw_person(random: Random, number: str, wanted: str = "") -> RawPerson:
    """All stored rows of one person; `wanted` is the habit, drawn where it is empty."""
    sex, birth = (
        maybe(random, random.choice("129")),
        maybe(random, random.choice((date(1950, 5, 1), date(1990, 2, 28), date(2013, 3, 1), date(2026, 1, 10)))),
    )
    death = START + timedelta(days=random.randrange(5, 80)) if random.random() < 0.2 else None
    encounters: Rows = []
    settlements: Rows = []
    diagnoses: Rows = []
    lines: Rows = []
    regular = random.sample(ITEMS, 5)
    habit = HABITS[wanted or random.choices(tuple(HABITS), [each.weight for each in HABITS.values()])[0]]
    serials: Counter[str] = Counter()
    for index in range(random.randrange(*habit.visits)):
        visit = encounter(random, f"{number}E{index}", number, sex, birth, death, habit)
        if random.random() < 0.95:
            encounters.append(visit)
        if random.random() < 0.1:
            encounters.append({**visit, "updt_time": datetime(2026, 6, 1), "content_hash": "1", "med_type": random.choice(("11", "21"))})
        bills = settle(random, visit)
        settlements += bills
        for moment in (datetime(2026, 5, 1), datetime(2026, 5, 2))[: random.randrange(1, 3)]:
            diagnoses += [
                {"mdtrt_id": visit["mdtrt_id"], "diag_code": code, "maindiag_flag": "01"[position == 0], "updt_time": moment}
                for position, code in enumerate(random.sample(habit.diagnoses, random.choice((0, 0, 1, 2))))
            ]
        for at in range(random.randrange(*habit.lines)):
            item = random.choice(regular) if random.random() < 0.8 else random.choice(ITEMS)
            if habit.items:
                item = habit.items[at] if habit.one_prescription else random.choice(habit.items)
            lines += charge(random, serials, visit, bills, item, "1" if habit.one_prescription else random.choice("12"))
    return RawPerson(number, lines, encounters, settlements, diagnoses)


def encounter(random: Random, identity: str, number: str, sex: Any, birth: Any, death: Any, habit: Habit) -> dict[str, Any]:
    """A visit or stay."""
    kind = random.choice(habit.kinds)
    begin = START + timedelta(days=random.randrange(0, habit.days), hours=random.randrange(0, 4))
    length = random.randrange(1, habit.longest_stay) if kind == "21" else 0
    return {
        "mdtrt_id": identity,
        "psn_no": number,
        "fixmedins_code": PHARMACY if kind == "41" else random.choice(HOSPITALS[: habit.hospitals]),
        "med_type": kind,
        "gend": sex,
        "brdy": birth,
        "insutype": maybe(random, random.choice(("310", "390", "410", "510"))),
        "hosp_lv": maybe(random, "05", 0.3),
        "fix_blng_admdvs": maybe(random, random.choice(REGIONS), 0.7),
        "begntime": maybe(random, begin, 0.95),
        "at": begin,
        "endtime": maybe(random, begin + timedelta(days=length, hours=1), 0.93),
        "adm_caty": "A03",
        "dise_no": maybe(random, random.choice(DISEASES)),
        "dscg_maindiag_code": maybe(random, random.choice(habit.diagnoses), 0.6),
        "dscg_way": random.choice("11112"),
        "die_date": death.date() if death else None,
        "matn_stas": maybe(random, random.choice("012")),
        "internet_flag": maybe(random, random.choice("01")),
        "refl_old_mdtrt_id": maybe(random, "E", 0.05),
        "updt_time": None,
        "content_hash": "0",
        "known_fields": 1,
    }


def settle(random: Random, visit: dict[str, Any]) -> Rows:
    """Settlements of a visit: none, one, two, reversed by flag or by another one."""

    def bill(suffix: str, **more: Any) -> dict[str, Any]:
        total = Decimal(random.randrange(0, 2000))
        return {
            "setl_id": f"S{visit['mdtrt_id']}{suffix}",
            "mdtrt_id": visit["mdtrt_id"],
            "psn_no": visit["psn_no"],
            "refd_setl_flag": "0",
            "init_setl_id": None,
            "fund_pay_sumamt": total * random.randrange(0, 11) / 10,
            "medfee_sumamt": total,
            "updt_time": None,
            "content_hash": "0",
            "known_fields": 1,
            **more,
        }

    draw = random.random()
    if draw < 0.1:
        return []
    if draw < 0.16:
        return [bill("a", refd_setl_flag="1")]
    if draw < 0.22:
        return [bill("a"), bill("b", init_setl_id=f"S{visit['mdtrt_id']}a", refd_setl_flag="1")]
    return [bill("a"), bill("b")] if draw < 0.3 else [bill("a")]


def charge(random: Random, serials: Counter[str], visit: dict[str, Any], bills: Rows, item: str, prescription: str) -> Rows:
    """A fee line, and what later happens to it: refunds, corrections."""
    length = 0 if visit["med_type"] != "21" else 5
    when = visit["at"] + timedelta(
        days=random.randrange(-1, length + 2) if random.random() < 0.3 else random.randrange(0, length + 1), hours=random.randrange(0, 3)
    )
    count, price = Decimal(random.choice(("1", "1", "2", "3", "0.5", "10"))), Decimal(random.choice((5, 10, 20, "12.5")))
    amount = (
        (count * price).quantize(Decimal("0.01"), ROUND_HALF_UP)
        + (Decimal("1.5") if random.random() < 0.08 else 0)
        - (2 if random.random() < 0.04 else 0)
    )
    place = visit["fixmedins_code"] if random.random() < 0.95 else random.choice(HOSPITALS)
    serials[place] += 1  # line ids begin anew at each institution
    line = {
        "fixmedins_code": place,
        "bkkp_sn": f"{visit['psn_no']}L{serials[place]}",
        "mdtrt_id": visit["mdtrt_id"] if random.random() < 0.97 else "later",
        "setl_id": maybe(random, bills[0]["setl_id"], 0.8) if bills else None,
        "psn_no": visit["psn_no"],
        "fee_ocur_time": when,
        "med_type": visit["med_type"],
        "med_list_codg": item,
        "cnt": count,
        "pric": price,
        "det_item_fee_sumamt": amount,
        "inscp_amt": maybe(random, amount),
        "pric_uplmt_amt": maybe(random, Decimal(10), 0.3),
        "rx_drord_no": maybe(random, prescription),
        "bilg_dept_codg": maybe(random, random.choice(DEPARTMENTS)),
        "bilg_dr_code": maybe(random, random.choice(("D1", "D2"))),
        "prd_days": maybe(random, Decimal(random.choice((3, 7, 14, 30, 45, 100))), 0.7),
        "dscg_tkdrug_flag": maybe(random, random.choice("01")),
        "medins_list_name": None,
        "hilist_name": None,
        "init_feedetl_sn": None,
        "updt_time": None,
        "content_hash": "0",
        "known_fields": 1,
    }
    if item in PIECES and random.random() < 0.3:
        line["cnt"] = Decimal(5000)
        line["det_item_fee_sumamt"] = line["cnt"] * price
    rows = [line]
    if random.random() < 0.22:
        changed = random.choice(
            (
                {"cnt": Decimal(4)},
                {"cnt": Decimal(0)},
                {"fee_ocur_time": when + timedelta(days=1)},
                {"med_list_codg": random.choice(ITEMS)},
                {"psn_no": "other"},
                {"prd_days": None},
            )
        )
        rows.append({**line, **changed, "updt_time": datetime(2026, 6, 1), "content_hash": "1"})
    if random.random() < 0.22:
        target, portion = (
            random.choice((line["bkkp_sn"],) * 3 + (None, "foreign", "later")),
            random.choice((Decimal("0.5"), Decimal(1), Decimal(2), Decimal(2))),
        )
        refund = {
            "bkkp_sn": line["bkkp_sn"] + "R",
            "cnt": -count * portion,
            "det_item_fee_sumamt": -amount * portion,
            "init_feedetl_sn": target,
            "inscp_amt": None,
        }
        if target == "foreign":
            refund["fixmedins_code"] = "H1"
        rows.append({**line, **refund})
    return rows


def trace(random: Random, code: str) -> PartitionFacts:
    """Sales of one trace code."""
    sold = []
    for index in range(random.randrange(1, 5)):
        when = int((START - datetime(1970, 1, 1)).total_seconds()) + random.randrange(0, 5) * 86_400
        day = when // 86_400
        sold.append(
            Sale(
                code,
                random.choice((PHARMACY, "P2")),
                f"{code}-{index}",
                maybe(random, "N1"),
                None,
                random.choice(DRUGS),
                when,
                day,
                24312,
                2026,
                MICRO,
                random.randrange(100, 9000),
                maybe(random, random.random() < 0.2),
                None,
                True,
            )
        )
    return PartitionFacts(sales=tuple(sold))


def stock(random: Random, place: str) -> PartitionFacts:
    """Stock of one institution."""
    rows = [
        Stock(
            place,
            item,
            random.choice(("western", "patent", "piece", "consumable", "consumable", None)),
            24312 + month,
            day_number(date(2026, 1 + month, 1)),
            random.choice(REGIONS),
            random.randrange(0, 100) * MICRO,
            maybe(random, random.randrange(0, 40) * MICRO),
            maybe(random, random.randrange(0, 600_000)),
        )
        for item in (*DRUGS, *SERVICES)
        for month in range(11)
    ]
    return PartitionFacts(stock=tuple(rows))


def months(random: Random, place: str) -> PartitionFacts:
    """Months of one institution: shares on both sides of every limit, few and many stays."""
    rows = []
    for number in range(24_312 - 60, 24_312 + 12):
        total = random.randrange(0, 5) * 100_000
        part = [total * random.choice((0, 15, 16, 50, 51, 60, 61, 90)) // 100 for _ in range(6)]
        leaving = random.choice((5, 19, 20, 25, 50))
        day = day_number(date(number // 12, number % 12 + 1, 1))
        stays, back = random.choice((0, 19, 20, 40)), random.choice((0, 2, 4, 5))
        rows.append(InstitutionMonth(place, number, day, random.choice(REGIONS), stays, total, *part, leaving, back))
    return PartitionFacts(months=tuple(rows))
