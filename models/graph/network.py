"""The graph in igraph: measures and communities, the same in every run; networkx for who wants to go on from there."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import igraph as ig
import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

SEED = 20260201
"""Seed of the Leiden algorithm (Traag, Waltman and van Eck, Sci. Rep. 9:5233, 2019)."""
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def communities(graph: ig.Graph, weights: Sequence[float] | Floats | None = None, seed: int = SEED) -> list[int]:
    """Leiden communities by weighted modularity, one number a vertex; equal for equal graphs and seeds.

    igraph draws from a generator of the process; it is put back afterwards.
    """
    if graph.vcount() == 0:
        return []
    ig.set_random_number_generator(random.Random(seed))
    try:
        found = graph.community_leiden(
            objective_function="modularity",
            weights=None if weights is None else np.asarray(weights, dtype=np.float64).tolist(),
            n_iterations=2,
        ).membership
    finally:
        ig.set_random_number_generator(random)
    return list(found)


@dataclass(frozen=True, slots=True)
class Network:
    """The whole graph of a window.

    Attributes:
        graph: undirected, vertices in the order of `names`.
        names: `subject:id`, ascending.
        ends: vertex numbers of each edge, shape (edges, 2).
        kinds: kind of each edge.
        weights: its weight.
        spans: day numbers of its first and last event, shape (edges, 2).
    """

    graph: ig.Graph
    names: tuple[str, ...]
    ends: Ints
    kinds: tuple[str, ...]
    weights: Floats
    spans: Ints


@dataclass(frozen=True, slots=True)
class Measures:
    """One value a vertex, in the order of `Network.names`.

    Attributes:
        component: number of its component.
        community: number of its Leiden community.
        community_size: vertices in it.
        density: edges inside the community, of all that could be.
        coreness: largest k such that it lies in the k-core.
        strength: sum of the weights of its edges.
        bridge: participation 1 − Σ over communities (weight into it / strength)²: 0 all edges into one community, near 1 into many
            (Guimerà and Amaral, Nature 433:895, 2005).
    """

    component: Ints
    community: Ints
    community_size: Ints
    density: Floats
    coreness: Ints
    strength: Floats
    bridge: Floats


def build_network(con: duckdb.DuckDBPyConnection) -> Network:
    """Read `graph_edges` into igraph; the order of its rows does not matter. Vertices without an edge are left out."""
    known = [row[0] for row in con.execute("SELECT UNNEST(ENUM_RANGE(NULL::graph_kind))::VARCHAR").fetchall()]
    edges = con.execute(
        "SELECT one, other, ENUM_CODE(kind)::INTEGER AS kind, weight, first::INTEGER AS first, last::INTEGER AS last FROM graph_edges"
    ).fetchnumpy()
    one, other, kind = (np.asarray(edges[name], dtype=np.int64) for name in ("one", "other", "kind"))
    span = int(max(one.max(initial=0), other.max(initial=0))) + 1
    order = np.argsort((one * span + other) * len(known) + kind)
    ends = np.column_stack([one, other])[order].reshape(-1, 2)
    used = np.zeros(span, dtype=bool)
    used[ends.ravel()] = True
    con.register("graph_used", pa.table({"number": pa.array(np.flatnonzero(used), pa.int32())}))
    names = con.execute("SELECT v.subject || ':' || v.id FROM graph_vertices AS v SEMI JOIN graph_used USING (number) ORDER BY v.number")
    listed = [row[0] for row in names.fetchall()]
    con.unregister("graph_used")
    ends = (np.cumsum(used) - 1)[ends]
    spans = np.column_stack([edges["first"], edges["last"]])[order].astype(np.int64).reshape(-1, 2)
    kinds = tuple(np.array(known, dtype=object)[kind[order]].tolist())
    graph = ig.Graph(n=len(listed), edges=ends)
    return Network(graph, tuple(listed), ends, kinds, np.asarray(edges["weight"], dtype=np.float64)[order], spans)


def measure(network: Network, seed: int = SEED) -> Measures:
    """All measures of a network."""
    graph, ends, weights = network.graph, network.ends, network.weights
    count = graph.vcount()
    community = np.array(communities(graph, weights, seed), dtype=np.int64)
    sizes = np.bincount(community, minlength=1) if count else np.zeros(0, dtype=np.int64)
    strength: Floats = np.bincount(ends.ravel(), weights=np.repeat(weights, 2), minlength=count).astype(np.float64)
    inside = community[ends[:, 0]] == community[ends[:, 1]]
    possible = np.maximum(sizes * (sizes - 1) / 2, 1.0)
    density = np.bincount(community[ends[inside, 0]], minlength=len(sizes)) / possible
    # weight from each vertex into each community, without a dense matrix
    from_, into = np.concatenate([ends[:, 0], ends[:, 1]]), community[np.concatenate([ends[:, 1], ends[:, 0]])]
    key = from_ * max(len(sizes), 1) + into
    at, pairs = pd.factorize(key)
    sums = np.bincount(at, weights=np.concatenate([weights, weights]), minlength=len(pairs))
    squares = np.bincount(pairs // max(len(sizes), 1), weights=sums**2, minlength=count)
    return Measures(
        component=np.array(graph.connected_components().membership, dtype=np.int64),
        community=community,
        community_size=sizes[community] if count else community,
        density=density[community] if count else np.zeros(0),
        coreness=np.array(graph.coreness(), dtype=np.int64),
        strength=strength,
        bridge=np.where(strength > 0, 1.0 - squares / np.maximum(strength, 1e-12) ** 2, 0.0),
    )


def to_networkx(network: Network, measures: Measures | None = None) -> nx.MultiGraph[str]:
    """The same graph for networkx: vertices `subject:id` with `subject` and the measures, edges by kind with weight and day numbers."""
    result: Any = nx.MultiGraph()
    for at, name in enumerate(network.names):
        more = {} if measures is None else {field: getattr(measures, field)[at].item() for field in Measures.__slots__}
        result.add_node(name, subject=name.partition(":")[0], **more)
    for (one, other), kind, weight, (first, last) in zip(
        network.ends.tolist(), network.kinds, network.weights.tolist(), network.spans.tolist(), strict=True
    ):
        result.add_edge(network.names[one], network.names[other], key=kind, kind=kind, weight=weight, first=first, last=last)
    return result
