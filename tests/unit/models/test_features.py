"""Features against numbers worked out by hand, on a few facts; peer groups; what is missing stays missing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from models.features import CATALOGUE, KEYS
from models.features.build import FINDING_COLUMNS, build_features
from models.features.peers import ALL, group
from xiezhi.domain.calendar import day_number
from xiezhi.domain.errors import UsageError
from xiezhi.domain.signal import Subject

COLUMNS = {
    "lines": "institution VARCHAR, id VARCHAR, person VARCHAR, encounter VARCHAR, date BIGINT, month BIGINT, time BIGINT, item VARCHAR,"
    " category VARCHAR, substance VARCHAR, quantity BIGINT, price BIGINT, amount BIGINT, in_scope BIGINT, doctor VARCHAR, kind VARCHAR,"
    " level INTEGER, caty VARCHAR, qualified BOOLEAN, days_supplied BIGINT, end_date BIGINT, live BOOLEAN, billed_amount BIGINT,"
    " billed_quantity BIGINT",
    "encounters": "institution VARCHAR, id VARCHAR, person VARCHAR, kind VARCHAR, sex VARCHAR, birth_date BIGINT, level INTEGER,"
    " region VARCHAR, begin_time BIGINT, begin_date BIGINT, end_date BIGINT, month BIGINT, main_category VARCHAR, fund BIGINT,"
    " total BIGINT, live BOOLEAN",
    "institutions": "institution VARCHAR, level INTEGER, region VARCHAR",
    "diagnoses": "person VARCHAR, encounter VARCHAR, code VARCHAR",
    "sales": "trace VARCHAR, institution VARCHAR, id VARCHAR, person VARCHAR, time BIGINT, date BIGINT, split BOOLEAN",
    "stock": "institution VARCHAR, month BIGINT, value BIGINT",
}


class Facts:
    """Tables of facts with only the columns that features read, filled row by row."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        for name, columns in COLUMNS.items():
            self.con.execute(f"CREATE TABLE {name} ({columns})")
        self.count = 0

    def add(self, table: str, row: Mapping[str, Any]) -> None:
        marks = ", ".join("?" for _ in row)
        self.con.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))

    def visit(
        self, person: str, on: date, fen: int, *, place: str = "H1", kind: str = "outpatient", days: int = 0, hour: int = 9, **line: Any
    ) -> str:
        """An encounter with one fee line; returns its id."""
        self.count += 1
        number, day, month = f"E{self.count:03d}", day_number(on), on.year * 12 + on.month - 1
        time = day * 86_400 + hour * 3_600
        common = {"institution": place, "id": number, "person": person, "kind": kind, "month": month, "live": True, "end_date": day + days}
        self.add(
            "encounters", common | {"begin_time": time, "begin_date": day, "fund": fen // 2, "total": fen, "sex": "1", "birth_date": 0}
        )
        charge = common | {
            "encounter": number, "date": day, "time": time, "item": "001", "category": "service", "quantity": 1_000_000,
            "price": fen * 10_000, "amount": fen, "billed_amount": fen, "billed_quantity": 1_000_000, "doctor": "D1",
        }  # fmt: skip
        self.add("lines", charge | line)
        return number

    def of(self, subject: Subject, identity: str, **more: Any) -> dict[str, Any]:
        rows = build_features(self.con, subject, "2026-05", **more).to_pylist()
        return next(row for row in rows if row["subject_id"] == identity)


def may(day: int) -> date:
    return date(2026, 5, day)


def test_shape_and_order() -> None:
    facts = Facts()
    facts.visit("P2", may(4), 100, place="H2")
    facts.visit("P1", may(4), 100, place="H1")
    for subject in Subject:
        table = build_features(facts.con, subject, "2026-05")
        assert table.column_names == [*KEYS, *(feature.name for feature in CATALOGUE[subject])]
        assert {field.type for field in list(table.schema)[len(KEYS) :]} == {pa.float64()}
        assert table.column("subject_id").to_pylist() == sorted(table.column("subject_id").to_pylist())
    assert facts.con.execute("SELECT COUNT(*) FROM duckdb_tables() WHERE table_name LIKE 'f\\_%' ESCAPE '\\'").fetchall() == [(0,)]


def test_names_are_unique_and_said_in_both_languages() -> None:
    for subject, features in CATALOGUE.items():
        assert len({feature.name for feature in features}) == len(features)
        for feature in features:
            assert feature.subject is subject
            assert feature.direction in (-1, 0, 1)
            assert feature.zh.strip()
            assert feature.en.isascii()


def test_visits_by_hand() -> None:
    facts = Facts()
    facts.visit("P1", may(4), 100)
    facts.visit("P1", may(9), 300, hour=23)  # a Saturday, at night
    facts.visit("P2", may(5), 300)
    facts.visit("P2", may(11), 500, item="XA01", category="western")
    row = facts.of(Subject.INSTITUTION, "H1")
    assert row["visits_per_person"] == 2
    assert row["fee_per_visit"] == 300
    assert row["fund_share"] == 0.5
    assert row["weekend_share"] == 0.25
    assert row["night_share"] == 0.25
    assert row["drug_share"] == pytest.approx(500 / 1200)
    # 300 on the 5th and on the 9th are four days apart: not the equal amounts of one round.
    assert row["equal_amount_share"] == 0
    assert row["days_per_stay"] is None, "no stays: unknown, not zero"
    person = facts.of(Subject.PERSON, "P1")
    assert (person["visits"], person["fee"], person["night_share"], person["stays"]) == (2, 400, 0.5, 0)


def test_equal_amounts_of_several_persons_within_two_days() -> None:
    facts = Facts()
    for person, day in (("P1", 4), ("P2", 5), ("P3", 20), ("P3", 21)):
        facts.visit(person, may(day), 777)
    assert facts.of(Subject.INSTITUTION, "H1")["equal_amount_share"] == 0.5, "the same person twice is no equal pair"


def test_persons_who_come_together_on_two_days() -> None:
    facts = Facts()
    for day in (4, 6):
        facts.visit("P1", may(day), 100)
        facts.visit("P2", may(day), 200)
    facts.visit("P3", may(4), 300)
    facts.visit("P4", may(8), 300)
    assert facts.of(Subject.INSTITUTION, "H1")["together_share"] == 0.5, "P1 and P2 of four; P3 met them once"


def test_stays_by_hand() -> None:
    facts = Facts()
    for number, (day, days) in enumerate(((1, 2), (2, 4), (3, 6), (4, 8))):
        facts.visit(f"P{number}", may(day), 1000, kind="inpatient", days=days)
    facts.visit("P0", may(18), 2000, kind="inpatient", days=5)  # 15 days after the discharge of the 3rd
    facts.visit("P3", may(8), 100, place="H2")  # during the stay from the 4th to the 12th
    facts.visit("P2", may(9), 100, place="H2")  # the day of discharge is free
    row = facts.of(Subject.INSTITUTION, "H1")
    assert row["days_per_stay"] == 5
    assert row["readmission_share"] == 0.2
    assert row["overlap_share"] == 0.2
    assert row["short_stay_share"] == 0.2
    assert facts.of(Subject.PERSON, "P3")["overlap_days"] == 1
    assert facts.of(Subject.PERSON, "P2")["overlap_days"] == 0


def test_growth_needs_two_earlier_months() -> None:
    facts = Facts()
    facts.visit("P1", date(2026, 4, 3), 100)
    facts.visit("P1", may(3), 300)
    assert facts.of(Subject.INSTITUTION, "H1")["fee_growth"] is None
    facts.visit("P1", date(2026, 3, 3), 200)
    assert facts.of(Subject.INSTITUTION, "H1")["fee_growth"] == 2
    facts.visit("P1", date(2026, 6, 3), 9_000)  # later months do not show
    assert facts.of(Subject.INSTITUTION, "H1")["fee_growth"] == 2


def test_a_code_sold_again() -> None:
    facts = Facts()
    facts.visit("P1", may(4), 100)
    for trace, person, day in (("T1", "P9", date(2026, 1, 5)), ("T1", "P1", may(4)), ("T2", "P1", may(4))):
        when = day_number(day)
        facts.add("sales", {"trace": trace, "institution": "H1", "id": trace, "person": person, "time": when * 86_400, "date": when})
    assert facts.of(Subject.PERSON, "P1")["repeated_traces"] == 1


def test_findings_count_in_the_window_and_never_above_one() -> None:
    facts = Facts()
    facts.visit("P1", may(4), 100)
    facts.visit("P2", may(5), 300, place="H2")

    def finding(verdict: str, fen: int, on: date, status: str = "open") -> dict[str, Any]:
        values = ("H1", "D1", "P1", f"R-{verdict}", verdict, fen, on, status)
        return dict(zip(FINDING_COLUMNS, values, strict=True))

    rows = [
        finding("definite", 90, may(4)),
        finding("definite", 90, may(4)),
        finding("suspicious", 25, may(4)),
        finding("suspicious", 75, may(4), "withdrawn"),
        finding("suspicious", 75, date(2026, 1, 4)),
        finding("suspicious", 75, date(2026, 6, 4)),
    ]
    row = facts.of(Subject.INSTITUTION, "H1", findings=pa.Table.from_pylist(rows))
    assert (row["definite_share"], row["suspicious_share"], row["finding_rate"], row["finding_rules"]) == (1, 0.25, 300, 2)
    other = facts.of(Subject.INSTITUTION, "H2", findings=pa.Table.from_pylist(rows))
    assert (other["definite_share"], other["finding_rate"]) == (0, 0)
    assert facts.of(Subject.INSTITUTION, "H1")["definite_share"] is None, "nothing was looked for: unknown"


def test_wrong_use() -> None:
    facts = Facts()
    with pytest.raises(UsageError):
        build_features(facts.con, Subject.PERSON, "2026-5")
    with pytest.raises(UsageError):
        build_features(facts.con, Subject.PERSON, "2026-05", window=0)
    with pytest.raises(UsageError):
        build_features(facts.con, Subject.PERSON, "2026-05", graph=pa.table({"subject_id": ["P1"], "visits": [1.0]}))


def test_peer_groups_are_as_narrow_as_they_are_large_enough() -> None:
    keys = {f"a{i}": ["医院", "一级", "990101"] for i in range(5)}
    keys |= {f"b{i}": ["医院", "一级", f"99010{i}"] for i in range(2, 7)}
    keys |= {"c": ["医院", "三级", "990101"], "d": ["药店", "未定级", "990101"]}
    found = {subject: (key, peers) for subject, key, peers in group(keys, 5)}
    assert found["a0"] == ("医院/一级/990101", 5)
    assert found["b2"] == ("医院/一级", 5)
    assert found["c"] == found["d"] == (ALL, 2)
    sizes: dict[str, int] = {}
    for key, _ in found.values():
        sizes[key] = sizes.get(key, 0) + 1
    assert all(peers == sizes[key] for key, peers in found.values()), "the stated number is that of the rows with the key"
