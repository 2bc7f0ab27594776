"""Building and measuring the provider–patient graph, beside igraph alone on ready-made edges, and beside networkx.

The input is a synthetic region of visits, contacts and treated lines, made here. Ours starts from those facts in DuckDB: edges in SQL,
graph, components, Leiden communities, coreness, strength, bridge. igraph alone gets the finished edges as an array and computes the
measures that it has itself; the ratio is ours / igraph, in CPU time. networkx gets the same edges as a list, on a smaller region, and
gives the same measures, with Louvain communities because it has no Leiden; `vs_networkx` is its time / ours of building igraph from the
array and measuring.
"""

from __future__ import annotations

import resource
import statistics
import time

import duckdb
import igraph as ig
import networkx as nx

from bench._harness import alternate, finish, progress, ratios, read_options
from models.graph.edges import build_edges
from models.graph.network import Network, build_network, communities, measure

MONTH = 2026 * 12 + 5
_REGION = """
SELECT setseed(0.25);
CREATE TABLE encounters AS
WITH p AS (SELECT r AS person, hash(r) AS h FROM RANGE({persons}) AS t(r)), v AS (SELECT person, h, UNNEST(RANGE({visits})) AS n FROM p),
w AS (SELECT person, h, n, hash(person, n) AS k FROM v)
SELECT 'E' || person || '-' || n AS id, 'P' || LPAD(person::VARCHAR, 7, '0') AS person,
  'H' || CASE WHEN k % 10 < 6 THEN (h // 7) % {places} ELSE (k // 11) % {places} END AS institution, 'outpatient' AS kind,
  20454 + (k // 13) % 181 AS begin_date, (20454 + (k // 13) % 181) * 86400 + 28800 + (k // 17) % 32400 AS begin_time,
  20454 + (k // 13) % 181 AS end_date, TRUE AS live, 1000 AS total, FALSE AS internet, person AS number
FROM w;
ALTER TABLE encounters ALTER begin_date TYPE BIGINT;
ALTER TABLE encounters ALTER begin_time TYPE BIGINT;
ALTER TABLE encounters ALTER end_date TYPE BIGINT;
CREATE TABLE raw_mdtrt_d AS
SELECT id AS mdtrt_id, '1' || LPAD((CASE WHEN number % 3 = 0 THEN number ELSE number // 3 + 10000000 END)::VARCHAR, 10, '0') AS tel,
  'street ' || number // 3 AS addr, CASE WHEN number % 2 = 0 THEN 'N' || hash(number) % ({persons} // 20) END AS emp_no, '990101'
    AS insu_admdvs, NULL::TIMESTAMP AS updt_time, 1 AS known_fields, 'h' AS content_hash FROM encounters;
CREATE TABLE lines AS
SELECT person, id AS encounter, institution, institution || '-' || hash(id) % 12 AS doctor, begin_date AS date, TRUE AS live, 1000 AS amount
FROM encounters;
CREATE TABLE sales AS
SELECT 'T' || hash(id) % 10000000000 AS trace, institution, id, person, 'X' AS item, begin_time AS time, begin_date AS date, 1000 AS amount,
  FALSE AS split FROM encounters WHERE hash(id) % 3 = 0;
"""


def region(persons: int, visits: int = 8) -> duckdb.DuckDBPyConnection:
    """Facts of persons who come `visits` times in half a year, to one of a place per 150 persons, in households of three."""
    con = duckdb.connect(config={"threads": 2})
    for statement in _REGION.format(persons=persons, visits=visits, places=max(persons // 150, 3)).split(";"):
        if statement.strip():
            con.execute(statement)
    return con


def igraph_alone(network: Network) -> None:
    """Graph and the measures that igraph has, from an array of edges."""
    graph = ig.Graph(n=len(network.names), edges=network.ends)
    graph.connected_components()
    communities(graph, network.weights)
    graph.coreness()
    graph.strength(weights=network.weights)


def networkx_alone(names: int, ends: list[list[int]], weights: list[float]) -> None:
    """All that `measure` gives, by networkx and its dictionaries; parallel edges are added up, it has no cores of a multigraph."""
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(names))
    for (one, other), weight in zip(ends, weights, strict=True):
        graph.add_edge(one, other, weight=weight + graph.get_edge_data(one, other, {"weight": 0.0})["weight"])
    list(nx.connected_components(graph))
    groups = nx.community.louvain_communities(graph, seed=1)
    group_of = {vertex: number for number, group in enumerate(groups) for vertex in group}
    for group in groups:
        nx.density(graph.subgraph(group))
    nx.core_number(graph)
    strength = dict(graph.degree(weight="weight"))
    for vertex, around in graph.adjacency():
        into: dict[int, float] = {}
        for other, edge in around.items():
            into[group_of[other]] = into.get(group_of[other], 0.0) + edge["weight"]
        if strength[vertex]:
            1.0 - sum(value**2 for value in into.values()) / strength[vertex] ** 2


def main() -> None:
    """Run all sides and compare."""
    options = read_options(__doc__)
    persons = 20_000 if options.quick else 100_000
    con = region(persons)

    def ours() -> Network:
        build_edges(con, MONTH)
        network = build_network(con)
        measure(network)
        return network

    network = ours()
    progress(f"{len(network.names):,} vertices, {len(network.ends):,} edges")
    times = alternate(
        {"ours": ours, "igraph": lambda: igraph_alone(network)}, runs=3 if options.quick else 5, warm_up=0, clock=time.process_time
    )
    compared = ratios(times["ours"], times["igraph"])
    small_con = region(2_000 if options.quick else 10_000)
    build_edges(small_con, MONTH)
    small = build_network(small_con)
    ends, weights = small.ends.tolist(), small.weights.tolist()

    def in_igraph() -> None:
        fresh = Network(ig.Graph(n=len(small.names), edges=small.ends), small.names, small.ends, small.kinds, small.weights, small.spans)
        measure(fresh)

    beside = alternate(
        {"networkx": lambda: networkx_alone(len(small.names), ends, weights), "ours": in_igraph}, runs=3, warm_up=0, clock=time.process_time
    )
    start = time.process_time()
    build_edges(con, MONTH)
    edges_seconds = time.process_time() - start
    finish(
        "graph",
        compared,
        goal=2.0,
        better="lower",
        unit="times igraph alone",
        persons=persons,
        vertices=len(network.names),
        edges=len(network.ends),
        ours_s=round(min(times["ours"]), 3),
        edges_s=round(edges_seconds, 3),
        igraph_s=round(min(times["igraph"]), 3),
        vs_networkx=round(statistics.median(ratios(beside["networkx"], beside["ours"])), 1),
        vs_networkx_edges=len(small.ends),
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )


if __name__ == "__main__":
    main()
