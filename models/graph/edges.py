"""Vertices and edges of the provider–patient graph, made in DuckDB from the facts of a store.

Everything lies inside a window of whole months that ends with the month asked for; nothing later is looked at. The tables are temporary
and named `graph_*`; a second call replaces them. Rows are compared by value only, so the order of the stored rows does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from xiezhi.domain.calendar import date_of, day_number, first_of_month

SLOT = 900
"""Seconds of a slot: two visits at most this far apart count as the same time."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is normal life, and where counting stops.

    Attributes:
        window: months, the last of them the month asked for.
        household: a phone or an address of at most so many persons is that of a household.
        pairs: an attribute of more persons makes no pairs (its persons are still counted as one group).
        crowd: an attribute of more persons is ignored: a placeholder, a village, a big employer.
        slot: a place with more visits in one slot of 15 minutes makes no pairs of that slot.
        days: distinct days that two persons must meet.
        group: least persons of a lead, and least households among them.
        contact: least persons of a phone or an address that is looked at; an address must also exceed `household`.
        q: largest false discovery rate of a lead.
        lift: least ratio of observed to expected.
    """

    window: int = 6
    household: int = 12
    pairs: int = 60
    crowd: int = 1000
    slot: int = 60
    days: int = 3
    group: int = 3
    contact: int = 6
    q: float = 0.01
    lift: float = 3.0


@dataclass(frozen=True, slots=True)
class Window:
    """Month numbers and day numbers that the graph covers, both ends included."""

    month: int
    first: int
    last: int

    @property
    def text(self) -> str:
        """The last month, `YYYY-MM`."""
        return f"{self.month // 12:04d}-{self.month % 12 + 1:02d}"

    @property
    def days(self) -> int:
        """Days of the window."""
        return self.last - self.first + 1

    @property
    def dates(self) -> tuple[date, date]:
        """First and last date."""
        return date_of(self.first), date_of(self.last)


def window_of(month: int, months: int) -> Window:
    """The window of `months` months that ends with `month` (year × 12 + month − 1)."""
    return Window(month, day_number(first_of_month(month - months + 1)), day_number(first_of_month(month + 1)) - 1)


_VISITS = """
CREATE OR REPLACE TEMP TABLE graph_visits AS
SELECT person, institution, id AS encounter, kind, begin_date AS day, begin_time AS time,
  LEAST(COALESCE(end_date, begin_date), {last}) AS end_day, COALESCE(total, 0) AS total, COALESCE(internet, FALSE) AS internet
FROM encounters WHERE live AND begin_date BETWEEN {first} AND {last}
"""
_CONTACTS = """
CREATE OR REPLACE TEMP TABLE graph_contacts AS
WITH newest AS (
  SELECT r.mdtrt_id, r.tel, r.addr, r.emp_no FROM raw_mdtrt_d AS r SEMI JOIN graph_visits AS v ON v.encounter = r.mdtrt_id
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY r.mdtrt_id ORDER BY r.updt_time DESC NULLS LAST, r.known_fields DESC, r.content_hash DESC
  ) = 1
), said AS (
  SELECT v.person, v.day, UNNEST([
    {{'attribute': 'phone', 'value': TRIM(n.tel)}}, {{'attribute': 'address', 'value': TRIM(n.addr)}},
    {{'attribute': 'employer', 'value': TRIM(n.emp_no)}}
  ], recursive := TRUE) FROM newest AS n JOIN graph_visits AS v ON v.encounter = n.mdtrt_id
)
SELECT person, attribute, value, MIN(day) AS first, MAX(day) AS last, COUNT(*) AS visits,
  COUNT(*) OVER (PARTITION BY attribute, value) AS persons
FROM said WHERE value IS NOT NULL AND value <> '' GROUP BY person, attribute, value
"""
_HOMES = """
CREATE OR REPLACE TEMP TABLE graph_homes AS
SELECT v.person, COALESCE(MAX(r.insu_admdvs), '') AS region, COUNT(DISTINCT v.encounter) AS visits
FROM graph_visits AS v LEFT JOIN raw_mdtrt_d AS r ON r.mdtrt_id = v.encounter GROUP BY v.person
"""
_TIES = """
CREATE OR REPLACE TEMP TABLE graph_ties AS
SELECT a.person AS one, b.person AS other, 'same_' || a.attribute AS kind, 1.0::DOUBLE AS weight,
  MIN(LEAST(a.first, b.first)) AS first, MAX(GREATEST(a.last, b.last)) AS last, MIN(a.persons) AS persons
FROM graph_contacts AS a JOIN graph_contacts AS b ON b.attribute = a.attribute AND b.value = a.value AND a.person < b.person
WHERE a.persons <= {pairs} GROUP BY ALL
"""
_TIES = _TIES.replace("GROUP BY ALL", "GROUP BY a.person, b.person, a.attribute")
_SLOTS = """
CREATE OR REPLACE TEMP TABLE graph_slots AS
WITH s AS (
  SELECT person, institution, day, time, time // {slot_seconds} AS slot,
    COUNT(*) OVER (PARTITION BY institution, time // {slot_seconds}) AS crowd
  FROM graph_visits WHERE NOT internet
) SELECT person, institution, day, time, slot FROM s WHERE crowd <= {slot}
"""
_MEETINGS = """
CREATE OR REPLACE TEMP TABLE graph_meetings AS
WITH later AS (
  SELECT a.person AS a, b.person AS b, a.institution, a.day FROM graph_slots AS a
  JOIN graph_slots AS b ON b.institution = a.institution AND b.slot = a.slot AND a.person < b.person
  UNION ALL
  SELECT a.person AS a, b.person AS b, a.institution, a.day FROM graph_slots AS a
  JOIN graph_slots AS b ON b.institution = a.institution AND b.slot = a.slot + 1
    AND b.time - a.time <= {slot_seconds} AND a.person <> b.person
) SELECT LEAST(a, b) AS one, GREATEST(a, b) AS other, institution, day, COUNT(*) AS times FROM later GROUP BY ALL
"""
_PLACES = """
CREATE OR REPLACE TEMP TABLE graph_places AS
SELECT person, institution, COUNT(DISTINCT day) AS days, COUNT(*) AS visits, SUM(total)::BIGINT AS total,
  MIN(day) AS first, MAX(day) AS last
FROM graph_visits GROUP BY person, institution
"""
_DOCTORS = """
CREATE OR REPLACE TEMP TABLE graph_doctors AS
SELECT person, doctor, COUNT(DISTINCT date) AS days, SUM(amount)::BIGINT AS total, MIN(date) AS first, MAX(date) AS last
FROM lines WHERE live AND doctor IS NOT NULL AND date BETWEEN {first} AND {last} GROUP BY person, doctor
"""
_SALES = """
CREATE OR REPLACE TEMP TABLE graph_sales AS
SELECT trace, institution, person, date AS day, time, amount, item,
  ROW_NUMBER() OVER (PARTITION BY trace ORDER BY time, institution, id) AS place, COUNT(*) OVER (PARTITION BY trace) AS times
FROM sales WHERE NOT split AND person IS NOT NULL AND date BETWEEN {first} AND {last}
"""
_CODES = """
CREATE OR REPLACE TEMP TABLE graph_codes AS
SELECT LEAST(a.person, b.person) AS one, GREATEST(a.person, b.person) AS other, COUNT(DISTINCT a.trace) AS codes,
  MIN(LEAST(a.day, b.day)) AS first, MAX(GREATEST(a.day, b.day)) AS last
FROM graph_sales AS a JOIN graph_sales AS b ON b.trace = a.trace AND a.place < b.place AND a.person <> b.person
WHERE a.times BETWEEN 2 AND {pairs} GROUP BY ALL
"""
_EDGES = """
CREATE OR REPLACE TEMP TABLE graph_edges AS
SELECT 'person:' || person AS one, 'institution:' || institution AS other, 'visits' AS kind, days::DOUBLE AS weight, first, last
FROM graph_places
UNION ALL SELECT 'person:' || person, 'practitioner:' || doctor, 'treated_by', days::DOUBLE, first, last FROM graph_doctors
UNION ALL SELECT 'person:' || one, 'person:' || other, kind, weight, first, last FROM graph_ties
UNION ALL SELECT 'person:' || one, 'person:' || other, 'same_time_visits', COUNT(DISTINCT day)::DOUBLE, MIN(day), MAX(day)
  FROM graph_meetings GROUP BY one, other HAVING COUNT(DISTINCT day) >= {days}
UNION ALL SELECT 'person:' || one, 'person:' || other, 'trace_codes', codes::DOUBLE, first, last FROM graph_codes
"""
_STEPS = (_VISITS, _CONTACTS, _HOMES, _TIES, _SLOTS, _MEETINGS, _PLACES, _DOCTORS, _SALES, _CODES, _EDGES)


def build_edges(con: duckdb.DuckDBPyConnection, month: int, bounds: Bounds | None = None) -> Window:
    """Make the tables `graph_visits`, `graph_contacts`, ... and `graph_edges` (one, other, kind, weight, first, last).

    Args:
        con: a connection with facts (`encounters`, `lines`, `sales`) and the view `raw_mdtrt_d`.
        month: the last month, year × 12 + month − 1.
        bounds: see `Bounds`.

    Returns:
        The window covered. Vertices are `subject:id`; weights are days (visits, treatment, same time), codes, or 1.
    """
    bounds = bounds or Bounds()
    window = window_of(month, bounds.window)
    values = {"first": window.first, "last": window.last, "pairs": bounds.pairs, "slot": bounds.slot, "days": bounds.days}
    for step in _STEPS:
        con.execute(step.format(slot_seconds=SLOT, **values))
    return window


def ignored(con: duckdb.DuckDBPyConnection, bounds: Bounds) -> dict[str, int]:
    """What the bounds left out: attributes without pairs, attributes ignored, visits in crowded slots."""
    row = con.execute(
        "SELECT COUNT(DISTINCT (attribute, value)) FILTER (persons > ?), COUNT(DISTINCT (attribute, value)) FILTER (persons > ?),"
        " (SELECT COUNT(*) FROM graph_visits WHERE NOT internet) - (SELECT COUNT(*) FROM graph_slots) FROM graph_contacts",
        [bounds.pairs, bounds.crowd],
    ).fetchall()[0]
    return {"attributes_without_pairs": row[0], "attributes_ignored": row[1], "visits_in_crowded_slots": row[2]}
