"""From what a case gives to the facts it is judged by: what is not said is an ordinary visit, and everything passes the netting.

What stands where a case is silent: one person (P1, male, born 1980-01-01), one outpatient visit (E1) on 2026-03-10 at one hospital
of level 2 in region 990101, one fee line of 1 × 10.00 yuan of `ITEM` in each visit, one settlement a visit of which the fund paid
80 %, ids that count up (E1, L1, S1 …), times of day that rise with the order of the lines.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from xiezhi.domain.calendar import day_number
from xiezhi.domain.errors import Place, Problems
from xiezhi.domain.facts import ENCOUNTER_KINDS, INPATIENT, PHARMACY, InstitutionMonth, Line, PersonFacts, Sale, Stock
from xiezhi.domain.indicators import institution_months
from xiezhi.domain.knowledge import KnowledgePoint, PointCode, sorted_codes
from xiezhi.domain.money import micro
from xiezhi.domain.netting import Lookups, RawPerson, person_facts
from xiezhi.domain.sales import sales
from xiezhi.domain.stock import RawStock, stock
from xiezhi.domain.tables import TABLES, Kind, content_hash, known_fields
from xiezhi.domain.versions import Row, resolve_persons
from xiezhi.ruleset.knowledge.limits import read_limit
from xiezhi.ruleset.knowledge.vocabulary import why_not_coded
from xiezhi.ruleset.points import PointBase
from xiezhi.ruleset.spec import RuleCase, RuleSpec

ITEM = "XA01AAA001A001010100001"
"""The item of a line, sale or point that names none: a western drug of the right shape that no catalogue holds."""
HOSPITAL, PHARMACY_CODE, REGION, PERSON = "H99010100001", "P99010100001", "990101", "P1"
VISIT_BEGIN = datetime(2026, 3, 10, 8)
FIRST_LINE = time(9)
STORE_FROM = date(2020, 1, 1)
CENT = Decimal("0.01")
FUND_SHARE = Decimal("0.8")
STAY_DAYS = 5


@dataclass(frozen=True)
class CaseFacts:
    """The facts of a case by partition: persons, trace codes, institutions; and its knowledge points."""

    persons: tuple[PersonFacts, ...]
    sales: Mapping[str, tuple[Sale, ...]]
    stock: Mapping[str, tuple[Stock, ...]]
    months: Mapping[str, tuple[InstitutionMonth, ...]]
    points: PointBase


def case_facts(rule: RuleSpec, case: RuleCase) -> CaseFacts:
    """The facts of a case; raises `XiezhiError` where a knowledge point of the case cannot be used."""
    return _Builder(rule, case.given).facts(points_of(rule, case))


def points_of(rule: RuleSpec, case: RuleCase) -> list[KnowledgePoint]:
    """The knowledge points of a case, read like published ones; by default one without a limit where the rule needs one."""
    if rule.knowledge is None:
        return []
    problems = Problems()
    points = []
    for index, given in enumerate(case.given.get("points", [] if rule.knowledge.optional else [{}])):
        place = Place(rule.path, case.line, field=f"{case.name}: points.{index}")
        name = given.get("item_name", "示例")
        text = json.dumps(given.get("limit", {}), ensure_ascii=False, default=str)
        limit, departments = read_limit(rule.knowledge.class_no, text, name, "", place, problems)
        limited = given.get("a")
        codes = [PointCode("a", code) for code in ([ITEM] if limited is None else limited)]
        codes += [PointCode("b", code) for code in given.get("b", ())] + [PointCode("dept", code) for code in departments]
        if reason := why_not_coded(rule.knowledge.class_no, limit, tuple(codes)):
            problems.add(f"this point cannot be judged: {reason}", place, todo="give a, b and limit as in docs/reference/rule-language.md")
        start, end = given.get("valid_from", STORE_FROM), given.get("valid_to")
        kp_id, region = given.get("kp_id") or f"K{index + 1}", given.get("region", "")
        points.append(
            KnowledgePoint(
                kp_id, rule.knowledge.class_no, name, "", "", "", None, start, end, (), region, "", "", True, "", limit, sorted_codes(codes)
            )
        )  # fmt: skip
    problems.raise_if_any()
    return points


def _moment(value: date | datetime | None, clock: time) -> datetime | None:
    """A time, or a date at a time of day."""
    return value if value is None or isinstance(value, datetime) else datetime.combine(value, clock)


def _raw(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as it is stored, with its version columns; a time that is only a date is its midnight."""
    spec = TABLES[table]
    times = {c.name: _moment(row[c.name], time(0)) for c in spec.columns if c.kind is Kind.DATETIME and c.name in row}
    row = {**row, **times}
    return {**row, "content_hash": content_hash(spec, row), "known_fields": known_fields(spec, row)}


class _Builder:
    def __init__(self, rule: RuleSpec, given: Mapping[str, Any]) -> None:
        self.rule, self.given = rule, given
        self.encounters = [self.encounter(index, row) for index, row in enumerate(self.rows("encounter", "encounters", [{}]))]
        self.by_id = {row["mdtrt_id"]: row for row in self.encounters}
        one_each: list[Mapping[str, Any]] = [{"mdtrt_id": row["mdtrt_id"]} for row in self.encounters]
        silent = [] if rule.row_kind in ("sale", "stock") else one_each
        self.lines = [self.line(index, row) for index, row in enumerate(self.rows("line", "lines", silent))]
        self.settlements = [self.settlement(index, row) for index, row in enumerate(self.rows("settlement", "settlements", one_each))]
        known = {row["mdtrt_id"]: row["setl_id"] for row in reversed(self.settlements)}
        for row in self.lines:
            row.setdefault("setl_id", known.get(row["mdtrt_id"]))

    def rows(self, one: str, many: str, default: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The rows of a list, else those that stand where the case is silent, each over what the single row says of all."""
        listed = default if self.given.get(many) is None else self.given[many]
        return [{**(self.given.get(one) or {}), **row} for row in listed]

    def encounter(self, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        kind = ENCOUNTER_KINDS.get(row.get("med_type") or "11")
        values: dict[str, Any] = {
            "mdtrt_id": f"E{index + 1}", "psn_no": PERSON, "gend": "1", "brdy": date(1980, 1, 1), "insutype": "310", "hosp_lv": "05",
            "fixmedins_code": PHARMACY_CODE if kind == PHARMACY else HOSPITAL, "fix_blng_admdvs": REGION, "med_type": "11", **row,
        }  # fmt: skip
        values["begntime"] = _moment(row.get("begntime", VISIT_BEGIN), time(8)) if "begntime" in row else VISIT_BEGIN
        begin = values["begntime"]
        if "endtime" in row:
            values["endtime"] = _moment(row["endtime"], time(10))
        elif begin is not None:
            values["endtime"] = begin + timedelta(days=STAY_DAYS if kind == INPATIENT else 0, hours=2)
        return values

    def line(self, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        encounter = self.by_id.get(row.get("mdtrt_id", self.encounters[0]["mdtrt_id"]), {})
        clock = (datetime.combine(VISIT_BEGIN, FIRST_LINE) + timedelta(minutes=index)).time()
        begin = (encounter.get("begntime") or VISIT_BEGIN).date()
        values: dict[str, Any] = {
            "bkkp_sn": f"L{index + 1}", "mdtrt_id": self.encounters[0]["mdtrt_id"], "psn_no": encounter.get("psn_no", PERSON),
            "fixmedins_code": encounter.get("fixmedins_code", HOSPITAL), "med_type": encounter.get("med_type"), "med_list_codg": ITEM,
            "cnt": Decimal(1), "pric": Decimal(10), "medins_list_name": "示例项目", **row,
        }  # fmt: skip
        values["fee_ocur_time"] = _moment(row.get("fee_ocur_time", begin), clock)
        values.setdefault("det_item_fee_sumamt", (values["cnt"] * values["pric"]).quantize(CENT, ROUND_HALF_UP))
        values.setdefault("inscp_amt", values["det_item_fee_sumamt"])
        return values

    def settlement(self, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        encounter = self.by_id.get(row.get("mdtrt_id", self.encounters[0]["mdtrt_id"]), self.encounters[0])
        spent = sum((r["det_item_fee_sumamt"] for r in self.lines if r["mdtrt_id"] == encounter["mdtrt_id"]), Decimal(0))
        values: dict[str, Any] = {
            "setl_id": f"S{index + 1}", "mdtrt_id": encounter["mdtrt_id"], "psn_no": encounter["psn_no"],
            "fixmedins_code": encounter["fixmedins_code"], "medfee_sumamt": spent, **row,
        }  # fmt: skip
        values.setdefault("fund_pay_sumamt", (values["medfee_sumamt"] * FUND_SHARE).quantize(CENT, ROUND_HALF_UP))
        values["setl_time"] = _moment(row.get("setl_time", encounter.get("endtime") or encounter.get("begntime")), time(12))
        return values

    def diagnoses(self) -> list[dict[str, Any]]:
        seen: set[str] = set()
        result = []
        for row in self.given.get("diagnoses", ()):
            encounter = row.get("mdtrt_id", self.encounters[0]["mdtrt_id"])
            values = {"mdtrt_id": encounter, "maindiag_flag": "0" if encounter in seen else "1", **row}
            seen.add(encounter)
            result.append(_raw("setl_list_diag_d", values))
        return result

    def lookups(self) -> Lookups:
        codes = {row["fixmedins_code"] for row in (*self.encounters, *self.lines)}
        places: dict[str, Row] = {code: {"fixmedins_code": code, "fix_blng_admdvs": REGION} for code in codes}
        for row in self.rows("institution", "institutions", [{}]):
            code = row.get("fixmedins_code", HOSPITAL)
            places[code] = {"fix_blng_admdvs": REGION, **row, "fixmedins_code": code}
        staff: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self.given.get("staff", ()):
            values: dict[str, Any] = {"staff_code": "D1", "fixmedins_code": HOSPITAL, "status": "1", "begndate": STORE_FROM, **row}
            staff[values["staff_code"], values["fixmedins_code"]].append(_raw("staff_d", values))
        prices: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
        for line in self.lines:
            if line["cnt"] > 0:
                prices[line["fixmedins_code"], line["med_list_codg"]][micro(line["pric"])] += 1
        return Lookups(
            person_map=resolve_persons(_raw("psn_map_d", row) for row in self.given.get("persons_merged", ())),
            institutions=places,
            staff=staff,
            usual_prices={key: max(counts, key=lambda price: (counts[price], price)) for key, counts in prices.items()},
            line_owners={(row["fixmedins_code"], row["bkkp_sn"]): row["psn_no"] for row in self.lines},
            earliest_date=day_number(self.given.get("store_from") or STORE_FROM),
        )

    def facts(self, points: Sequence[KnowledgePoint]) -> CaseFacts:
        lookups = self.lookups()
        tables = {
            "lines": [_raw("fee_list_d", row) for row in self.lines],
            "encounters": [_raw("mdtrt_d", row) for row in self.encounters],
            "settlements": [_raw("setl_d", row) for row in self.settlements],
        }
        numbers = {lookups.person_map.get(row["psn_no"], row["psn_no"]) for rows in tables.values() for row in rows}
        # Every person is given all rows: the netting takes those that are theirs, and a refused correction needs the others.
        persons = [
            person_facts(RawPerson(number, tables["lines"], tables["encounters"], tables["settlements"], self.diagnoses()), lookups)
            for number in sorted(numbers)
        ]
        lines = [line for person in persons for line in person.lines]
        places = {line.institution: lookups.institutions.get(line.institution, {}).get("fix_blng_admdvs", REGION) for line in lines}
        visits = [visit for person in persons for visit in person.encounters]
        months = {place: institution_months(place, lines, visits, region) for place, region in sorted(places.items())}
        return CaseFacts(tuple(persons), self.sales(lines, lookups), self.stock(lines, lookups), months, PointBase.of(points))

    def moves(self, key: str, table: str, when: str, defaults: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Rows of an inventory table with its defaults."""
        result = []
        for index, row in enumerate(self.given.get(key) or ()):
            clock = time(10, index)
            values = {"fixmedins_code": HOSPITAL, "med_list_codg": ITEM, **defaults, **row}
            values[when] = _moment(row.get(when, defaults[when]), clock)
            result.append(_raw(table, values))
        return result

    def sales(self, lines: Sequence[Line], lookups: Lookups) -> Mapping[str, tuple[Sale, ...]]:
        sale: dict[str, Any] = {
            "drug_trac_codg": "T1", "sel_retn_cnt": Decimal(1), "finl_trns_pric": Decimal(10), "psn_no": PERSON, "trdn_flag": "0",
            "mdtrt_setl_type": "1", "sel_retn_time": VISIT_BEGIN.date(),
        }  # fmt: skip
        sold = self.moves("sales", "fsi_3505", "sel_retn_time", sale)
        returned = self.moves("sale_returns", "fsi_3506", "sel_retn_time", sale)
        known = {(line.institution, line.id): line for line in lines}
        by_code: dict[str, list[Sale]] = defaultdict(list)
        for each in sales(sold, returned, known, lookups.person_map):
            by_code[each.trace].append(each)
        return {trace: tuple(group) for trace, group in sorted(by_code.items())}

    def stock(self, lines: Sequence[Line], lookups: Lookups) -> Mapping[str, tuple[Stock, ...]]:
        first = date(VISIT_BEGIN.year, VISIT_BEGIN.month, 1)
        bought: dict[str, Any] = {"purc_retn_cnt": Decimal(1), "purc_retn_stoin_time": first}
        counted = self.moves("stocktakes", "fsi_3501", "invdate", {"inv_cnt": Decimal(0), "invdate": first})
        changed = self.moves("stock_changes", "fsi_3502", "inv_chg_time", {"inv_chg_type": "101", "cnt": Decimal(1), "inv_chg_time": first})
        purchases = self.moves("purchases", "fsi_3503", "purc_retn_stoin_time", bought)
        returns = self.moves("purchase_returns", "fsi_3504", "purc_retn_stoin_time", bought)
        places = sorted({row["fixmedins_code"] for row in (*counted, *changed, *purchases, *returns)})
        result = {}
        for place in places:
            own = [tuple(row for row in rows if row["fixmedins_code"] == place) for rows in (counted, changed, purchases, returns)]
            region = lookups.institutions.get(place, {}).get("fix_blng_admdvs", REGION)
            result[place] = stock(RawStock(place, own[0], own[1], own[2], own[3]), lines, region)
        return result
