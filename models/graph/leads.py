"""Group leads: candidates of all kinds held against chance, and what a person needs to judge them."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from models.graph.candidates import Candidate, Habits, rows
from models.graph.carriers import carriers
from models.graph.contacts import shared_contact
from models.graph.edges import Bounds, Window, build_edges
from models.graph.households import households
from models.graph.null import q_values, strength
from models.graph.stays import visits_during_stay
from models.graph.together import same_time
from models.graph.traces import trace_codes
from models.graph.words import masked
from xiezhi.domain.calendar import date_of
from xiezhi.domain.signal import Lead, Member, Relation, Subject, lead_id

KINDS = ("same_time_visits", "shared_contact", "trace_codes", "carriers", "visits_during_stay")
"""All kinds of leads of the graph."""
RELATIONS = 200
"""Edges shown with a lead, strongest first."""


def find_leads(con: duckdb.DuckDBPyConnection, month: int, bounds: Bounds | None = None, run_id: str = "") -> list[Lead]:
    """All group leads of the window that ends with a month, strongest first.

    Args:
        con: a connection with facts and `raw_mdtrt_d` (see `edges.build_edges`, which this calls).
        month: year × 12 + month − 1.
        bounds: what is normal life; see `Bounds`.
        run_id: noted in every lead.

    Returns:
        Leads with `q` ≤ `bounds.q` and lift ≥ `bounds.lift`; measures `observed`, `expected`, `lift`, `p`, `q`. The order of stored rows
        and of threads has no part in it.
    """
    bounds = bounds or Bounds()
    window = build_edges(con, month, bounds)
    return leads_of(con, window, bounds, run_id)


def leads_of(con: duckdb.DuckDBPyConnection, window: Window, bounds: Bounds, run_id: str = "") -> list[Lead]:
    """As `find_leads`, on tables that `build_edges` has made."""
    homes, habits = households(con, bounds), Habits.read(con)
    families = (
        same_time(con, bounds, homes),
        shared_contact(con, bounds, habits),
        trace_codes(con, bounds),
        carriers(con, window.first, window.last, bounds, habits),
        visits_during_stay(con, window.days, bounds),
    )
    chosen = [pair for family in families for pair in significant(family, bounds)]
    leads = [_lead(con, candidate, q, window, run_id) for candidate, q in chosen]
    return sorted(leads, key=lambda lead: (-lead.strength, lead.kind, lead.lead_id))


def significant(candidates: Sequence[Candidate], bounds: Bounds) -> list[tuple[Candidate, float]]:
    """Candidates of one kind that chance does not explain, with their q-values (Benjamini–Hochberg over all that were tested)."""
    values = q_values([candidate.p for candidate in candidates], max((candidate.tests for candidate in candidates), default=0))
    return [
        (candidate, q)
        for candidate, q in zip(candidates, values, strict=True)
        if q <= bounds.q and candidate.observed >= bounds.lift * candidate.expected and len(candidate.persons) >= bounds.group
    ]


def _lead(con: duckdb.DuckDBPyConnection, found: Candidate, q: float, window: Window, run_id: str) -> Lead:
    persons, places = sorted(found.persons), list(found.places)
    members = tuple(Member(Subject.PERSON, person, found.persons[person]) for person in persons)
    hubs = tuple(Member(Subject.INSTITUTION, place, found.places[place]) for place in places)
    relations, edges = _relations(con, persons, places)
    possible = len(persons) * (len(persons) - 1) / 2
    amount = rows(
        con,
        "SELECT COALESCE(SUM(total), 0)::BIGINT FROM graph_visits"
        " WHERE list_contains(?, person) AND list_contains(?, institution) AND day BETWEEN ? AND ?",
        [persons, places, found.first, found.last],
    )[0][0]
    measures = {
        "observed": found.observed,
        "expected": round(found.expected, 4),
        "lift": round(found.observed / max(found.expected, 1e-4), 2),
        "p": found.p,
        "q": q,
        "density": round(edges / possible, 4),
        **found.measures,
    }
    return Lead(
        lead_id=lead_id(found.kind, window.text, (*persons, *places)),
        kind=found.kind,
        month=window.text,
        strength=strength(found.observed, found.expected),
        title_zh=found.title[0],
        title_en=found.title[1],
        members=members + hubs,
        institutions=tuple(places),
        first=date_of(found.first),
        last=date_of(found.last),
        shared=_shared(con, persons),
        measures=measures,
        evidence_zh=tuple(zh for zh, _ in found.evidence),
        evidence_en=tuple(en for _, en in found.evidence),
        relations=relations,
        amount_fen=amount,
        run_id=run_id,
    )


def _shared(con: duckdb.DuckDBPyConnection, persons: Sequence[str]) -> tuple[tuple[str, str, int], ...]:
    """What at least 3 and a third of the persons have in common, masked, most frequent first."""
    found = rows(
        con,
        "SELECT attribute, value, COUNT(DISTINCT person) AS n FROM graph_contacts WHERE list_contains(?, person)"
        " GROUP BY ALL HAVING n >= ? ORDER BY n DESC, attribute, value LIMIT 5",
        [list(persons), max(3, len(persons) / 3)],
    )
    return tuple((attribute, masked(attribute, value), count) for attribute, value, count in found)


def _relations(con: duckdb.DuckDBPyConnection, persons: Sequence[str], places: Sequence[str]) -> tuple[tuple[Relation, ...], int]:
    """The strongest edges among members, those between persons first, and how many pairs of persons are tied at all."""
    names = {"subject": ["person"] * len(persons) + ["institution"] * len(places), "id": [*persons, *places]}
    con.register("graph_named", pa.table({name: pa.array(values, pa.string()) for name, values in names.items()}))
    found = rows(
        con,
        "WITH n AS (SELECT v.number, v.subject, v.id FROM graph_vertices AS v SEMI JOIN graph_named USING (subject, id))"
        " SELECT a.id, b.id, e.kind, e.weight, e.first, e.last, b.subject FROM graph_edges AS e"
        " JOIN n AS a ON a.number = e.one JOIN n AS b ON b.number = e.other ORDER BY e.weight DESC, e.kind, e.one, e.other",
    )
    con.unregister("graph_named")
    tied = {(row[0], row[1]) for row in found if row[6] == "person"}
    shown = tuple(
        Relation(one, other, kind, weight, date_of(first), date_of(last)) for one, other, kind, weight, first, last, _ in found[:RELATIONS]
    )
    return shown, len(tied)
