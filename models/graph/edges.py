"""Vertices and edges of the provider–patient graph, made in DuckDB from the facts of a store.

Everything lies inside a window of whole months that ends with the month asked for; nothing later is looked at. The tables are temporary
and named `graph_*`; a second call replaces them. Rows are compared by value only, so the order of the stored rows does not matter.

Persons, institutions and doctors are enumerated once, in the order of their codes: what is grouped, joined and compared after that are
whole numbers, although queries read and write the codes.
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


_TYPES = """
CREATE OR REPLACE TEMP TYPE graph_kind AS ENUM (
  'same_address', 'same_employer', 'same_phone', 'same_time_visits', 'trace_codes', 'treated_by', 'visits'
);
CREATE OR REPLACE TEMP TYPE graph_person AS ENUM (
  SELECT person FROM (
    SELECT person FROM encounters WHERE live AND begin_date BETWEEN {first} AND {last}
    UNION SELECT person FROM lines WHERE live AND doctor IS NOT NULL AND date BETWEEN {first} AND {last}
    UNION SELECT person FROM sales WHERE NOT split AND date BETWEEN {first} AND {last}
  ) WHERE person IS NOT NULL ORDER BY person
);
CREATE OR REPLACE TEMP TYPE graph_institution AS ENUM (
  SELECT institution FROM (
    SELECT institution FROM encounters WHERE live AND begin_date BETWEEN {first} AND {last}
    UNION SELECT institution FROM sales WHERE NOT split AND date BETWEEN {first} AND {last}
  ) WHERE institution IS NOT NULL ORDER BY institution
);
CREATE OR REPLACE TEMP TYPE graph_doctor AS ENUM (
  SELECT DISTINCT doctor FROM lines WHERE live AND doctor IS NOT NULL AND date BETWEEN {first} AND {last} ORDER BY doctor
)
"""
_VERTICES = """
CREATE OR REPLACE TEMP TABLE graph_vertices AS
WITH v AS (
  SELECT 'institution' AS subject, UNNEST(ENUM_RANGE(NULL::graph_institution))::VARCHAR AS id
  UNION ALL SELECT 'person', UNNEST(ENUM_RANGE(NULL::graph_person))::VARCHAR
  UNION ALL SELECT 'practitioner', UNNEST(ENUM_RANGE(NULL::graph_doctor))::VARCHAR
) SELECT (ROW_NUMBER() OVER (ORDER BY subject, id) - 1)::INTEGER AS number, subject, id FROM v
"""
_VISITS = """
CREATE OR REPLACE TEMP TABLE graph_visits AS
SELECT person::graph_person AS person, institution::graph_institution AS institution, id AS encounter, kind, begin_date AS day,
  begin_time AS time, LEAST(COALESCE(end_date, begin_date), {last}) AS end_day, COALESCE(total, 0) AS total,
  COALESCE(internet, FALSE) AS internet
FROM encounters WHERE live AND begin_date BETWEEN {first} AND {last}
"""
_SAID = """
CREATE OR REPLACE TEMP TABLE graph_said AS
WITH again AS (SELECT mdtrt_id FROM raw_mdtrt_d GROUP BY mdtrt_id HAVING COUNT(*) > 1),
once AS (
  SELECT mdtrt_id, tel, addr, emp_no, insu_admdvs FROM raw_mdtrt_d ANTI JOIN again USING (mdtrt_id)
  UNION ALL SELECT mdtrt_id, tel, addr, emp_no, insu_admdvs FROM raw_mdtrt_d SEMI JOIN again USING (mdtrt_id)
  QUALIFY ROW_NUMBER() OVER (PARTITION BY mdtrt_id ORDER BY updt_time DESC NULLS LAST, known_fields DESC, content_hash DESC) = 1
)
SELECT v.person, o.tel, o.addr, o.emp_no, MAX(o.insu_admdvs) AS insu_admdvs, MIN(v.day) AS first, MAX(v.day) AS last, COUNT(*) AS visits
FROM graph_visits AS v JOIN once AS o ON o.mdtrt_id = v.encounter GROUP BY v.person, o.tel, o.addr, o.emp_no
"""
_CONTACTS = """
CREATE OR REPLACE TEMP TABLE graph_contacts AS
WITH said AS (
  SELECT person, 'phone' AS attribute, TRIM(tel) AS value, MIN(first) AS first, MAX(last) AS last, SUM(visits)::BIGINT AS visits
  FROM graph_said WHERE tel IS NOT NULL GROUP BY person, TRIM(tel)
  UNION ALL SELECT person, 'address', TRIM(addr), MIN(first), MAX(last), SUM(visits)::BIGINT
  FROM graph_said WHERE addr IS NOT NULL GROUP BY person, TRIM(addr)
  UNION ALL SELECT person, 'employer', TRIM(emp_no), MIN(first), MAX(last), SUM(visits)::BIGINT
  FROM graph_said WHERE emp_no IS NOT NULL GROUP BY person, TRIM(emp_no)
), named AS (SELECT * FROM said WHERE value <> ''),
counted AS (SELECT attribute, value, COUNT(*) AS persons FROM named GROUP BY attribute, value)
SELECT n.*, c.persons FROM named AS n JOIN counted AS c USING (attribute, value)
"""
_HOMES = """
CREATE OR REPLACE TEMP TABLE graph_homes AS
WITH v AS (SELECT person, COUNT(*) AS visits FROM graph_visits GROUP BY person),
  h AS (SELECT person, MAX(insu_admdvs) AS region FROM graph_said GROUP BY person)
SELECT v.person, COALESCE(h.region, '') AS region, v.visits FROM v LEFT JOIN h USING (person)
"""
_TIES = """
CREATE OR REPLACE TEMP TABLE graph_ties AS
SELECT a.person AS one, b.person AS other, 'same_' || a.attribute AS kind, 1.0::DOUBLE AS weight,
  MIN(LEAST(a.first, b.first)) AS first, MAX(GREATEST(a.last, b.last)) AS last, MIN(a.persons) AS persons
FROM graph_contacts AS a JOIN graph_contacts AS b ON b.attribute = a.attribute AND b.value = a.value AND a.person < b.person
WHERE a.persons <= {pairs} GROUP BY a.person, b.person, a.attribute
"""
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
WITH d AS (
  SELECT person, institution, day, COUNT(*) AS visits, SUM(total)::BIGINT AS total FROM graph_visits GROUP BY person, institution, day
)
SELECT person, institution, COUNT(*) AS days, SUM(visits)::BIGINT AS visits, SUM(total)::BIGINT AS total, MIN(day) AS first,
  MAX(day) AS last
FROM d GROUP BY person, institution
"""
_DOCTORS = """
CREATE OR REPLACE TEMP TABLE graph_doctors AS
WITH d AS (
  SELECT person::graph_person AS person, doctor::graph_doctor AS doctor, date AS day, SUM(amount)::BIGINT AS total FROM lines
  WHERE live AND doctor IS NOT NULL AND date BETWEEN {first} AND {last} GROUP BY ALL
)
SELECT person, doctor, COUNT(*) AS days, SUM(total)::BIGINT AS total, MIN(day) AS first, MAX(day) AS last FROM d GROUP BY person, doctor
"""
_SALES = """
CREATE OR REPLACE TEMP TABLE graph_sales AS
WITH s AS (
  SELECT trace, institution::graph_institution AS institution, person::graph_person AS person, date AS day, time, amount, item, id
  FROM sales WHERE NOT split AND person IS NOT NULL AND date BETWEEN {first} AND {last}
), again AS (SELECT trace FROM s GROUP BY trace HAVING COUNT(*) > 1)
SELECT trace, institution, person, day, time, amount, item, 1 AS place, 1 AS times FROM s
WHERE NOT EXISTS (SELECT 1 FROM again AS a WHERE a.trace IS NOT DISTINCT FROM s.trace)
UNION ALL SELECT trace, institution, person, day, time, amount, item,
  ROW_NUMBER() OVER (PARTITION BY trace ORDER BY time, institution, id), COUNT(*) OVER (PARTITION BY trace)
FROM s WHERE EXISTS (SELECT 1 FROM again AS a WHERE a.trace IS NOT DISTINCT FROM s.trace)
"""
_CODES = """
CREATE OR REPLACE TEMP TABLE graph_codes AS
SELECT LEAST(a.person, b.person) AS one, GREATEST(a.person, b.person) AS other, COUNT(DISTINCT a.trace) AS codes,
  MIN(LEAST(a.day, b.day)) AS first, MAX(GREATEST(a.day, b.day)) AS last
FROM graph_sales AS a JOIN graph_sales AS b ON b.trace = a.trace AND a.place < b.place AND a.person <> b.person
WHERE a.times BETWEEN 2 AND {pairs} GROUP BY ALL
"""
_MET = """
CREATE OR REPLACE TEMP TABLE graph_met AS
SELECT one, other, COUNT(*) AS days, MIN(day) AS first, MAX(day) AS last
FROM (SELECT DISTINCT one, other, day FROM graph_meetings) GROUP BY one, other HAVING COUNT(*) >= {days}
"""
_EDGES = """
CREATE OR REPLACE TEMP TABLE graph_edges AS
WITH before AS MATERIALIZED (
  SELECT COUNT(*) FILTER (subject = 'institution')::INTEGER AS persons, COUNT(*) FILTER (subject <> 'practitioner')::INTEGER AS doctors
  FROM graph_vertices
), coded AS (
  SELECT ENUM_CODE(person)::INTEGER AS person, ENUM_CODE(institution)::INTEGER AS other, 'visits'::graph_kind AS kind,
    days AS weight, first, last, 0 AS of FROM graph_places
  UNION ALL SELECT ENUM_CODE(person)::INTEGER, ENUM_CODE(doctor)::INTEGER, 'treated_by'::graph_kind, days, first, last, 2 FROM graph_doctors
  UNION ALL SELECT ENUM_CODE(one)::INTEGER, ENUM_CODE(other)::INTEGER, kind::graph_kind, weight, first, last, 1 FROM graph_ties
  UNION ALL SELECT ENUM_CODE(one)::INTEGER, ENUM_CODE(other)::INTEGER, 'same_time_visits'::graph_kind, days, first, last, 1 FROM graph_met
  UNION ALL SELECT ENUM_CODE(one)::INTEGER, ENUM_CODE(other)::INTEGER, 'trace_codes'::graph_kind, codes, first, last, 1 FROM graph_codes
)
SELECT c.person + b.persons AS one, c.other + CASE c.of WHEN 0 THEN 0 WHEN 1 THEN b.persons ELSE b.doctors END AS other, c.kind,
  c.weight::DOUBLE AS weight, c.first, c.last
FROM coded AS c, before AS b WHERE c.person IS NOT NULL AND c.other IS NOT NULL
"""
_STEPS = (
    _TYPES,
    _VERTICES,
    _VISITS,
    _SAID,
    _CONTACTS,
    _HOMES,
    _TIES,
    _SLOTS,
    _MEETINGS,
    _PLACES,
    _DOCTORS,
    _SALES,
    _CODES,
    _MET,
    _EDGES,
)


def build_edges(con: duckdb.DuckDBPyConnection, month: int, bounds: Bounds | None = None) -> Window:
    """Make the tables `graph_visits`, `graph_contacts`, ..., `graph_vertices` (number, subject, id; ascending) and `graph_edges`.

    Args:
        con: a connection with facts (`encounters`, `lines`, `sales`) and the view `raw_mdtrt_d`.
        month: the last month, year × 12 + month − 1.
        bounds: see `Bounds`.

    Returns:
        The window covered. An edge has the numbers of two vertices (one, the other), kind, weight and the day numbers of its first and
        last event; weights are days (visits, treatment, same time), codes, or 1.
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
