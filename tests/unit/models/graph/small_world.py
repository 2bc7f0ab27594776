"""A little region by hand: persons who come to places at random, beside whatever a test plants."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import duckdb
import numpy as np
import pyarrow as pa

START = date(2026, 1, 1)
MONTH = 2026 * 12 + 5
"""June 2026, the last month of the world."""
_EMPTY = """
CREATE TABLE lines (person VARCHAR, encounter VARCHAR, institution VARCHAR, doctor VARCHAR, date BIGINT, live BOOLEAN, amount BIGINT,
  substance VARCHAR, days_supplied BIGINT, kind VARCHAR);
CREATE TABLE sales (trace VARCHAR, institution VARCHAR, id VARCHAR, person VARCHAR, item VARCHAR, time BIGINT, date BIGINT, amount BIGINT,
  split BOOLEAN);
"""


@dataclass
class World:
    """Visits as (person, place, moment) and phones by person; everything else follows."""

    visits: list[tuple[str, str, datetime]] = field(default_factory=list)
    phones: dict[str, str] = field(default_factory=dict)
    stays: list[tuple[str, str, date, date]] = field(default_factory=list)

    def visit(self, person: str, place: str, day: int, minute: int) -> None:
        """A visit `day` days after the start, `minute` minutes after midnight."""
        moment = datetime.combine(START, datetime.min.time()) + timedelta(days=day, minutes=minute)
        self.visits.append((person, place, moment))

    def connection(self, order: int = 0, threads: int = 2) -> duckdb.DuckDBPyConnection:
        """The tables that the graph reads, their rows shuffled by the seed `order`."""
        epoch = datetime(1970, 1, 1)
        rows = []
        for number, (person, place, moment) in enumerate(self.visits):
            day = (moment - epoch).days
            rows.append((f"E{number}", person, place, "outpatient", day, int((moment - epoch).total_seconds()), day))
        for number, (person, place, first, last) in enumerate(self.stays):
            begin, end = ((value - epoch.date()).days for value in (first, last))
            rows.append((f"S{number}", person, place, "inpatient", begin, begin * 86400 + 3600, end))
        shuffled = [rows[at] for at in np.random.default_rng(order).permutation(len(rows))] if order else rows
        columns = list(zip(*shuffled, strict=True))
        con = duckdb.connect(config={"threads": threads})
        names = ("id", "person", "institution", "kind", "begin_date", "begin_time", "end_date")
        con.register("given", pa.table(dict(zip(names, map(list, columns), strict=True))))
        con.execute("CREATE TABLE encounters AS SELECT *, TRUE AS live, 1000 AS total, FALSE AS internet FROM given")
        told = pa.table(
            {
                "mdtrt_id": list(columns[0]),
                "tel": pa.array([self.phones.get(person) for person in columns[1]], pa.string()),
            }
        )
        con.register("told", told)
        con.execute(
            "CREATE TABLE raw_mdtrt_d AS SELECT mdtrt_id, tel, 'home of ' || e.person AS addr, NULL::VARCHAR AS emp_no,"
            " '990101' AS insu_admdvs, NULL::TIMESTAMP AS updt_time, 1 AS known_fields, 'h' AS content_hash FROM told"
            " JOIN encounters AS e ON e.id = mdtrt_id"
        )
        con.execute(_EMPTY)
        return con


def ordinary(seed: int, persons: int = 300, visits: int = 12, places: int = 3, hours: tuple[int, int] = (480, 1020)) -> World:
    """Persons who come independently: random places, days of half a year, and minutes of the opening hours."""
    rng = np.random.default_rng(seed)
    world = World()
    for person in range(persons):
        world.phones[f"P{person:04d}"] = f"139{person:08d}"
        for _ in range(visits):
            world.visit(f"P{person:04d}", f"H{rng.integers(places)}", int(rng.integers(181)), int(rng.integers(*hours)))
    return world


def plant(world: World, members: list[str], days: list[int], place: str = "H0", phone: str | None = None) -> None:
    """Members who come within ten minutes of each other on these days; with a phone, they are one household."""
    for number, person in enumerate(members):
        world.phones[person] = phone or f"138{number:08d}"
        for day in days:
            world.visit(person, place, day, 600 + number)
