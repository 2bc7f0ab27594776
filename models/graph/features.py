"""Features of the graph for the models: company, bridges between communities, groups. A plain number of neighbours is not among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from models.features.feature import Feature, Row, catalogue
from models.graph.edges import Bounds, Window, build_edges
from models.graph.households import households
from models.graph.leads import leads_of
from models.graph.network import Measures, Network, build_network, measure
from xiezhi.domain.signal import Lead, Subject

_PERSON: tuple[Row, ...] = (
    ("graph_community_size", "count", 0, "关系网社区规模", "vertices of the community in the graph"),
    ("graph_bridge", "ratio", 1, "跨社区程度", "spread of visits and ties over communities (participation)"),
    ("graph_partners", "count", 1, "户外同时同地就诊伙伴数", "persons of other households met at one place on several days"),
    ("graph_contact_partners", "count", 1, "户外共用电话人数", "persons of other households with the same phone"),
    ("graph_code_partners", "count", 1, "共用追溯码人数", "persons with the same trace code"),
    ("graph_groups", "count", 1, "所属群组线索数", "group leads that the person belongs to"),
)
_INSTITUTION: tuple[Row, ...] = (
    ("graph_group_visit_share", "share", 1, "群组线索成员就诊占比", "share of visits by members of group leads"),
    ("graph_meeting_lift", "ratio", 1, "结伴就诊倍数", "repeated meetings of pairs of other households over chance"),
    ("graph_visitor_bridge", "ratio", 1, "就诊人跨社区程度", "participation of the visitors, mean over visits"),
    ("graph_contact_share", "share", 1, "户外共用电话者就诊占比", "share of visits by persons who share a phone with other households"),
    ("graph_code_share", "share", 1, "重复追溯码销售占比", "share of scanned sales whose code was sold before"),
    ("graph_centre_bridge", "ratio", 0, "来源社区分散程度", "spread of the place's visitors over communities"),
)
_PRACTITIONER: tuple[Row, ...] = (
    ("graph_group_day_share", "share", 1, "群组线索成员诊疗占比", "share of patient days with members of group leads"),
    ("graph_patient_bridge", "ratio", 1, "患者跨社区程度", "participation of the patients, mean over patient days"),
    ("graph_centre_bridge", "ratio", 0, "患者来源社区分散程度", "spread of the patients over communities"),
)
GRAPH_FEATURES: Mapping[Subject, tuple[Feature, ...]] = {
    Subject.PERSON: catalogue(Subject.PERSON, _PERSON, "graph"),
    Subject.INSTITUTION: catalogue(Subject.INSTITUTION, _INSTITUTION, "graph"),
    Subject.PRACTITIONER: catalogue(Subject.PRACTITIONER, _PRACTITIONER, "graph"),
}
"""Features of the graph by subject, in the order of their columns."""

_FAR = """
CREATE OR REPLACE TEMP TABLE graph_far AS
WITH named AS (
  SELECT a.id AS one, b.id AS other, e.kind FROM graph_edges AS e JOIN graph_vertices AS a ON a.number = e.one
  JOIN graph_vertices AS b ON b.number = e.other WHERE e.kind IN ('same_time_visits', 'same_phone', 'trace_codes')
), apart AS (
  SELECT n.one, n.other, n.kind FROM named AS n JOIN graph_household AS a ON a.person = n.one
  JOIN graph_household AS b ON b.person = n.other
  WHERE a.household <> b.household
)
SELECT one AS person, other AS partner, kind FROM apart UNION ALL SELECT other, one, kind FROM apart
"""
_PERSONS = """
SELECT v.person::VARCHAR AS subject_id, '{month}' AS month, m.community_size::DOUBLE AS graph_community_size, m.bridge AS graph_bridge,
  COALESCE(f.partners, 0)::DOUBLE AS graph_partners, COALESCE(f.contacts, 0)::DOUBLE AS graph_contact_partners,
  COALESCE(f.codes, 0)::DOUBLE AS graph_code_partners, COALESCE(g.groups, 0)::DOUBLE AS graph_groups
FROM graph_homes AS v JOIN graph_measures AS m ON m.subject = 'person' AND m.id = v.person
LEFT JOIN (
  SELECT person, COUNT(*) FILTER (kind = 'same_time_visits') AS partners, COUNT(*) FILTER (kind = 'same_phone') AS contacts,
    COUNT(*) FILTER (kind = 'trace_codes') AS codes FROM graph_far GROUP BY person
) AS f ON f.person = v.person
LEFT JOIN (SELECT person, COUNT(*) AS groups FROM graph_grouped GROUP BY person) AS g ON g.person = v.person
ORDER BY v.person
"""
_INSTITUTIONS = """
WITH g AS (SELECT DISTINCT person FROM graph_grouped), c AS (SELECT DISTINCT person FROM graph_far WHERE kind = 'same_phone'),
p AS (
  SELECT p.institution, SUM(p.visits) AS visits, SUM(p.visits) FILTER (g.person IS NOT NULL) AS grouped,
    SUM(p.visits) FILTER (c.person IS NOT NULL) AS shared, SUM(p.visits * m.bridge ORDER BY p.person) AS bridged
  FROM graph_places AS p LEFT JOIN g USING (person) LEFT JOIN c USING (person)
  JOIN graph_measures AS m ON m.subject = 'person' AND m.id = p.person GROUP BY p.institution
),
n AS (SELECT institution, person, COUNT(*)::DOUBLE AS n FROM graph_slots GROUP BY ALL),
t AS (SELECT institution, SUM(n) AS s1, SUM(n ** 2) AS s2, SUM(n ** 4) AS s4 FROM n GROUP BY institution),
w AS (
  SELECT m.institution, m.one, m.other, SUM(m.times) AS times, a.household <> b.household AS apart FROM graph_meetings AS m
  JOIN graph_household AS a ON a.person = m.one JOIN graph_household AS b ON b.person = m.other GROUP BY ALL
),
o AS (SELECT institution, SUM(times)::DOUBLE AS close, SUM(times * (times - 1) / 2) FILTER (apart) AS again FROM w GROUP BY institution),
e AS (
  SELECT t.institution, COALESCE(o.again, 0) AS again,
    (o.close / NULLIF((t.s1 ** 2 - t.s2) / 2, 0)) ** 2 / 2 * (t.s2 ** 2 - t.s4) / 2 AS chance FROM t LEFT JOIN o USING (institution)
),
s AS (SELECT institution, COUNT(*) AS sold, COUNT(*) FILTER (place >= 2) AS again FROM graph_sales GROUP BY institution)
SELECT p.institution::VARCHAR AS subject_id, '{month}' AS month, COALESCE(p.grouped, 0) / p.visits AS graph_group_visit_share,
  (e.again + 1) / (e.chance + 1) AS graph_meeting_lift, p.bridged / p.visits AS graph_visitor_bridge,
  COALESCE(p.shared, 0) / p.visits AS graph_contact_share, s.again / s.sold AS graph_code_share, m.bridge AS graph_centre_bridge
FROM p JOIN graph_measures AS m ON m.subject = 'institution' AND m.id = p.institution LEFT JOIN e USING (institution)
LEFT JOIN s USING (institution) ORDER BY p.institution
"""
_PRACTITIONERS = """
WITH g AS (SELECT DISTINCT person FROM graph_grouped)
SELECT d.doctor::VARCHAR AS subject_id, '{month}' AS month,
  COALESCE(SUM(d.days) FILTER (g.person IS NOT NULL), 0) / SUM(d.days) AS graph_group_day_share,
  SUM(d.days * p.bridge ORDER BY d.person) / SUM(d.days) AS graph_patient_bridge, ANY_VALUE(m.bridge) AS graph_centre_bridge
FROM graph_doctors AS d LEFT JOIN g USING (person) JOIN graph_measures AS m ON m.subject = 'practitioner' AND m.id = d.doctor
LEFT JOIN graph_measures AS p ON p.subject = 'person' AND p.id = d.person GROUP BY d.doctor ORDER BY d.doctor
"""
_QUERIES = {Subject.PERSON: _PERSONS, Subject.INSTITUTION: _INSTITUTIONS, Subject.PRACTITIONER: _PRACTITIONERS}


def graph_features(con: duckdb.DuckDBPyConnection, month: int, bounds: Bounds | None = None) -> dict[Subject, pa.Table]:
    """Features of the graph of the window that ends with a month (year × 12 + month − 1).

    Args:
        con: a connection with facts and `raw_mdtrt_d`.
        month: the last month; nothing later is looked at.
        bounds: see `Bounds`.

    Returns:
        For each subject `subject_id`, `month` (`YYYY-MM`) and the float64 columns of `GRAPH_FEATURES`, in ascending order of the id;
        null where there is no basis (a place that scans no codes).
    """
    bounds = bounds or Bounds()
    window = build_edges(con, month, bounds)
    network = build_network(con)
    return features_of(con, window, bounds, network, measure(network), leads_of(con, window, bounds))


def features_of(
    con: duckdb.DuckDBPyConnection, window: Window, bounds: Bounds, network: Network, measures: Measures, leads: Sequence[Lead]
) -> dict[Subject, pa.Table]:
    """As `graph_features`, on what has been built, measured and found."""
    subjects, ids = zip(*(name.split(":", 1) for name in network.names), strict=True) if network.names else ((), ())
    homes = households(con, bounds)
    grouped = sorted({(lead.lead_id, member.subject_id) for lead in leads for member in lead.members if member.subject is Subject.PERSON})
    given = {
        "graph_measures": {
            "subject": pa.array(subjects, pa.string()),
            "id": pa.array(ids, pa.string()),
            "bridge": pa.array(measures.bridge, pa.float64()),
            "community_size": pa.array(measures.community_size, pa.int64()),
        },
        "graph_household": {"person": pa.array(homes, pa.string()), "household": pa.array(homes.values(), pa.int64())},
        "graph_grouped": {
            "lead": pa.array([row[0] for row in grouped], pa.string()),
            "person": pa.array([row[1] for row in grouped], pa.string()),
        },
    }
    for name, columns in given.items():
        con.register("graph_given", pa.table(columns))
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM graph_given")
        con.unregister("graph_given")
    con.execute(_FAR)
    return {subject: con.sql(query.format(month=window.text)).to_arrow_table() for subject, query in _QUERIES.items()}
