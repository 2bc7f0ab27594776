"""Random messy stores for the parity tests: a few persons with every disorder that semantics.md 1 names, and more of it than in life."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from xiezhi.domain.money import micro
from xiezhi.domain.netting import Lookups, RawPerson
from xiezhi.domain.tables import TABLES, content_hash, known_fields
from xiezhi.domain.versions import newest, newest_of_person, resolve_persons
from xiezhi.ruleset.facts_sql import INPUTS
from xiezhi.storage.delta import arrow_type
from xiezhi.storage.duckdb_facts import build_facts

Row = dict[str, Any]
PLACES = ("H99010100001", "H99010100002", "P99010100003", "H99010199999")
ITEMS = ("XC08CAA909A001010199999", "ZA01BAF9997030199315", "001109000010000", "T000000001", "C01010100100000000001", "QX0000001", "0123")
DOCTORS = ("D1", "D2", "D3", "D9", None)
START = datetime(2026, 1, 28, 22, 0)


@dataclass
class Store:
    """Raw rows by table."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def add(self, table: str, **values: Any) -> None:
        spec = TABLES[table]
        row = {name: values.get(name) for name in spec.names}
        if table == "setl_list_diag_d" or row not in ({k: r[k] for k in row} for r in self.rows[table][-3:]):
            self.rows[table].append(row | {"content_hash": content_hash(spec, row), "known_fields": known_fields(spec, row)})

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB connection with the raw tables and the facts."""
        con = duckdb.connect(config={"threads": 2})
        self.load(con)
        build_facts(con, self.rows["psn_map_d"])
        return con

    def arrow(self, table: str) -> pa.Table:
        fields = [pa.field(column.name, arrow_type(column)) for column in TABLES[table].columns]
        schema = pa.schema([*fields, pa.field("content_hash", pa.string()), pa.field("known_fields", pa.int32())])
        return pa.Table.from_pylist(self.rows[table], schema=schema)

    def load(self, con: duckdb.DuckDBPyConnection) -> None:
        for table in INPUTS:
            con.register("arrived", self.arrow(table))
            con.execute(f"CREATE TABLE raw_{table} AS SELECT * FROM arrived")
            con.unregister("arrived")

    def person_of(self) -> Callable[[str], str]:
        resolved = resolve_persons(self.rows["psn_map_d"])
        return lambda number: resolved.get(number, number)

    def persons(self) -> list[RawPerson]:
        """Every person's raw rows, gathered the plain way."""
        person_of = self.person_of()
        owners: dict[str, dict[str, dict[Any, None]]] = defaultdict(lambda: defaultdict(dict))
        groups: dict[str, dict[Any, list[Row]]] = {}
        for table, identity in (("fee_list_d", ("fixmedins_code", "bkkp_sn")), ("mdtrt_d", ("mdtrt_id",)), ("setl_d", ("setl_id",))):
            groups[table] = defaultdict(list)
            for row in self.rows[table]:
                key = tuple(row[name] for name in identity)
                groups[table][key].append(row)
                owners[person_of(row["psn_no"])][table][key] = None
        result = []
        for person, keys in sorted(owners.items()):
            rows = {table: [row for key in keys[table] for row in groups[table][key]] for table in groups}
            visits = {row["mdtrt_id"] for row in rows["mdtrt_d"]}
            diagnoses = [row for row in self.rows["setl_list_diag_d"] if row["mdtrt_id"] in visits]
            result.append(RawPerson(person, rows["fee_list_d"], rows["mdtrt_d"], rows["setl_d"], diagnoses))
        return result

    def lookups(self) -> Lookups:
        """What lies outside the persons, gathered the plain way."""
        chosen = newest_of_person(self.rows["fee_list_d"], lambda r: (r["fixmedins_code"], r["bkkp_sn"]), self.person_of())
        prices: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
        for row, _ in chosen.values():
            if row["cnt"] > 0:
                prices[row["fixmedins_code"], row["med_list_codg"]][micro(row["pric"])] += 1
        staff: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in newest(self.rows["staff_d"], lambda r: (r["staff_code"], r["fixmedins_code"], r["begndate"])).values():
            staff[row["staff_code"], row["fixmedins_code"]].append(dict(row))
        return Lookups(
            person_map=resolve_persons(self.rows["psn_map_d"]),
            institutions={str(key): row for key, row in newest(self.rows["medins_d"], lambda r: r["fixmedins_code"]).items()},
            staff=staff,
            usual_prices={key: max(found, key=lambda price: (found[price], price)) for key, found in prices.items()},
            line_owners={(row["fixmedins_code"], row["bkkp_sn"]): self.person_of()(row["psn_no"]) for row, _ in chosen.values()},
            earliest_date=min(((row["fee_ocur_time"].date() - date(1970, 1, 1)).days for row, _ in chosen.values()), default=None),
        )


def build(seed: int, people: int, mess: float = 0.3) -> Store:
    """A random store of about `people` persons; `mess` is how probable each disorder is."""
    rng = random.Random(seed)
    store = Store()

    def odd() -> bool:
        return rng.random() < mess

    def some(value: Any) -> Any:
        return None if odd() else value

    def when(days: float = 40) -> datetime:
        return START + timedelta(seconds=rng.randrange(int(days * 86_400)))

    def updated() -> datetime | None:
        return rng.choice((None, None, START, START + timedelta(days=1), START + timedelta(days=2)))

    def versions(table: str, first: Row, change: Callable[[], Row]) -> None:
        values = first | {"updt_time": updated()}
        store.add(table, **values)
        while odd():
            values = values | change() | {"updt_time": updated()}
            store.add(table, **values)

    _staff_and_places(rng, store, odd, some)
    numbers = [f"9901{n:06d}" for n in range(people)]
    present = [number for number in numbers if not odd()]
    for number in numbers:
        if number not in present and numbers:
            versions("psn_map_d", {"old_psn_no": number, "psn_no": rng.choice(numbers)}, lambda: {"psn_no": rng.choice(numbers)})
    visits: list[tuple[str, str, str]] = []
    settlements: list[str] = []
    lines: list[Row] = []
    count = 0
    for number in numbers:
        for _ in range(rng.randrange(3)):
            count += 1
            visit, place = f"M{count}", rng.choice(PLACES)
            visits.append((visit, number, place))
            if not odd():
                versions("mdtrt_d", _visit(rng, visit, number, place, some, when), lambda: _change(rng, some, odd, numbers, when))
            for _ in range(rng.randrange(3)):
                count += 1
                total = Decimal(rng.randrange(0, 90_000)) / 100
                first = {
                    "setl_id": f"S{count}",
                    "mdtrt_id": visit,
                    "psn_no": number,
                    "fixmedins_code": place,
                    "setl_time": when(),
                    "medfee_sumamt": total,
                    "fund_pay_sumamt": (total * rng.randrange(100) / 100).quantize(Decimal("0.01")),
                    "refd_setl_flag": rng.choice(("0", "0", None, "1")) if odd() else "0",
                    "init_setl_id": rng.choice([*settlements[-3:], "SX"]) if odd() else None,
                }
                settlements.append(f"S{count}")
                other = rng.choice(numbers)
                versions("setl_d", first, lambda n=other: {"psn_no": n} if odd() else {"medfee_sumamt": Decimal(rng.randrange(9_999))})  # type: ignore[misc]
            for _ in range(rng.randrange(4)):
                store.add(
                    "setl_list_diag_d",
                    mdtrt_id=visit,
                    psn_no=number,
                    diag_code=rng.choice(("J18.900", "I10.x00", "A01.000", "E11.900")),
                    maindiag_flag=rng.choice("011"),
                    diag_type=rng.choice((None, "1")),
                    updt_time=updated(),
                )
        own = [v for v in visits if v[1] == number] or [("MX", number, rng.choice(PLACES))]
        for _ in range(rng.randrange(8)):
            count += 1
            visit, _, place = rng.choice(visits[-4:] or own) if odd() else rng.choice(own)
            quantity = Decimal(rng.choice(("1", "2", "3", "0.5", "0", "7.333333")))
            price = Decimal(rng.choice(("10", "12.345678", "0.35", "99.99")))
            line: Row = {
                "bkkp_sn": f"F{count}",
                "mdtrt_id": visit,
                "psn_no": number,
                "fixmedins_code": place,
                "fee_ocur_time": when(),
                "med_type": rng.choice(("11", "21", "41", "99")),
                "med_list_codg": rng.choice(ITEMS),
                "cnt": quantity,
                "pric": price,
                "det_item_fee_sumamt": (quantity * price).quantize(Decimal("0.01")),
                "setl_id": some(rng.choice(settlements[-3:] or ["SX"])),
                "rx_drord_no": some("R1"),
                "pric_uplmt_amt": some(Decimal("11.5")),
                "inscp_amt": some(Decimal(rng.randrange(-500, 5_000)) / 100),
                "medins_list_name": some("院内名称"),
                "hilist_name": some("医保名称"),
                "bilg_dept_codg": some("A01"),
                "bilg_dr_code": rng.choice(DOCTORS),
                "prd_days": some(Decimal(rng.choice(("7", "0.5", "30.000001", "0", "-1")))),
                "dscg_tkdrug_flag": some(rng.choice("01")),
            }
            lines.append(line)
            change = lambda: rng.choice(({"psn_no": rng.choice(numbers)}, {"cnt": Decimal(rng.choice((-1, 1, 4)))}, {"setl_id": None}))  # noqa: E731
            versions("fee_list_d", line, change)
            while odd():
                count += 1
                _refund(rng, store, lines, line, f"F{count}", when, numbers)
    if odd():
        rng.shuffle(store.rows["fee_list_d"])
    _inventory(rng, store, lines, odd, some, when)
    return store


def _visit(rng: random.Random, visit: str, number: str, place: str, some: Any, when: Any) -> Row:
    begin = when()
    return {
        "mdtrt_id": visit,
        "psn_no": number,
        "fixmedins_code": place,
        "gend": rng.choice(("1", "2", "9", None)),
        "brdy": some(date(rng.choice((1950, 2012, 2024, 2026)), rng.choice((1, 2, 3)), rng.choice((1, 28)))),
        "insutype": some("310"),
        "hosp_lv": rng.choice(("02", "05", "11", None, "99")),
        "begntime": begin,
        "endtime": some(begin + timedelta(days=rng.randrange(9))),
        "med_type": rng.choice(("11", "21", "14", "41", "71", "52", "13", "99")),
        "fix_blng_admdvs": some("990101"),
        "adm_caty": some("A03"),
        "dscg_maindiag_code": some("K29.500"),
        "dise_no": some("M01600"),
        "dscg_way": rng.choice(("1", "2", "5", None)),
        "die_date": date(2026, 2, rng.randrange(1, 28)) if rng.random() < 0.2 else None,
        "matn_stas": some("1"),
        "refl_old_mdtrt_id": "M0" if rng.random() < 0.2 else None,
        "internet_flag": some(rng.choice("01")),
    }


def _change(rng: random.Random, some: Any, odd: Any, numbers: list[str], when: Any) -> Row:
    if odd():
        return {"psn_no": rng.choice(numbers)}
    return {"gend": rng.choice(("1", "2", None)), "endtime": some(when()), "adm_caty": some("A05")}


def _refund(rng: random.Random, store: Store, lines: list[Row], line: Row, number: str, when: Any, numbers: list[str]) -> None:
    target: Any = line["bkkp_sn"]
    kind = rng.choice(("full", "full", "part", "part", "over", "unlinked", "foreign", "place", "pending", "refund"))
    quantity = {"part": Decimal("-0.5"), "over": -line["cnt"] - 1}.get(kind, -line["cnt"] if line["cnt"] else Decimal(-1))
    values = line | {"bkkp_sn": number, "fee_ocur_time": when(), "updt_time": rng.choice((None, START))}
    if kind == "unlinked":
        target = None
    elif kind == "foreign":
        values |= {"psn_no": rng.choice(numbers)}
    elif kind == "place":
        values |= {"fixmedins_code": rng.choice(PLACES)}
    elif kind == "pending":
        target = f"FX{number}"
    elif kind == "refund":
        target = number
    amount = (quantity * line["pric"]).quantize(Decimal("0.01")) * rng.choice((1, 1, 1, 2, -1))
    store.add("fee_list_d", **values | {"init_feedetl_sn": target, "cnt": quantity, "det_item_fee_sumamt": amount})


def _staff_and_places(rng: random.Random, store: Store, odd: Any, some: Any) -> None:
    for place in PLACES[:3]:
        for _ in range(rng.randrange(1, 3)):
            level, updated = rng.choice(("02", "09", None)), some(START)
            store.add("medins_d", fixmedins_code=place, hosp_lv=level, fix_blng_admdvs=some("990102"), updt_time=updated)
        for doctor in ("D1", "D2", "D3"):
            for _ in range(rng.randrange(3)):
                store.add(
                    "staff_d",
                    staff_code=doctor,
                    fixmedins_code=place,
                    dr_profttl=some(rng.choice(("231", "234"))),
                    caty=some("A02"),
                    status=some(rng.choice("1123")),
                    begndate=some(date(2026, rng.choice((1, 2)), rng.randrange(1, 28))),
                    enddate=some(date(2026, 2, rng.randrange(10, 28))),
                    updt_time=some(datetime(2026, 2, rng.randrange(1, 28))),
                )


def _inventory(rng: random.Random, store: Store, lines: list[Row], odd: Any, some: Any, when: Any) -> None:
    for place in PLACES[1:]:
        for item in ITEMS[:3]:
            key: Row = {"fixmedins_code": place, "med_list_codg": item, "fixmedins_bchno": some("B1")}
            for _ in range(rng.randrange(3)):
                at = when(70)
                for lot in range(rng.randrange(1, 3)):
                    count = Decimal(rng.choice((0, 1, 2, 5, -1)))
                    store.add("fsi_3501", **key | {"manu_lotnum": "L", "invdate": at, "inv_cnt": count, "fixmedins_bchno": f"B{lot}"})
            for table, column in (("fsi_3503", "purc_retn_cnt"), ("fsi_3504", "purc_retn_cnt"), ("fsi_3502", "cnt")):
                for number in range(rng.randrange(3)):
                    at, kind = when(70), rng.choice(("101", "102", "103", "104", "105", "106", "107", "108", "999"))
                    base = key | {"purc_retn_stoin_time": at, "inv_chg_time": at, "inv_chg_type": kind, "purc_invo_no": str(number)}
                    for _ in range(1 + odd()):
                        store.add(table, **base | {column: Decimal(rng.choice((1, 2, 3, -1))), "updt_time": some(START)})
    for _ in range(len(lines) // 2):
        line = rng.choice(lines)
        trace = f"8{rng.randrange(max(2, len(lines) // 4)):019d}"
        key = {"fixmedins_code": line["fixmedins_code"], "med_list_codg": line["med_list_codg"], "drug_trac_codg": some(trace)}
        sold = key | {
            "mdtrt_sn": some(line["mdtrt_id"]),
            "psn_no": some(line["psn_no"]),
            "rtal_docno": rng.choice((line["bkkp_sn"], line["bkkp_sn"], "X1", None)),
            "sel_retn_cnt": Decimal(rng.choice(("1", "0.333333", "0", "2"))),
            "sel_retn_time": rng.choice((line["fee_ocur_time"], when())),
            "finl_trns_pric": some(line["pric"]),
            "trdn_flag": some(rng.choice("01")),
            "mdtrt_setl_type": some(rng.choice("12")),
        }
        store.add("fsi_3505", **sold)
        while odd():
            store.add("fsi_3505", **sold | {"updt_time": some(START), "psn_no": "9901000000", "finl_trns_pric": some(Decimal("0.5"))})
        if odd():
            store.add("fsi_3506", **key | {"sel_retn_cnt": Decimal(1), "sel_retn_time": rng.choice((sold["sel_retn_time"], when()))})


@pytest.fixture(scope="session")
def messy_store() -> Callable[..., Store]:
    """`build(seed, people, mess)`."""
    return build
