"""Who lives together: persons joined by a phone or an address that few share. A family that goes together is no lead."""

from __future__ import annotations

import duckdb
import igraph as ig

from models.graph.candidates import rows
from models.graph.edges import Bounds


def households(con: duckdb.DuckDBPyConnection, bounds: Bounds) -> dict[str, int]:
    """psn_no to the number of its household: components of `graph_ties` whose phone or address at most `household` persons share."""
    ties = rows(
        con,
        "SELECT one, other FROM graph_ties WHERE kind IN ('same_phone', 'same_address') AND persons <= ? ORDER BY ALL",
        [bounds.household],
    )
    persons = [row[0] for row in rows(con, "SELECT person FROM graph_homes ORDER BY person")]
    number = {person: at for at, person in enumerate(persons)}
    graph = ig.Graph(n=len(persons), edges=[(number[one], number[other]) for one, other in ties])
    return dict(zip(persons, graph.connected_components().membership, strict=True))
