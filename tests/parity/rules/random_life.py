"""Random persons, sales, stocks and knowledge points on which every rule of the catalogue can fire, and often cannot be sure.

Rows are raw and pass through the netting, so refunds, corrections and reversals are in. There are few items, few places and few
moments, so that windows, ties and pairs are frequent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from xiezhi.domain.calendar import day_number
from xiezhi.domain.facts import PartitionFacts, PersonFacts, Sale, Stock
from xiezhi.domain.knowledge import KnowledgePoint, Limit, PointCode, sorted_codes
from xiezhi.domain.money import MICRO
from xiezhi.domain.netting import Lookups, RawPerson, person_facts

START = datetime(2026, 1, 5, 8)
EARLIEST = day_number(date(2026, 1, 12))
HOSPITALS, PHARMACY = ("H1", "H2", "H3"), "P1"
DRUGS = tuple(f"XA0{group}AAA00{group}{form}001010100001" for group in (1, 2, 3) for form in ("A", "B", "C"))
SERVICES = tuple(f"00{number}109000010000" for number in range(1, 8))
ITEMS = (*DRUGS, "ZA01BAF9997030199315", *SERVICES, "C01010100100000000001", "LOCAL-1")
DIAGNOSES = ("E11.900", "I10.x00", "J18.900", "Z51.100", "F20.000", "K35.800")
REGIONS = ("990101", "990201", "98", None)
MILD = ("I10.x00", "J18.900")
KINDS = ("11", "11", "13", "14", "21", "21", "21", "41", "51", "99", None)
Rows = list[dict[str, Any]]


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
    return World(tuple(people), (*sold, *stocked), points(random))


def maybe(random: Random, value: Any, share: float = 0.9) -> Any:
    """The value, or sometimes nothing."""
    return value if random.random() < share else None


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
                "dr_profttl": "231",
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
    habit = wanted or random.choice(
        (
            "none",
            "none",
            "none",
            "none",
            "buyer",
            "buyer",
            "readmitted",
            "readmitted",
            "readmitted",
            "readmitted",
            "many drugs",
            "parts",
            "parts",
        )
    )
    serials: Counter[str] = Counter()
    for index in range({"buyer": random.randrange(12, 26), "readmitted": 7}.get(habit, random.randrange(1, 6))):
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
                for position, code in enumerate(random.sample(MILD if habit == "readmitted" else DIAGNOSES, random.randrange(0, 3)))
            ]
        for at in range(
            {"buyer": random.randrange(1, 3), "readmitted": random.randrange(1, 3), "many drugs": 9}.get(habit, random.randrange(1, 9))
        ):
            item = random.choice(regular) if random.random() < 0.8 else random.choice(ITEMS)
            if habit == "many drugs":
                item = DRUGS[at]
            if habit == "parts":
                item = random.choice(SERVICES)
            lines += charge(random, serials, visit, bills, item, "1" if habit == "many drugs" else random.choice("12"))
    return RawPerson(number, lines, encounters, settlements, diagnoses)


def encounter(random: Random, identity: str, number: str, sex: Any, birth: Any, death: Any, habit: str) -> dict[str, Any]:
    """A visit or stay."""
    kind = random.choice({"buyer": ("41", "41", "41", "41", "21"), "readmitted": ("21",), "many drugs": ("11", "14")}.get(habit, KINDS))
    begin = START + timedelta(days=random.randrange(0, {"buyer": 5, "readmitted": 30}.get(habit, 70)), hours=random.randrange(0, 4))
    length = random.randrange(1, 3 if habit == "readmitted" else 9) if kind == "21" else 0
    diagnoses = MILD if habit == "readmitted" else DIAGNOSES
    return {
        "mdtrt_id": identity,
        "psn_no": number,
        "fixmedins_code": PHARMACY if kind == "41" else random.choice(HOSPITALS[: 1 if habit == "readmitted" else 3]),
        "med_type": kind,
        "gend": sex,
        "brdy": birth,
        "insutype": maybe(random, random.choice(("310", "390", "510"))),
        "hosp_lv": maybe(random, "05", 0.3),
        "fix_blng_admdvs": maybe(random, random.choice(REGIONS), 0.7),
        "begntime": maybe(random, begin, 0.95),
        "at": begin,
        "endtime": maybe(random, begin + timedelta(days=length, hours=1), 0.93),
        "adm_caty": "A03",
        "dise_no": None,
        "dscg_maindiag_code": maybe(random, random.choice(diagnoses)),
        "dscg_way": random.choice("11112"),
        "die_date": death.date() if death else None,
        "matn_stas": None,
        "internet_flag": None,
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
        "bilg_dept_codg": "A03",
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
            random.choice(("western", "patent", "piece", "consumable", None)),
            24312 + month,
            day_number(date(2026, 1 + month, 1)),
            random.choice(REGIONS),
            random.randrange(0, 100) * MICRO,
            maybe(random, random.randrange(0, 40) * MICRO),
            maybe(random, random.randrange(0, 600_000)),
        )
        for item in DRUGS
        for month in range(11)
    ]
    return PartitionFacts(stock=tuple(rows))


LIMITS: dict[int, Callable[[Random], dict[str, Any]]] = {
    2: lambda r: {"insurance": "生育"},
    7: lambda r: r.choice(({"max_age_years": r.choice((10, 14))}, {"max_age_days": 28}, {})),
    8: lambda r: {},
    9: lambda r: {"max_days": maybe(r, r.choice((5, 15)))},
    10: lambda r: {
        "course_mode": maybe(r, r.choice(("days", "span", "span"))),
        "course_days": maybe(r, r.choice((1, 3)), 0.8),
        "course_months": maybe(r, 1, 0.3),
    },
    12: lambda r: {"level": maybe(r, r.choice((2, 3)))},
    13: lambda r: {"encounter": maybe(r, r.choice(("住院", "急诊或住院", "门诊", "门慢特")))},
    14: lambda r: {"max_price": maybe(r, r.choice((8, 12)) * MICRO), "level": maybe(r, r.choice((1, 2, 3)), 0.6)},
    15: lambda r: {"surgery_group": maybe(r, r.choice("AB")), "discount": maybe(r, MICRO // 2)},
    25: lambda r: window(r),
    26: lambda r: {"window": r.choice(("day", "encounter"))} | {"max_price": maybe(r, 15 * MICRO, 0.6)},
    27: lambda r: {"max_quantity": maybe(r, r.choice((1, 2)) * MICRO, 0.95)},
    31: lambda r: {"max_quantity": maybe(r, 2 * MICRO, 0.95), "per_days": maybe(r, r.choice((1, 7, 15)), 0.95)},
    34: lambda r: {"max_amount": r.choice((1000, 3000)), "per": maybe(r, r.choice(("calendar_day", "encounter", "year")))},
    64: lambda r: window(r),
    67: lambda r: {"sex": maybe(r, r.choice("12"))},
    74: lambda r: {},
}
"""Limits by class."""


def window(random: Random) -> dict[str, Any]:
    """A window, at times without the hours it needs."""
    name = maybe(random, random.choice(("day", "encounter", "hour", "hours")), 0.95)
    return {"window": name, "window_hours": maybe(random, 2, 0.95) if name == "hours" else None}


def points(random: Random) -> tuple[KnowledgePoint, ...]:
    """Several points a class; some end, begin late, hold in one region only, or lack their limit."""
    found = []
    for class_no, limit in LIMITS.items():
        for index in range(6):
            own = random.sample(SERVICES if class_no in (15, 26) else ITEMS, 3)
            others = (
                random.sample((*DIAGNOSES, "E11", "I10"), 2)
                if class_no == 8
                else [item for item in random.sample(ITEMS, 5) if item not in own]
            )
            codes = [PointCode("a", code) for code in own] + [PointCode("b", code) for code in others if class_no in (8, 25, 26, 64, 74)]
            if class_no == 26:
                codes = [PointCode("a", "LOCAL-1"), *(PointCode("b", code) for code in own[1:])]
            if class_no == 8 and index == 5:
                codes = codes[:3]
            point = KnowledgePoint(
                f"K{class_no:02d}-{index}",
                class_no,
                "示例",
                "",
                "",
                "",
                None,
                date(2020, 1, 1),
                None,
                (),
                "",
                "",
                "",
                True,
                "",
                Limit(**limit(random)),
                sorted_codes(codes),
            )
            change: dict[str, Any] = {}
            if index == 0:  # a point that lacks what it limits
                change["limit"] = replace(
                    point.limit, max_quantity=None, max_amount=None, course_days=None, sex=None, level=None, discount=None, window=None
                )
            if random.random() < 0.15:
                change["valid_from"] = date(2026, 2, 1)
            if random.random() < 0.15:
                change["valid_to"] = date(2026, 2, 20)
            if random.random() < 0.2:
                change["region"] = random.choice(("990101", "990100", "990000"))
            found.append(replace(point, **change))
    return tuple(found)
